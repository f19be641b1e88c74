//! A2, A3: who the customer is, and who wrote what.

use std::collections::BTreeSet;

use harness::{frontdesk::Shape, visitor::Visitor};
use serde_json::{Value, json};

use super::{ANNA, PHONE, id, mails, profile, texts};
use crate::{
    in_both_shapes,
    world::{World, customer_texts},
};

async fn a2_one_customer_is_one_profile_with_a_ticket_on_each_channel(shape: Shape) {
    let world = super::quiet(shape).await;
    let text = texts(&world, PHONE, "my order is late").await;
    let mail = mails(&world, ANNA, "Late", "my order is still late").await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    visitor.say("and now I am here").await.expect("an ack");
    let chat = world.ticket_with("channel=chat", "and now I am here").await;
    let agent = world.agent();
    for other in [&mail, &chat] {
        let merge = json!({"profile_id": profile(other)});
        agent.post(&format!("/profiles/{}/merge", profile(&text)), merge).await.expect(200);
    }
    let one = agent.get(&format!("/profiles/{}", profile(&text))).await.expect(200);
    assert_eq!(one["tickets"], 3, "a ticket is one conversation on one channel: {one}");
    let known = one["addresses"].as_array().expect("addresses").iter();
    let kinds: BTreeSet<_> = known.filter_map(|address| address["kind"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["email", "phone", "visitor"]), "{one}");
    for (ticket, words) in
        [(&text, "my order is late"), (&mail, "my order is still late"), (&chat, "and now I am here")]
    {
        let now = world.ticket(ticket).await;
        assert_eq!((&now["profile"]["id"], &now["channel"]), (&one["id"], &ticket["channel"]));
        assert_eq!(
            customer_texts(&world.messages(ticket).await),
            [words],
            "each channel has its conversation"
        );
    }
}

/// Direction and author of a message.
fn written(message: &Value) -> (String, String) {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    (word(&message["direction"]), word(&message["author"]["kind"]))
}

async fn a3_what_customers_send_is_inbound_and_whatever_we_send_is_outbound(shape: Shape) {
    let world = World::start(shape).await;
    let ticket = texts(&world, PHONE, "is anybody there?").await;
    world.text(PHONE, "HELP", "SMhelp").await;
    let agent = world.agent();
    let source = json!({"kind": "campaign", "id": "c-1", "name": "Spring sale"});
    let campaign = json!({"profile": {"id": profile(&ticket)}, "channel": "sms", "source": source, "send": false,
        "text": "Spring sale!"});
    agent.post("/messages", campaign).await.expect(201);
    agent.consent(&profile(&ticket), "transactional", "subscribed").await;
    let ours = world.reply(&ticket, "Yes, we are.").await;
    assert_eq!(written(&ours), ("out".into(), "agent".into()));
    let expected = [
        ("in", "customer"),
        ("in", "keyword"),
        ("out", "agent"),
        ("out", "auto_responder"),
        ("out", "campaign"),
        ("out", "keyword"),
    ];
    let expected: BTreeSet<_> = expected.map(|(way, who)| (way.to_owned(), who.to_owned())).into();
    world
        .product
        .eventually("a message of every author, each on its side", async || {
            let all: BTreeSet<_> = world.messages(&ticket).await.iter().map(written).collect();
            (all == expected).then_some(())
        })
        .await;
    let all = world.messages(&ticket).await;
    assert_eq!(customer_texts(&all), ["is anybody there?", "HELP"], "a bare HELP is inbound, too");
    assert!(all.iter().any(|message| message["id"] == id(&ours)));
}

in_both_shapes!(
    a2_one_customer_is_one_profile_with_a_ticket_on_each_channel,
    a3_what_customers_send_is_inbound_and_whatever_we_send_is_outbound,
);
