//! Mails that join, leave and change tickets; mails that colleagues pass on; automatic answers that end.

use bus::topic::{MESSAGE_CHANGED, OUTBOUND_EMAIL, REPLY_PROPOSED, TICKET_CHANGED};
use desk::{DeskError, Outside, accounts::NewUser};
use domain::{
    AttachmentId, AuthorKind, EmailAddress, MessageId, Role, TicketId,
    event::{ForwardedMail, InboundEmail, MailKind, ReplyProposed},
    mail::Signal,
    message::Attachment,
};

use crate::world::{MAILBOX, World};

const ANNA: &str = "anna@customer.example";
const KIM: &str = "kim@acme.example";

on_both!(
    somebody_in_copy_joins_and_a_stranger_does_not,
    a_number_or_a_fresh_subject_leads_back_where_every_id_was_lost,
    a_conversation_that_began_elsewhere_is_one_ticket,
    what_a_colleague_passes_on_is_its_writers,
    a_split_mail_has_a_ticket_and_answers_follow_it,
    a_moved_mail_empties_and_closes_its_ticket,
    two_auto_responders_stop_after_one_round,
    an_answer_to_the_signed_address_joins_whoever_sends_it,
);

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

async fn landed(world: &World, mail: &InboundEmail) -> (TicketId, Signal) {
    let ticket = world.take(world.mailed(mail)).await.ticket_id.unwrap();
    let newest = world.messages(ticket).await.into_iter().rfind(|one| one.ticket_id == ticket);
    (ticket, newest.unwrap().mail.unwrap().why_here.signal)
}

async fn somebody_in_copy_joins_and_a_stranger_does_not(world: World) {
    let mut first = world.mail("m1", ANNA, "Order", "Where?");
    first.cc = vec![address("ben@customer.example").into()];
    let (id, _) = landed(&world, &first).await;
    for (from, joins) in [("ben@customer.example", true), ("eve@elsewhere.example", false)] {
        let mut answer = world.mail(from.split('@').next().unwrap(), from, "Re: Order", "Me too");
        answer.refers_to = vec!["m1@customer.example".into()];
        let (ticket, signal) = landed(&world, &answer).await;
        assert_eq!((ticket == id, signal == Signal::StoredId), (joins, joins), "{from}");
    }
    assert_eq!(world.ticket(id).await.profile.address, ANNA, "the customer stays who it was");
}

async fn a_number_or_a_fresh_subject_leads_back_where_every_id_was_lost(world: World) {
    let (id, _) = landed(&world, &world.mail("m1", ANNA, "Order 12", "Where?")).await;
    let number = world.ticket(id).await.number;
    let by_number = world.mail("m2", ANNA, &format!("RE: [#{number}] whatever"), "And now?");
    assert_eq!(landed(&world, &by_number).await, (id, Signal::Participant));
    let by_subject = world.mail("m3", ANNA, "AW: Order  12", "And now?");
    assert_eq!(landed(&world, &by_subject).await, (id, Signal::Subject));
    let again = world.mail("m4", ANNA, "Order 12", "Another one, the same words");
    assert_eq!(landed(&world, &again).await.1, Signal::New);
    world.turn(15 * 24 * 3_600_000);
    let late = world.mail("m5", ANNA, "Re: Order 12", "Late");
    assert_eq!(landed(&world, &late).await.1, Signal::New);
}

async fn a_conversation_that_began_elsewhere_is_one_ticket(world: World) {
    let mut second = world.mail("m2", ANNA, "Re: Talk", "now with the desk in copy");
    (second.refers_to, second.references) = (vec!["m1@private".into()], vec!["m1@private".into()]);
    let (id, signal) = landed(&world, &second).await;
    assert_eq!(signal, Signal::New);
    let mut third = world.mail("m3", ANNA, "Re: Talk", "to the first mail again");
    third.refers_to = vec!["m1@private".into()];
    assert_eq!(landed(&world, &third).await, (id, Signal::StoredId));
}

async fn what_a_colleague_passes_on_is_its_writers(world: World) {
    let user = NewUser { email: address(KIM), name: Some("Kim".into()), role: Role::Support, password: None };
    world.desk.create_user(user, &desk::Actor::system()).await.unwrap();
    let forward = |id: &str, from: &str| {
        let mut mail = world.mail(id, from, "Fwd: Broken lamp", "see below\n---\nIt is broken");
        mail.forwarded = Some(ForwardedMail {
            from: address(ANNA),
            from_name: Some("Anna Lee".into()),
            subject: Some("Broken lamp".into()),
            text: "It is broken".into(),
        });
        mail
    };
    let (id, _) = landed(&world, &forward("f1", KIM)).await;
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.profile.address.as_str(), ticket.subject.as_deref()), (ANNA, Some("Broken lamp")));
    let message = world.messages(id).await.pop().unwrap();
    assert_eq!(message.reply_text.as_deref(), Some("It is broken"));
    assert_eq!(message.mail.unwrap().forwarded_by, Some(address(KIM)));
    assert!(message.text.starts_with("see below"), "nothing is cut away");
    let (other, _) = landed(&world, &forward("f2", "eve@elsewhere.example")).await;
    let profile = world.ticket(other).await.profile;
    assert_eq!(profile.address, "eve@elsewhere.example", "nobody else may speak for Anna");
}

async fn a_split_mail_has_a_ticket_and_answers_follow_it(world: World) {
    let (id, _) = landed(&world, &world.mail("m1", ANNA, "Order", "Where?")).await;
    let mut second = world.mail("m2", ANNA, "And an invoice", "Please");
    second.refers_to = vec!["m1@customer.example".into()];
    landed(&world, &second).await;
    let message = world.messages(id).await.pop().unwrap();
    let split = world.desk.split_ticket(id, message.id, &world.actor()).await.unwrap();
    assert_eq!((split.subject.as_deref(), split.preview.as_str()), (Some("And an invoice"), "Please"));
    assert_ne!(split.number, world.ticket(id).await.number);
    assert_eq!(world.ticket(id).await.preview, "Where?");
    let moved = world.message(split.id, message.id).await;
    assert_eq!((moved.ticket_id, moved.seq), (split.id, 1));
    let why = moved.mail.unwrap().why_here;
    assert_eq!((why.signal, why.detail.contains("Kim")), (Signal::Split, true), "{}", why.detail);
    let told = world.told(MESSAGE_CHANGED).await.pop().unwrap();
    assert_eq!((told.ticket.id, told.message.id), (split.id, message.id));
    let changed: Vec<_> = world.told(TICKET_CHANGED).await.iter().map(|event| event.ticket.id).collect();
    assert!(changed.contains(&id) && changed.contains(&split.id));
    let mut answer = world.mail("m3", ANNA, "Re: And an invoice", "Thanks");
    answer.refers_to = vec!["m2@customer.example".into()];
    assert_eq!(landed(&world, &answer).await.0, split.id);
    let mut picture = world.mail("m4", ANNA, "A picture", "");
    picture.refers_to = vec!["m1@customer.example".into()];
    picture.attachments = vec![Attachment {
        id: AttachmentId::named(message.id.0, "mug"),
        name: "mug.jpg".into(),
        content_type: "image/jpeg".into(),
        size: 3,
        url: String::new(),
        blob: Some("att/4".into()),
    }];
    landed(&world, &picture).await;
    let message = world.messages(id).await.pop().unwrap();
    let pictured = world.desk.split_ticket(id, message.id, &world.actor()).await.unwrap();
    assert_eq!(pictured.preview, "1 file");
    let first = world.messages(id).await.into_iter().find(|one| one.ticket_id == id).unwrap();
    let only = world.desk.split_ticket(id, first.id, &world.actor()).await;
    assert!(matches!(only, Err(DeskError::Conflict { .. })), "{only:?}");
    let missing = world.desk.split_ticket(id, message.id, &world.actor()).await;
    assert!(matches!(missing, Err(DeskError::NotFound("message"))), "{missing:?}");
}

async fn a_moved_mail_empties_and_closes_its_ticket(world: World) {
    let (id, _) = landed(&world, &world.mail("m1", ANNA, "Order", "Where?")).await;
    let stray = world.mail("m2", "anna@private.example", "Order", "from my other address");
    let (other, _) = landed(&world, &stray).await;
    let message: MessageId = world.messages(other).await.pop().unwrap().id;
    let moved = world.desk.move_message(message, id, &world.actor()).await.unwrap();
    assert_eq!((moved.ticket_id, moved.seq), (id, 2));
    assert_eq!(moved.mail.unwrap().why_here.signal, Signal::Moved);
    assert_eq!(world.messages(id).await.len(), 2);
    let left = world.ticket(other).await;
    assert_eq!((left.status.as_str(), left.unread), ("closed", false));
    let again = world.desk.move_message(message, id, &world.actor()).await;
    assert!(matches!(again, Err(DeskError::Invalid { .. })), "{again:?}");
    let text = world.anna_writes("1", "hi").await;
    assert!(world.desk.move_message(message, text, &world.actor()).await.is_err(), "a text's ticket");
}

async fn two_auto_responders_stop_after_one_round(world: World) {
    let mut outs = Vec::new();
    for round in 0..5 {
        // the other side answers everything, in threads and out of them, and claims to be a person
        let mut mail =
            world.mail(&format!("r{round}"), "no-reply@robot.example", "Your request", "We got it");
        mail.refers_to = world.told(OUTBOUND_EMAIL).await.pop().map(|out| out.mail_id).into_iter().collect();
        mail.kind = if round == 1 { MailKind::AutoReply } else { MailKind::Human };
        let ticket = world.take(world.mailed(&mail)).await.ticket_id.unwrap();
        let key = format!("auto:{round}");
        let event = ReplyProposed {
            key: key.clone(),
            ticket_id: ticket,
            author: AuthorKind::AutoResponder,
            text: "we answer soon".into(),
            without_consent: true,
            at_most_once_per: None,
            at: world.now(),
        };
        world.take(world.delivered(REPLY_PROPOSED, &key, &event)).await;
        outs.push(world.told(OUTBOUND_EMAIL).await.len());
    }
    assert_eq!(outs, [1, 1, 1, 1, 1], "one answer, whatever comes back");
    let out = world.told(OUTBOUND_EMAIL).await.pop().unwrap();
    assert!(out.automatic, "and it says so itself");
    let (person, _) = landed(&world, &world.mail("p1", ANNA, "Order", "Where?")).await;
    let event = |key: &str| ReplyProposed {
        key: key.into(),
        ticket_id: person,
        author: AuthorKind::AutoResponder,
        text: "we answer soon".into(),
        without_consent: true,
        at_most_once_per: None,
        at: world.now(),
    };
    world.take(world.delivered(REPLY_PROPOSED, "auto:p1", &event("auto:p1"))).await;
    assert_eq!(world.told(OUTBOUND_EMAIL).await.len(), 2, "a person is answered");
    world.turn(25 * 3_600_000);
    world.take(world.delivered(REPLY_PROPOSED, "auto:p2", &event("auto:p2"))).await;
    assert_eq!(world.told(OUTBOUND_EMAIL).await.len(), 3, "and again a day later");
}

async fn an_answer_to_the_signed_address_joins_whoever_sends_it(mut world: World) {
    let inbound = (address(MAILBOX), address("support@in.acme.example"));
    let outside = Outside::new("https://desk.acme.example", [7; 32]).with_mailboxes([inbound], false);
    world.desk = world.desk.clone().reached_at(outside);
    let (id, _) = landed(&world, &world.mail("m1", ANNA, "Order", "Where?")).await;
    world.reply(id, "On its way").await;
    let ours = world.told(OUTBOUND_EMAIL).await.pop().unwrap();
    let Some(signed) = ours.reply_to else { panic!("no signed address in {ours:#?}") };
    let mut answer = world.mail("m2", "anna@private.example", "from my phone", "Thanks");
    answer.recipient = signed.to_string().to_uppercase();
    assert_eq!(landed(&world, &answer).await, (id, Signal::Token));
    let mut forged = world.mail("m3", "eve@elsewhere.example", "x", "y");
    forged.recipient = signed.to_string().replacen("+t", "+ta", 1);
    assert_eq!(landed(&world, &forged).await.1, Signal::New);
}
