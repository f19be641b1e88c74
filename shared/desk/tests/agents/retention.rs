//! What the settings keep only for some days goes after that, and nothing else does.

use bus::topic;
use desk::{PageRequest, ledger::LedgerFilter, reply::NewReply, retention::Over, tickets::TicketPatch};
use domain::{SessionId, TicketId, event::InboundEmail, settings::Privacy};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{ANNA, SUPPORT, World, code};

on_both!(
    closed_tickets_go_days_after_they_were_closed,
    what_is_open_or_has_something_to_send_stays,
    nothing_goes_while_nobody_asked_or_just_after_it_was_asked,
    a_mail_that_went_does_not_come_back,
    texts_without_a_ticket_and_what_the_ledger_holds_back_go_too,
);

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

async fn keeps(world: &World, days: Value) {
    world.desk.patch_settings(&json!({"privacy": days}), &world.owner()).await.unwrap();
    world.turn(2 * HOUR);
}

async fn round(world: &World) {
    while world.desk.take_what_is_over().await.unwrap() {}
}

async fn close(world: &World, id: TicketId) {
    let patch = TicketPatch { status: Some("closed".into()), ..TicketPatch::default() };
    world.desk.change_ticket(id, patch, &world.owner()).await.unwrap();
}

async fn is_there(world: &World, id: TicketId) -> bool {
    match world.desk.ticket(id).await {
        Ok(_) => true,
        other => code(other) != "ticket",
    }
}

async fn closed_tickets_go_days_after_they_were_closed(world: World) {
    let (desk, owner) = (&world.desk, &world.owner());
    let mail = world.mailed("anna@kunde.example", "Zyzzogeton", "all about it").await;
    let profile = world.profile_of(mail).await;
    desk.add_note(mail, "a note", owner).await.unwrap();
    let says = NewReply { text: "Dear Anna".into(), ..NewReply::default() };
    desk.reply(mail, says, owner).await.unwrap();
    world.sql("UPDATE messages SET status = 'sent' WHERE status = 'queued'").await;
    close(&world, mail).await;
    let chat = world.chat(SessionId(Uuid::new_v4()), "hello").await;
    close(&world, chat).await;
    keeps(&world, json!({"email_days": 30})).await;

    world.turn(29 * DAY);
    round(&world).await;
    assert!(is_there(&world, mail).await, "a day is left");
    let asked = Privacy { email_days: 20, chat_days: 20, ..Privacy::default() };
    assert_eq!(desk.tickets_over(&asked).await.unwrap(), Over { sms: 0, email: 1, chat: 1 });
    world.turn(DAY);
    round(&world).await;
    assert!(!is_there(&world, mail).await);
    assert!(is_there(&world, chat).await, "chats are kept for ever");
    assert_eq!(desk.profile(profile).await.unwrap().addresses.len(), 1, "the customer stays");
    let doomed = desk.doomed_blobs().await.unwrap();
    assert!(doomed.len() == 1 && doomed[0].starts_with("mail/"), "the raw mail goes: {doomed:?}");
    let lines = desk.ledger(&LedgerFilter::default(), &PageRequest::new(50, None)).await.unwrap().data;
    assert!(lines.iter().all(|line| line.ticket_id != Some(mail)), "{lines:?}");
    let again = world.mailed("anna@kunde.example", "Another matter", "hello again").await;
    assert_eq!(world.profile_of(again).await, profile);
}

async fn what_is_open_or_has_something_to_send_stays(world: World) {
    let open = world.text("+15550002201", "hi").await;
    let reopened = world.text("+15550002202", "hi").await;
    close(&world, reopened).await;
    let scheduled = world.text(ANNA, "hi").await;
    world.agrees(scheduled).await;
    let later =
        NewReply { text: "soon".into(), send_at: Some(world.now().plus(30 * DAY)), ..NewReply::default() };
    world.desk.reply(scheduled, later, &world.owner()).await.unwrap();
    close(&world, scheduled).await;
    let old = world.text("+15550002204", "hi").await;
    close(&world, old).await;
    keeps(&world, json!({"sms_days": 1})).await;
    assert_eq!(world.text("+15550002202", "me again").await, reopened);
    world.turn(3 * DAY);
    close(&world, reopened).await;
    round(&world).await;
    let there = async |id| is_there(&world, id).await;
    assert!(there(open).await, "open");
    assert!(there(reopened).await, "closed a moment ago, whenever somebody wrote last");
    assert!(there(scheduled).await, "an answer is still to leave");
    assert!(!there(old).await);
}

async fn nothing_goes_while_nobody_asked_or_just_after_it_was_asked(world: World) {
    let id = world.text(ANNA, "hi").await;
    close(&world, id).await;
    world.turn(5000 * DAY);
    round(&world).await;
    assert!(is_there(&world, id).await);
    world.desk.patch_settings(&json!({"privacy": {"sms_days": 3}}), &world.owner()).await.unwrap();
    world.turn(HOUR / 2);
    round(&world).await;
    assert!(is_there(&world, id).await, "a slip can be mended for an hour");
    world.turn(HOUR);
    round(&world).await;
    assert!(!is_there(&world, id).await);
    for odd in [json!({"sms_days": 3651}), json!({"sms_days": -1}), json!({"sms_days": "3"})] {
        let patch = json!({"privacy": odd});
        assert_eq!(code(world.desk.patch_settings(&patch, &world.owner()).await), "settings");
    }
}

async fn a_mail_that_went_does_not_come_back(world: World) {
    let mail = json!({
        "mailbox": SUPPORT, "recipient": "support@in.acme.example", "envelope_from": "anna@kunde.example",
        "message_id": "once@kunde.example", "refers_to": [], "references": [], "from": "anna@kunde.example",
        "from_name": "Anna", "subject": "Once", "text": "only once", "html": null, "attachments": [], "kind": "human",
        "raw": "mail/once.eml", "digest": "once", "sent_at": null, "received_at": world.now(),
    });
    let mail: InboundEmail = serde_json::from_value(mail).unwrap();
    let arrives = async || world.take_in(&format!("mail:{SUPPORT}:once"), topic::INBOUND_EMAIL, &mail).await;
    let id = arrives().await.unwrap();
    close(&world, id).await;
    keeps(&world, json!({"email_days": 7})).await;
    world.turn(8 * DAY);
    round(&world).await;
    assert!(!is_there(&world, id).await);
    assert_eq!(arrives().await, None, "a copy that was under way for long");
}

async fn texts_without_a_ticket_and_what_the_ledger_holds_back_go_too(world: World) {
    assert_eq!(world.text_somehow(ANNA, "STOP").await, None);
    let blocked = world.text("+15550002205", "hi").await;
    let profile = world.profile_of(blocked).await;
    world.desk.block(profile, &world.owner()).await.unwrap();
    assert_eq!(world.text_somehow("+15550002205", "a held back word").await, None);
    keeps(&world, json!({"sms_days": 7})).await;
    let held = async || {
        let lines =
            world.desk.ledger(&LedgerFilter::default(), &PageRequest::new(50, None)).await.unwrap().data;
        lines.iter().filter(|line| line.replayable).count()
    };
    assert_eq!(held().await, 1);
    world.turn(8 * DAY);
    round(&world).await;
    assert_eq!(held().await, 0);
}
