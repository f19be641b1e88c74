//! Mail: B4, C-E, D1, bounces, robots, forged references.

use bus::topic::{MESSAGE_MOVED, MESSAGE_RECEIVED, OUTBOUND_EMAIL};
use desk::ledger::LedgerState;
use domain::{
    AuthorKind, EmailAddress, MessageStatus,
    event::{MailKind, Undelivered},
    mail::Signal,
};

use crate::world::{MAILBOX, World};

const ANNA: &str = "anna@customer.example";

on_both!(
    b4_a_mail_opens_a_ticket_and_another_thread_opens_another,
    c_e_a_reply_reopens_however_long_ago,
    an_answer_carries_the_threads_headers,
    knowing_a_message_id_is_not_being_the_customer,
    a_bounce_fails_the_mail_it_is_about,
    a_report_says_why_and_a_delay_is_no_failure,
    an_out_of_office_note_wakes_nobody,
    our_own_mail_that_comes_back_is_held,
    the_same_mail_by_two_ways_is_one_message,
    a_mail_shows_its_people_its_new_words_and_why_it_is_here,
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

async fn a_report_says_why_and_a_delay_is_no_failure(world: World) {
    let id = world.take(world.mailed(&world.mail("m1", ANNA, "My order", "Where?"))).await.ticket_id.unwrap();
    let ours = world.reply(id, "On its way").await;
    let mail_id = world.told(OUTBOUND_EMAIL).await.pop().unwrap().mail_id;
    let report = |name: &str, delayed: bool| {
        let mut report = world.mail(name, "mailer-daemon@customer.example", "Delivery report", "a long text");
        (report.kind, report.refers_to) = (MailKind::Bounce, vec![mail_id.clone()]);
        report.undelivered = vec![Undelivered {
            recipient: ANNA.into(),
            status: if delayed { "4.2.2" } else { "5.2.2" }.into(),
            hard: false,
            delayed,
            reason: "the mailbox is full".into(),
        }];
        report
    };
    world.take(world.mailed(&report("b1", true))).await;
    assert_ne!(world.message(id, ours.id).await.status, MessageStatus::Failed, "it is still being tried");
    world.take(world.mailed(&report("b2", false))).await;
    let failed = world.message(id, ours.id).await;
    let error = failed.error.unwrap();
    assert_eq!((failed.status, error.code.as_str()), (MessageStatus::Failed, "5.2.2"));
    assert_eq!(error.reason, "the mailbox is full");
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

async fn a_mail_shows_its_people_its_new_words_and_why_it_is_here(world: World) {
    let mut first = world.mail("m1", ANNA, "My order", "Where?");
    first.cc = vec![EmailAddress::parse("ben@customer.example").unwrap().into()];
    first.html = Some("<p>Where?</p>".into());
    let id = world.take(world.mailed(&first)).await.ticket_id.unwrap();
    let mut second = world.mail("m2", ANNA, "AW: Another matter", "And now?\n> On its way");
    second.refers_to = vec!["m1@customer.example".into()];
    second.reply_text = Some("And now?".into());
    world.take(world.mailed(&second)).await;
    let messages = world.messages(id).await;
    let [one, two] = messages.as_slice() else { panic!("{messages:#?}") };
    let mail = one.mail.as_ref().unwrap();
    assert_eq!((mail.from.address.as_str(), mail.from.name.as_deref()), (ANNA, Some("Anna Lee")));
    assert_eq!((mail.cc[0].address.as_str(), mail.subject_changed), ("ben@customer.example", false));
    assert_eq!((mail.why_here.signal, mail.has_html, mail.original), (Signal::New, true, true));
    assert_eq!((one.reply_text.as_deref(), one.why.as_str()), (None, mail.why_here.detail.as_str()));
    let mail = two.mail.as_ref().unwrap();
    assert_eq!((mail.why_here.signal, mail.subject_changed), (Signal::StoredId, true));
    assert_eq!((two.reply_text.as_deref(), two.text.as_str()), (Some("And now?"), "And now?\n> On its way"));
    assert_eq!(world.ticket(id).await.preview, "And now?", "the list shows what is new");
    let told = world.told(MESSAGE_RECEIVED).await;
    assert_eq!(told[1].message, *two, "the live stream shows the same");
}
