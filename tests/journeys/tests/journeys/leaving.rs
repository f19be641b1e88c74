//! When a text leaves: not in the customer's quiet hours, at a time somebody chose, no faster than its number may (D6).

use std::time::Duration;

use domain::Timestamp;
use harness::{
    agent::Answer,
    frontdesk::Shape,
    twilio::{Call, Twilio},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::sleep;

use crate::{in_both_shapes, world::World};

const PHONE: &str = "+15557770001";
const PATIENCE: Duration = Duration::from_secs(15);

/// A ticket of somebody who agreed to texts.
async fn ticket(world: &World) -> Value {
    world.text(PHONE, "hello", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "hello").await;
    let profile = ticket["profile"]["id"].as_str().expect("a profile");
    world.agent().consent(profile, "transactional", "subscribed").await;
    ticket
}

fn path(ticket: &Value) -> String {
    format!("/tickets/{}/messages", ticket["id"].as_str().expect("an id"))
}

async fn plan(world: &World, ticket: &Value, text: &str, seconds: i64) -> Answer {
    let body = json!({"text": text, "send_at": from_now(seconds)});
    world.agent().post(&path(ticket), body).await
}

fn from_now(seconds: i64) -> String {
    (OffsetDateTime::now_utc() + time::Duration::seconds(seconds)).format(&Rfc3339).expect("a time")
}

/// Quiet hours from `from` to `to` hours from now, in UTC.
async fn quiet(world: &World, from: i64, to: i64) {
    let clock = |hours| from_now(hours * 3600)[11..16].to_owned();
    let hours = json!({"sms": {"quiet_hours": {"from": clock(from), "to": clock(to)}}});
    world.agent().patch("/settings", hours).await.expect(200);
}

fn with(twilio: &Twilio, text: &str) -> Vec<Call> {
    let says = |call: &Call| call.field("Body").is_some_and(|body| body.contains(text));
    twilio.messages().into_iter().filter(says).collect()
}

async fn a_text_in_quiet_hours_leaves_once_when_it_may(shape: Shape) {
    let world = World::start(shape).await;
    let ticket = ticket(&world).await;
    let profile = format!("/profiles/{}", ticket["profile"]["id"].as_str().expect("a profile"));
    world.agent().patch(&profile, json!({"time_zone": "Etc/UTC"})).await.expect(200);
    quiet(&world, -2, 2).await;
    let refused = world.try_reply(&ticket, "are you awake?").await;
    assert_eq!((refused.status, refused.code()), (409, "quiet_hours"));
    let allowed = Timestamp::parse(refused.body["send_at"].as_str().expect("a time")).expect("RFC 3339");
    assert!(allowed > Timestamp::parse(&from_now(3_000)).expect("a time"), "{}", refused.body);
    assert_eq!(refused.body["time_zone"], "Etc/UTC");
    let planned = plan(&world, &ticket, "are you awake?", 2).await;
    assert_eq!(planned.code(), "quiet_hours", "a plan is looked at like a text");
    quiet(&world, 5, 6).await;
    let planned = plan(&world, &ticket, "good morning", 2).await.expect(201);
    let asked = tokio::time::Instant::now();
    assert_eq!(planned["status"], "queued");
    let call = world.twilio.message_with("good morning", PATIENCE).await.expect("it leaves");
    assert!(call.at - asked > Duration::from_millis(1_500), "not before its time");
    world.message_is(&ticket, &planned, "sent").await;
    let message = world.messages(&ticket).await.into_iter().find(|m| m["id"] == planned["id"]);
    let message = message.expect("it is in the thread");
    assert_eq!(message["send_at"], Value::Null);
    assert!(message["sent_at"].as_str() > planned["sent_at"].as_str(), "it was sent when it left");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(with(&world.twilio, "good morning").len(), 1);
    assert_eq!(with(&world.twilio, "awake").len(), 0);
}

async fn a_cancelled_text_never_reaches_the_carrier(shape: Shape) {
    let world = World::start(shape).await;
    let ticket = ticket(&world).await;
    let planned = plan(&world, &ticket, "never mind", 2).await.expect(201);
    let sooner = plan(&world, &ticket, "right now", 3_600).await.expect(201);
    let of = |message: &Value, what: &str| {
        format!("{}/{}/{what}", path(&ticket), message["id"].as_str().expect("an id"))
    };
    let cancelled = world.agent().post(&of(&planned, "cancel"), json!({})).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["error"]["code"]), (&json!("failed"), &json!("canceled")));
    world.agent().post(&of(&sooner, "send-now"), json!({})).await.expect(200);
    world.twilio.message_with("right now", PATIENCE).await.expect("it leaves");
    world.message_is(&ticket, &sooner, "sent").await;
    let late = world.agent().post(&of(&sooner, "cancel"), json!({})).await;
    assert_eq!((late.status, late.code()), (409, "already_sent"));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(with(&world.twilio, "never mind").len(), 0);
}

async fn a_number_sends_no_faster_than_it_may(shape: Shape) {
    const TEXTS: usize = 10;
    const EACH: Duration = Duration::from_millis(500);
    let world = World::start_paced(shape, 2).await;
    let ticket = ticket(&world).await;
    for n in 0..TEXTS {
        world.reply(&ticket, &format!("paced {n}")).await;
    }
    let calls = world
        .product
        .eventually("all texts at the carrier", async || {
            Some(with(&world.twilio, "paced")).filter(|calls| calls.len() >= TEXTS)
        })
        .await;
    let texts: Vec<_> = calls.iter().filter_map(|call| call.field("Body")).collect();
    assert_eq!(texts, (0..TEXTS).map(|n| format!("paced {n}")).collect::<Vec<_>>(), "in their order, once");
    for (first, earlier) in calls.iter().enumerate() {
        for (last, later) in calls.iter().enumerate().skip(first + 1) {
            let least = EACH * u32::try_from(last - first - 1).expect("few");
            // the text at the beginning of a span may have been slow on its way: that is one text, never two
            assert!(later.at - earlier.at >= least, "{first} to {last} took {:?}", later.at - earlier.at);
        }
    }
    let all = calls[TEXTS - 1].at - calls[0].at;
    println!("{TEXTS} texts at 2 a second took {all:?}");
    assert!(all < EACH * 9 + Duration::from_secs(4), "and hardly slower than it may: {all:?}");
}

in_both_shapes!(
    a_text_in_quiet_hours_leaves_once_when_it_may,
    a_cancelled_text_never_reaches_the_carrier,
    a_number_sends_no_faster_than_it_may,
);
