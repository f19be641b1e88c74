//! The NATS server goes away and comes back.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bus::{AskError, Bus, PublishError, Question, Signal, Stream};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::rig::{
    EVENT, INBOUND, JetStream, Note, Recorder, Rig, consume, emptied, eventually, publish, subscription,
};

const DOUBLE: Question<Note, Note> = Question::new("ask.double");
const TYPING: Signal<Note> = Signal::new("signal.note");

/// Publishes as the product does: the same id again until it is acknowledged.
async fn publish_stubbornly(bus: &Bus, number: u64) {
    let begun = Instant::now();
    for topic in [INBOUND, EVENT] {
        while let Err(error) = bus.publish(topic, &format!("note:{number}"), &Note { number }).await {
            assert!(matches!(error, PublishError::Unavailable(_)), "{error}");
            assert!(begun.elapsed() < crate::rig::SOON, "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Follows EVENTS into a list.
fn following(bus: &Bus) -> Arc<Mutex<Vec<u64>>> {
    let numbers: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (bus, list) = (bus.clone(), numbers.clone());
    tokio::spawn(async move {
        let mut events = bus.follow(Stream::Events, 0).await.unwrap();
        while let Some(stored) = events.next().await {
            list.lock().unwrap().push(stored.envelope.read(EVENT).unwrap().number);
        }
    });
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_fails_fast_while_the_server_is_away_and_works_when_it_is_back() {
    let mut rig = JetStream::new();
    let bus = rig.open().await;
    publish(&bus, INBOUND, 1).await;
    bus.ready().await.unwrap();
    rig.server.kill();
    // The first may have to wait for the acknowledgement that never comes; the next know better.
    let mut waited = vec![];
    for _ in 0..2 {
        let begun = Instant::now();
        let result = bus.publish(INBOUND, "note:2", &Note { number: 2 }).await;
        assert!(matches!(result, Err(PublishError::Unavailable(_))), "{result:?}");
        waited.push(begun.elapsed());
    }
    assert!(waited[0] < Duration::from_secs(3) && waited[1] < Duration::from_millis(800), "{waited:?}");
    assert!(bus.ready().await.is_err());
    assert!(bus.backlog(Stream::Inbound).await.is_err());
    assert!(matches!(bus.ask(DOUBLE, &Note { number: 1 }).await, Err(AskError::NoAnswer(_))));
    rig.server.restart();
    publish_stubbornly(&bus, 2).await;
    bus.ready().await.unwrap();
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_and_followers_resume_after_every_kill_and_miss_nothing() {
    let mut rig = JetStream::new();
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("steadfast"), recorder.clone());
    let followed = following(&bus);
    let publishing = tokio::spawn({
        let bus = bus.clone();
        async move {
            for number in 0..600 {
                publish_stubbornly(&bus, number).await;
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        rig.server.kill();
        tokio::time::sleep(Duration::from_millis(200)).await;
        rig.server.restart();
    }
    publishing.await.unwrap();
    eventually("all are followed", || (followed.lock().unwrap().len() >= 600).then_some(())).await;
    assert_eq!(*followed.lock().unwrap(), (0..600).collect::<Vec<u64>>());
    emptied(&bus, Stream::Inbound).await;
    let handled: BTreeSet<u64> = recorder.numbers().into_iter().collect();
    assert_eq!(handled.len(), 600);
    let begun = Instant::now();
    consuming.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_consumers_followers_answers_and_ears_are_there_again_after_a_restart() {
    let mut rig = JetStream::new();
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("idle"), recorder.clone());
    let followed = following(&bus);
    let stop = CancellationToken::new();
    let answering = tokio::spawn({
        let (bus, stop) = (bus.clone(), stop.clone());
        async move { bus.answer(DOUBLE, stop, async |note: Note| Ok(Note { number: note.number * 2 })).await }
    });
    let mut ear = bus.listen(TYPING).await.unwrap();
    publish_stubbornly(&bus, 1).await;
    recorder.gets(1).await;
    rig.server.kill();
    tokio::time::sleep(Duration::from_millis(300)).await;
    rig.server.restart();
    publish_stubbornly(&bus, 2).await;
    let back = Instant::now();
    recorder.gets(2).await;
    eventually("the follower sees it", || (followed.lock().unwrap().len() == 2).then_some(())).await;
    assert!(back.elapsed() < Duration::from_secs(3), "{:?}", back.elapsed());
    assert_eq!(bus.ask(DOUBLE, &Note { number: 4 }).await.unwrap().number, 8);
    bus.signal(TYPING, &Note { number: 5 }).await;
    assert_eq!(ear.next().await.unwrap().number, 5);
    stop.cancel();
    answering.await.unwrap().unwrap();
    consuming.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_can_be_stopped_while_the_server_is_away() {
    let mut rig = JetStream::new();
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("stranded"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    recorder.gets(1).await;
    rig.server.kill();
    let begun = Instant::now();
    consuming.stop().await;
    bus.close().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_its_store_gets_its_streams_again() {
    let mut rig = JetStream::new();
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("rebuilding"), recorder.clone());
    let followed = following(&bus);
    for number in 1..=3 {
        publish_stubbornly(&bus, number).await;
    }
    recorder.gets(3).await;
    eventually("the follower is there", || (followed.lock().unwrap().len() == 3).then_some(())).await;
    rig.server.kill();
    rig.server.lose_store();
    rig.server.restart();
    publish_stubbornly(&bus, 4).await;
    recorder.gets(4).await;
    eventually("the follower sees it", || (followed.lock().unwrap().len() == 4).then_some(())).await;
    consuming.stop().await;
}
