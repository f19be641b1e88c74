//! Relays and proxies of our own: who may say for whom it speaks, and what that changes.

use email_ingest::{
    budget::Budget,
    smtp::{Door, Limits},
};
use host::config::Network;

use super::{Desk, INBOUND, MAX_SIZE, desk, desk_at, desk_with, mail};

/// One connection per address, and this machine is trusted.
async fn trusting(change: impl FnOnce(&mut Door)) -> Desk {
    let limits = Limits { connections_per_ip: 1, ..Limits::with_max_size(MAX_SIZE) };
    desk_at(limits, Budget::new(8 * MAX_SIZE), |door| {
        door.trusted = vec![Network::parse("127.0.0.0/8").unwrap()];
        change(door);
    })
    .await
}

#[tokio::test]
async fn a_proxy_says_for_whom_it_stands_and_that_address_is_counted() {
    let desk = trusting(|door| door.proxy_protocol = true).await;
    let first = b"PROXY TCP4 192.0.2.1 10.0.0.1 4000 25\r\n";
    let mut session = desk.mail_server().session_after(first).await.unwrap();
    assert_eq!(session.greeting.code, 220);
    assert_eq!(session.command("XCLIENT ADDR=192.0.2.9").await.unwrap().code, 500, "not a relay of ours");
    assert_eq!(session.deliver("a@b.c", &[INBOUND], &mail("x")).await.unwrap().code, 250);
    let client = desk.mails().await[0].client.clone().unwrap();
    assert_eq!((client.address.as_str(), client.hello.as_str()), ("192.0.2.1", "forwarder.example.net"));
    let again = desk.mail_server().session_after(first).await.unwrap();
    assert_eq!(again.greeting.code, 421);
    let other = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x02\x0a\0\0\x01\x0f\xa0\0\x19EHLO x\r\n";
    let mut early = desk.mail_server().session_after(other).await.unwrap();
    assert_eq!((early.greeting.code, early.reply().await.unwrap().code), (220, 250));
}

#[tokio::test]
async fn a_proxy_that_does_not_say_it_gets_no_greeting() {
    let desk = trusting(|door| door.proxy_protocol = true).await;
    let session = desk.mail_server().session_after(b"EHLO x\r\n").await.unwrap();
    assert_eq!(session.greeting.code, 0);
}

#[tokio::test]
async fn strangers_do_not_say_for_whom_they_stand() {
    let desk = desk().await;
    let mut session =
        desk.mail_server().session_after(b"PROXY TCP4 192.0.2.1 10.0.0.1 1 25\r\n").await.unwrap();
    assert_eq!((session.greeting.code, session.reply().await.unwrap().code), (220, 500));
    assert_eq!(session.command("XCLIENT ADDR=192.0.2.1").await.unwrap().code, 500);
}

#[tokio::test]
async fn a_relay_is_not_counted_itself_but_whom_it_names() {
    let desk = trusting(|_| ()).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(desk.mail_server().session().await.unwrap());
    }
    let mut codes = Vec::new();
    for (session, address) in sessions.iter_mut().zip(["192.0.2.1", "IPV6:2001:db8::1", "192.0.2.1"]) {
        let offers = session.command("EHLO x").await.unwrap().text;
        assert!(offers.contains("XCLIENT "), "{offers}");
        codes.push(session.command(&format!("XCLIENT NAME=x ADDR={address}")).await.unwrap().code);
    }
    assert_eq!(codes, [220, 220, 421]);
    assert_eq!(sessions[0].deliver("a@b.c", &[INBOUND], &mail("x")).await.unwrap().code, 250);
    assert_eq!(desk.mails().await[0].client.as_ref().unwrap().address, "192.0.2.1");
}

#[tokio::test]
async fn a_relay_that_names_nobody_is_not_taken_for_the_client() {
    let desk = trusting(|_| ()).await;
    assert_eq!(desk.send(INBOUND, &mail("x")).await.code, 250);
    assert_eq!(desk.mails().await[0].client, None);
}

#[tokio::test]
async fn who_comes_too_often_or_stays_too_long_is_told_so() {
    let session = std::time::Duration::from_millis(500);
    let limits = Limits { connections_per_minute: 2, session, ..Limits::with_max_size(MAX_SIZE) };
    let desk = desk_with(limits, Budget::new(8 * MAX_SIZE)).await;
    let mut first = desk.mail_server().session().await.unwrap();
    drop(desk.mail_server().session().await.unwrap());
    assert_eq!(desk.mail_server().session().await.unwrap().greeting.code, 421);
    let begun = std::time::Instant::now();
    while first.command("NOOP").await.unwrap().code == 250 {
        assert!(begun.elapsed() < session * 10, "still there");
        tokio::time::sleep(session / 10).await;
    }
}
