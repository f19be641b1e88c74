//! Servers that can be used and servers that cannot.

use std::{
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{
    PublishError, Stream, Topic,
    jetstream::{self, ProbeError, connect_with, probe},
};
use futures::future::join_all;
use harness::nats::{Options, Server, fake_old_server};

use crate::rig::{INBOUND, JetStream, Note, Recorder, TestClock, consume, emptied, publish, subscription};

fn options() -> jetstream::Options {
    jetstream::Options { connects_within: Duration::from_millis(600), ..JetStream::options() }
}

async fn refused(url: &str) -> String {
    let error = connect_with(url, Arc::<TestClock>::default(), options()).await.err().expect("no connection");
    format!("{error:#}")
}

#[tokio::test]
async fn a_good_server_tells_its_version() {
    let server = Server::start();
    let version = probe(&server.url()).await.unwrap();
    assert!(version.starts_with("2."), "{version}");
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_with_both_versions() {
    let url = fake_old_server("2.9.10");
    assert!(matches!(probe(&url).await, Err(ProbeError::TooOld { found }) if found == "2.9.10"));
    let error = refused(&url).await;
    assert!(error.contains("NATS server 2.9.10 is too old: Frontdesk needs 2.12.3 or newer"), "{error}");
}

#[tokio::test]
async fn a_server_without_jetstream_is_refused() {
    let server = Server::start_with(Options { no_jetstream: true, ..Options::default() });
    assert!(matches!(probe(&server.url()).await, Err(ProbeError::NoJetStream { .. })));
    assert!(refused(&server.url()).await.contains("JetStream"));
}

#[tokio::test]
async fn a_server_that_wants_a_token_gets_it_from_the_url() {
    let server = Server::start_with(Options { token: Some("s3cret".into()), ..Options::default() });
    assert!(matches!(probe(&server.url()).await, Err(ProbeError::Refused { .. })));
    let wrong = server.url().replace("nats://", "nats://wr0ng@");
    let error = refused(&wrong).await;
    assert!(error.contains("refuses us") && !error.contains("wr0ng"), "{error}");
    probe(&server.url().replace("nats://", "nats://s3cret@")).await.unwrap();
}

#[tokio::test]
async fn user_and_password_stand_in_the_url() {
    let user = Some(("desk".into(), "p@ss".into()));
    let server = Server::start_with(Options { user, ..Options::default() });
    assert!(matches!(probe(&server.url()).await, Err(ProbeError::Refused { .. })));
    probe(&server.url().replace("nats://", "nats://desk:p%40ss@")).await.unwrap();
}

#[tokio::test]
async fn where_nobody_listens_it_says_so_after_trying_for_a_while() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("nats://{free}");
    assert!(matches!(probe(&url).await, Err(ProbeError::Unreachable { .. })));
    let begun = Instant::now();
    let error = refused(&url).await;
    assert!(error.contains(&free.to_string()), "{error}");
    assert!(begun.elapsed() >= options().connects_within);
    assert!(matches!(probe("nats//nonsense:x").await, Err(ProbeError::BadUrl(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_a_little_later_is_waited_for() {
    let mut server = Server::start();
    server.kill();
    let connecting = tokio::spawn({
        let url = server.url();
        async move { connect_with(&url, Arc::<TestClock>::default(), JetStream::options()).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.restart();
    connecting.await.unwrap().unwrap().ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_come_later_is_not_waited_for_and_used_once_it_is_there() {
    let mut server = Server::start();
    server.kill();
    server.lose_store();
    let later = jetstream::Options { may_come_later: true, ..options() };
    let begun = Instant::now();
    let bus = connect_with(&server.url(), Arc::<TestClock>::default(), later).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(bus.ready().await.is_err());
    let packet = || bus.pack(INBOUND, "note:1", &Note { number: 1 }).unwrap();
    let refused = bus.publish_all(vec![packet()]).await.pop().unwrap();
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
    server.restart();
    let begun = Instant::now();
    while let Err(error) = bus.publish_all(vec![packet()]).await.pop().unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
    }
    bus.ready().await.unwrap();
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old_is_refused_even_where_it_may_come_later() {
    let later = jetstream::Options { may_come_later: true, ..options() };
    let error = connect_with(&fake_old_server("2.9.10"), Arc::<TestClock>::default(), later).await.err();
    assert!(error.is_some_and(|error| format!("{error:#}").contains("too old")), "it is there at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_replicas_that_start_together_make_the_streams_once() {
    let server = Server::start();
    let url = server.url();
    let replicas =
        join_all((0..8).map(|_| connect_with(&url, Arc::<TestClock>::default(), JetStream::options()))).await;
    let replicas: Vec<_> = replicas.into_iter().map(Result::unwrap).collect();
    for (number, replica) in (1..).zip(&replicas) {
        assert!(!publish(replica, INBOUND, number).await.duplicate);
    }
    assert_eq!(replicas[0].backlog(Stream::Inbound).await.unwrap(), 8);
    // Another release with other wishes for new streams changes nothing that is there.
    let later = jetstream::Options { storage: 1 << 30, ..JetStream::options() };
    let later = connect_with(&url, Arc::<TestClock>::default(), later).await.unwrap();
    assert_eq!(later.backlog(Stream::Inbound).await.unwrap(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_refuses_and_works_again_when_there_is_room() {
    let server = Server::start();
    let small = jetstream::Options { storage: 600_000, ..JetStream::options() };
    let bus = connect_with(&server.url(), Arc::<TestClock>::default(), small).await.unwrap();
    let large = Topic::<String>::new("inbound.note");
    let packet = |n: usize| bus.pack(large, &format!("large:{n}"), &"x".repeat(10_000)).unwrap();
    let results = bus.publish_all((0..50).map(packet).collect()).await;
    let stored = results.iter().filter(|result| result.is_ok()).count();
    assert!((5..50).contains(&stored), "{stored}");
    let refused = results.iter().filter(|result| matches!(result, Err(PublishError::Unavailable(_)))).count();
    assert_eq!(stored + refused, 50);
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), stored as u64);
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("reader"), recorder.clone());
    emptied(&bus, Stream::Inbound).await;
    assert_eq!(recorder.seen().len(), stored);
    let again = bus.publish_all(vec![packet(49)]).await.pop().unwrap().unwrap();
    assert!(!again.duplicate);
    consuming.stop().await;
}

#[tokio::test]
async fn processes_that_begin_at_once_agree_on_a_value_and_keep_it() {
    let mut server = Server::start();
    let url = server.url();
    let propose = async |proposal: &str| {
        let bus = connect_with(&url, Arc::<TestClock>::default(), JetStream::options()).await.unwrap();
        bus.agree_on("installation-key", proposal.as_bytes().to_vec()).await.unwrap()
    };
    let agreed = join_all(["a", "b", "c", "d"].map(propose)).await;
    assert!(agreed.iter().all(|value| *value == agreed[0]), "{agreed:?}");
    server.kill();
    server.restart();
    assert_eq!(propose("e").await, agreed[0], "a restart of the broker changes nothing");
}

#[tokio::test]
async fn what_one_process_keeps_another_finds_and_the_last_one_counts() {
    let mut server = Server::start();
    let url = server.url();
    let connect =
        async || connect_with(&url, Arc::<TestClock>::default(), JetStream::options()).await.unwrap();
    let (one, other) = (connect().await, connect().await);
    assert_eq!(other.kept("channels").await.unwrap(), None);
    for value in [vec![1; bus::MAX_KEPT], vec![2; bus::MAX_KEPT], vec![3]] {
        one.keep("channels", value.clone()).await.unwrap();
        assert_eq!(other.kept("channels").await.unwrap(), Some(value));
    }
    one.keep("channels", vec![4; bus::MAX_KEPT + 1]).await.unwrap_err();
    server.kill();
    server.restart();
    assert_eq!(connect().await.kept("channels").await.unwrap(), Some(vec![3]));
}
