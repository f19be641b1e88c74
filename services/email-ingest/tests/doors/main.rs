//! Both doors over real sockets, the embedded bus and a folder of blobs.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use bus::{Bus, Stream};
use domain::{Clock, event::InboundEmail};
use email_ingest::{
    accept::Intake,
    budget::Budget,
    http,
    routing::Routes,
    smtp::{self, Door, Guests, Limits},
};
use futures::StreamExt;
use harness::mail::{MailServer, Reply, compose};
use host::{Blobs, Metrics, Secret, SystemClock, config::Mailbox};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

mod extensions;
mod peers;
mod smuggling;

const INBOUND: &str = "support@in.example.net";
const MAX_SIZE: usize = 200_000;

struct Desk {
    bus: Bus,
    blobs: Blobs,
    router: axum::Router,
    address: SocketAddr,
    stopping: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
    _folder: tempfile::TempDir,
}

async fn desk() -> Desk {
    desk_with(Limits::with_max_size(MAX_SIZE), Budget::new(8 * MAX_SIZE)).await
}

async fn desk_with(limits: Limits, budget: Budget) -> Desk {
    desk_at(limits, budget, |_| ()).await
}

async fn desk_at(limits: Limits, budget: Budget, change: impl FnOnce(&mut Door)) -> Desk {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let bus = bus::embedded::open(None, clock.clone()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::in_folder(folder.path().join("blobs")).unwrap();
    let mailbox = |address: &str, inbound: &str| Mailbox {
        address: address.parse().unwrap(),
        inbound: inbound.parse().unwrap(),
        imap: None,
    };
    let routes = Arc::new(Routes::new(vec![
        mailbox("support@example.com", INBOUND),
        mailbox("sales@example.com", "sales@in.example.net"),
    ]));
    let intake =
        Intake::new(bus.clone(), blobs.clone(), clock.clone(), routes.clone(), budget, Metrics::default());
    let router = http::router(http::Door {
        key: Some(Secret::new("the key")),
        routes: routes.clone(),
        max_size: MAX_SIZE,
        intake: intake.clone(),
        bus: bus.clone(),
        clock,
        held: web::Limiter::new(2, Duration::from_secs(3600)),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = CancellationToken::new();
    let mut door = Door {
        host: "desk.example.com".into(),
        lmtp: false,
        routes,
        intake,
        limits,
        guests: Guests::new(limits),
        certificates: None,
        require_tls: false,
        trusted: Vec::new(),
        proxy_protocol: false,
        stopping: stopping.clone(),
    };
    change(&mut door);
    let served = tokio::spawn(smtp::serve(listener, Arc::new(door)));
    Desk { bus, blobs, router, address, stopping, served, _folder: folder }
}

impl Desk {
    fn mail_server(&self) -> MailServer {
        MailServer::new(self.address)
    }

    async fn send(&self, recipient: &str, raw: &[u8]) -> Reply {
        self.mail_server().send("anna@example.org", recipient, raw).await.unwrap()
    }

    /// Everything on the INBOUND stream so far: subject and event.
    async fn events(&self) -> Vec<(String, serde_json::Value)> {
        let last = self.bus.span(Stream::Inbound).await.unwrap().last;
        let stored = self.bus.follow(Stream::Inbound, 0).await.unwrap();
        let all = stored.take(usize::try_from(last).unwrap()).collect::<Vec<_>>().await;
        all.into_iter().map(|s| (s.subject, serde_json::from_str(s.envelope.event.get()).unwrap())).collect()
    }

    async fn mails(&self) -> Vec<InboundEmail> {
        let events = self.events().await.into_iter().filter(|(subject, _)| subject == "inbound.email");
        events.map(|(_, event)| serde_json::from_value(event).unwrap()).collect()
    }

    async fn post(
        &self,
        query: &str,
        key: Option<&str>,
        body: impl Into<Body>,
    ) -> (StatusCode, serde_json::Value) {
        let mut request =
            Request::post(format!("/webhooks/email{query}")).header("content-type", "message/rfc822");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (status, retry) = (response.status(), response.headers().contains_key("retry-after"));
        assert_eq!(retry, status == StatusCode::SERVICE_UNAVAILABLE);
        let body = to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

fn mail(text: &str) -> Vec<u8> {
    compose("Anna <anna@example.org>", "support@example.com", "Hello", text, &[])
}

#[tokio::test]
async fn an_accepted_mail_is_on_the_bus_and_its_raw_bytes_and_files_in_blobs() {
    let desk = desk().await;
    let raw = b"From: Anna <anna@example.org>\r\nSubject: Files\r\nMessage-ID: <1@example.org>\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee there\r\n..dots\r\n\
        --x\r\nContent-Type: image/png; name=a.png\r\n\r\npng\r\n--x--\r\n";
    let reply = desk.send("Support+tag@in.example.net", raw).await;
    assert_eq!(reply.code, 250, "{reply:?}");
    let mails = desk.mails().await;
    let [event] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(
        (event.mailbox.as_str(), event.recipient.as_str()),
        ("support@example.com", "Support+tag@in.example.net")
    );
    assert_eq!((event.from.as_str(), event.text.as_str()), ("anna@example.org", "see there\n..dots"));
    assert_eq!(desk.blobs.get(&event.raw).await.unwrap().unwrap(), &raw[..]);
    let file = event.attachments[0].blob.as_deref().unwrap();
    assert_eq!(desk.blobs.get(file).await.unwrap().unwrap(), "png");
}

#[tokio::test]
async fn of_the_same_mail_again_it_is_told_where_it_lies_and_two_mailboxes_get_one_each() {
    let desk = desk().await;
    let raw = mail("hello");
    let again = [b"Received: by another.example.net\r\n", raw.as_slice()].concat();
    assert_eq!(desk.send(INBOUND, &raw).await.code, 250);
    assert_eq!(desk.send("support+x@in.example.net", &again).await.code, 250);
    let mails = desk.mails().await;
    assert_eq!((mails.len(), &mails[0].digest), (2, &mails[1].digest), "the desk knows it by that");
    assert_ne!(mails[0].raw, mails[1].raw, "the second one is given up there");
    let mut session = desk.mail_server().session().await.unwrap();
    let recipients = [INBOUND, "sales@in.example.net", "sales+a@in.example.net"];
    assert_eq!(session.deliver("", &recipients, &raw).await.unwrap().code, 250);
    let mails = desk.mails().await;
    assert_eq!(
        mails.iter().map(|m| m.mailbox.as_str()).collect::<Vec<_>>(),
        ["support@example.com", "support@example.com", "support@example.com", "sales@example.com"]
    );
    assert_eq!((mails[2].envelope_from.as_str(), mails[3].envelope_from.as_str()), ("", ""));
}

#[tokio::test]
async fn strangers_giants_and_loops_are_refused() {
    let desk = desk().await;
    assert_eq!(desk.send("nobody@in.example.net", &mail("x")).await.code, 550);
    let mut session = desk.mail_server().session().await.unwrap();
    let giant = mail(&"0123456789\r\n".repeat(MAX_SIZE / 10));
    let reply = session.deliver("a@b.c", &[INBOUND], &giant).await.unwrap();
    assert_eq!((reply.code, &reply.text[..5]), (552, "5.3.4"));
    let looped = [b"Received: by x\r\n".repeat(51), mail("x")].concat();
    assert_eq!(session.deliver("a@b.c", &[INBOUND], &looped).await.unwrap().code, 554);
    assert!(desk.mails().await.is_empty());
    assert_eq!(session.deliver("a@b.c", &[INBOUND], &mail("fits")).await.unwrap().code, 250);
    let colossal = vec![b'x'; 4 * MAX_SIZE];
    assert_eq!(session.deliver("a@b.c", &[INBOUND], &colossal).await.unwrap().code, 552);
    assert_eq!(session.reply().await.unwrap().code, 0, "closed");
    assert_eq!(desk.mails().await.len(), 1);
}

#[tokio::test]
async fn a_pipelined_session_is_answered_in_order_and_an_empty_mail_is_taken() {
    let desk = desk().await;
    let mut session = desk.mail_server().session().await.unwrap();
    let lines = format!(
        "EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<no@x.y>\r\nRCPT TO:<{INBOUND}>\r\nDATA\r\n.\r\nNOOP\r\n{}\r\nQUIT\r\n",
        "X".repeat(10_000)
    );
    session.write_raw(lines.as_bytes()).await.unwrap();
    let mut codes = Vec::new();
    for _ in 0..9 {
        codes.push(session.reply().await.unwrap().code);
    }
    assert_eq!(codes, [250, 250, 550, 250, 354, 250, 250, 500, 221]);
    assert_eq!(desk.mails().await.len(), 1);
}

#[tokio::test]
async fn without_a_bus_the_sender_keeps_the_mail_at_both_doors() {
    let desk = desk().await;
    desk.bus.close().await;
    let reply = desk.send(INBOUND, &mail("x")).await;
    assert_eq!((reply.code, &reply.text[..5]), (451, "4.3.0"));
    let (status, _) = desk.post(&format!("?rcpt={INBOUND}"), Some("the key"), mail("x")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn without_memory_the_sender_keeps_the_mail() {
    let desk = desk_with(Limits::with_max_size(MAX_SIZE), Budget::new(64 * 1024)).await;
    let reply = desk.send(INBOUND, &mail(&"0123456789\r\n".repeat(10_000))).await;
    assert_eq!((reply.code, &reply.text[..5]), (452, "4.3.1"));
    assert_eq!(desk.send(INBOUND, &mail("small")).await.code, 250);
}

#[tokio::test]
async fn slow_senders_and_crowds_are_told_so() {
    let limits = Limits {
        idle: Duration::from_millis(200),
        block: Duration::from_millis(200),
        connections_per_ip: 1,
        ..Limits::with_max_size(MAX_SIZE)
    };
    let desk = desk_with(limits, Budget::new(8 * MAX_SIZE)).await;
    let mut session = desk.mail_server().session().await.unwrap();
    let second = desk.mail_server().session().await.unwrap();
    assert_eq!((second.greeting.code, &second.greeting.text[..5]), (421, "4.7.0"));
    for line in ["EHLO x", "MAIL FROM:<a@b.c>", &format!("RCPT TO:<{INBOUND}>"), "DATA"] {
        session.command(line).await.unwrap();
    }
    session.write_raw(b"Subject: slow").await.unwrap();
    let reply = session.reply().await.unwrap();
    assert_eq!((reply.code, &reply.text[..5]), (421, "4.4.2"));
    drop(session);
    let mut idle = loop {
        let session = desk.mail_server().session().await.unwrap();
        if session.greeting.code == 220 {
            break session;
        }
    };
    let reply = idle.reply().await.unwrap();
    assert_eq!((reply.code, &reply.text[..5]), (421, "4.4.2"));
}

#[tokio::test]
async fn a_stop_lets_a_mail_in_progress_finish_and_sends_the_idle_away() {
    let desk = desk().await;
    let (mut idle, mut busy) =
        (desk.mail_server().session().await.unwrap(), desk.mail_server().session().await.unwrap());
    for line in ["EHLO x", "MAIL FROM:<a@b.c>", &format!("RCPT TO:<{INBOUND}>"), "DATA"] {
        busy.command(line).await.unwrap();
    }
    busy.write_raw(b"From: a@b.c\r\n\r\nhalf").await.unwrap();
    desk.stopping.cancel();
    assert_eq!(idle.reply().await.unwrap().code, 421);
    busy.write_raw(b" and half\r\n.\r\n").await.unwrap();
    assert_eq!(busy.reply().await.unwrap().code, 250);
    assert_eq!(busy.reply().await.unwrap().code, 421);
    assert_eq!(desk.mails().await[0].text, "half and half");
    tokio::time::timeout(Duration::from_secs(10), desk.served).await.unwrap().unwrap().unwrap();
    assert!(MailServer::new(desk.address).session().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn over_http_a_mail_is_taken_with_the_key_and_its_id_is_told() {
    let desk = desk().await;
    let query = format!("?rcpt={INBOUND}&from=anna@example.org");
    let (status, body) = desk.post(&query, Some("the key"), mail("over http")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let mails = desk.mails().await;
    assert_eq!(body["id"], format!("mail:support@example.com:{}", mails[0].digest));
    assert_eq!((mails[0].text.as_str(), mails[0].envelope_from.as_str()), ("over http", "anna@example.org"));
}

#[tokio::test]
async fn over_http_what_cannot_be_taken_is_told_why() {
    let desk = desk().await;
    let rcpt = format!("?rcpt={INBOUND}");
    for (query, body, status) in [
        ("?rcpt=no@x.y", mail("x"), StatusCode::NOT_FOUND),
        ("", mail("x"), StatusCode::NOT_FOUND),
        (rcpt.as_str(), b" \r\n".to_vec(), StatusCode::BAD_REQUEST),
        (rcpt.as_str(), vec![b'x'; MAX_SIZE + 1], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(desk.post(query, Some("the key"), body).await.0, status, "{query}");
    }
    assert!(desk.events().await.is_empty());
}

#[tokio::test]
async fn a_mail_without_the_right_key_is_refused_but_held_for_the_ledger_a_few_times() {
    let desk = desk().await;
    let rcpt = format!("?rcpt={INBOUND}");
    for (key, text) in [(None, "one"), (Some("wrong"), "two"), (Some("wrong"), "three")] {
        assert_eq!(desk.post(&rcpt, key, mail(text)).await.0, StatusCode::FORBIDDEN);
    }
    assert_eq!(desk.post("?rcpt=no@x.y", None, mail("four")).await.0, StatusCode::FORBIDDEN);
    let events = desk.events().await;
    assert!(events.iter().all(|(subject, _)| subject == "inbound.held"), "{events:?}");
    assert_eq!(events.len(), 2, "then the limit");
    assert!(events[0].1["raw"].as_str().unwrap().contains("one"));
}
