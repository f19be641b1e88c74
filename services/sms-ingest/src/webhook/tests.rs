//! The edge over the embedded bus, with requests as Twilio makes them.

use std::time::Duration;

use bus::{Bus, Stored, Stream, topic};
use domain::{
    Timestamp,
    event::{InboundSms, SmsReceipt},
};
use futures::StreamExt;
use harness::twilio::{Call, Twilio, text_form};
use host::Secret;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;
use web::signature::{hex, hmac_sha256};

use super::*;
use crate::spool::{Spool, drain};

const PUBLIC_URL: &str = "https://desk.example.com";
const OURS: &str = "+15550001111";
const CUSTOMER: &str = "+15557654321";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_763_700_000_000)
    }
}

struct Edge {
    bus: Bus,
    door: Arc<Door>,
    url: String,
    twilio: Twilio,
    client: reqwest::Client,
    _server: AbortOnDropHandle<()>,
    _folder: tempfile::TempDir,
}

impl Edge {
    async fn open() -> Self {
        Self::with_spool(1 << 20).await
    }

    async fn with_spool(max_bytes: u64) -> Self {
        let bus = bus::embedded::open(None, Arc::new(Still)).await.unwrap();
        let (folder, metrics) = (tempfile::tempdir().unwrap(), Metrics::default());
        let spool = Spool::open(folder.path(), max_bytes, Arc::new(Still), &metrics).unwrap();
        let numbers = json!([
            {"number": OURS, "provider": "twilio", "credentials": {"account_sid": "AC1", "auth_token": "token"}},
            {"number": "+15550002222", "provider": "sandbox"},
        ]);
        let numbers: Vec<_> = serde_json::from_value(numbers).unwrap();
        // Installed by the executable; the first one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let door = Arc::new(Door {
            intake: Intake { bus: bus.clone(), spool },
            clock: Arc::new(Still),
            public_url: PUBLIC_URL.parse().unwrap(),
            lines: crate::by_carrier(&numbers, &Secret::new("house")),
            quarantine: Quarantine::new(Still.now()),
            errands: Errands::new().unwrap(),
            metrics,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = routes(door.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let twilio = Twilio::start("AC1", "token").await.unwrap();
        Self {
            bus,
            door,
            url,
            twilio,
            client: reqwest::Client::new(),
            _server: AbortOnDropHandle::new(server),
            _folder: folder,
        }
    }

    async fn text(&self, to: &str, body: &str, sid: &str) -> u16 {
        self.twilio.text(&self.url, PUBLIC_URL, CUSTOMER, to, body, sid).await.unwrap().as_u16()
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, String, Value) {
        let request = self.client.post(format!("{}{path}", self.url)).body(body);
        let answer =
            request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let status = answer.status().as_u16();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (status, kind, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
    }

    /// Everything that became durable.
    async fn kept(&self) -> Vec<Stored> {
        let span = self.bus.span(Stream::Inbound).await.unwrap();
        let stream = self.bus.follow(Stream::Inbound, 0).await.unwrap();
        let wanted = self.bus.backlog(Stream::Inbound).await.unwrap();
        assert!(span.last >= wanted);
        stream.take(usize::try_from(wanted).unwrap()).collect().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_text_posted_fifty_times_at_once_is_one_event() {
    let edge = Edge::open().await;
    let posts = (0..50).map(|_| edge.text(OURS, "Where is my order? 👋", "SM1"));
    let answers = futures::future::join_all(posts).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    let kept = edge.kept().await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].envelope.id, "sms:twilio:AC1:SM1");
    let sms: InboundSms = kept[0].envelope.read(topic::INBOUND_SMS).unwrap();
    assert_eq!((sms.from.as_str(), sms.text.as_str()), (CUSTOMER, "Where is my order? 👋"));
    assert_eq!(sms.received_at, Still.now());
}

#[tokio::test]
async fn twilio_hears_an_empty_response_so_that_nothing_is_sent_to_the_customer() {
    let edge = Edge::open().await;
    let form = text_form("AC1", CUSTOMER, OURS, "hi", "SM1");
    let signed = format!("{PUBLIC_URL}/webhooks/sms/twilio?a=b%20c");
    let signature = harness::twilio::signature("token", &signed, &form);
    let request = edge.client.post(format!("{}/webhooks/sms/twilio?a=b%20c", edge.url)).form(&form);
    let answer = request.header("x-twilio-signature", signature).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (200, "text/xml")
    );
    assert_eq!(answer.text().await.unwrap(), "<Response/>");
}

#[tokio::test]
async fn every_word_on_a_text_of_ours_is_kept_once() {
    let edge = Edge::open().await;
    let callback =
        format!("{PUBLIC_URL}/webhooks/sms/twilio?message_id=0199e0aa-0000-7000-8000-000000000001");
    let form = [("From", OURS), ("To", CUSTOMER), ("Body", "hi"), ("StatusCallback", &callback)];
    let form = form.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let message = Call {
        path: String::new(),
        user: String::new(),
        password: String::new(),
        form,
        sid: Some("SM9".into()),
        at: tokio::time::Instant::now(),
    };
    for status in ["sent", "delivered", "delivered", "teleported"] {
        let answer = edge.twilio.status_callback(&edge.url, &message, status, None).await.unwrap();
        assert_eq!(answer.as_u16(), 200, "{status}");
    }
    let kept = edge.kept().await;
    let receipts: Vec<SmsReceipt> =
        kept.iter().map(|s| s.envelope.read(topic::RECEIPT_SMS).unwrap()).collect();
    let words: Vec<_> = receipts.iter().map(|receipt| receipt.raw_status.as_str()).collect();
    assert_eq!(words, ["sent", "delivered", "teleported"]);
    assert!(receipts.iter().all(|receipt| receipt.message_id.is_some()));
    assert_eq!(kept[1].envelope.id, "rcpt:twilio:AC1:SM9:delivered");
}

#[tokio::test]
async fn what_nobody_signed_is_refused_but_held_for_the_ledger() {
    let edge = Edge::open().await;
    let (status, kind, problem) =
        edge.post("/webhooks/sms/twilio", "MessageSid=SM1&AccountSid=AC1&Body=hi").await;
    assert_eq!((status, kind.as_str()), (403, "application/problem+json"));
    assert_eq!(problem["code"], "bad_signature");
    let kept = edge.kept().await;
    let held: InboundHeld = kept[0].envelope.read(topic::INBOUND_HELD).unwrap();
    assert_eq!((held.source.as_str(), held.external_id.as_str()), ("twilio", "SM1"));
    assert!(held.raw.ends_with("MessageSid=SM1&AccountSid=AC1&Body=hi"), "{}", held.raw);
    let stranger = Twilio::start("AC1", "guess").await.unwrap();
    let answer = stranger.text(&edge.url, PUBLIC_URL, CUSTOMER, OURS, "hi", "SM2").await.unwrap();
    assert_eq!(answer.as_u16(), 403);
    assert_eq!(edge.kept().await.len(), 2);
}

#[tokio::test]
async fn a_signed_text_for_a_number_we_do_not_have_is_404_and_held() {
    let edge = Edge::open().await;
    assert_eq!(edge.text("+15550009999", "hi", "SM1").await, 404);
    let kept = edge.kept().await;
    let held: InboundHeld = kept[0].envelope.read(topic::INBOUND_HELD).unwrap();
    assert!(held.reason.contains("+15550009999"), "{}", held.reason);
}

#[tokio::test]
async fn each_refusal_has_its_status_and_a_problem_document() {
    let edge = Edge::open().await;
    let problem = |(status, kind, problem): (u16, String, Value)| {
        assert_eq!(kind, "application/problem+json");
        (status, problem["code"].as_str().unwrap().to_owned())
    };
    let unknown = edge.post("/webhooks/sms/pigeon", "a=b").await;
    assert_eq!(problem(unknown), (404, "not_found".to_owned()));
    let large = edge.post("/webhooks/sms/twilio", "x".repeat(300_000)).await;
    assert_eq!(problem(large), (413, "too_large".to_owned()));
    let form = [("Foo".to_owned(), "1".to_owned())];
    let odd = edge.twilio.post(&edge.url, PUBLIC_URL, "/webhooks/sms/twilio", &form).await.unwrap();
    assert_eq!(odd.as_u16(), 400);
    let kept = edge.kept().await;
    let held: InboundHeld = kept[0].envelope.read(topic::INBOUND_HELD).unwrap();
    assert!(held.raw.ends_with("Foo=1"), "its carrier may never send it again: {}", held.raw);
}

#[tokio::test]
async fn without_the_bus_the_carrier_is_thanked_once_it_is_in_the_spool() {
    let edge = Edge::open().await;
    edge.bus.close().await;
    assert_eq!(edge.text(OURS, "one", "SM1").await, 200);
    assert!(edge.door.intake.spool.is_in_use());
    let (status, ..) = edge.post("/webhooks/sms/twilio", "MessageSid=SM2").await;
    assert_eq!(status, 403);
    let back = bus::embedded::open(None, Arc::new(Still)).await.unwrap();
    let draining =
        drain(edge.door.intake.spool.clone(), back.clone(), tokio_util::sync::CancellationToken::new());
    let _draining = AbortOnDropHandle::new(tokio::spawn(draining));
    let kept: Vec<_> = back.follow(Stream::Inbound, 0).await.unwrap().take(2).collect().await;
    let subjects: Vec<_> = kept.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["inbound.sms", "inbound.held"]);
}

#[tokio::test]
async fn with_neither_bus_nor_spool_the_carrier_is_asked_to_come_again() {
    let edge = Edge::with_spool(1).await;
    edge.bus.close().await;
    let form = text_form("AC1", CUSTOMER, OURS, "hi", "SM1");
    let signature = harness::twilio::signature("token", &format!("{PUBLIC_URL}/webhooks/sms/twilio"), &form);
    let request = edge.client.post(format!("{}/webhooks/sms/twilio", edge.url)).form(&form);
    let answer = request.header("x-twilio-signature", signature).timeout(Duration::from_secs(2));
    let answer = answer.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "5"));
    let (status, ..) = edge.post("/webhooks/sms/twilio", "MessageSid=SM1").await;
    assert_eq!(status, 403, "a refusal stays one even if it cannot be held");
}

#[tokio::test]
async fn the_sandbox_goes_through_the_same_door() {
    let edge = Edge::open().await;
    let body = json!({"type": "message", "id": "m1", "from": CUSTOMER, "to": "+15550002222", "text": "JOIN"});
    let body = body.to_string();
    let signature = hex(hmac_sha256(b"house", &[body.as_bytes()]));
    let request = edge.client.post(format!("{}/webhooks/sms/sandbox", edge.url)).body(body);
    let answer = request.header("x-sandbox-signature", signature).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(edge.kept().await[0].envelope.id, "sms:sandbox:sandbox:m1");
}

/// The secret of the address and the certificate.
type Saw = (Option<String>, Option<Vec<u8>>);

/// A carrier that sends batches, signs with a certificate and wants to be confirmed.
struct Batches {
    base: Url,
    /// What the door gave it.
    saw: std::sync::Mutex<Vec<Saw>>,
}

impl Carrier for Batches {
    fn provider(&self) -> Provider {
        Provider::Twilio
    }

    fn certificate(&self, request: &providers::Request<'_>, _: &Lines) -> Result<Option<Url>, Refusal> {
        let named = request.headers.get("certificate").and_then(|name| name.to_str().ok());
        match named {
            Some("wrong") => Err(Refusal::Unproven { reason: "not ours".into(), external_id: None }),
            named => Ok(named.map(|name| self.base.join(name).unwrap())),
        }
    }

    fn read(
        &self,
        request: &providers::Request<'_>,
        _: &Lines,
        now: Timestamp,
    ) -> Result<Vec<Accepted>, Refusal> {
        let saw = (request.path_secret.map(Into::into), request.certificate.map(Into::into));
        self.saw.lock().unwrap().push(saw);
        let sms = |id: &str| InboundSms {
            provider: "twilio".into(),
            account: "AC1".into(),
            external_id: id.into(),
            from: CUSTOMER.into(),
            to: domain::PhoneNumber::parse(OURS).unwrap(),
            text: "hi".into(),
            media: Vec::new(),
            carrier_keyword: None,
            part: None,
            received_at: now,
        };
        let odd = Accepted::Unusable { reason: "it has no sender".into(), external_id: Some("M2".into()) };
        let mut all =
            vec![Accepted::Message(sms("M1")), odd, Accepted::Message(sms("M3")), Accepted::Ignored];
        let confirm = request.headers.get("confirm").and_then(|name| name.to_str().ok());
        all.extend(confirm.map(|name| Accepted::Confirm(self.base.join(name).unwrap())));
        Ok(all)
    }

    fn thanks(&self) -> providers::Thanks {
        providers::Thanks { content_type: "application/json", body: "{}" }
    }
}

impl Edge {
    async fn batch(&self, carrier: &Batches, header: Option<(&'static str, &str)>) -> u16 {
        let header = header.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers: axum::http::HeaderMap = header.into_iter().collect();
        let url = format!("{PUBLIC_URL}/webhooks/sms/twilio/hunter2");
        let request = providers::Request {
            method: "POST",
            url: &url,
            headers: &headers,
            body: b"[1,2,3]",
            path_secret: Some("hunter2"),
            certificate: None,
        };
        let numbers = json!([{"number": OURS, "provider": "sandbox", "api_base": carrier.base}]);
        let lines = crate::by_carrier(&serde_json::from_value::<Vec<_>>(numbers).unwrap(), &Secret::new("x"));
        let answer = self.door.answer(carrier, request, &lines[0].1).await;
        answer.map_or_else(|problem| problem.status(), |answer| answer.status()).as_u16()
    }
}

/// Something to fetch from, and how often it was.
async fn carrier() -> (Batches, Arc<std::sync::atomic::AtomicUsize>) {
    let confirmed = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = confirmed.clone();
    let router = Router::new()
        .route("/cert.pem", get(async || "PEM"))
        .route("/yes", get(async move || _ = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (Batches { base, saw: std::sync::Mutex::default() }, confirmed)
}

#[tokio::test]
async fn one_bad_item_of_a_batch_is_held_while_the_others_go_their_way() {
    let edge = Edge::open().await;
    let (carrier, _) = carrier().await;
    for _ in 0..2 {
        assert_eq!(edge.batch(&carrier, None).await, 200);
    }
    let kept = edge.kept().await;
    let ids: Vec<_> = kept.iter().map(|one| one.envelope.id.as_str()).collect();
    assert_eq!((ids.len(), ids[0], ids[2]), (3, "sms:twilio:AC1:M1", "sms:twilio:AC1:M3"));
    let held: InboundHeld = kept[1].envelope.read(topic::INBOUND_HELD).unwrap();
    assert_eq!((held.external_id.as_str(), held.reason.as_str()), ("M2", "it has no sender"));
    assert!(held.raw.ends_with("[1,2,3]") && !held.raw.contains("hunter2"), "{}", held.raw);
    assert_eq!(carrier.saw.lock().unwrap()[0], (Some("hunter2".to_owned()), None));
}

#[tokio::test]
async fn the_certificate_is_there_when_it_is_read_and_without_it_the_carrier_comes_again() {
    let edge = Edge::open().await;
    let (carrier, _) = carrier().await;
    assert_eq!(edge.batch(&carrier, Some(("certificate", "cert.pem"))).await, 200);
    assert_eq!(carrier.saw.lock().unwrap()[0].1.as_deref(), Some(&b"PEM"[..]));
    for (certificate, status) in [("gone.pem", 503), ("http://127.0.0.1:1/x", 503), ("wrong", 403)] {
        assert_eq!(edge.batch(&carrier, Some(("certificate", certificate))).await, status, "{certificate}");
    }
    assert_eq!(carrier.saw.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_subscription_is_confirmed_by_one_call_and_asked_for_again_when_that_fails() {
    let edge = Edge::open().await;
    let (carrier, confirmed) = carrier().await;
    assert_eq!(edge.batch(&carrier, Some(("confirm", "yes"))).await, 200);
    assert_eq!(confirmed.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(edge.batch(&carrier, Some(("confirm", "gone"))).await, 503);
}

#[tokio::test]
async fn an_address_with_a_secret_is_the_same_door() {
    let edge = Edge::open().await;
    for path in ["/webhooks/sms/twilio/s3cret%2Fx", "/webhooks/sms/twilio/s3cret%2Fx?a=b"] {
        let (status, _, problem) = edge.post(path, "MessageSid=SM1&AccountSid=AC1").await;
        assert_eq!((status, &problem["code"]), (403, &json!("bad_signature")));
    }
    let (status, ..) = edge.post("/webhooks/sms/pigeon/s3cret", "a=b").await;
    assert_eq!(status, 404);
    for stored in edge.kept().await {
        let held: InboundHeld = stored.envelope.read(topic::INBOUND_HELD).unwrap();
        assert!(
            held.raw.contains("/webhooks/sms/twilio/[secret]") && !held.raw.contains("s3cret"),
            "{}",
            held.raw
        );
    }
    let form = text_form("AC1", CUSTOMER, OURS, "hi", "SM1");
    let answer = edge.twilio.post(&edge.url, PUBLIC_URL, "/webhooks/sms/twilio/s3cret", &form).await;
    assert_eq!(answer.unwrap().as_u16(), 200, "the signature covers the address as it was called");
}
