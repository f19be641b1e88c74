//! Chats: B3, C-W, presence, reading, identity.

use bus::topic::{MESSAGE_MOVED, MESSAGE_QUEUED, TICKET_CHANGED};
use domain::{
    EmailAddress, MessageStatus, TicketId,
    event::{ChatHistoryQuery, Visitor, VisitorSignalKind},
};

use crate::world::{World, session};

on_both!(
    b3_c_w_every_session_is_a_ticket_of_one_profile,
    c_w_a_message_after_the_end_opens_a_new_ticket_that_goes_on_counting,
    a_message_sent_twice_is_stored_once_and_keeps_its_id,
    presence_and_reading_are_shown,
    a_late_repeat_of_the_end_does_not_end_the_next_chat,
    an_unproven_address_makes_nobody_somebody_else,
    a_vouched_for_visitor_is_the_customer_we_know,
    history_resumes_across_tickets,
);

async fn say(world: &World, n: u8, visitor: &str, text: &str) -> TicketId {
    world.take(world.chatted(&world.chat(session(n), visitor, text))).await.ticket_id.unwrap()
}

async fn b3_c_w_every_session_is_a_ticket_of_one_profile(world: World) {
    let one = say(&world, 1, "browser", "hi").await;
    assert_eq!(say(&world, 1, "browser", "hello?").await, one);
    let two = say(&world, 2, "browser", "hi again").await;
    assert_ne!(one, two);
    assert_eq!(world.profile_of(one).await, world.profile_of(two).await);
    let ticket = world.ticket(one).await;
    assert!(ticket.can_reply.allowed && ticket.visitor_online && ticket.unread);
}

async fn c_w_a_message_after_the_end_opens_a_new_ticket_that_goes_on_counting(world: World) {
    let one = say(&world, 1, "browser", "hi").await;
    world.reply(one, "hello").await;
    world.turn(1_000);
    world.take(world.signal(session(1), VisitorSignalKind::Ended)).await;
    assert_eq!(world.ticket(one).await.status, "closed");
    world.turn(1_000);
    let two = say(&world, 1, "browser", "one more thing").await;
    assert_ne!(one, two);
    assert_eq!(world.ticket(one).await.status, "closed", "nobody reopens a closed chat");
    assert_eq!(say(&world, 1, "browser", "and another").await, two);
    let all = ChatHistoryQuery { session: session(1), after_seq: 0, limit: 200 };
    let history = world.desk.chat_history(&all).await.unwrap();
    let seqs: Vec<_> = history.messages.iter().map(|m| (m.seq, m.ticket_id)).collect();
    assert_eq!(seqs, [(1, one), (2, one), (3, two), (4, two)]);
    assert_eq!(world.profile_of(one).await, world.profile_of(two).await);
}

async fn a_message_sent_twice_is_stored_once_and_keeps_its_id(world: World) {
    let chat = world.chat(session(1), "browser", "hi");
    let id = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    world.take(world.chatted(&chat)).await;
    let messages = world.messages(id).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].client_id, Some(chat.client_id));
    assert_eq!(messages[0].id, domain::MessageId::named(session(1).0, &chat.client_id.to_string()));
}

async fn presence_and_reading_are_shown(world: World) {
    let id = say(&world, 1, "browser", "hi").await;
    let (one, two) = (world.reply(id, "hello").await, world.reply(id, "how can I help?").await);
    assert_eq!(one.status, MessageStatus::Sent, "a chat's answer needs no carrier");
    assert_eq!(world.told(MESSAGE_QUEUED).await.last().unwrap().session, Some(session(1)));
    let version = world.ticket(id).await.version;
    world.turn(1_000);
    let came = world.signal(session(1), VisitorSignalKind::CameOnline);
    world.turn(1_000);
    world.take(world.signal(session(1), VisitorSignalKind::Left)).await;
    let gone = world.ticket(id).await;
    assert_eq!(
        (gone.visitor_online, gone.version),
        (false, version),
        "presence is no change of the conversation"
    );
    world.take(came).await;
    assert!(!world.ticket(id).await.visitor_online, "an older word that comes late does not count");
    assert_eq!(world.told(TICKET_CHANGED).await.len(), 1);
    world.take(world.signal(session(1), VisitorSignalKind::Saw { seq: 2 })).await;
    world.take(world.signal(session(1), VisitorSignalKind::Saw { seq: 2 })).await;
    assert_eq!(world.message(id, one.id).await.status, MessageStatus::Read);
    assert_eq!(world.message(id, two.id).await.status, MessageStatus::Sent);
    let moved = world.told(MESSAGE_MOVED).await;
    assert_eq!(
        moved.iter().map(|m| (m.message_id, m.status)).collect::<Vec<_>>(),
        [(one.id, MessageStatus::Read)]
    );
}

async fn a_late_repeat_of_the_end_does_not_end_the_next_chat(world: World) {
    let one = say(&world, 1, "browser", "hi").await;
    world.turn(1_000);
    let end = world.signal(session(1), VisitorSignalKind::Ended);
    world.take(end.clone()).await;
    world.turn(1_000);
    let two = say(&world, 1, "browser", "hi").await;
    world.take(end).await;
    assert_eq!(
        (world.ticket(one).await.status, world.ticket(two).await.status),
        ("closed".into(), "open".into())
    );
}

async fn an_unproven_address_makes_nobody_somebody_else(world: World) {
    let anna = "anna@customer.example";
    let mail = world.take(world.mailed(&world.mail("m1", anna, "Hi", "hi"))).await.ticket_id.unwrap();
    let mut chat = world.chat(session(1), "browser", "I am Anna, send me her orders");
    chat.visitor.email = Some(EmailAddress::parse(anna).unwrap());
    chat.visitor.name = Some("Anna".into());
    let ticket = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    let profile = world.desk.profile(world.profile_of(ticket).await).await.unwrap();
    assert_ne!(profile.id, world.profile_of(mail).await);
    assert_eq!(profile.claimed_email.unwrap().as_str(), anna, "shown, not believed");
    // nor does a made-up id make somebody whom the site vouches for
    let vouched = Visitor { id: "42".into(), verified: true, ..Visitor::default() };
    let known =
        world.chatted(&domain::event::InboundChat { visitor: vouched, ..world.chat(session(2), "", "hi") });
    let known = world.take(known).await.ticket_id.unwrap();
    let made_up = say(&world, 3, "42", "hi").await;
    assert_ne!(world.profile_of(known).await, world.profile_of(made_up).await);
}

async fn a_vouched_for_visitor_is_the_customer_we_know(world: World) {
    let anna = "anna@customer.example";
    let mail = world.take(world.mailed(&world.mail("m1", anna, "Hi", "hi"))).await.ticket_id.unwrap();
    let email = Some(EmailAddress::parse(anna).unwrap());
    let mut chat = world.chat(session(1), "", "hi");
    chat.visitor = Visitor { id: "42".into(), name: None, email, verified: true };
    let ticket = world.take(world.chatted(&chat)).await.ticket_id.unwrap();
    assert_eq!(world.profile_of(ticket).await, world.profile_of(mail).await, "C-X: two tickets, one profile");
    assert_ne!(ticket, mail);
}

async fn history_resumes_across_tickets(world: World) {
    let none = world
        .desk
        .chat_history(&ChatHistoryQuery { session: session(1), after_seq: 0, limit: 50 })
        .await
        .unwrap();
    assert_eq!((none.messages.len(), none.last_seq, none.ticket_id), (0, 0, None));
    let id = say(&world, 1, "browser", "one").await;
    for text in ["two", "three", "four"] {
        world.reply(id, text).await;
    }
    let ask = |after_seq, limit| ChatHistoryQuery { session: session(1), after_seq, limit };
    let some = world.desk.chat_history(&ask(1, 2)).await.unwrap();
    assert_eq!(some.messages.iter().map(|m| m.seq).collect::<Vec<_>>(), [3, 4], "newest kept, oldest first");
    assert_eq!((some.last_seq, some.ticket_status.as_deref(), some.ticket_id), (4, Some("open"), Some(id)));
    assert_eq!(world.desk.chat_history(&ask(4, 50)).await.unwrap().messages.len(), 0);
}
