use std::{net::IpAddr, sync::Mutex};

use axum::{Router, http::HeaderMap, routing::post};
use domain::{DeliveryId, Timestamp, WebhookId, event::OutboundWebhook};
use host::metrics::Metrics;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::*;

/// Base64 of "before".
const OLD: &str = "whsec_YmVmb3Jl";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_763_700_000_000)
    }
}

fn nobody(_: IpAddr) -> bool {
    false
}

/// A desk that has one thing to post, and hears how it went.
async fn told(url: &str, form: WebhookKind, hosts: &[String]) -> WebhookTried {
    let bus = bus::embedded::open(None, Arc::new(Noon)).await.unwrap();
    let stop = CancellationToken::new();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
    let body = r#"{"type":"webhook.test"}"#.to_owned();
    let work = WebhookPost {
        webhook_id: WebhookId(Uuid::nil()),
        url: url.to_owned(),
        form,
        secret,
        old_secret: Some(OLD.to_owned()),
        body,
    };
    let (answering, ended) = (bus.clone(), stop.clone());
    tokio::spawn(async move {
        let give = move |_: OutboundWebhook| {
            let work = work.clone();
            async move { Ok(WebhookWork::Post(work)) }
        };
        answering.answer(topic::WEBHOOK_WORK, ended, give).await
    });
    let heard: Arc<Mutex<Option<WebhookTried>>> = Arc::default();
    let (answering, ended, hearing) = (bus.clone(), stop.clone(), heard.clone());
    tokio::spawn(async move {
        let hear = move |tried: WebhookTried| {
            *hearing.lock().unwrap() = Some(tried);
            async move { Ok(()) }
        };
        answering.answer(topic::WEBHOOK_TRIED, ended, hear).await
    });
    let webhooks = Webhooks::new(bus.clone(), Arc::new(Noon), Metrics::default(), nobody, hosts).unwrap();
    let work = OutboundWebhook { delivery_id: DeliveryId(Uuid::nil()), attempt: 1 };
    let envelope = bus::Envelope::wrap("w", Noon.now(), None, &work).unwrap();
    let delivery = Delivery { subject: topic::OUTBOUND_WEBHOOK.subject.into(), seq: 1, attempt: 1, envelope };
    while webhooks.one(&delivery).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    heard.lock().unwrap().take().unwrap()
}

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

async fn receiver(status: u16) -> (String, Seen) {
    let seen: Seen = Arc::default();
    let keep = seen.clone();
    let answer = move |headers: HeaderMap, body: String| async move {
        keep.lock().unwrap().push((headers, body));
        let status = axum::http::StatusCode::from_u16(status).unwrap();
        (status, [("retry-after", "7"), ("location", "http://169.254.169.254/")], "so it was")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/in", post(answer))).await });
    (format!("http://{address}/in"), seen)
}

fn setup() -> [String; 1] {
    let _ = rustls::crypto::ring::default_provider().install_default();
    ["127.0.0.1".to_owned()]
}

#[tokio::test]
async fn h4_a_request_is_signed_and_its_answer_is_told() {
    let hosts = setup();
    let (url, seen) = receiver(200).await;
    let tried = told(&url, WebhookKind::Signed, &hosts).await;
    assert_eq!((tried.status, tried.said.as_str(), tried.patience), (Some(200), "so it was", Some(7000)));
    let (headers, body) = seen.lock().unwrap().pop().unwrap();
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let id = DeliveryId(Uuid::nil()).to_string();
    let signed = sign::signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &id, 1_763_700_000, &body);
    assert_eq!((header("webhook-id"), header("webhook-timestamp")), (id.clone(), "1763700000".to_owned()));
    let old = sign::signature(OLD, &id, 1_763_700_000, &body);
    assert_eq!(
        header("webhook-signature"),
        format!("{} {}", signed.unwrap(), old.unwrap()),
        "a day with both"
    );
    assert_eq!(header("content-type"), "application/json");
}

#[tokio::test]
async fn h4_slack_gets_no_signature_and_no_redirect_is_followed() {
    let hosts = setup();
    let (url, seen) = receiver(302).await;
    let tried = told(&url, WebhookKind::Slack, &hosts).await;
    assert_eq!(tried.status, Some(302));
    let all = seen.lock().unwrap();
    assert!(all.len() == 1 && !all[0].0.contains_key("webhook-signature"));
}

#[tokio::test]
async fn h4_nothing_inside_is_reached_unless_it_is_named() {
    setup();
    let (url, seen) = receiver(200).await;
    let tried = told(&url, WebhookKind::Signed, &[]).await;
    assert_eq!((tried.status, tried.said.as_str()), (None, "the address is not on the public internet"));
    assert!(seen.lock().unwrap().is_empty());
    let named = told("http://localhost:1/in", WebhookKind::Signed, &[]).await;
    assert!(named.status.is_none() && !named.said.contains("localhost"), "{}", named.said);
}

#[tokio::test]
async fn h4_an_inside_host_may_be_an_ipv6_address() {
    setup();
    let tried = told("http://[::1]:9/in", WebhookKind::Slack, &["::1".to_owned()]).await;
    assert!(!tried.said.contains("public internet"), "{}", tried.said);
    let tried = told("http://[::1]:9/in", WebhookKind::Slack, &[]).await;
    assert!(tried.said.contains("public internet"), "{}", tried.said);
}
