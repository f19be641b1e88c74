//! Texts that come in parts: one text in the end, whatever the order and however often; nothing is lost.

use bus::topic::{INBOUND_SMS, MESSAGE_RECEIVED};
use desk::{intake::Arrival, ledger::LedgerState};
use domain::{
    consent::may_text,
    event::{InboundSms, SmsPart},
};

use crate::world::{ANNA, World};

on_both!(
    parts_become_one_text_in_every_order_with_repeats,
    parts_of_one_batch_become_one_text,
    a_waiting_part_says_so_and_becomes_a_ticket_when_the_rest_comes,
    two_senders_with_one_reference_stay_apart,
    parts_that_never_come_are_named_and_the_rest_is_not_lost,
    a_late_part_is_a_message_of_its_own,
    a_reference_that_is_used_again_is_another_text,
    replicas_join_a_text_once,
    a_part_of_a_blocked_customer_waits_in_quarantine_and_is_joined_when_it_comes_back,
    a_part_with_an_impossible_place_is_a_text,
    an_opt_out_in_parts_counts,
);

const MINUTE: i64 = 60_000;

fn part_of(
    world: &World,
    from: &str,
    reference: &str,
    (number, total): (u16, u16),
    text: &str,
) -> InboundSms {
    InboundSms {
        part: Some(SmsPart { reference: reference.into(), number, total }),
        ..world.sms(&format!("{from}-{reference}-{number}-{}", world.now().millis()), from, text)
    }
}

fn delivered(world: &World, sms: &InboundSms) -> Arrival {
    world.delivered(INBOUND_SMS, &format!("sms:sandbox:main:{}", sms.external_id), sms)
}

async fn texts(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for ticket in world.tickets().await {
        all.extend(world.messages(ticket.id).await.into_iter().map(|message| message.text));
    }
    all
}

/// Every order of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(n - 1);
    shorter
        .iter()
        .flat_map(|order| {
            (0..=order.len()).map(|at| {
                let mut longer = order.clone();
                longer.insert(at, n - 1);
                longer
            })
        })
        .collect()
}

async fn parts_become_one_text_in_every_order_with_repeats(world: World) {
    let words = ["where ", "is my ", "order?"];
    for (n, order) in orders(3).into_iter().enumerate() {
        let from = format!("+1555800{n:04}");
        let begun = world.now();
        let parts: Vec<_> =
            (1..=3).zip(words).map(|(number, text)| part_of(&world, &from, "7", (number, 3), text)).collect();
        let mut landed = Vec::new();
        for index in order.iter().chain(order.iter()) {
            landed.push(world.take(delivered(&world, &parts[*index])).await.state.unwrap());
            world.turn(1_000);
        }
        let (held, ticket, again) = (LedgerState::Held, LedgerState::Ticket, LedgerState::Duplicate);
        assert_eq!(landed, [held, held, ticket, again, again, again], "{order:?}");
        let ticket = world.tickets().await.into_iter().find(|ticket| ticket.profile.address == from).unwrap();
        let messages = world.messages(ticket.id).await;
        assert_eq!(messages.len(), 1, "{order:?}");
        assert_eq!(messages[0].text, "where is my order?", "{order:?}");
        assert_eq!(messages[0].sent_at, begun, "the time of the first part");
        assert!(messages[0].why.contains("joined from 3 parts"), "{}", messages[0].why);
    }
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), 6);
    assert_eq!(world.desk.next_timer().await.unwrap(), None, "nothing waits any more");
}

async fn parts_of_one_batch_become_one_text(world: World) {
    let parts = [(2, "b"), (1, "a"), (3, "c")];
    let arrivals = parts.map(|(n, text)| delivered(&world, &part_of(&world, ANNA, "7", (n, 3), text)));
    for result in world.try_take(arrivals.to_vec()).await {
        result.unwrap();
    }
    assert_eq!(texts(&world).await, ["abc"]);
    let lines = world.ledger(None).await;
    assert!(lines.len() == 3 && lines.iter().all(|line| line.state == LedgerState::Ticket), "{lines:#?}");
}

async fn a_waiting_part_says_so_and_becomes_a_ticket_when_the_rest_comes(world: World) {
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (2, 2), "world"))).await;
    let line = world.ledger(None).await.pop().unwrap();
    assert_eq!((line.state, line.reason.as_str()), (LedgerState::Held, "part 2 of 2: waits for the rest"));
    assert!(!line.replayable, "there is nothing to send through again: it waits");
    assert!(world.desk.replay(&line.id, &world.actor()).await.is_err());
    assert_eq!(world.tickets().await.len(), 0);
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (1, 2), "hello "))).await;
    let lines = world.ledger(None).await;
    let ticket = world.tickets().await.pop().unwrap().id;
    assert!(lines.iter().all(|line| line.state == LedgerState::Ticket && line.ticket_id == Some(ticket)));
    assert!(lines.iter().any(|line| line.reason.starts_with("a part of a longer text")), "{lines:#?}");
}

async fn two_senders_with_one_reference_stay_apart(world: World) {
    let other = "+15550003333";
    for (from, number, text) in [(ANNA, 1, "a1"), (other, 2, "b2"), (other, 1, "b1"), (ANNA, 2, "a2")] {
        world.take(delivered(&world, &part_of(&world, from, "7", (number, 2), text))).await;
    }
    let mut all = texts(&world).await;
    all.sort();
    assert_eq!(all, ["a1a2", "b1b2"]);
}

async fn parts_that_never_come_are_named_and_the_rest_is_not_lost(world: World) {
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (3, 4), "c"))).await;
    world.turn(10 * MINUTE);
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (1, 4), "a"))).await;
    world.turn(20 * MINUTE - 1);
    assert_eq!(world.desk.run_due_timers().await.unwrap(), 0);
    world.turn(1);
    let replica = world.replica().await;
    let (one, two) = tokio::join!(world.desk.run_due_timers(), replica.run_due_timers());
    one.unwrap();
    two.unwrap();
    let ticket = world.tickets().await.pop().unwrap().id;
    let messages = world.messages(ticket).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].text, "ac");
    assert!(messages[0].why.contains("incomplete: parts 2, 4 of 4 never came"), "{}", messages[0].why);
    assert!(world.ledger(None).await.iter().all(|line| line.state == LedgerState::Ticket));
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), 1);
}

async fn a_late_part_is_a_message_of_its_own(world: World) {
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (1, 2), "hello "))).await;
    world.turn(31 * MINUTE);
    world.desk.run_due_timers().await.unwrap();
    let late = part_of(&world, ANNA, "7", (2, 2), "world");
    let landed = world.take(delivered(&world, &late)).await;
    assert_eq!(landed.state, Some(LedgerState::Ticket));
    let messages = world.messages(landed.ticket_id.unwrap()).await;
    assert_eq!(messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["hello ", "world"]);
    assert!(messages[1].why.contains("part 2 of 2 of an earlier text"), "{}", messages[1].why);
    world.turn(1_000);
    let again = InboundSms { external_id: "another id".into(), ..late };
    assert_eq!(world.take(delivered(&world, &again)).await.state, Some(LedgerState::Duplicate));
}

async fn a_reference_that_is_used_again_is_another_text(world: World) {
    for (number, text) in [(1, "a1"), (1, "b1"), (2, "b2"), (1, "c1"), (2, "c2")] {
        world.turn(1_000);
        world.take(delivered(&world, &part_of(&world, ANNA, "7", (number, 2), text))).await;
    }
    assert_eq!(texts(&world).await, ["a1", "b1b2", "c1c2"]);
    world.turn(25 * 60 * MINUTE);
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (1, 2), "c1"))).await;
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (2, 2), "c2"))).await;
    assert_eq!(texts(&world).await.len(), 4, "the same words a day later are another text");
    world.turn(72 * 60 * MINUTE);
    world.desk.forget_expired().await.unwrap();
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (2, 2), "d2"))).await;
    assert_eq!(world.ledger(Some(LedgerState::Held)).await.len(), 1);
}

async fn replicas_join_a_text_once(world: World) {
    let replica = world.replica().await;
    for round in 0..10 {
        let from = format!("+1555900{round:04}");
        let pieces = [(1, "a"), (2, "b"), (3, "c")]
            .map(|(n, text)| delivered(&world, &part_of(&world, &from, "7", (n, 3), text)));
        let tasks = pieces.into_iter().enumerate().map(|(n, piece)| {
            let desk = if n % 2 == 0 { world.desk.clone() } else { replica.clone() };
            tokio::spawn(async move { desk.take_in(vec![piece]).await.remove(0).unwrap() })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    }
    let all = texts(&world).await;
    assert_eq!(all.len(), 10, "{all:?}");
    assert!(all.iter().all(|text| text == "abc"), "{all:?}");
    assert_eq!(world.ledger(Some(LedgerState::Ticket)).await.len(), 30);
}

async fn a_part_of_a_blocked_customer_waits_in_quarantine_and_is_joined_when_it_comes_back(world: World) {
    let ticket = world.anna_writes("1", "hi").await;
    let profile = world.profile_of(ticket).await;
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (1, 2), "hello "))).await;
    world.desk.block(profile, &world.actor()).await.unwrap();
    let landed = world.take(delivered(&world, &part_of(&world, ANNA, "7", (2, 2), "world"))).await;
    assert_eq!(landed.state, Some(LedgerState::Blocked));
    world.turn(31 * MINUTE);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ledger(Some(LedgerState::Blocked)).await.len(), 2, "both parts are in quarantine");
    assert_eq!(world.messages(ticket).await.len(), 1);
    world.desk.unblock(profile, &world.actor()).await.unwrap();
    for again in world.published(bus::Stream::Inbound).await {
        let event = again.envelope.read(INBOUND_SMS).unwrap();
        world.take(world.delivered(INBOUND_SMS, &again.envelope.id, &event)).await;
    }
    let messages = world.messages(ticket).await;
    assert_eq!(messages.last().unwrap().text, "hello world");
    assert_eq!(messages.len(), 2);
}

async fn a_part_with_an_impossible_place_is_a_text(world: World) {
    for (n, (number, total)) in [(0, 3), (4, 3), (1, 1)].into_iter().enumerate() {
        let sms = part_of(&world, ANNA, &n.to_string(), (number, total), "hi");
        assert_eq!(world.take(delivered(&world, &sms)).await.state, Some(LedgerState::Ticket));
    }
}

async fn an_opt_out_in_parts_counts(world: World) {
    world.take(world.text("j", ANNA, "JOIN")).await;
    world.turn(1_000);
    world.take(delivered(&world, &part_of(&world, ANNA, "7", (2, 2), "texting me"))).await;
    let landed = world.take(delivered(&world, &part_of(&world, ANNA, "7", (1, 2), "please stop "))).await;
    let profile = world.profile_of(landed.ticket_id.unwrap()).await;
    assert!(!may_text(&world.desk.consents(profile).await.unwrap()));
}
