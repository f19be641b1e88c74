//! A text becomes a ticket and the answer reaches the phone (B1, B2, C-S, C-Z, D2, D3).

use std::time::Duration;

use futures::future::join_all;
use harness::frontdesk::Shape;
use serde_json::json;

use crate::{
    in_both_shapes,
    world::{NUMBER, World, customer_texts},
};

const PHONE: &str = "+15557770001";

async fn a_text_becomes_a_ticket_and_the_answer_reaches_the_phone(shape: Shape) {
    let world = World::start(shape).await;
    world.text(PHONE, "Where is my order 1042?", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "Where is my order 1042?").await;
    assert_eq!(ticket["status"], "open");
    assert_eq!(ticket["profile"]["address"], PHONE);
    assert_eq!(ticket["can_reply"]["code"], "sms_no_consent", "D2: writing in is not consent");
    let refused = world.try_reply(&ticket, "Soon").await;
    assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"));

    world.text(PHONE, "JOIN", "SM2").await;
    world.twilio.message_with("subscribed", Duration::from_secs(10)).await.expect("the answer to JOIN");
    world.reply(&ticket, "It left our warehouse this morning.").await;
    let call =
        world.twilio.message_with("It left our warehouse", Duration::from_secs(10)).await.expect("a call");
    assert!(call.path.ends_with("/Messages.json"), "{}", call.path);
    assert_eq!((call.field("To"), call.field("From")), (Some(PHONE), Some(NUMBER)));
    assert_eq!(call.password, "the auth token");

    let messages = world.messages(&ticket).await;
    let ours =
        messages.iter().find(|m| m["text"] == "It left our warehouse this morning.").expect("our message");
    world.message_is(&ticket, ours, "sent").await;
    for status in ["delivered", "sent"] {
        let base = world.product.url("sms-ingest");
        let answer = world.twilio.status_callback(&base, &call, status, None).await.expect("an answer");
        assert_eq!(answer, 200);
    }
    world.message_is(&ticket, ours, "delivered").await;
    assert_eq!(customer_texts(&world.messages(&ticket).await).len(), 2, "the text and the keyword, no more");
    assert_eq!(world.tickets("channel=sms").await.len(), 1);
}

async fn one_message_posted_fifty_times_at_once_is_one_message(shape: Shape) {
    let world = World::start(shape).await;
    let posts = (0..50).map(|_| world.text(PHONE, "only once", "SM77"));
    join_all(posts).await;
    let ticket = world.ticket_with("channel=sms", "only once").await;
    world.text(PHONE, "and then this", "SM78").await;
    world.ticket_with("channel=sms", "and then this").await;
    assert_eq!(customer_texts(&world.messages(&ticket).await), ["only once", "and then this"]);
}

async fn a_text_reopens_a_closed_ticket_and_wakes_a_snoozed_one(shape: Shape) {
    let world = World::start(shape).await;
    world.text(PHONE, "first", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "first").await;
    world.change(&ticket, json!({"status": "closed"})).await;
    world.text(PHONE, "second", "SM2").await;
    world.ticket_with("channel=sms&status=open", "second").await;
    world.change(&ticket, json!({"status": "snoozed", "snoozed_until": "2099-01-01T08:00:00Z"})).await;
    world.text(PHONE, "third", "SM3").await;
    let woken = world.ticket_with("channel=sms&status=open", "third").await;
    assert_eq!(woken["id"], ticket["id"], "C-S: one thread for ever");
    assert_eq!(woken["unread"], true);
}

async fn a_stop_between_click_and_send_wins(shape: Shape) {
    let world = World::start(shape).await;
    world.text(PHONE, "hello", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "hello").await;
    world.text(PHONE, "START", "SM2").await;
    world.twilio.message_with("subscribed", Duration::from_secs(10)).await.expect("the answer to START");
    world.text(PHONE, "STOP", "SM3").await;
    world.twilio.message_with("unsubscribed", Duration::from_secs(10)).await.expect("the answer to STOP");
    let refused = world.try_reply(&ticket, "too late").await;
    assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"));
    let profile = ticket["profile"]["id"].as_str().expect("a profile");
    let body = json!({"channel": "sms", "kind": "transactional", "state": "subscribed", "source": "phone call",
        "text": "She asked us on the phone to text her again"});
    world.agent().post(&format!("/profiles/{profile}/consent"), body).await.expect(201);
    world.reply(&ticket, "welcome back").await;
    world.twilio.message_with("welcome back", Duration::from_secs(10)).await.expect("the text leaves");
}

in_both_shapes!(
    a_text_becomes_a_ticket_and_the_answer_reaches_the_phone,
    one_message_posted_fifty_times_at_once_is_one_message,
    a_text_reopens_a_closed_ticket_and_wakes_a_snoozed_one,
    a_stop_between_click_and_send_wins,
);
