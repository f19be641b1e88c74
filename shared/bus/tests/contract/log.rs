//! What only the embedded log can be put through.

use std::time::Duration;

use bus::{PublishError, Stream, Subscription, embedded};

use crate::rig::{
    EVENT, Embedded, INBOUND, Note, Recorder, Rig, consume, emptied, eventually, publish, subscription,
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_log_is_open_in_one_process_only() {
    let rig = Embedded::new();
    let bus = rig.open().await;
    let error = rig.try_open().await.err().expect("it is taken");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    bus.close().await;
    rig.try_open().await.unwrap();
}

#[tokio::test]
async fn a_log_for_tests_needs_no_place() {
    let clock = Embedded::new().clock;
    let bus = embedded::open(None, clock.clone()).await.unwrap();
    let other = embedded::open(None, clock).await.unwrap();
    publish(&bus, INBOUND, 1).await;
    assert_eq!(
        (bus.backlog(Stream::Inbound).await.unwrap(), other.backlog(Stream::Inbound).await.unwrap()),
        (1, 0)
    );
}

#[tokio::test]
async fn a_closed_log_says_so() {
    let bus = Embedded::new().open().await;
    bus.ready().await.unwrap();
    bus.close().await;
    assert!(bus.ready().await.is_err());
    let result = bus.publish(INBOUND, "1", &Note { number: 1 }).await;
    assert!(matches!(result, Err(PublishError::Unavailable(_))), "{result:?}");
}

#[tokio::test]
async fn a_full_log_refuses_and_works_again_when_there_is_room() {
    let mut rig = Embedded::new();
    rig.options.max_bytes = Some(300_000);
    let bus = rig.open().await;
    let large = bus::Topic::<String>::new("inbound.note");
    let mut stored = 0;
    let error = loop {
        match bus.publish(large, &format!("large:{stored}"), &"x".repeat(10_000)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, PublishError::Unavailable(why) if why.contains("full")), "{error}");
    assert!(bus.ready().await.is_ok(), "a small write still works");
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("reader"), recorder.clone());
    emptied(&bus, Stream::Inbound).await;
    assert_eq!(recorder.seen().len(), stored);
    let again = bus.publish(large, &format!("large:{stored}"), &"x".repeat(10_000)).await.unwrap();
    assert_eq!((again.seq, again.duplicate), (stored as u64 + 1, false));
    consuming.stop().await;
}

#[tokio::test]
async fn old_events_and_ids_are_forgotten_in_time() {
    let rig = Embedded::new();
    let bus = rig.open().await;
    publish(&bus, EVENT, 1).await;
    publish(&bus, INBOUND, 1).await;
    rig.clock.turn(47 * HOUR);
    assert!(publish(&bus, INBOUND, 1).await.duplicate);
    publish(&bus, EVENT, 2).await;
    rig.clock.turn(2 * HOUR);
    publish(&bus, EVENT, 3).await;
    eventually_async(async || !bus.publish(INBOUND, "note:1", &Note { number: 1 }).await.unwrap().duplicate)
        .await;
    assert_eq!(bus.span(Stream::Events).await.unwrap().first, 1);
    rig.clock.turn(24 * HOUR);
    publish(&bus, EVENT, 4).await;
    eventually_async(async || bus.span(Stream::Events).await.unwrap().first == 2).await;
    // A work queue keeps what was not handled, however old.
    rig.clock.turn(1000 * HOUR);
    publish(&bus, EVENT, 5).await;
    eventually_async(async || bus.span(Stream::Events).await.unwrap().first == 5).await;
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 2);
}

async fn eventually_async(mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("this did not happen");
}

#[tokio::test]
async fn a_wait_outlives_a_restart() {
    let rig = Embedded::new();
    let bus = rig.open().await;
    let wait = Duration::from_millis(800);
    let failing = Recorder::each(move |_| Err(bus::Failure::retry_after("busy", wait)));
    let consuming = consume(&bus, subscription("waiting"), failing.clone());
    publish(&bus, INBOUND, 1).await;
    let begun = failing.gets(1).await[0].at;
    consuming.stop().await;
    bus.close().await;
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("waiting"), recorder.clone());
    let seen = recorder.gets(1).await;
    assert_eq!(seen[0].attempt, 2);
    assert!(seen[0].at - begun >= wait);
    consuming.stop().await;
}

#[tokio::test]
async fn a_replica_that_stays_takes_over_the_waits_of_one_that_leaves() {
    let rig = Embedded::new();
    let bus = rig.open().await;
    let alone = Subscription { concurrency: 1, ..subscription("pair") };
    let failing = Recorder::each(|_| Err(bus::Failure::retry_after("busy", Duration::from_millis(300))));
    let leaving = consume(&bus, alone.clone(), failing.clone());
    publish(&bus, INBOUND, 1).await;
    failing.gets(1).await;
    let recorder = Recorder::new();
    let staying = consume(&bus, alone, recorder.clone());
    leaving.stop().await;
    eventually("the second try", || (recorder.seen().len() + failing.seen().len() >= 2).then_some(())).await;
    emptied(&bus, Stream::Inbound).await;
    staying.stop().await;
}

#[tokio::test]
async fn a_consumer_that_changes_its_subjects_gets_what_is_there() {
    let rig = Embedded::new();
    let bus = rig.open().await;
    let notes = consume(
        &bus,
        Subscription { subjects: &["inbound.other"], ..subscription("changing") },
        Recorder::new(),
    );
    publish(&bus, INBOUND, 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    notes.stop().await;
    let recorder = Recorder::new();
    let all = consume(&bus, subscription("changing"), recorder.clone());
    assert_eq!(recorder.gets(1).await[0].number, 1);
    emptied(&bus, Stream::Inbound).await;
    all.stop().await;
}
