//! Handlers that fail, and what becomes of their events.

use std::{sync::Arc, time::Duration};

use bus::{Bus, Failure, Stream, Subscription, Topic, topic};
use domain::event::DeadLetter;

use crate::rig::{
    Consuming, INBOUND, Recorder, Rig, Seen, consume, emptied, eventually, publish, subscription, tuning,
};

/// Reads the dead letters.
fn undertaker(bus: &Bus) -> (Consuming, Arc<Recorder>) {
    let recorder = Recorder::new();
    let on_dead = Subscription { stream: Stream::Dead, subjects: &["dead.>"], ..subscription("undertaker") };
    (consume(bus, on_dead, recorder.clone()), recorder)
}

fn letter(seen: &Seen) -> DeadLetter {
    seen.delivery.read(topic::DEAD).unwrap()
}

pub async fn a_retried_event_comes_again_and_each_time_later(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder =
        Recorder::each(|seen| if seen.attempt < 3 { Err(Failure::retry("not yet")) } else { Ok(()) });
    let consuming = consume(&bus, subscription("retrying"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    let seen = recorder.gets(3).await;
    assert_eq!(seen.iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(seen[0].delivery.seq, seen[2].delivery.seq);
    let waits = [seen[1].at - seen[0].at, seen[2].at - seen[1].at];
    assert!(waits[0] >= tuning().backoff[0] && waits[1] >= tuning().backoff[1], "{waits:?}");
    emptied(&bus, Stream::Inbound).await;
    consuming.stop().await;
}

pub async fn a_handlers_own_wait_is_kept(rig: impl Rig) {
    let bus = rig.open().await;
    let wait = Duration::from_millis(700);
    let recorder = Recorder::each(move |seen| match (seen.number, seen.attempt) {
        (1, 1) => Err(Failure::retry_after("busy", wait)),
        _ => Ok(()),
    });
    let consuming = consume(&bus, subscription("waiting"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    recorder.gets(1).await;
    // Others do not wait for it.
    publish(&bus, INBOUND, 2).await;
    let seen = recorder.gets(3).await;
    assert_eq!(
        seen.iter().map(|seen| (seen.number, seen.attempt)).collect::<Vec<_>>(),
        [(1, 1), (2, 1), (1, 2)]
    );
    assert!(seen[2].at - seen[0].at >= wait);
    consuming.stop().await;
}

pub async fn a_rejected_event_is_a_dead_letter_at_once(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::each(|_| Err(Failure::reject("not a note")));
    let consuming = [consume(&bus, subscription("rejecting"), recorder.clone())];
    let published = publish(&bus, INBOUND, 1).await;
    let (burying, dead) = undertaker(&bus);
    let letters = dead.gets(1).await;
    let letter = letter(&letters[0]);
    assert_eq!(letters[0].delivery.envelope.id, format!("dead:rejecting:INBOUND:{}", published.seq));
    assert_eq!((letter.consumer.as_str(), letter.subject.as_str()), ("rejecting", INBOUND.subject));
    assert_eq!((letter.reason.as_str(), letter.attempts), ("not a note", 1));
    let envelope: bus::Envelope = serde_json::from_str(&letter.envelope).unwrap();
    assert_eq!((envelope.id.as_str(), envelope.read(INBOUND).unwrap().number), ("note:1", 1));
    emptied(&bus, Stream::Inbound).await;
    assert_eq!(recorder.seen().len(), 1);
    // What cannot be read as its type is rejected by the error's conversion.
    bus.publish(Topic::<String>::new("inbound.note"), "text", &"no note".into()).await.unwrap();
    dead.gets(2).await;
    for one in consuming.into_iter().chain([burying]) {
        one.stop().await;
    }
}

pub async fn an_event_that_never_works_is_a_dead_letter_after_six_deliveries(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::each(|seen| Err(Failure::retry(format!("try {}", seen.attempt))));
    let consuming = consume(&bus, subscription("hopeless"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    let (burying, dead) = undertaker(&bus);
    let letter = letter(&dead.gets(1).await[0]);
    assert_eq!((letter.reason.as_str(), letter.attempts), ("try 6", 6));
    assert_eq!(recorder.seen().iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    emptied(&bus, Stream::Inbound).await;
    emptied(&bus, Stream::Dead).await;
    assert_eq!((recorder.seen().len(), dead.seen().len()), (6, 1));
    consuming.stop().await;
    burying.stop().await;
}

pub async fn a_crash_loop_ends_in_a_dead_letter(rig: impl Rig) {
    let bus = rig.open().await;
    publish(&bus, INBOUND, 1).await;
    for attempt in 1..=6 {
        let hangs = Recorder::batch(|_| std::future::pending());
        let crashing = consume(&bus, subscription("crashing"), hangs.clone());
        assert_eq!(hangs.gets(1).await[0].attempt, attempt);
        crashing.crash().await;
    }
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("crashing"), recorder.clone());
    let (burying, dead) = undertaker(&bus);
    let letter = letter(&dead.gets(1).await[0]);
    assert_eq!((letter.attempts, letter.consumer.as_str()), (6, "crashing"));
    assert!(letter.reason.contains("never answered"), "{}", letter.reason);
    emptied(&bus, Stream::Inbound).await;
    assert!(recorder.seen().is_empty());
    consuming.stop().await;
    burying.stop().await;
}

pub async fn an_event_whose_handler_panics_takes_no_others_along(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::batch(|batch| async move {
        assert!(batch.iter().all(|seen| seen.number != 13), "thirteen");
        batch.iter().map(|_| Ok(())).collect()
    });
    for number in 1..=30 {
        publish(&bus, INBOUND, number).await;
    }
    let consuming = consume(&bus, Subscription { batch: 20, ..subscription("panicking") }, recorder.clone());
    let (burying, dead) = undertaker(&bus);
    let letter = letter(&dead.gets(1).await[0]);
    assert!(letter.reason.contains("panicked") && letter.reason.contains("thirteen"), "{}", letter.reason);
    assert_eq!(letter.attempts, 6);
    emptied(&bus, Stream::Inbound).await;
    emptied(&bus, Stream::Dead).await;
    assert_eq!(dead.seen().len(), 1);
    consuming.stop().await;
    burying.stop().await;
}

pub async fn results_that_are_missing_are_retried(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::batch(|batch| async move {
        if batch[0].attempt == 1 { vec![] } else { batch.iter().map(|_| Ok(())).collect() }
    });
    let consuming = consume(&bus, subscription("silent"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    assert_eq!(recorder.gets(2).await[1].attempt, 2);
    emptied(&bus, Stream::Inbound).await;
    consuming.stop().await;
}

pub async fn a_handler_that_takes_long_is_not_disturbed(rig: impl Rig) {
    let bus = rig.open().await;
    let long = tuning().redeliver_after * 5 / 2;
    let recorder = Recorder::batch(move |batch| async move {
        tokio::time::sleep(long).await;
        batch.iter().map(|_| Ok(())).collect()
    });
    let consuming = consume(&bus, subscription("slow"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    emptied(&bus, Stream::Inbound).await;
    assert_eq!(recorder.seen().len(), 1);
    consuming.stop().await;
}

pub async fn a_dead_letter_that_cannot_be_handled_is_kept(rig: impl Rig) {
    let bus = rig.open().await;
    let rejecting = consume(&bus, subscription("rejecting"), Recorder::each(|_| Err(Failure::reject("no"))));
    publish(&bus, INBOUND, 1).await;
    let recorder =
        Recorder::each(|seen| if seen.attempt < 9 { Err(Failure::retry("no ledger")) } else { Ok(()) });
    let on_dead = Subscription { stream: Stream::Dead, subjects: &["dead.>"], ..subscription("undertaker") };
    let burying = consume(&bus, on_dead, recorder.clone());
    recorder.gets(9).await;
    emptied(&bus, Stream::Dead).await;
    eventually("the end", || (recorder.seen().len() == 9).then_some(())).await;
    rejecting.stop().await;
    burying.stop().await;
}
