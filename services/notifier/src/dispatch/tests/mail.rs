//! Mails: through the relay, or into the sandbox.

use harness::oauth::{Provider, REFRESH_TOKEN};
use host::config::OAuth;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_through_the_relay_with_its_files_in_its_thread() {
    let mut world = World::open().await;
    let sink = SmtpSink::start().await.unwrap();
    let (_folder, blobs) = no_blobs();
    blobs.put("att/1", Bytes::from_static(b"%PDF-1.7")).await.unwrap();
    world.mails(relay(&sink), blobs);
    let attachment = json!({"id": Uuid::new_v4(), "name": "invoice.pdf", "content_type": "application/pdf",
        "size": 8, "url": "", "blob": "att/1"});
    world.mail(vec![serde_json::from_value(attachment).unwrap()]).await;
    world.mail(Vec::new()).await;
    let reports = world.reports(2).await;
    let sent = |outcome: &DeliveryOutcome| {
        matches!(outcome, DeliveryOutcome::Sent { external_id, account, provider, .. }
            if external_id == "c.1.2.mac@example.com" && account == "support@example.com" && provider == "relay")
    };
    assert!(reports.iter().all(sent), "{reports:?}");
    let mails = sink.mails();
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to[0].as_str()),
        ("support@example.com", "anna@kunde.example")
    );
    assert_eq!(mails[0].header("in-reply-to").as_deref(), Some("<q@kunde.example>"));
    assert_eq!(mails[0].header("message-id").as_deref(), Some("<c.1.2.mac@example.com>"));
    assert!(mails.iter().any(|mail| mail.text().contains("invoice.pdf")));
    let signed = mails[0].header("dkim-signature").unwrap();
    assert!(signed.contains("d=example.com; s=s1; "), "{signed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_says_later_gets_the_mail_later_and_once() {
    let mut world = World::open().await;
    let sink = SmtpSink::start().await.unwrap();
    for mishap in [
        smtp_sink::Mishap::Drop(At::Greeting),
        smtp_sink::Mishap::Reply(At::Recipient, "450 4.2.1 greylisted"),
        smtp_sink::Mishap::Drop(At::Data),
        smtp_sink::Mishap::Reply(At::Content, "451 4.3.0 try again"),
    ] {
        sink.next(mishap);
    }
    world.mails(relay(&sink), no_blobs().1);
    world.mail(Vec::new()).await;
    assert!(matches!(world.report().await, DeliveryOutcome::Sent { .. }));
    assert_eq!(world.at_rest().await, 1);
    assert_eq!(sink.mails().len(), 1);
    assert_eq!(world.desk.released.lock().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_mail_fails_with_the_relays_words() {
    let mut world = World::open().await;
    let sink = SmtpSink::start().await.unwrap();
    sink.next(smtp_sink::Mishap::Reply(At::Recipient, "550 5.1.1 no such mailbox"));
    world.mails(relay(&sink), no_blobs().1);
    world.mail(Vec::new()).await;
    let DeliveryOutcome::Failed { error, opted_out: false } = world.report().await else {
        panic!("not failed")
    };
    assert_eq!(error.code, "550");
    assert!(error.reason.contains("no such mailbox"), "{}", error.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_silent_after_the_content_leaves_the_mail_uncertain() {
    let mut world = World::open().await;
    let sink = SmtpSink::start().await.unwrap();
    sink.next(smtp_sink::Mishap::Drop(At::Content));
    world.mails(relay(&sink), no_blobs().1);
    world.mail(Vec::new()).await;
    assert_eq!(world.report().await, DeliveryOutcome::Uncertain);
    assert_eq!(world.at_rest().await, 1);
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_file_is_gone_fails_and_names_it() {
    let mut world = World::open().await;
    let sink = SmtpSink::start().await.unwrap();
    world.mails(relay(&sink), no_blobs().1);
    let attachment = json!({"id": Uuid::new_v4(), "name": "invoice.pdf", "content_type": "application/pdf",
        "size": 8, "url": "", "blob": "att/gone"});
    world.mail(vec![serde_json::from_value(attachment).unwrap()]).await;
    let DeliveryOutcome::Failed { error, .. } = world.report().await else { panic!("not failed") };
    assert!(error.code == "attachment_missing" && error.reason.contains("invoice.pdf"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_mails_land_in_the_sandbox() {
    let mut world = World::open().await;
    let (seen, mut mails) = tokio::sync::mpsc::unbounded_channel();
    let router = axum::Router::new().route(
        "/sandbox/mailbox",
        axum::routing::post(async move |headers: axum::http::HeaderMap, body: Bytes| {
            seen.send((headers["content-type"].clone(), body)).unwrap();
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    world.run(async move { axum::serve(listener, router).await.unwrap() });
    world.mails(Way::sandbox(&url.parse().unwrap(), http::client().unwrap()), no_blobs().1);
    world.mail(Vec::new()).await;
    assert!(matches!(world.report().await, DeliveryOutcome::Sent { provider, .. } if provider == "sandbox"));
    let (kind, mail) = mails.recv().await.unwrap();
    assert_eq!(kind, "message/rfc822");
    assert!(mail.starts_with(b"DKIM-Signature: ") && mail.windows(9).any(|bytes| bytes == b"Re: Order"));
}

/// The provider fails first, then the token is taken back: the mail goes later, and once.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_without_passwords_is_used_with_tokens() {
    let mut world = World::open().await;
    let provider = Provider::start().await;
    let sink = SmtpSink::start_for(provider.clone()).await.unwrap();
    let oauth = json!({"token_url": provider.token_url(), "client_id": "us", "refresh_token": REFRESH_TOKEN});
    let oauth: OAuth = serde_json::from_value(oauth).unwrap();
    let url = Secret::new(sink.url().replace("smtp://", "smtp://desk%40example.com@"));
    provider.fails(Some((503, "temporarily_unavailable")));
    let tokens = host::RefreshTokens::at_desk([7; 32], world.bus.clone()).of(oauth.grant()).unwrap();
    world.mails(Way::Relay(Relay::new(&url, Some(tokens)).unwrap()), no_blobs().1);
    world.mail(Vec::new()).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while world.desk.released.lock().unwrap().is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "it is not given back");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    provider.fails(None);
    assert!(matches!(world.report().await, DeliveryOutcome::Sent { .. }));
    assert_eq!((sink.mails().len(), provider.given()), (1, 1));
}
