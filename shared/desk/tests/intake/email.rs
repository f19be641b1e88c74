//! Mail: B4, C-E, D1, bounces, robots, forged references.

use bus::topic::{MESSAGE_MOVED, OUTBOUND_EMAIL};
use desk::ledger::LedgerState;
use domain::{AuthorKind, MessageStatus, event::MailKind};

use crate::world::{MAILBOX, World};

const ANNA: &str = "anna@customer.example";

on_both!(
    b4_a_mail_opens_a_ticket_and_another_thread_opens_another,
    c_e_a_reply_reopens_however_long_ago,
    an_answer_carries_the_threads_headers,
    knowing_a_message_id_is_not_being_the_customer,
    a_bounce_fails_the_mail_it_is_about,
    an_out_of_office_note_wakes_nobody,
    our_own_mail_that_comes_back_is_held,
    the_same_mail_by_two_ways_is_one_message,
);

async fn b4_a_mail_opens_a_ticket_and_another_thread_opens_another(world: World) {
    let first = world.mail("m1", ANNA, "My order", "Where is it?");
    let landed = world.take(world.mailed(&first)).await;
    let id = landed.ticket_id.unwrap();
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.subject.as_deref(), ticket.inbox.as_str()), (Some("My order"), MAILBOX));
    assert_eq!((ticket.profile.name.as_deref(), ticket.profile.address.as_str()), (Some("Anna Lee"), ANNA));
    assert!(ticket.can_reply.allowed, "D1");
    let second = world.mail("m2", ANNA, "My other order", "And this?");
    let other = world.take(world.mailed(&second)).await.ticket_id.unwrap();
    assert_ne!(id, other);
    assert_eq!(world.profile_of(other).await, ticket.profile.id, "one profile");
    let mut third = world.mail("m3", ANNA, "Re: My order", "One more thing");
    third.refers_to = vec!["unknown@x".into(), "m1@customer.example".into()];
    assert_eq!(world.take(world.mailed(&third)).await.ticket_id, Some(id));
}

async fn c_e_a_reply_reopens_however_long_ago(world: World) {
    let id = world.take(world.mailed(&world.mail("m1", ANNA, "My order", "Where?"))).await.ticket_id.unwrap();
    world.reply(id, "On its way").await;
    let ours = world.told(OUTBOUND_EMAIL).await.pop().unwrap().mail_id;
    world.set_status(id, "closed", None).await;
    world.turn(3 * 365 * 24 * 3_600_000);
    let mut reply = world.mail("m2", ANNA, "Re: My order", "Thanks");
    reply.refers_to = vec![ours];
    let landed = world.take(world.mailed(&reply)).await;
    assert_eq!(landed.ticket_id, Some(id));
    assert!(landed.reason.contains("reply to our mail"), "{}", landed.reason);
    let ticket = world.ticket(id).await;
    assert_eq!(
        (ticket.status.as_str(), ticket.unread, ticket.subject.as_deref()),
        ("open", true, Some("My order"))
    );
}

async fn an_answer_carries_the_threads_headers(world: World) {
    let mut first = world.mail("m1", ANNA, "RE: Re: My order", "Where?");
    first.references = vec!["a@x".into(), "b@x".into()];
    let id = world.take(world.mailed(&first)).await.ticket_id.unwrap();
    let one = world.reply(id, "On its way").await;
    world.reply(id, "And it has left").await;
    let out = world.told(OUTBOUND_EMAIL).await;
    assert_eq!(out.len(), 2, "D5: several replies in a row");
    let mail = &out[0];
    assert_eq!(
        (mail.subject.as_str(), mail.to.as_str(), mail.from.as_str()),
        ("Re: My order", ANNA, MAILBOX)
    );
    assert_eq!(mail.mail_id, format!("fd.{}@acme.example", one.id.0.simple()));
    assert_eq!(mail.in_reply_to.as_deref(), Some("m1@customer.example"));
    assert_eq!(mail.references, ["a@x", "b@x", "m1@customer.example"]);
    assert_eq!((mail.from_name.as_deref(), mail.automatic), (Some("Frontdesk"), false));
    assert_ne!(out[0].mail_id, out[1].mail_id);
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.preview.as_str(), ticket.first_response_at), ("And it has left", Some(world.now())));
}

async fn knowing_a_message_id_is_not_being_the_customer(world: World) {
    let id = world.take(world.mailed(&world.mail("m1", ANNA, "My order", "Where?"))).await.ticket_id.unwrap();
    let mut stranger = world.mail("m2", "eve@elsewhere.example", "Re: My order", "Send it to me instead");
    stranger.refers_to = vec!["m1@customer.example".into()];
    let landed = world.take(world.mailed(&stranger)).await;
    assert_ne!(landed.ticket_id, Some(id));
    assert!(landed.reason.contains("another customer"), "{}", landed.reason);
    assert_eq!(world.messages(landed.ticket_id.unwrap()).await[0].why, landed.reason);
}

async fn a_bounce_fails_the_mail_it_is_about(world: World) {
    let id = world.take(world.mailed(&world.mail("m1", ANNA, "My order", "Where?"))).await.ticket_id.unwrap();
    let ours = world.reply(id, "On its way").await;
    let mail_id = world.told(OUTBOUND_EMAIL).await.pop().unwrap().mail_id;
    world.set_status(id, "closed", None).await;
    let mut bounce = world.mail("b1", "mailer-daemon@customer.example", "Undeliverable", "550 no such user");
    (bounce.kind, bounce.refers_to) = (MailKind::Bounce, vec![mail_id]);
    assert_eq!(world.take(world.mailed(&bounce)).await.ticket_id, Some(id));
    let failed = world.message(id, ours.id).await;
    assert_eq!(failed.status, MessageStatus::Failed);
    assert!(failed.error.unwrap().reason.contains("550 no such user"));
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.status.as_str(), ticket.unread), ("closed", true), "to be seen, but nobody wrote");
    let messages = world.messages(id).await;
    assert_eq!(messages.last().unwrap().author.kind, AuthorKind::System);
    assert_eq!(world.told(MESSAGE_MOVED).await.last().unwrap().status, MessageStatus::Failed);
    assert_eq!(world.tickets().await.len(), 1, "the mailer daemon is no customer");
}

async fn an_out_of_office_note_wakes_nobody(world: World) {
    let id = world.take(world.mailed(&world.mail("m1", ANNA, "My order", "Where?"))).await.ticket_id.unwrap();
    world.set_status(id, "closed", None).await;
    let mut note = world.mail("m2", ANNA, "Out of office", "I am away");
    (note.kind, note.refers_to) = (MailKind::AutoReply, vec!["m1@customer.example".into()]);
    assert_eq!(world.take(world.mailed(&note)).await.ticket_id, Some(id));
    assert_eq!(world.ticket(id).await.status, "closed");
    assert_eq!(world.messages(id).await.len(), 2);
}

async fn our_own_mail_that_comes_back_is_held(world: World) {
    let id = world.take(world.mailed(&world.mail("m1", ANNA, "My order", "Where?"))).await.ticket_id.unwrap();
    world.reply(id, "On its way").await;
    let mut looped = world.mail("x", MAILBOX, "Re: My order", "On its way");
    looped.message_id = Some(world.told(OUTBOUND_EMAIL).await.pop().unwrap().mail_id);
    let landed = world.take(world.mailed(&looped)).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Robot), None));
    assert_eq!((world.tickets().await.len(), world.messages(id).await.len()), (1, 2));
}

async fn the_same_mail_by_two_ways_is_one_message(world: World) {
    let mail = world.mail("m1", ANNA, "My order", "Where?");
    let id = world.take(world.mailed(&mail)).await.ticket_id.unwrap();
    let mut other_way = mail.clone();
    other_way.digest = "another route, other Received lines".into();
    let landed = world.take(world.mailed(&other_way)).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Duplicate), Some(id)));
    let mut same_id = mail;
    (same_id.digest, same_id.text) = ("a careless program".into(), "Something else".into());
    let landed = world.take(world.mailed(&same_id)).await;
    assert_eq!(landed.state, Some(LedgerState::Ticket), "a Message-ID used twice loses no mail");
}
