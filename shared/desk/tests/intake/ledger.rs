//! The ledger: what became of everything, in pages, and the way to send something through again.

use bus::topic::{INBOUND_HELD, INBOUND_SMS};
use desk::{
    DeskError, PageRequest,
    ledger::{LedgerFilter, LedgerState},
};
use domain::{
    Channel,
    event::{DeadLetter, InboundHeld},
};

use crate::world::{ANNA, World};

on_both!(
    everything_taken_in_has_a_line,
    a_page_follows_the_other_and_each_line_comes_once,
    a_dead_letter_is_seen_and_sent_through_again_once,
    what_was_refused_at_the_door_is_kept_but_not_sent_through,
);

async fn everything_taken_in_has_a_line(world: World) {
    let id = world.anna_writes("SM1", "hi").await;
    world.turn(1);
    world.take(world.text("SM2", ANNA, "HELP")).await;
    world.turn(1);
    world.take(world.mailed(&world.mail("m1", "anna@customer.example", "Hi", "hi"))).await;
    world.turn(1);
    world.take(world.receipted(&world.receipt("SM9", "delivered"))).await;
    let lines = world.ledger(None).await;
    let seen: Vec<_> =
        lines.iter().map(|line| (line.channel.as_str(), line.state, line.external_id.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("sms", LedgerState::Receipt, "SM9"),
            ("email", LedgerState::Ticket, "m1@customer.example"),
            ("sms", LedgerState::Keyword, "SM2"),
            ("sms", LedgerState::Ticket, "SM1"),
        ]
    );
    assert_eq!(lines[3].ticket_id, Some(id));
    assert!(lines.iter().all(|line| !line.reason.is_empty()));
    let filter = LedgerFilter { state: Some(LedgerState::Ticket), channel: Some(Channel::Email) };
    assert_eq!(world.desk.ledger(&filter, &PageRequest::default()).await.unwrap().data.len(), 1);
}

async fn a_page_follows_the_other_and_each_line_comes_once(world: World) {
    let texts = (0..25).map(|n| world.text(&n.to_string(), ANNA, "hi")).collect();
    assert!(world.try_take(texts).await.iter().all(Result::is_ok));
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = world.desk.ledger(&LedgerFilter::default(), &PageRequest::new(10, cursor)).await.unwrap();
        seen.extend(page.data.into_iter().map(|line| line.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let lines = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((lines, seen.len()), (25, 25));
}

async fn a_dead_letter_is_seen_and_sent_through_again_once(world: World) {
    let text = world.text("SM1", ANNA, "hi");
    let letter = DeadLetter {
        consumer: "ticketing".into(),
        subject: INBOUND_SMS.subject.into(),
        envelope: serde_json::to_string(text.envelope.as_ref().unwrap()).unwrap(),
        reason: "the database refused it".into(),
        attempts: 6,
        at: world.now(),
    };
    world.desk.bury(&letter).await.unwrap();
    world.desk.bury(&letter).await.unwrap();
    let dead = world.ledger(Some(LedgerState::Dead)).await;
    assert_eq!(dead.len(), 1, "the same letter delivered twice is one line");
    assert_eq!((dead[0].channel.as_str(), dead[0].replayable), ("sms", true));
    assert!(dead[0].reason.contains("the database refused it"));
    world.desk.replay(&dead[0].id, &world.actor()).await.unwrap();
    world.desk.replay(&dead[0].id, &world.actor()).await.unwrap();
    let sent = world.published(bus::Stream::Inbound).await;
    assert_eq!(sent.len(), 2, "each click is an event of its own");
    for event in sent {
        let sms = event.envelope.read(INBOUND_SMS).unwrap();
        world.take(world.delivered(INBOUND_SMS, &event.envelope.id, &sms)).await;
    }
    let tickets = world.tickets().await;
    assert_eq!((tickets.len(), world.messages(tickets[0].id).await.len()), (1, 1), "but it happens once");
    let unknown = world.desk.replay("nothing", &world.actor()).await.unwrap_err();
    assert!(matches!(unknown, DeskError::NotFound(_)), "{unknown}");
}

async fn what_was_refused_at_the_door_is_kept_but_not_sent_through(world: World) {
    let held = InboundHeld {
        channel: Channel::Sms,
        source: "twilio".into(),
        external_id: "SM1".into(),
        reason: "the signature is wrong".into(),
        raw: "From=%2B15550002222".into(),
        received_at: world.now(),
    };
    let arrival = world.delivered(INBOUND_HELD, "held:twilio:abc", &held);
    world.take(arrival.clone()).await;
    world.take(arrival).await;
    let lines = world.ledger(Some(LedgerState::Held)).await;
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].reason.as_str(), lines[0].replayable), ("the signature is wrong", false));
    let refusal = world.desk.replay(&lines[0].id, &world.actor()).await.unwrap_err();
    assert!(matches!(refusal, DeskError::Conflict { code: "not_replayable", .. }), "{refusal}");
}
