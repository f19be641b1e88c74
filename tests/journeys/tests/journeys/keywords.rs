//! What customers say about texts is obeyed in every tongue, at once, and by whatever was on its way (B2, D2, D3).

use std::time::Duration;

use harness::{frontdesk::Shape, twilio::Mishap};
use serde_json::{Value, json};

use crate::{in_both_shapes, world::World};

const PHONE: &str = "+15557770001";
/// Opt-outs, each as somebody types it.
const OPT_OUTS: [&str; 12] = [
    "STOP",
    "ALTO",
    "ARRÊT",
    "ferma",
    "Parar",
    "STOPP",
    "afmelden",
    "Stop.",
    "\"STOP!\"",
    "stop 🛑",
    "please stop texting me",
    "CANCEL",
];

/// The world without automatic answers, so that every text that leaves is one of the story's.
async fn quiet(shape: Shape) -> World {
    let world = World::start(shape).await;
    let off = json!({"sms": {"auto_responder": {"mode": "off"}}});
    world.agent().patch("/settings", off).await.expect(200);
    world
}

/// A call of the carrier's API for that phone whose text contains that, taken or not.
async fn call_for(world: &World, phone: &str, text: &str, taken: bool) {
    world
        .product
        .eventually(&format!("a text to {phone} with {text:?}, taken: {taken}"), async || {
            let calls = world.twilio.calls();
            let is_it = calls.iter().any(|call| {
                call.field("To") == Some(phone)
                    && call.field("Body").is_some_and(|body| body.contains(text))
                    && call.sid.is_some() == taken
            });
            is_it.then_some(())
        })
        .await;
}

/// A customer who agreed to texts, with their ticket.
async fn subscriber(world: &World, phone: &str, n: usize) -> Value {
    world.text(phone, "JOIN", &format!("SMjoin{n}")).await;
    call_for(world, phone, "subscribed", true).await;
    let hello = format!("hello {n}");
    world.text(phone, &hello, &format!("SMhello{n}")).await;
    world.ticket_with("channel=sms", &hello).await
}

async fn an_opt_out_in_any_words_stops_even_what_waits(shape: Shape) {
    let world = quiet(shape).await;
    let mut waiting = Vec::new();
    for (n, word) in OPT_OUTS.into_iter().enumerate() {
        let phone = format!("+155577701{n:02}");
        let ticket = subscriber(&world, &phone, n).await;
        waiting.push((phone, word, ticket));
    }
    // the carrier says "not now" to the first answer: from then on every text of this number waits
    world.twilio.next(Mishap::Refuse { status: 429, code: 20429, retry_after: Some(12) });
    let mut replies = Vec::new();
    for (phone, _, ticket) in &waiting {
        let reply = world.reply(ticket, "one more thing").await;
        if replies.is_empty() {
            call_for(&world, phone, "one more thing", false).await;
            world.message_is(ticket, &reply, "queued").await;
        }
        replies.push(reply);
    }
    for (n, (phone, word, _)) in waiting.iter().enumerate() {
        world.text(phone, word, &format!("SMstop{n}")).await;
    }
    for ((phone, word, ticket), reply) in waiting.iter().zip(&replies) {
        call_for(&world, phone, "unsubscribed", true).await;
        world.message_is(ticket, reply, "failed").await;
        let messages = world.messages(ticket).await;
        let failed = messages.iter().find(|message| message["id"] == reply["id"]).expect("our message");
        assert_eq!(failed["error"]["code"], "sms_no_consent", "{word}");
        let refused = world.try_reply(ticket, "still there?").await;
        assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"), "{word}");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for (phone, word, _) in &waiting {
        let taken = world.twilio.messages();
        let bodies: Vec<_> = taken
            .iter()
            .filter(|call| call.field("To") == Some(phone))
            .map(|call| call.field("Body"))
            .collect();
        assert_eq!(
            bodies.len(),
            2,
            "{word}: the answers to JOIN and to the opt-out, and nothing else: {bodies:?}"
        );
    }
}

async fn start_brings_texts_back_and_help_is_answered(shape: Shape) {
    let world = quiet(shape).await;
    let ticket = subscriber(&world, PHONE, 1).await;
    world.text(PHONE, "STOP", "SM1").await;
    call_for(&world, PHONE, "unsubscribed", true).await;
    assert_eq!(world.try_reply(&ticket, "hi").await.status, 409);
    world.text(PHONE, "HELP", "SM2").await;
    call_for(&world, PHONE, "for help write to", true).await;
    assert_eq!(world.try_reply(&ticket, "hi").await.status, 409, "HELP is no consent");
    world.text(PHONE, "yes", "SM3").await;
    world
        .product
        .eventually("the composer is open again", async || {
            (world.ticket(&ticket).await["can_reply"]["allowed"] == true).then_some(())
        })
        .await;
    world.reply(&ticket, "welcome back").await;
    call_for(&world, PHONE, "welcome back", true).await;
    let profile = ticket["profile"]["id"].as_str().expect("a profile");
    let history = world.agent().get(&format!("/profiles/{profile}/consent")).await.expect(200);
    let sources: Vec<_> =
        history["data"].as_array().expect("a history").iter().map(|line| line["source"].clone()).collect();
    assert_eq!(
        sources,
        ["keyword:YES", "keyword:YES", "keyword:STOP", "keyword:STOP", "keyword:JOIN", "keyword:JOIN"]
    );
    assert_eq!(history["data"][2]["text"], "STOP");
}

async fn a_stop_by_the_store_changes_nothing(shape: Shape) {
    let world = quiet(shape).await;
    let ticket = subscriber(&world, PHONE, 1).await;
    world.text(PHONE, "Can you stop by the store?", "SM1").await;
    let same = world.ticket_with("channel=sms", "Can you stop by the store?").await;
    assert_eq!(same["id"], ticket["id"]);
    assert_eq!(same["can_reply"]["allowed"], true);
    world.reply(&ticket, "On our way").await;
    call_for(&world, PHONE, "On our way", true).await;
    let to_phone = world.twilio.messages().into_iter().filter(|call| call.field("To") == Some(PHONE)).count();
    assert_eq!(to_phone, 2, "the answer to JOIN and the agent's");
}

in_both_shapes!(
    an_opt_out_in_any_words_stops_even_what_waits,
    start_brings_texts_back_and_help_is_answered,
    a_stop_by_the_store_changes_nothing,
);
