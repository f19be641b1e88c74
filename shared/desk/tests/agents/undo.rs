//! Undo send, and what becomes of a ticket with its answer.

use bus::topic::OUTBOUND_SMS;
use desk::{
    attachments::NewAttachment,
    reply::{NewReply, Then},
};
use domain::{MessageStatus, Role, SessionId, TicketId, draft::Draft, event::ClaimSend};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    an_answer_that_can_be_taken_back_leaves_when_its_time_is_over,
    what_is_taken_back_goes_nowhere_and_is_a_draft_again,
    only_its_author_takes_an_answer_back_and_only_in_time,
    g1_an_answer_closes_or_snoozes_its_ticket_and_undo_opens_it_again,
    what_somebody_did_since_is_not_taken_back,
    a_chat_is_answered_at_once,
    a_refused_answer_changes_no_ticket,
    a_mail_that_was_taken_back_counts_for_nothing,
);

fn waits(text: &str) -> NewReply {
    NewReply { text: text.into(), undo_seconds: 10, ..NewReply::default() }
}

fn then(status: &str) -> Then {
    Then { status: Some(status.into()), snoozed_until: None }
}

async fn ticket(world: &World) -> TicketId {
    let id = world.text(ANNA, "hi").await;
    world.agrees(id).await;
    id
}

async fn an_answer_that_can_be_taken_back_leaves_when_its_time_is_over(world: World) {
    let (id, kim) = (ticket(&world).await, world.owner());
    let message = world.desk.reply(id, waits("hello"), &kim).await.unwrap();
    let wait = message.send_at.unwrap().millis() - message.sent_at.millis();
    assert!((9_900..=10_100).contains(&wait), "{wait}");
    world.turn(5_000);
    world.desk.run_due_timers().await.unwrap();
    assert!(world.told(OUTBOUND_SMS).await.is_empty());
    assert_eq!(world.ticket(id).await.first_response_at, None, "it has not been sent yet");
    world.turn(6_000);
    world.desk.run_due_timers().await.unwrap();
    world.desk.run_due_timers().await.unwrap();
    let work = world.told(OUTBOUND_SMS).await;
    assert_eq!((work.len(), work[0].message_id), (1, message.id));
    assert!(world.ticket(id).await.first_response_at.is_some());
    let at_once = NewReply { undo_seconds: 0, ..waits("now") };
    assert_eq!(world.desk.reply(id, at_once, &kim).await.unwrap().send_at, None);
    let long = NewReply { undo_seconds: 61, ..waits("x") };
    assert_eq!(code(world.desk.reply(id, long, &kim).await), "undo_seconds");
}

async fn what_is_taken_back_goes_nowhere_and_is_a_draft_again(world: World) {
    let (id, maya) = (ticket(&world).await, world.user("maya@acme.example", Role::Support).await.actor());
    let new = NewAttachment {
        name: "a.png".into(),
        content_type: "image/png".into(),
        size: 5,
        blob: "att/a".into(),
    };
    let file = world.desk.add_attachment(new, &maya).await.unwrap();
    let seen = world.ticket(id).await;
    let text = "See https://shop.example.com/a/long/address?with=everything";
    let draft = Draft { text: text.into(), attachments: vec![file.id], ..Draft::default() };
    let version = world.desk.save_draft(id, draft.clone(), None, &maya).await.unwrap().now.stored.version;
    let new = NewReply { attachments: vec![file.id], draft_version: Some(version), ..waits(text) };
    let message = world.desk.reply(id, new, &maya).await.unwrap();
    assert_ne!(message.text, text, "its link is short");
    let during = Draft { text: "and".into(), ..Draft::default() };
    world.desk.save_draft(id, during, None, &maya).await.unwrap();
    let back = world.desk.undo_message(id, message.id, &maya).await.unwrap();
    assert_eq!(back.stored.draft.text, format!("{text}\nand"), "its words, before they were made short");
    assert_eq!(back.files, std::slice::from_ref(&file));
    let again = world.desk.undo_message(id, message.id, &maya).await.unwrap();
    assert_eq!(again.stored, back.stored, "once is enough");
    let now = world.ticket(id).await;
    assert_eq!((&now.assignee, &now.preview), (&seen.assignee, &seen.preview));
    assert_eq!((now.last_message_at, now.first_response_at), (seen.last_message_at, None));
    let shown = world.desk.messages(id, 50, None).await.unwrap().data.pop().unwrap();
    assert_eq!((shown.status, shown.error.unwrap().code.as_str()), (MessageStatus::Failed, "undone"));
    world.turn(60_000);
    world.desk.run_due_timers().await.unwrap();
    assert!(world.told(OUTBOUND_SMS).await.is_empty());
    let once_more = NewReply { attachments: vec![file.id], undo_seconds: 0, ..waits(text) };
    assert_eq!(world.desk.reply(id, once_more, &maya).await.unwrap().attachments.len(), 1);
    let kim = world.owner();
    let seen = NewReply { seen_version: Some(seen.version), ..waits("hi") };
    assert_eq!(code(world.desk.reply(id, seen, &kim).await), "someone_replied");
}

async fn only_its_author_takes_an_answer_back_and_only_in_time(world: World) {
    let (id, kim) = (ticket(&world).await, world.owner());
    let maya = world.user("maya@acme.example", Role::Support).await.actor();
    let message = world.desk.reply(id, waits("hello"), &maya).await.unwrap();
    assert!(matches!(
        world.desk.undo_message(id, message.id, &kim).await,
        Err(desk::DeskError::Forbidden(_))
    ));
    world.turn(10_500);
    world.desk.run_due_timers().await.unwrap();
    let claim = ClaimSend { message_id: message.id, claim: Uuid::new_v4() };
    world.desk.claim_send(&claim).await.unwrap();
    assert_eq!(code(world.desk.undo_message(id, message.id, &maya).await), "already_sent");
    assert_eq!(world.desk.draft(id, &maya).await.unwrap().stored.draft, Draft::default());
    let seen = world.ticket(id).await.version;
    let taken = world.desk.reply(id, waits("no"), &maya).await.unwrap();
    world.desk.undo_message(id, taken.id, &maya).await.unwrap();
    let guarded = NewReply { seen_version: Some(seen), ..waits("mine") };
    world.desk.reply(id, guarded, &kim).await.expect("what was taken back is in nobody's way");
}

async fn g1_an_answer_closes_or_snoozes_its_ticket_and_undo_opens_it_again(world: World) {
    let (id, kim) = (ticket(&world).await, world.owner());
    let closing = NewReply { then: then("closed"), ..waits("done") };
    let message = world.desk.reply(id, closing, &kim).await.unwrap();
    assert_eq!(world.ticket(id).await.status, "closed");
    world.desk.undo_message(id, message.id, &kim).await.unwrap();
    let open = world.ticket(id).await;
    assert_eq!((open.status.as_str(), open.closed_at), ("open", None));
    let until = world.now().plus(3_600_000);
    let snooze = Then { status: Some("snoozed".into()), snoozed_until: Some(until) };
    let snoozing = NewReply { then: snooze, undo_seconds: 0, ..waits("later") };
    world.desk.reply(id, snoozing, &kim).await.unwrap();
    assert_eq!(world.ticket(id).await.snoozed_until, Some(until));
    world.turn(3_600_000);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(id).await.status, "open", "it wakes by itself");
    let session = SessionId(Uuid::new_v4());
    let chat = world.chat(session, "hi").await;
    let bye = NewReply { then: then("closed"), ..waits("bye") };
    let said = world.desk.reply(chat, bye, &kim).await.unwrap();
    assert_eq!((said.status, said.send_at), (MessageStatus::Sent, None));
    assert_eq!(world.ticket(chat).await.status, "closed");
}

async fn what_somebody_did_since_is_not_taken_back(world: World) {
    let (id, kim) = (ticket(&world).await, world.owner());
    let maya = world.user("maya@acme.example", Role::Support).await;
    let closing = NewReply { then: then("closed"), ..waits("done") };
    let message = world.desk.reply(id, closing, &maya.actor()).await.unwrap();
    world.text(ANNA, "wait!").await;
    let to_nobody = desk::tickets::TicketPatch { assignee_id: Some(None), ..Default::default() };
    world.desk.change_ticket(id, to_nobody, &kim).await.unwrap();
    world.desk.undo_message(id, message.id, &maya.actor()).await.unwrap();
    let now = world.ticket(id).await;
    assert_eq!((now.status.as_str(), now.preview.as_str()), ("open", "wait!"));
    assert_eq!(now.assignee, None);
}

async fn a_chat_is_answered_at_once(world: World) {
    let id = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let said = world.desk.reply(id, waits("hello"), &world.owner()).await.unwrap();
    assert_eq!((said.status, said.send_at), (MessageStatus::Sent, None));
    assert_eq!(code(world.desk.undo_message(id, said.id, &world.owner()).await), "already_sent");
}

async fn a_refused_answer_changes_no_ticket(world: World) {
    let id = world.text(ANNA, "hi").await;
    let closing = || NewReply { then: then("closed"), ..waits("done") };
    assert_eq!(code(world.desk.reply(id, closing(), &world.owner()).await), "sms_no_consent");
    world.agrees(id).await;
    let seen = world.ticket(id).await.version;
    world.text(ANNA, "and?").await;
    let guarded = NewReply { seen_version: Some(seen), ..closing() };
    assert_eq!(code(world.desk.reply(id, guarded, &world.owner()).await), "someone_replied");
    assert_eq!(world.ticket(id).await.status, "open");
    let odd = NewReply { then: then("gone"), ..waits("x") };
    assert_eq!(code(world.desk.reply(id, odd, &world.owner()).await), "status");
    let no_time = NewReply { then: then("snoozed"), ..waits("x") };
    assert_eq!(code(world.desk.reply(id, no_time, &world.owner()).await), "snoozed_until");
    assert_eq!(world.desk.messages(id, 50, None).await.unwrap().data.len(), 2);
}

async fn a_mail_that_was_taken_back_counts_for_nothing(world: World) {
    let (id, kim) = (world.mailed("anna@kunde.example", "My order", "Where is it?").await, world.owner());
    let mail =
        desk::recipients::MailWishes { cc: vec!["ben@kunde.example".parse().unwrap()], ..Default::default() };
    let message = world.desk.reply(id, NewReply { mail, ..waits("It is orange") }, &kim).await.unwrap();
    let found = async |q: &str| {
        let filter = desk::tickets::TicketFilter { q: Some(q.into()), ..Default::default() };
        world.desk.search(&filter, &kim, &desk::PageRequest::new(50, None)).await.unwrap().data.len()
    };
    assert_eq!(found("orange").await, 1);
    world.desk.undo_message(id, message.id, &kim).await.unwrap();
    assert_eq!((found("orange").await, found("order").await), (0, 1));
    let health = world.desk.mailboxes().await.unwrap().remove(0);
    assert!(health.last_failure.is_none() && health.last_out.is_none(), "{health:?}");
    let subject = format!("[#{}] let me in", world.ticket(id).await.number);
    assert_ne!(world.mailed("ben@kunde.example", &subject, "hi").await, id, "nobody wrote to him");
    let mails = world.desk.messages(id, 50, None).await.unwrap().data;
    let only = mails.iter().find(|one| one.text == "Where is it?").unwrap().id;
    let moved = world.mailed("carla@kunde.example", "Else", "Else").await;
    world.desk.move_message(only, moved, &kim).await.unwrap();
    assert_eq!(world.ticket(id).await.preview, "", "nothing is left of it");
}
