//! H8, H9: the mail after a left chat. The rule itself is a table in `domain::follow_up`.

use bus::topic::{MAIL_JUDGED, OUTBOUND_EMAIL, OUTBOUND_TRUST, TICKET_CHANGED};
use desk::{DeskError, Outside, intake::Arrival};
use domain::{
    AuthorKind, EmailAddress, MessageStatus, TicketId,
    event::{ClaimSend, MailJudged, OutboundEmail, SendDecision, Visitor, VisitorSignalKind},
    mail::{Trust, TrustMark},
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{MAILBOX, World, sent, session};

on_both!(
    h8_one_mail_three_minutes_after_the_later_of_leaving_and_answering,
    h8_coming_back_and_seeing_calls_the_mail_off,
    h8_without_an_address_none_is_sent_until_there_is_one,
    h8_a_pending_mail_can_be_cancelled_or_sent_at_once,
    h8_whoever_wants_no_more_mails_gets_none,
    h8_a_crash_before_or_after_the_timer_loses_and_doubles_nothing,
    h9_the_mail_says_what_it_must_and_its_button_opens_the_chat,
    h9_answering_the_mail_lands_in_the_chat,
    h9_a_bounce_of_the_mail_marks_it_failed,
    a_transcript_is_mailed_to_who_asks_for_it,
);

const MINUTE: i64 = 60_000;
const ANNA: &str = "anna@customer.example";

async fn chat(world: &World) -> TicketId {
    let mut chat = world.chat(session(1), "browser", "Is the red one in stock?");
    chat.visitor.email = Some(EmailAddress::parse(ANNA).unwrap());
    chat.page = Some("https://shop.acme.example/mugs?size=2".into());
    world.take(world.chatted(&chat)).await.ticket_id.unwrap()
}

fn signal(world: &World, kind: VisitorSignalKind) -> Arrival {
    world.turn(1);
    world.signal(session(1), kind)
}

async fn leaves(world: &World) {
    world.take(signal(world, VisitorSignalKind::Left)).await;
}

async fn mails(world: &World) -> Vec<OutboundEmail> {
    world.told(OUTBOUND_EMAIL).await
}

async fn minutes(world: &World, minutes: i64) {
    for _ in 0..minutes {
        world.turn(MINUTE);
        world.desk.run_due_timers().await.unwrap();
    }
}

/// What the ticket shows: the status, and in how many whole minutes a mail leaves.
async fn banner(world: &World, id: TicketId) -> (String, Option<i64>) {
    let shown = world.ticket(id).await.chat.unwrap().follow_up;
    (shown.status, shown.due_at.map(|due| (due.millis() - world.now().millis() + MINUTE - 1) / MINUTE))
}

async fn h8_one_mail_three_minutes_after_the_later_of_leaving_and_answering(world: World) {
    let id = chat(&world).await;
    assert_eq!(banner(&world, id).await, ("here".into(), None));
    world.reply(id, "Yes, three left.").await;
    assert_eq!(banner(&world, id).await, ("here".into(), None));
    minutes(&world, 5).await;
    leaves(&world).await;
    assert_eq!(banner(&world, id).await, ("pending".into(), Some(3)), "from the leaving on");
    let told = world.told(TICKET_CHANGED).await.pop().unwrap().ticket;
    let facts = told.chat.unwrap();
    assert_eq!((facts.follow_up.status.as_str(), facts.online), ("pending", false), "live, too");
    assert!(facts.left_at.is_some());
    minutes(&world, 2).await;
    world.reply(id, "Shall I put one aside?").await;
    assert_eq!(banner(&world, id).await, ("pending".into(), Some(3)), "from the newest answer on");
    minutes(&world, 2).await;
    assert!(mails(&world).await.is_empty());
    minutes(&world, 1).await;
    assert_eq!(mails(&world).await.len(), 1, "several answers, one mail");
    assert_eq!(banner(&world, id).await, ("sent".into(), None));
    minutes(&world, 60).await;
    assert_eq!(mails(&world).await.len(), 1);
    world.reply(id, "We close in an hour.").await;
    minutes(&world, 3).await;
    assert_eq!(mails(&world).await.len(), 2, "something new is another mail");
}

async fn h8_coming_back_and_seeing_calls_the_mail_off(world: World) {
    let id = chat(&world).await;
    leaves(&world).await;
    assert_eq!(banner(&world, id).await, ("waiting".into(), None), "an answer would be mailed");
    world.reply(id, "Yes.").await;
    minutes(&world, 2).await;
    world.take(signal(&world, VisitorSignalKind::CameOnline)).await;
    assert_eq!(banner(&world, id).await, ("here".into(), None));
    world.take(signal(&world, VisitorSignalKind::Saw { seq: 2 })).await;
    leaves(&world).await;
    assert_eq!(banner(&world, id).await, ("waiting".into(), None));
    minutes(&world, 30).await;
    assert!(mails(&world).await.is_empty());
}

async fn h8_without_an_address_none_is_sent_until_there_is_one(world: World) {
    let id = world.take(world.chatted(&world.chat(session(1), "browser", "hi"))).await.ticket_id.unwrap();
    leaves(&world).await;
    assert_eq!(banner(&world, id).await.0, "no_address");
    world.reply(id, "Hello?").await;
    minutes(&world, 10).await;
    assert_eq!((banner(&world, id).await.0, mails(&world).await.len()), ("no_address".into(), 0));
    let email = Some(EmailAddress::parse(ANNA).unwrap());
    let visitor = Visitor { id: "browser".into(), email, ..Visitor::default() };
    world.take(signal(&world, VisitorSignalKind::Identified { visitor })).await;
    assert_eq!(banner(&world, id).await.0, "pending", "late, but in time");
    minutes(&world, 1).await;
    assert_eq!(mails(&world).await.len(), 1);
    world.settings(json!({"chat": {"follow_up": {"enabled": false}}})).await;
    world.reply(id, "Hello?").await;
    assert_eq!(banner(&world, id).await.0, "off");
}

async fn h8_a_pending_mail_can_be_cancelled_or_sent_at_once(world: World) {
    let (id, actor) = (chat(&world).await, world.actor());
    let code = |refused: Result<_, DeskError>| match refused {
        Err(DeskError::Conflict { code, .. }) => code.to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(world.desk.cancel_follow_up(id, &actor).await), "no_follow_up");
    leaves(&world).await;
    world.reply(id, "Yes.").await;
    let shown = world.desk.cancel_follow_up(id, &actor).await.unwrap().chat.unwrap();
    assert_eq!((shown.follow_up.status.as_str(), shown.follow_up.due_at), ("cancelled", None));
    assert_eq!(code(world.desk.send_follow_up_now(id, &actor).await), "no_follow_up");
    minutes(&world, 10).await;
    assert!(mails(&world).await.is_empty());
    world.reply(id, "Still there?").await;
    let shown = world.desk.send_follow_up_now(id, &actor).await.unwrap().chat.unwrap();
    assert_eq!(shown.follow_up.status, "sent");
    minutes(&world, 10).await;
    assert_eq!(mails(&world).await.len(), 1);
}

async fn h8_whoever_wants_no_more_mails_gets_none(world: World) {
    let desk = world.desk.clone().reached_at(Outside::new("https://desk.example", [7; 32]));
    let id = chat(&world).await;
    leaves(&world).await;
    world.reply(id, "Yes.").await;
    desk.send_follow_up_now(id, &world.actor()).await.unwrap();
    let link = mails(&world).await[0].unsubscribe.clone().unwrap();
    let token = link.strip_prefix("https://desk.example/u/").unwrap();
    world.reply(id, "Still there?").await;
    assert_eq!(banner(&world, id).await.0, "pending");
    assert!(desk.unsubscribe("nonsense").await.is_err());
    assert_eq!(desk.unsubscribe(token).await.unwrap().as_str(), ANNA);
    assert_eq!(banner(&world, id).await, ("unsubscribed".into(), None), "what was pending, too");
    desk.unsubscribe(token).await.unwrap();
    minutes(&world, 10).await;
    assert_eq!(mails(&world).await.len(), 1);
}

async fn h8_a_crash_before_or_after_the_timer_loses_and_doubles_nothing(world: World) {
    let id = chat(&world).await;
    leaves(&world).await;
    world.reply(id, "Yes.").await;
    world.turn(3 * MINUTE);
    // nobody published: the process died right after its commit
    world.dying_desk().await.run_due_timers().await.unwrap();
    assert!(mails(&world).await.is_empty());
    world.turn(MINUTE);
    world.desk.publish_left_over().await.unwrap();
    world.replica().await.run_due_timers().await.unwrap();
    minutes(&world, 5).await;
    let mails = mails(&world).await;
    assert_eq!(mails.len(), 1);
    // the notifier died between its claim and its word: not sent again
    let claim = |n| ClaimSend { message_id: mails[0].message_id, claim: Uuid::from_u128(n) };
    assert_eq!(world.desk.claim_send(&claim(1)).await.unwrap(), SendDecision::Send);
    assert_eq!(world.desk.claim_send(&claim(2)).await.unwrap(), SendDecision::Uncertain);
    world.take(world.reported(mails[0].message_id, sent("relay-1"))).await;
    let shown = world.message(id, mails[0].message_id).await;
    assert_eq!((shown.status, shown.author.kind), (MessageStatus::Sent, AuthorKind::FollowUp));
}

async fn h9_the_mail_says_what_it_must_and_its_button_opens_the_chat(world: World) {
    let outside = Outside::new("https://desk.example", [7; 32]).opening_chats([8; 32]);
    let desk = world.desk.clone().reached_at(outside);
    world
        .settings(json!({"organization": {"name": "Acme", "privacy_url": "https://acme.example/privacy"},
            "chat": {"branding": {"color": "#0f766e"}, "follow_up": {"from": "hello@acme.example"}}}))
        .await;
    let id = chat(&world).await;
    leaves(&world).await;
    world.reply(id, "Yes, <b>three</b> left.").await;
    desk.send_follow_up_now(id, &world.actor()).await.unwrap();
    let mail = mails(&world).await.pop().unwrap();
    assert_eq!(mail.subject, "You have a new message from Acme");
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("hello@acme.example", ANNA));
    assert_eq!(mail.reply_to.unwrap().as_str(), MAILBOX, "answers come to a mailbox of ours");
    assert!(mail.automatic);
    let html = mail.html.unwrap();
    for part in
        ["#0f766e", "Is the red one in stock?", "&lt;b&gt;three&lt;/b&gt;", "https://acme.example/privacy"]
    {
        assert!(html.contains(part), "{part} in {html}");
    }
    let link = mail.text.lines().find_map(|line| line.strip_prefix("Continue the chat: ")).unwrap();
    assert!(html.contains(link));
    let token = link.strip_prefix("https://desk.example/c/").unwrap();
    let door = desk.chat_door(token).await.unwrap();
    assert_eq!(door.page.as_deref(), Some("https://shop.acme.example/mugs?size=2"));
    assert_eq!((door.session, door.site.as_str()), (session(1), "main"));
    world.turn(15 * 24 * 60 * MINUTE);
    assert!(desk.chat_door(token).await.is_err(), "it ends");
    assert!(desk.chat_door(&token[1..]).await.is_err());
}

async fn h9_answering_the_mail_lands_in_the_chat(world: World) {
    let id = chat(&world).await;
    leaves(&world).await;
    world.reply(id, "Yes, three left.").await;
    minutes(&world, 3).await;
    let mail_id = mails(&world).await[0].mail_id.clone();
    let answer = |name: &str, from: &str, text: &str| {
        let mut mail = world.mail(name, from, "Re: You have a new message", text);
        mail.refers_to = vec![mail_id.clone()];
        mail
    };
    let mut by_anna = answer("m1", ANNA, "One please!\n> Yes, three left.");
    by_anna.reply_text = Some("One please!".into());
    by_anna.spam = Some("another server said so".into());
    assert_eq!(world.take(world.mailed(&by_anna)).await.ticket_id, Some(id));
    let last = world.messages(id).await.pop().unwrap();
    assert_eq!((last.text.as_str(), last.author.kind), ("One please!", AuthorKind::Customer));
    assert_eq!(banner(&world, id).await.0, "waiting", "whoever answers has read it");
    let head = last.mail.as_ref().unwrap();
    assert_eq!((head.from.address.as_str(), head.has_html), (ANNA, false));
    assert_eq!(head.why_here.signal, domain::mail::Signal::MessageId);
    assert_eq!(
        world.told(OUTBOUND_TRUST).await.pop().unwrap().message_id,
        last.id,
        "it is judged like any mail"
    );
    let word = || "none".to_owned();
    let (mark, reasons) = (TrustMark::Doubtful, vec!["another server said so".into()]);
    let trust = Trust { mark, domain: None, spf: word(), dkim: word(), dmarc: word(), arc: word(), reasons };
    let judged = MailJudged { message_id: last.id, trust: trust.clone(), at: world.now() };
    world.take(world.delivered(MAIL_JUDGED, "judged", &judged)).await;
    assert_eq!(world.message(id, last.id).await.mail.unwrap().trust, Some(trust));
    let by_other = answer("m2", "mallory@evil.example", "Let me in");
    assert_ne!(world.take(world.mailed(&by_other)).await.ticket_id, Some(id), "only who was mailed");
    // the next mail goes on in that thread
    world.reply(id, "It is yours.").await;
    minutes(&world, 3).await;
    assert_eq!(mails(&world).await[1].in_reply_to.as_deref(), Some("m1@customer.example"));
    world.set_status(id, "closed", None).await;
    let late = world.take(world.mailed(&answer("m3", ANNA, "Thank you"))).await.ticket_id;
    assert_ne!(late, Some(id), "C-W: nobody reopens a closed chat");
}

async fn h9_a_bounce_of_the_mail_marks_it_failed(world: World) {
    let inbound = EmailAddress::parse("support@in.acme.example").unwrap();
    let mailbox = EmailAddress::parse(MAILBOX).unwrap();
    let outside = Outside::new("https://desk.example", [7; 32]).with_mailboxes([(mailbox, inbound)], true);
    let desk = world.desk.clone().reached_at(outside);
    for from in [MAILBOX, "hello@acme.example"] {
        world.settings(json!({"chat": {"follow_up": {"from": from}}})).await;
        let id = chat(&world).await;
        leaves(&world).await;
        world.reply(id, "Yes, three left.").await;
        desk.send_follow_up_now(id, &world.actor()).await.unwrap();
        let mail = mails(&world).await.pop().unwrap();
        let back = mail.bounces_to.unwrap();
        assert!(back.as_str().starts_with("support+b") && back.domain() == "in.acme.example", "{back}");
        let mut bounce = world.mail(from, "mailer-daemon@customer.example", "Undeliverable", "no such user");
        bounce.recipient = back.to_string();
        bounce.kind = domain::event::MailKind::Bounce;
        assert_eq!(desk.take_in(vec![world.mailed(&bounce)]).await[0].as_ref().unwrap().ticket_id, Some(id));
        assert_eq!(world.message(id, mail.message_id).await.status, MessageStatus::Failed, "{from}");
    }
}

async fn a_transcript_is_mailed_to_who_asks_for_it(world: World) {
    let id = chat(&world).await;
    world.reply(id, "Yes, three left.").await;
    let email = EmailAddress::parse("me@elsewhere.example").unwrap();
    for _ in 0..2 {
        world.take(signal(&world, VisitorSignalKind::Transcript { email: email.clone() })).await;
    }
    let mails = mails(&world).await;
    assert_eq!(mails.len(), 1, "a repeat is no second mail");
    assert_eq!((mails[0].to.clone(), mails[0].subject.as_str()), (email, "Your chat with Frontdesk"));
    for part in ["You: Is the red one in stock?", "Kim: Yes, three left."] {
        assert!(mails[0].text.contains(part), "{part} in {}", mails[0].text);
    }
}
