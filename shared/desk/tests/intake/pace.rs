//! A number sends as fast as it may, however many replicas there are; nobody is overtaken, and nobody starves.

use bus::topic::OUTBOUND_SMS;
use desk::{Desk, reply::NewReply};
use domain::{
    Message, MessageStatus, TicketId,
    event::{ClaimSend, ReleaseSend, SendDecision},
};
use uuid::Uuid;

use crate::world::{ANNA, OURS, World};

on_both!(
    two_replicas_together_send_no_faster_than_the_number_may,
    a_long_text_keeps_its_number_busy_for_longer,
    a_number_that_is_late_moves_its_queue_and_does_not_hurry,
    a_carrier_that_wants_rest_gets_it_from_all_texts_of_the_number,
    a_place_in_the_queue_is_not_jumped_but_can_be_given_back,
    a_number_without_a_limit_never_waits,
    what_is_taken_back_while_it_waits_for_its_place_opens_its_ticket_again,
);

async fn ticket(world: &World) -> TicketId {
    world.take(world.text("join", ANNA, "JOIN")).await;
    let id = world.anna_writes("hi", "hi").await;
    world.turn(60_000);
    id
}

async fn send(world: &World, desk: &Desk, id: TicketId, text: &str) -> Message {
    let new = NewReply { text: text.into(), ..NewReply::default() };
    desk.reply(id, new, &world.actor()).await.unwrap()
}

/// What left so far: text and milliseconds since `begin`.
async fn left(world: &World, begin: i64) -> Vec<(String, i64)> {
    let stream = bus::Stream::Outbound;
    let work = world.published(stream).await.into_iter().filter(|e| e.subject == OUTBOUND_SMS.subject);
    let all = work.map(|e| (e.envelope.read(OUTBOUND_SMS).unwrap().text, e.envelope.at.millis() - begin));
    all.filter(|(_, at)| *at >= 0).collect()
}

fn texts(left: &[(String, i64)]) -> Vec<&str> {
    left.iter().map(|(text, _)| text.as_str()).collect()
}

/// Lets time pass, with a look at the timers by each of these desks every `step` milliseconds.
async fn run(world: &World, desks: &[&Desk], span: i64, step: i64) {
    for _ in 0..span / step {
        world.turn(step);
        for desk in desks {
            desk.run_due_timers().await.unwrap();
        }
    }
}

async fn two_replicas_together_send_no_faster_than_the_number_may(world: World) {
    let (one, two) = (world.paced(2).await, world.paced(2).await);
    let (id, begin) = (ticket(&world).await, world.now().millis());
    let names: Vec<String> = (0..8).map(|n| format!("text {n}")).collect();
    for (n, name) in names.iter().enumerate() {
        let message = send(&world, if n % 2 == 0 { &one } else { &two }, id, name).await;
        let place = i64::try_from(n).unwrap() * 500;
        assert_eq!(message.send_at.map(|at| at.millis() - begin), (n > 0).then_some(place));
    }
    let waiting = world.desk.waiting_by_number().await.unwrap();
    assert_eq!(waiting, [(OURS.to_owned(), 9)], "with the answer to JOIN");
    run(&world, &[&one, &two], 4_000, 50).await;
    let left = left(&world, begin).await;
    assert_eq!(texts(&left), names, "in their order");
    let times: Vec<i64> = left.iter().map(|(_, at)| *at).collect();
    assert_eq!(times, (0..8).map(|n| n * 500).collect::<Vec<_>>());
}

async fn a_long_text_keeps_its_number_busy_for_longer(world: World) {
    let desk = world.paced(1).await;
    let (id, begin) = (ticket(&world).await, world.now().millis());
    send(&world, &desk, id, &"x".repeat(400)).await;
    let next = send(&world, &desk, id, "next").await;
    assert_eq!(next.send_at.unwrap().millis() - begin, 3_000, "three segments at one a second");
}

async fn a_number_that_is_late_moves_its_queue_and_does_not_hurry(world: World) {
    let desk = world.paced(2).await;
    let (id, begin) = (ticket(&world).await, world.now().millis());
    for n in 0..6 {
        send(&world, &desk, id, &format!("text {n}")).await;
    }
    world.turn(60_000);
    run(&world, &[&desk], 3_000, 50).await;
    let left = left(&world, begin).await;
    assert_eq!(texts(&left), ["text 0", "text 1", "text 2", "text 3", "text 4", "text 5"]);
    for pair in left.windows(2) {
        assert!(pair[1].1 - pair[0].1 >= 500, "{left:?}");
    }
    let after = send(&world, &desk, id, "after").await;
    assert_eq!(after.send_at, None, "the queue is as long as it was, no longer");
}

async fn a_carrier_that_wants_rest_gets_it_from_all_texts_of_the_number(world: World) {
    let desk = world.paced(2).await;
    let (id, begin) = (ticket(&world).await, world.now().millis());
    let first = send(&world, &desk, id, "first").await;
    let second = send(&world, &desk, id, "second").await;
    send(&world, &desk, id, "third").await;
    let claim = |id, n| ClaimSend { message_id: id, claim: Uuid::from_u128(n) };
    assert_eq!(desk.claim_send(&claim(first.id, 1)).await.unwrap(), SendDecision::Send);
    run(&world, &[&desk], 500, 50).await;
    // the carrier says "not for five seconds"; the second text is on its way to the notifier already
    let release =
        ReleaseSend { message_id: first.id, claim: Uuid::from_u128(1), retry_after_ms: Some(5_000) };
    desk.release_send(&release).await.unwrap();
    assert!(matches!(desk.claim_send(&claim(second.id, 2)).await.unwrap(), SendDecision::Drop { .. }));
    assert_eq!(world.message(id, second.id).await.status, MessageStatus::Queued);
    run(&world, &[&desk], 4_950, 50).await;
    assert_eq!(texts(&left(&world, begin).await), ["first", "second"], "nothing new left");
    run(&world, &[&desk], 2_000, 50).await;
    assert_eq!(texts(&left(&world, begin).await), ["first", "second", "third", "second"]);
    assert_eq!(desk.claim_send(&claim(first.id, 3)).await.unwrap(), SendDecision::Send);
    assert_eq!(desk.claim_send(&claim(second.id, 4)).await.unwrap(), SendDecision::Send);
}

async fn a_place_in_the_queue_is_not_jumped_but_can_be_given_back(world: World) {
    let desk = world.paced(1).await;
    let (id, begin) = (ticket(&world).await, world.now().millis());
    send(&world, &desk, id, "first").await;
    let second = send(&world, &desk, id, "second").await;
    let third = send(&world, &desk, id, "third").await;
    let same = desk.send_message_now(id, third.id, false, &world.actor()).await.unwrap();
    assert_eq!(same.send_at, third.send_at);
    desk.cancel_message(id, second.id, &world.actor()).await.unwrap();
    run(&world, &[&desk], 3_000, 50).await;
    assert_eq!(left(&world, begin).await, [("first".into(), 0), ("third".into(), 2_000)]);
}

async fn a_number_without_a_limit_never_waits(world: World) {
    let (id, begin) = (ticket(&world).await, world.now().millis());
    for n in 0..5 {
        assert_eq!(send(&world, &world.desk, id, &format!("text {n}")).await.send_at, None);
    }
    assert_eq!(left(&world, begin).await.len(), 5);
}

async fn what_is_taken_back_while_it_waits_for_its_place_opens_its_ticket_again(world: World) {
    let desk = world.paced(1).await;
    let id = ticket(&world).await;
    let closing = NewReply {
        text: "done".into(),
        undo_seconds: 2,
        then: desk::reply::Then { status: Some("closed".into()), snoozed_until: None },
        ..NewReply::default()
    };
    let message = desk.reply(id, closing, &world.actor()).await.unwrap();
    send(&world, &desk, id, &"x".repeat(1_200)).await;
    world.turn(2_100);
    desk.run_due_timers().await.unwrap();
    let waiting = world.message(id, message.id).await;
    assert!(waiting.send_at.is_some_and(|at| at > world.now().plus(2_000)), "{waiting:?}");
    assert_eq!(world.ticket(id).await.status, "closed");
    desk.undo_message(id, message.id, &world.actor()).await.unwrap();
    assert_eq!(world.ticket(id).await.status, "open");
}
