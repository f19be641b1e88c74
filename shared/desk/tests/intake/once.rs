//! Nothing happens twice and nothing is lost: duplicates, redeliveries, poison, races, crashes, a database that is away.

use bus::topic::{INBOUND_EMAIL, MESSAGE_RECEIVED};
use desk::{
    intake::{Arrival, TakeInError},
    ledger::LedgerState,
};
use domain::{AttachmentId, message::Attachment};

use crate::world::{ANNA, World, server, session};

on_both!(
    the_same_text_fifty_times_is_one_message,
    the_same_text_from_many_tasks_at_once_is_one_message,
    a_redelivery_after_a_lost_acknowledgement_is_no_duplicate,
    two_first_texts_at_once_are_one_ticket,
    crowds_in_crossed_batches_all_arrive_once,
    a_poison_message_is_alone,
    what_a_crash_left_in_the_outbox_is_published_once,
);

async fn the_same_text_fifty_times_is_one_message(world: World) {
    let copies: Vec<Arrival> = (0..50).map(|_| world.text("1", ANNA, "hi")).collect();
    let (first, rest) = copies.split_at(25);
    for batch in [first, rest] {
        assert!(world.try_take(batch.to_vec()).await.iter().all(Result::is_ok));
    }
    let tickets = world.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(world.messages(tickets[0].id).await.len(), 1);
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), 1);
    assert_eq!(world.ledger(Some(LedgerState::Ticket)).await.len(), 1);
    assert_eq!(world.ledger(Some(LedgerState::Duplicate)).await.len(), 49);
}

async fn the_same_text_from_many_tasks_at_once_is_one_message(world: World) {
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, copy) = (world.desk.clone(), world.text("1", ANNA, "hi"));
            tokio::spawn(async move { desk.take_in(vec![copy]).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().iter().all(Result::is_ok));
    }
    let tickets = world.tickets().await;
    assert_eq!((tickets.len(), world.messages(tickets[0].id).await.len()), (1, 1));
    assert_eq!(world.ledger(Some(LedgerState::Duplicate)).await.len(), 49);
}

async fn a_redelivery_after_a_lost_acknowledgement_is_no_duplicate(world: World) {
    let text = world.text("1", ANNA, "hi");
    world.take(text.clone()).await;
    let again = world.take(text.clone()).await;
    assert_eq!(again.state, None, "{}", again.reason);
    assert_eq!(world.ledger(None).await.len(), 1);
    let copy = world.text("1", ANNA, "hi");
    world.take(copy.clone()).await;
    world.take(copy).await;
    world.take(text).await;
    let count = async |state| world.ledger(Some(state)).await.len();
    assert_eq!((count(LedgerState::Ticket).await, count(LedgerState::Duplicate).await), (1, 1));
}

async fn two_first_texts_at_once_are_one_ticket(world: World) {
    let replica = world.replica().await;
    for round in 0..10 {
        let from = format!("+1555100{round:04}");
        let (one, two) =
            (world.text(&format!("a{round}"), &from, "one"), world.text(&format!("b{round}"), &from, "two"));
        let (left, right) = (world.desk.clone(), replica.clone());
        let left = tokio::spawn(async move { left.take_in(vec![one]).await });
        let right = tokio::spawn(async move { right.take_in(vec![two]).await });
        let (left, right) = (left.await.unwrap().remove(0).unwrap(), right.await.unwrap().remove(0).unwrap());
        assert_eq!(left.ticket_id, right.ticket_id);
        let seqs: Vec<_> = world.messages(left.ticket_id.unwrap()).await.iter().map(|m| m.seq).collect();
        assert_eq!(seqs.len(), 2);
    }
    assert_eq!(world.tickets().await.len(), 10, "and no profile was left over");
    let profiles = world.desk.profiles(None, &desk::PageRequest::new(200, None)).await.unwrap();
    assert_eq!(profiles.data.len(), 10);
}

/// 8 batches of 40 texts of the same 20 people, in different orders, with 10 of each batch's texts in the next as well.
async fn crowds_in_crossed_batches_all_arrive_once(world: World) {
    let texts: Vec<Vec<(usize, usize)>> =
        (0..8).map(|b| (0..50).map(|n| ((b * 40 + n) % 320, (n * (b + 3)) % 20)).collect()).collect();
    let mut senders = std::collections::HashMap::new();
    let tasks: Vec<_> = texts
        .into_iter()
        .map(|batch| {
            let arrivals: Vec<Arrival> = batch
                .into_iter()
                .map(|(id, from)| {
                    let from = *senders.entry(id).or_insert(from);
                    world.text(&id.to_string(), &format!("+1555200{from:04}"), "hi")
                })
                .collect();
            let desk = world.desk.clone();
            tokio::spawn(async move { desk.take_in(arrivals).await })
        })
        .collect();
    for task in tasks {
        for result in task.await.unwrap() {
            result.unwrap();
        }
    }
    let mut messages = 0;
    for ticket in world.tickets().await {
        let seqs: Vec<_> = world.messages(ticket.id).await.iter().map(|m| m.seq).collect();
        let mut sorted = seqs.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>(), "without gaps");
        messages += seqs.len();
    }
    assert_eq!(messages, senders.len());
    assert_eq!(world.ledger(Some(LedgerState::Duplicate)).await.len(), 400 - senders.len());
}

async fn a_poison_message_is_alone(world: World) {
    let file = Attachment {
        id: AttachmentId::new(world.now(), &[5; 10]),
        name: "a.txt".into(),
        content_type: "text/plain".into(),
        size: 1,
        url: String::new(),
        blob: Some("att/1".into()),
    };
    let mut poison = world.mail("m1", "anna@customer.example", "Hi", "twice the same file");
    poison.attachments = vec![file.clone(), file];
    let batch = vec![
        world.text("1", ANNA, "before"),
        world.delivered(INBOUND_EMAIL, "mail:x:m1", &poison),
        world.text("2", "+15550003333", "after"),
        world.chatted(&world.chat(session(1), "browser", "hi")),
    ];
    let results = world.try_take(batch).await;
    assert!(results[0].is_ok() && results[2].is_ok() && results[3].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(TakeInError::Reject(_))), "{:?}", results[1]);
    assert_eq!(world.tickets().await.len(), 3);
    assert_eq!(world.ledger(None).await.len(), 3, "nothing of the poison is left");
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), 3);
}

async fn what_a_crash_left_in_the_outbox_is_published_once(world: World) {
    let dying = world.dying_desk().await;
    dying.take_in(vec![world.text("1", ANNA, "hi"), world.text("2", ANNA, "STOP")]).await.remove(0).unwrap();
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), 0, "the process died before it published");
    assert_eq!(world.desk.publish_left_over().await.unwrap(), 0, "somebody may be publishing them just now");
    world.turn(3_000);
    let published = world.desk.publish_left_over().await.unwrap();
    assert!(published >= 4, "{published}");
    assert_eq!(world.desk.publish_left_over().await.unwrap(), 0);
    let told = world.told(MESSAGE_RECEIVED).await;
    assert_eq!(told.len(), 2);
    assert_eq!(world.told(bus::topic::OUTBOUND_SMS).await.len(), 1);
}

#[tokio::test]
async fn a_database_that_is_away_means_again_later() {
    let world = World::postgres(&server().await).await;
    let text = world.text("1", ANNA, "hi");
    world.lose_database().await;
    let others: Vec<Arrival> = (0..20).map(|n| world.text(&format!("x{n}"), ANNA, "hi")).collect();
    let batch = [vec![text.clone()], others].concat();
    for result in world.try_take(batch.clone()).await {
        assert!(matches!(result, Err(TakeInError::Retry(_))), "{result:?}");
    }
    world.mend_database().await;
    for result in world.try_take(batch).await {
        result.unwrap();
    }
    assert_eq!(world.messages(world.tickets().await[0].id).await.len(), 21);
}
