//! Publishing, consuming, following.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bus::{Bus, MAX_ENVELOPE, Packet, PublishError, Stream, Subscription, Topic};
use domain::Clock;
use futures::{StreamExt, future::join_all};
use tokio::{sync::Notify, time::timeout};

use crate::rig::{
    EVENT, INBOUND, Note, RECEIPT, Recorder, Rig, SOON, TestClock, consume, emptied, eventually, publish,
    subscription,
};

pub async fn an_event_arrives_as_it_was_published(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("reader"), recorder.clone());
    let mut packet = bus.pack(INBOUND, "note:ü 7", &Note { number: 7 }).unwrap();
    packet.envelope.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
    let published = bus.publish_all(vec![packet.clone()]).await.pop().unwrap().unwrap();
    let delivery = recorder.gets(1).await.remove(0).delivery;
    assert!(delivery.is(INBOUND) && !published.duplicate);
    assert_eq!((delivery.seq, delivery.attempt), (published.seq, 1));
    assert_eq!(delivery.read(INBOUND).unwrap(), Note { number: 7 });
    assert_eq!(
        serde_json::to_string(&delivery.envelope).unwrap(),
        serde_json::to_string(&packet.envelope).unwrap()
    );
    consuming.stop().await;
}

pub async fn the_same_id_is_kept_once(rig: impl Rig) {
    let bus = rig.open().await;
    let first = publish(&bus, INBOUND, 1).await;
    let again = publish(&bus, INBOUND, 1).await;
    assert_eq!((first.duplicate, again.duplicate, again.seq), (false, true, first.seq));
    // Many at once, among them the one that is there and one that comes twice.
    let numbers: Vec<u64> = (2..30).chain([1, 2]).chain(30..41).collect();
    let packet = |number| bus.pack(INBOUND, &format!("note:{number}"), &Note { number }).unwrap();
    let results = bus.publish_all(numbers.iter().copied().map(packet).collect()).await;
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    let duplicates: Vec<u64> = numbers
        .iter()
        .zip(&results)
        .filter(|(_, result)| result.duplicate)
        .map(|(number, _)| *number)
        .collect();
    assert_eq!(duplicates, [1, 2]);
    assert_eq!((results[28].seq, results[29].seq), (first.seq, results[0].seq));
    let at_once = join_all((0..20).map(|_| publish(&bus, INBOUND, 41))).await;
    assert_eq!(at_once.iter().filter(|published| !published.duplicate).count(), 1);
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 41);
    // The id is remembered when its event was handled and is gone.
    let consuming = consume(&bus, subscription("reader"), Recorder::new());
    emptied(&bus, Stream::Inbound).await;
    assert!(publish(&bus, INBOUND, 5).await.duplicate);
    consuming.stop().await;
}

pub async fn what_has_no_place_on_the_bus_is_refused(rig: impl Rig) {
    let bus = rig.open().await;
    let refused = async |subject: &'static str, id: &str, text: &str| {
        let result = bus.publish(Topic::<String>::new(subject), id, &text.to_owned()).await;
        assert!(matches!(result, Err(PublishError::Refused(_))), "{subject} {id:?} {result:?}");
    };
    refused("elsewhere.note", "1", "").await;
    refused("inbound.note", "", "").await;
    refused("inbound.note", "line\nbreak", "").await;
    refused("inbound.note", &"x".repeat(513), "").await;
    refused("inbound.note", "1", &"x".repeat(MAX_ENVELOPE)).await;
    let large = "x".repeat(MAX_ENVELOPE - 1000);
    bus.publish(Topic::<String>::new("inbound.note"), "1", &large).await.unwrap();
    // One that is refused holds up none of the others.
    let packets: Vec<Packet> =
        ["2", "", "3"].map(|id| bus.pack(INBOUND, id, &Note { number: 2 }).unwrap()).into();
    let results: Vec<bool> = bus.publish_all(packets).await.iter().map(Result::is_ok).collect();
    assert_eq!(results, [true, false, true]);
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 3);
}

pub async fn a_consumer_gets_what_was_published_before_it_existed(rig: impl Rig) {
    let bus = rig.open().await;
    for number in 1..=3 {
        publish(&bus, INBOUND, number).await;
    }
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("reader"), recorder.clone());
    recorder.gets(3).await;
    publish(&bus, INBOUND, 4).await;
    recorder.gets(4).await;
    let mut numbers = recorder.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
    consuming.stop().await;
}

pub async fn two_consumers_of_a_stream_each_get_their_subjects(rig: impl Rig) {
    let bus = rig.open().await;
    let (notes, receipts) = (Recorder::new(), Recorder::new());
    let on_receipts = Subscription { subjects: &["receipt.note", "visitor.>"], ..subscription("receipts") };
    let consuming =
        [consume(&bus, subscription("notes"), notes.clone()), consume(&bus, on_receipts, receipts.clone())];
    for number in 1..=10 {
        publish(&bus, if number % 2 == 0 { RECEIPT } else { INBOUND }, number).await;
    }
    emptied(&bus, Stream::Inbound).await;
    let sorted = |mut numbers: Vec<u64>| {
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(sorted(notes.numbers()), [1, 3, 5, 7, 9]);
    assert_eq!(sorted(receipts.numbers()), [2, 4, 6, 8, 10]);
    for one in consuming {
        one.stop().await;
    }
}

pub async fn two_consumers_of_a_work_queue_cannot_want_the_same_events(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("first"), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    recorder.gets(1).await;
    let second = consume(
        &bus,
        Subscription { subjects: &["inbound.note"], ..subscription("second") },
        Recorder::new(),
    );
    assert!(timeout(SOON, second.task).await.unwrap().unwrap().is_err());
    let elsewhere =
        consume(&bus, Subscription { subjects: &["desk.>"], ..subscription("third") }, Recorder::new());
    assert!(timeout(SOON, elsewhere.task).await.unwrap().unwrap().is_err());
    consuming.stop().await;
}

pub async fn replicas_share_the_work(rig: impl Rig) {
    let bus = rig.open().await;
    let slow = || {
        Recorder::batch(|batch| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            batch.iter().map(|_| Ok(())).collect()
        })
    };
    let replicas = [slow(), slow()];
    let one = |recorder: &Arc<Recorder>| {
        consume(&bus, Subscription { batch: 4, ..subscription("shared") }, recorder.clone())
    };
    let consuming = replicas.each_ref().map(one);
    let all: Vec<Packet> =
        (0..200).map(|n| bus.pack(INBOUND, &format!("note:{n}"), &Note { number: n }).unwrap()).collect();
    bus.publish_all(all).await.into_iter().for_each(|result| assert!(!result.unwrap().duplicate));
    emptied(&bus, Stream::Inbound).await;
    let [first, second] = replicas.each_ref().map(|recorder| recorder.numbers());
    let together: HashSet<u64> = first.iter().chain(&second).copied().collect();
    assert_eq!((together.len(), first.len() + second.len()), (200, 200));
    assert!(first.len() >= 20 && second.len() >= 20, "{} and {}", first.len(), second.len());
    for one in consuming {
        one.stop().await;
    }
}

pub async fn handlers_run_side_by_side_in_batches_within_their_limits(rig: impl Rig) {
    let bus = rig.open().await;
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let recorder = Recorder::batch({
        let most = most.clone();
        move |batch| {
            let (running, most) = (running.clone(), most.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                batch.iter().map(|_| Ok(())).collect()
            }
        }
    });
    for number in 0..120 {
        publish(&bus, INBOUND, number).await;
    }
    let consuming =
        consume(&bus, Subscription { batch: 8, concurrency: 3, ..subscription("many") }, recorder.clone());
    emptied(&bus, Stream::Inbound).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    let largest = recorder.seen().iter().map(|seen| seen.batch).max();
    assert_eq!(largest, Some(8));
    // One alone does not wait for others.
    publish(&bus, INBOUND, 500).await;
    eventually("the last one", || recorder.numbers().contains(&500).then_some(())).await;
    consuming.stop().await;
}

pub async fn the_order_of_one_publisher_is_kept(rig: impl Rig) {
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let ordered = Subscription { concurrency: 1, batch: 16, ..subscription("ordered") };
    let consuming = consume(&bus, ordered, recorder.clone());
    for number in 0..20 {
        publish(&bus, INBOUND, number).await;
    }
    let many: Vec<Packet> =
        (20..420).map(|n| bus.pack(INBOUND, &format!("note:{n}"), &Note { number: n }).unwrap()).collect();
    let seqs: Vec<u64> = bus.publish_all(many).await.into_iter().map(|result| result.unwrap().seq).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b));
    recorder.gets(420).await;
    assert_eq!(recorder.numbers(), (0..420).collect::<Vec<u64>>());
    consuming.stop().await;
}

pub async fn a_work_queue_forgets_what_was_handled(rig: impl Rig) {
    let bus = rig.open().await;
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 0);
    assert_eq!(bus.oldest(Stream::Inbound).await.unwrap(), None);
    for number in 1..=5 {
        publish(&bus, INBOUND, number).await;
    }
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 5);
    let oldest = bus.oldest(Stream::Inbound).await.unwrap().unwrap();
    let age = TestClock::default().now().millis() - oldest.millis();
    assert!((-5_000..60_000).contains(&age), "{age}");
    let consuming = consume(&bus, subscription("reader"), Recorder::new());
    emptied(&bus, Stream::Inbound).await;
    consuming.stop().await;
    bus.close().await;
    let bus = rig.open().await;
    assert_eq!(bus.backlog(Stream::Inbound).await.unwrap(), 0);
    let span = bus.span(Stream::Inbound).await.unwrap();
    assert_eq!((span.first, span.last), (6, 5));
    assert_eq!(publish(&bus, INBOUND, 6).await.seq, 6);
}

pub async fn stopping_waits_for_the_handlers_in_flight(rig: impl Rig) {
    let bus = rig.open().await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let recorder = Recorder::batch({
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move |batch| {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            async move {
                begun.notify_one();
                go_on.notified().await;
                batch.iter().map(|_| Ok(())).collect()
            }
        }
    });
    let one_by_one = Subscription { batch: 1, concurrency: 1, ..subscription("stopped") };
    let consuming = consume(&bus, one_by_one.clone(), recorder.clone());
    publish(&bus, INBOUND, 1).await;
    begun.notified().await;
    publish(&bus, INBOUND, 2).await;
    consuming.stop.cancel();
    let mut task = consuming.task;
    assert!(timeout(Duration::from_millis(300), &mut task).await.is_err(), "it left its handler alone");
    go_on.notify_one();
    timeout(SOON, task).await.unwrap().unwrap().unwrap();
    assert_eq!(recorder.numbers(), [1]);
    // Its outcome was recorded, and nothing else was touched.
    let next = Recorder::new();
    let consuming = consume(&bus, one_by_one, next.clone());
    emptied(&bus, Stream::Inbound).await;
    let seen: Vec<(u64, u32)> = next.seen().iter().map(|seen| (seen.number, seen.attempt)).collect();
    assert_eq!(seen, [(2, 1)]);
    consuming.stop().await;
}

pub async fn what_was_not_answered_comes_again_after_a_crash(rig: impl Rig) {
    let bus = rig.open().await;
    publish(&bus, INBOUND, 1).await;
    let hangs = Recorder::batch(|_| std::future::pending());
    let consuming = consume(&bus, subscription("crashing"), hangs.clone());
    hangs.gets(1).await;
    consuming.crash().await;
    drop(bus);
    let bus = rig.open().await;
    let recorder = Recorder::new();
    let consuming = consume(&bus, subscription("crashing"), recorder.clone());
    let seen = recorder.gets(1).await;
    assert_eq!((seen[0].number, seen[0].attempt), (1, 2));
    emptied(&bus, Stream::Inbound).await;
    consuming.stop().await;
}

async fn collect(bus: &Bus, after: u64, count: usize) -> Vec<(u64, u64)> {
    let events = bus.follow(Stream::Events, after).await.unwrap();
    let read = events.map(|stored| (stored.seq, stored.envelope.read(EVENT).unwrap().number));
    timeout(SOON, read.take(count).collect()).await.expect("all events")
}

pub async fn a_follower_sees_what_was_and_then_what_comes(rig: impl Rig) {
    let bus = rig.open().await;
    let span = bus.span(Stream::Events).await.unwrap();
    assert_eq!((span.first, span.last), (1, 0));
    for number in 1..=300 {
        publish(&bus, EVENT, number).await;
    }
    let live = tokio::spawn({
        let bus = bus.clone();
        async move { collect(&bus, 100, 400).await }
    });
    for number in 301..=500 {
        publish(&bus, EVENT, number).await;
    }
    let expected: Vec<(u64, u64)> = (101..=500).map(|number| (number, number)).collect();
    assert_eq!(live.await.unwrap(), expected);
    assert_eq!(collect(&bus, 0, 500).await.len(), 500);
    assert_eq!(collect(&bus, 499, 1).await, [(500, 500)]);
    let span = bus.span(Stream::Events).await.unwrap();
    assert_eq!((span.first, span.last), (1, 500));
    // From a number of a log that was lost: what is new is still seen.
    let mut ahead = bus.follow(Stream::Events, 9000).await.unwrap();
    publish(&bus, EVENT, 501).await;
    assert_eq!(timeout(SOON, ahead.next()).await.unwrap().unwrap().seq, 501);
}

pub async fn a_stream_of_events_can_be_consumed_and_followed(rig: impl Rig) {
    let bus = rig.open().await;
    let readers = [Recorder::new(), Recorder::new()];
    let on_events =
        |name| Subscription { stream: Stream::Events, subjects: &["desk.>"], ..subscription(name) };
    let consuming = [
        consume(&bus, on_events("one"), readers[0].clone()),
        consume(&bus, on_events("two"), readers[1].clone()),
    ];
    for number in 1..=20 {
        publish(&bus, EVENT, number).await;
    }
    for reader in &readers {
        let numbers: HashSet<u64> = reader.gets(20).await.iter().map(|seen| seen.number).collect();
        assert_eq!(numbers, (1..=20).collect());
    }
    assert_eq!(collect(&bus, 0, 20).await.len(), 20);
    for one in consuming {
        one.stop().await;
    }
}
