//! Texts: B1, C-S, C-X, C-Z, G2.

use bus::topic::{MESSAGE_RECEIVED, TICKET_CHANGED};
use desk::ledger::LedgerState;
use domain::{AuthorKind, Channel};

use crate::world::{ANNA, OURS, World, session};

on_both!(
    b1_a_text_opens_a_ticket_and_the_next_one_feeds_it,
    c_s_the_next_text_reopens_a_closed_ticket,
    c_z_a_text_wakes_a_snoozed_ticket_and_its_timer_is_gone,
    c_x_a_text_and_a_chat_are_two_tickets,
    g2_a_blocked_profile_opens_nothing_and_unblocking_brings_it_back,
    a_sender_that_is_no_number_is_a_ticket_that_cannot_be_answered,
    a_text_that_postgresql_would_refuse_is_cleaned,
);

async fn b1_a_text_opens_a_ticket_and_the_next_one_feeds_it(world: World) {
    let id = world.anna_writes("1", "Where is my order?").await;
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.number, ticket.channel, ticket.inbox.as_str()), (1, Channel::Sms, OURS));
    assert_eq!(
        (ticket.status.as_str(), ticket.unread, ticket.preview.as_str()),
        ("open", true, "Where is my order?")
    );
    assert_eq!(ticket.profile.address, ANNA);
    world.turn(1_000);
    assert_eq!(world.anna_writes("2", "Hello?").await, id);
    let messages = world.messages(id).await;
    assert_eq!(messages.iter().map(|m| m.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(),
        ["Where is my order?", "Hello?"]
    );
    assert!(messages.iter().all(|m| m.author.kind == AuthorKind::Customer && !m.why.is_empty()));
    let told = world.told(MESSAGE_RECEIVED).await;
    assert_eq!(told.iter().map(|e| (e.opened, e.message.seq)).collect::<Vec<_>>(), [(true, 1), (false, 2)]);
    let view = world.ticket(id).await;
    assert_eq!(told[1].ticket, view, "the event carries the ticket as it is");
    assert!(!view.can_reply.allowed, "D2: writing in is not consent");
    assert_eq!(view.can_reply.code.as_deref(), Some("sms_no_consent"));
}

async fn c_s_the_next_text_reopens_a_closed_ticket(world: World) {
    let id = world.anna_writes("1", "hi").await;
    world.set_status(id, "closed", None).await;
    world.turn(400 * 24 * 3600 * 1000);
    assert_eq!(world.anna_writes("2", "hi again").await, id, "one ticket per person and number, for ever");
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.status.as_str(), ticket.unread, ticket.closed_at), ("open", true, None));
    assert_eq!(world.tickets().await.len(), 1);
    let other = world.take(world.text("3", "+15550003333", "hi")).await.ticket_id.unwrap();
    assert_ne!(other, id);
}

async fn c_z_a_text_wakes_a_snoozed_ticket_and_its_timer_is_gone(world: World) {
    let id = world.anna_writes("1", "hi").await;
    world.set_status(id, "snoozed", Some(world.now().plus(3_600_000))).await;
    assert!(world.desk.next_timer().await.unwrap().is_some());
    world.anna_writes("2", "one more thing").await;
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.status.as_str(), ticket.snoozed_until, ticket.unread), ("open", None, true));
    assert_eq!(world.desk.next_timer().await.unwrap(), None);
}

async fn c_x_a_text_and_a_chat_are_two_tickets(world: World) {
    world.anna_writes("1", "hi").await;
    let chat = world.chat(session(1), "browser-1", "hi");
    world.take(world.chatted(&chat)).await;
    assert_eq!((world.on(Channel::Sms).await.len(), world.on(Channel::Chat).await.len()), (1, 1));
}

async fn g2_a_blocked_profile_opens_nothing_and_unblocking_brings_it_back(world: World) {
    let id = world.anna_writes("1", "buy my pills").await;
    let profile = world.profile_of(id).await;
    world.desk.block(profile, &world.actor()).await.unwrap();
    assert_eq!(world.ticket(id).await.status, "closed");
    let events = world.told(MESSAGE_RECEIVED).await.len();
    let landed = world.take(world.text("2", ANNA, "buy more")).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Blocked), None));
    assert_eq!(world.messages(id).await.len(), 1);
    assert_eq!(world.ticket(id).await.status, "closed");
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), events, "nobody is told");
    let kept = world.ledger(Some(LedgerState::Blocked)).await;
    assert!(kept.len() == 1 && kept[0].replayable);

    world.desk.unblock(profile, &world.actor()).await.unwrap();
    let again = world.published(bus::Stream::Inbound).await.pop().unwrap();
    assert!(again.envelope.id.starts_with("replay:"), "{}", again.envelope.id);
    let event = again.envelope.read(bus::topic::INBOUND_SMS).unwrap();
    let replayed = world.delivered(bus::topic::INBOUND_SMS, &again.envelope.id, &event);
    let landed = world.take(replayed.clone()).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Ticket), Some(id)));
    assert_eq!(world.ticket(id).await.status, "open");
    world.take(replayed).await;
    assert_eq!(world.messages(id).await.len(), 2, "restored once");
    assert_eq!(world.ledger(Some(LedgerState::Blocked)).await.len(), 0, "its line says now where it is");
    assert!(world.told(TICKET_CHANGED).await.iter().any(|e| e.ticket.profile.blocked));
}

async fn a_sender_that_is_no_number_is_a_ticket_that_cannot_be_answered(world: World) {
    let id = world.take(world.text("1", "PARCELCO", "your parcel")).await.ticket_id.unwrap();
    let ticket = world.ticket(id).await;
    assert_eq!(ticket.can_reply.code.as_deref(), Some("unreachable"));
    assert_eq!(ticket.profile.address, "PARCELCO");
}

async fn a_text_that_postgresql_would_refuse_is_cleaned(world: World) {
    let id = world.anna_writes("1", "nul\0 byte").await;
    assert_eq!(world.messages(id).await[0].text, "nul byte");
}
