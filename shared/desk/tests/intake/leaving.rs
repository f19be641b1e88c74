//! D6 and the send queue: quiet hours, messages that leave later, cancelled ones. The suite's clock begins at 04:40 in
//! London, which is 23:40 in New York.

use bus::topic::{MESSAGE_CHANGED, MESSAGE_MOVED, OUTBOUND_EMAIL, OUTBOUND_SMS};
use desk::{
    DeskError,
    campaign::{NewCampaignMessage, Recipient, Source, Way},
    profiles::ProfilePatch,
    quiet::Quiet,
    reply::NewReply,
};
use domain::{
    Address, AuthorKind, Message, MessageId, MessageStatus, TicketId, Timestamp,
    event::{ClaimSend, SendDecision},
    zone,
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{ANNA, World, session};

on_both!(
    d6_a_text_that_would_wake_somebody_up_is_refused_with_what_would_help,
    d6_a_planned_text_leaves_once_at_its_time,
    d6_a_decision_is_recorded_and_outlives_the_wait,
    d6_quiet_hours_are_those_of_the_moment_of_sending,
    d6_answers_to_somebody_who_just_wrote_are_not_held,
    d6_a_campaign_message_is_held_until_it_is_allowed,
    d6_the_composer_knows_the_recipients_time,
    what_cannot_be_planned_is_refused,
    a_cancelled_message_never_leaves,
    a_planned_message_can_leave_sooner,
    a_planned_mail_answers_what_came_last,
    a_planned_text_is_looked_at_again_when_it_leaves,
    a_crash_before_or_after_the_timer_loses_and_doubles_nothing,
);

const NEW_YORK: &str = "+12125550100";
const HOUR: i64 = 3_600_000;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn eight_in_new_york() -> Timestamp {
    at("2025-11-21T13:00:00Z")
}

fn reply(text: &str) -> NewReply {
    NewReply { text: text.into(), ..NewReply::default() }
}

fn later(text: &str, send_at: Timestamp) -> NewReply {
    NewReply { send_at: Some(send_at), ..reply(text) }
}

/// A ticket of somebody who agreed to texts.
async fn ticket(world: &World, number: &str) -> TicketId {
    world.take(world.text(&format!("join {number}"), number, "JOIN")).await;
    world.take(world.text(&format!("hi {number}"), number, "hi")).await.ticket_id.unwrap()
}

async fn send(world: &World, id: TicketId, new: NewReply) -> Result<Message, DeskError> {
    world.desk.reply(id, new, &world.actor()).await
}

fn quiet(result: Result<Message, DeskError>) -> Quiet {
    match result.unwrap_err() {
        DeskError::QuietHours(quiet) => quiet,
        other => panic!("{other}"),
    }
}

/// Texts that were handed to the notifier, without keyword answers.
async fn left(world: &World) -> Vec<String> {
    let all = world.told(OUTBOUND_SMS).await.into_iter().map(|work| work.text);
    all.filter(|text| !text.starts_with("Frontdesk:")).collect()
}

async fn claim(world: &World, message_id: MessageId, n: u128) -> SendDecision {
    world.desk.claim_send(&ClaimSend { message_id, claim: Uuid::from_u128(n) }).await.unwrap()
}

fn code(result: Result<Message, DeskError>) -> String {
    match result.unwrap_err() {
        DeskError::Conflict { code, .. } => code.into(),
        DeskError::Invalid { field, .. } => field.into(),
        other => other.to_string(),
    }
}

async fn d6_a_text_that_would_wake_somebody_up_is_refused_with_what_would_help(world: World) {
    let id = ticket(&world, NEW_YORK).await;
    let refused = quiet(send(&world, id, reply("hello")).await);
    assert_eq!((refused.local_time.as_str(), refused.time_zone.as_str()), ("23:40", "America/New_York"));
    assert_eq!(refused.until, eight_in_new_york());
    let planned = quiet(send(&world, id, later("hello", at("2025-11-22T02:30:00Z"))).await);
    assert_eq!((planned.local_time.as_str(), planned.until), ("21:30", at("2025-11-22T13:00:00Z")));
    assert!(left(&world).await.is_empty());
    let unknown = ticket(&world, ANNA).await;
    send(&world, unknown, reply("nobody knows where 555 is")).await.unwrap();
    world.turn(eight_in_new_york().millis() - world.now().millis());
    send(&world, id, reply("good morning")).await.unwrap();
    assert_eq!(left(&world).await, ["nobody knows where 555 is", "good morning"]);
}

async fn d6_a_planned_text_leaves_once_at_its_time(world: World) {
    let id = ticket(&world, NEW_YORK).await;
    let message = send(&world, id, later("good morning", eight_in_new_york())).await.unwrap();
    assert_eq!((message.status, message.send_at), (MessageStatus::Queued, Some(eight_in_new_york())));
    assert_eq!(world.message(id, message.id).await, message, "it is shown in its place at once");
    assert_eq!(world.ticket(id).await.first_response_at, None, "a plan is no answer yet");
    assert_eq!(world.desk.next_timer().await.unwrap(), Some(eight_in_new_york()));
    world.turn(eight_in_new_york().millis() - world.now().millis() - 1);
    assert_eq!(world.desk.run_due_timers().await.unwrap(), 0);
    assert!(left(&world).await.is_empty());
    world.turn(1);
    let (one, two) = (world.desk.clone(), world.replica().await);
    let both = tokio::join!(
        tokio::spawn(async move { one.run_due_timers().await }),
        tokio::spawn(async move { two.run_due_timers().await })
    );
    both.0.unwrap().unwrap();
    both.1.unwrap().unwrap();
    assert_eq!(left(&world).await, ["good morning"], "two replicas, one text");
    let now = world.message(id, message.id).await;
    assert_eq!((now.send_at, now.sent_at, now.seq), (None, eight_in_new_york(), message.seq));
    let told = world.told(MESSAGE_CHANGED).await;
    assert_eq!((told.len(), &told[0].message, &told[0].ticket), (1, &now, &world.ticket(id).await));
    assert_eq!(told[0].ticket.first_response_at, Some(eight_in_new_york()));
    assert_eq!(claim(&world, message.id, 1).await, SendDecision::Send);
}

async fn d6_a_decision_is_recorded_and_outlives_the_wait(world: World) {
    let id = ticket(&world, NEW_YORK).await;
    let decided = NewReply { quiet_hours_override: true, ..reply("your flight is cancelled") };
    let message = send(&world, id, decided).await.unwrap();
    assert!(message.why.ends_with("sent in quiet hours (23:40) by Kim's decision"), "{}", message.why);
    assert_eq!(claim(&world, message.id, 1).await, SendDecision::Send);
    let soon = world.now().plus(HOUR);
    let planned = NewReply { quiet_hours_override: true, ..later("and another one", soon) };
    let message = send(&world, id, planned).await.unwrap();
    assert!(message.why.contains("(00:40) by Kim's decision"), "{}", message.why);
    world.turn(HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(left(&world).await, ["your flight is cancelled", "and another one"]);
}

async fn d6_quiet_hours_are_those_of_the_moment_of_sending(world: World) {
    let id = ticket(&world, NEW_YORK).await;
    let message = send(&world, id, later("good morning", eight_in_new_york())).await.unwrap();
    let hours = |from, to| json!({"sms": {"quiet_hours": {"from": from, "to": to}}});
    world.desk.patch_settings(&hours("20:00", "10:00"), &world.actor()).await.unwrap();
    world.turn(eight_in_new_york().millis() - world.now().millis());
    world.desk.run_due_timers().await.unwrap();
    let ten = eight_in_new_york().plus(2 * HOUR);
    assert_eq!(world.message(id, message.id).await.send_at, Some(ten), "held until it is allowed");
    assert_eq!(world.told(MESSAGE_CHANGED).await[0].message.send_at, Some(ten));
    world.turn(2 * HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(left(&world).await, ["good morning"]);
    // handed over, but not taken by the notifier before it became quiet: it comes back
    world.desk.patch_settings(&hours("09:00", "12:00"), &world.actor()).await.unwrap();
    assert!(matches!(claim(&world, message.id, 1).await, SendDecision::Drop { .. }));
    assert_eq!(world.message(id, message.id).await.send_at, Some(ten.plus(2 * HOUR)));
    world.turn(2 * HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(left(&world).await.len(), 2, "handed over again, under another id");
    assert_eq!(claim(&world, message.id, 2).await, SendDecision::Send);
    assert!(matches!(claim(&world, message.id, 3).await, SendDecision::Uncertain), "and never twice");
}

async fn d6_answers_to_somebody_who_just_wrote_are_not_held(world: World) {
    world.take(world.text("help", NEW_YORK, "HELP")).await;
    let work = world.told(OUTBOUND_SMS).await.pop().unwrap();
    assert_eq!((work.to.as_str(), work.text.contains("for help")), (NEW_YORK, true));
    assert_eq!(claim(&world, work.message_id, 1).await, SendDecision::Send);
}

async fn d6_a_campaign_message_is_held_until_it_is_allowed(world: World) {
    for number in [NEW_YORK, "+16465550100"] {
        world.take(world.text(&format!("join {number}"), number, "JOIN")).await;
        let campaign = NewCampaignMessage {
            to: Recipient::Address(Address::of_sms_sender(number)),
            from: None,
            source: Source { kind: AuthorKind::Campaign, id: "c1".into(), name: "Sale".into() },
            text: "Sale!".into(),
            way: Way::Send,
            key: None,
        };
        let written = world.desk.add_campaign_message(campaign, &world.actor()).await.unwrap();
        assert_eq!(written.message.send_at, Some(eight_in_new_york()), "with or without a ticket");
    }
    world.turn(eight_in_new_york().millis() - world.now().millis() + 1_000);
    let early = world.take(world.text("early", NEW_YORK, "hi")).await.ticket_id.unwrap();
    assert_eq!(world.ticket(early).await.attribution, None, "I1: what still waits was not received");
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(left(&world).await, ["Sale!", "Sale!"]);
    world.turn(1_000);
    world.take(world.text("answer", NEW_YORK, "which sale?")).await;
    assert_eq!(world.ticket(early).await.attribution.unwrap().id, "c1");
}

async fn d6_the_composer_knows_the_recipients_time(world: World) {
    let id = ticket(&world, NEW_YORK).await;
    let time = world.desk.recipient_time(id).await.unwrap();
    assert_eq!((time.time_zones, time.source), (vec!["America/New_York".to_owned()], zone::Source::Number));
    assert_eq!((time.local_time.as_deref(), time.quiet), (Some("23:40"), true));
    assert_eq!(time.next_allowed_at, Some(eight_in_new_york()));
    let profile = world.profile_of(id).await;
    let place = ProfilePatch { location: Some(Some("Honolulu, HI".into())), ..ProfilePatch::default() };
    world.desk.change_profile(profile, place, &world.actor()).await.unwrap();
    let time = world.desk.recipient_time(id).await.unwrap();
    assert_eq!(
        (time.source, time.local_time.as_deref(), time.quiet),
        (zone::Source::Location, Some("18:40"), false)
    );
    let zone = ProfilePatch { time_zone: Some(Some("Asia/Tokyo".into())), ..ProfilePatch::default() };
    world.desk.change_profile(profile, zone, &world.actor()).await.unwrap();
    let time = world.desk.recipient_time(id).await.unwrap();
    assert_eq!((time.source, time.local_time.as_deref()), (zone::Source::Profile, Some("13:40")));
    send(&world, id, reply("konnichiwa")).await.unwrap();
    let unknown = world.desk.recipient_time(ticket(&world, ANNA).await).await.unwrap();
    assert_eq!((unknown.source, unknown.local_time, unknown.quiet), (zone::Source::Unknown, None, false));
}

async fn what_cannot_be_planned_is_refused(world: World) {
    let id = ticket(&world, ANNA).await;
    for when in [world.now(), world.now().plus(-1), world.now().plus(400 * 24 * HOUR)] {
        assert_eq!(code(send(&world, id, later("hello", when)).await), "send_at", "{when}");
    }
    let chat = world.take(world.chatted(&world.chat(session(1), "v", "hi"))).await.ticket_id.unwrap();
    assert_eq!(code(send(&world, chat, later("hello", world.now().plus(HOUR))).await), "send_at");
}

async fn a_cancelled_message_never_leaves(world: World) {
    let id = ticket(&world, ANNA).await;
    let message = send(&world, id, later("hello", world.now().plus(HOUR))).await.unwrap();
    let kim = world.actor();
    let cancel = |id, message| world.desk.cancel_message(id, message, &kim);
    for _ in 0..2 {
        let message = cancel(id, message.id).await.unwrap();
        assert_eq!((message.status, message.send_at), (MessageStatus::Failed, None));
        assert_eq!(message.error.unwrap().code, "canceled");
    }
    assert_eq!(world.told(MESSAGE_MOVED).await.len(), 1, "told once");
    assert_eq!(world.told(MESSAGE_CHANGED).await.pop().unwrap().message.send_at, None);
    world.turn(2 * HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert!(left(&world).await.is_empty());
    assert_eq!(
        code(world.desk.send_message_now(id, message.id, false, &world.actor()).await),
        "already_sent"
    );
    // one that was handed over but not claimed can be taken back as well; one that was claimed cannot
    let message = send(&world, id, reply("hm")).await.unwrap();
    cancel(id, message.id).await.unwrap();
    assert!(matches!(claim(&world, message.id, 1).await, SendDecision::Drop { .. }));
    let message = send(&world, id, reply("gone")).await.unwrap();
    claim(&world, message.id, 1).await;
    assert_eq!(code(cancel(id, message.id).await), "already_sent");
    let theirs = world.messages(id).await.into_iter().find(|message| message.text == "hi").unwrap();
    assert!(matches!(cancel(id, theirs.id).await, Err(DeskError::NotFound("message"))));
    let other = ticket(&world, NEW_YORK).await;
    assert!(matches!(cancel(other, message.id).await, Err(DeskError::NotFound("message"))));
}

async fn a_planned_message_can_leave_sooner(world: World) {
    let id = ticket(&world, NEW_YORK).await;
    let message = send(&world, id, later("good morning", eight_in_new_york())).await.unwrap();
    let kim = world.actor();
    let now = |decided| world.desk.send_message_now(id, message.id, decided, &kim);
    assert_eq!(quiet(now(false).await).local_time, "23:40");
    let sent = now(true).await.unwrap();
    assert_eq!((sent.send_at, sent.sent_at), (None, world.now()));
    assert!(sent.why.ends_with("sent in quiet hours (23:40) by Kim's decision"), "{}", sent.why);
    now(false).await.unwrap();
    world.turn(24 * HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(left(&world).await, ["good morning"]);
    assert_eq!(claim(&world, message.id, 1).await, SendDecision::Send);
    assert_eq!(code(now(false).await), "already_sent");
}

async fn a_planned_mail_answers_what_came_last(world: World) {
    let first = world.mail("m1", "anna@customer.example", "My order", "Where is it?");
    let id = world.take(world.mailed(&first)).await.ticket_id.unwrap();
    let message = send(&world, id, later("On its way", world.now().plus(HOUR))).await.unwrap();
    assert_eq!(world.told(OUTBOUND_EMAIL).await.len(), 0);
    world.turn(HOUR / 2);
    let mut second = world.mail("m2", "anna@customer.example", "Re: My order", "Hello?");
    second.refers_to = vec!["m1@customer.example".into()];
    second.references = second.refers_to.clone();
    assert_eq!(world.take(world.mailed(&second)).await.ticket_id, Some(id));
    world.turn(HOUR / 2);
    world.desk.run_due_timers().await.unwrap();
    let work = world.told(OUTBOUND_EMAIL).await.pop().unwrap();
    assert_eq!((work.message_id, work.in_reply_to.as_deref()), (message.id, Some("m2@customer.example")));
    assert_eq!(work.references, ["m1@customer.example", "m2@customer.example"]);
    // the customer's answer to it finds the thread
    let mut third = world.mail("m3", "anna@customer.example", "Re: My order", "Thanks");
    third.refers_to = vec![work.mail_id];
    assert_eq!(world.take(world.mailed(&third)).await.ticket_id, Some(id));
}

async fn a_planned_text_is_looked_at_again_when_it_leaves(world: World) {
    let id = ticket(&world, ANNA).await;
    let message = send(&world, id, later("hello", world.now().plus(HOUR))).await.unwrap();
    world.turn(1_000);
    world.take(world.text("stop", ANNA, "STOP")).await;
    world.turn(HOUR);
    world.desk.run_due_timers().await.unwrap();
    assert!(matches!(claim(&world, message.id, 1).await, SendDecision::Drop { .. }));
    assert_eq!(world.message(id, message.id).await.error.unwrap().code, "sms_no_consent");
}

async fn a_crash_before_or_after_the_timer_loses_and_doubles_nothing(world: World) {
    let id = ticket(&world, ANNA).await;
    let dying = world.dying_desk().await;
    let message = dying.reply(id, later("hello", world.now().plus(HOUR)), &world.actor()).await.unwrap();
    world.turn(HOUR);
    dying.run_due_timers().await.unwrap();
    assert!(left(&world).await.is_empty(), "it died between the commit and the bus");
    world.turn(5_000);
    world.desk.publish_left_over().await.unwrap();
    world.desk.run_due_timers().await.unwrap();
    world.desk.publish_left_over().await.unwrap();
    assert_eq!(left(&world).await, ["hello"]);
    assert_eq!(claim(&world, message.id, 1).await, SendDecision::Send);
}
