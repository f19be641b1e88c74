//! A visitor writes and the agent's answer comes back (B3, C-W, C-X, contract §6).

use harness::{
    frontdesk::Shape,
    visitor::{Kept, Visitor},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    in_both_shapes,
    world::{World, customer_texts},
};

async fn a_visitor_writes_and_the_answer_comes_back(shape: Shape) {
    let world = World::start(shape).await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    let ack = visitor.say("Is the red one in stock?").await.expect("an ack");
    assert_eq!(ack["seq"], 1);
    let ticket = world.ticket_with("channel=chat", "Is the red one in stock?").await;
    world.reply(&ticket, "Yes, three left.").await;
    let answer = visitor.wait_for("message").await.expect("the answer");
    assert_eq!((answer["text"].as_str(), answer["seq"].as_i64()), (Some("Yes, three left."), Some(2)));
    assert_eq!(answer["author"]["kind"], "agent");
}

async fn what_was_missed_comes_back_in_order_and_once(shape: Shape) {
    let world = World::start(shape).await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    let twice = Uuid::new_v4();
    for _ in 0..2 {
        visitor.write_as(twice, "sent twice, stored once").await.expect("written");
        assert_eq!(visitor.ack_of(twice).await.expect("an ack")["seq"], 1);
    }
    let ticket = world.ticket_with("channel=chat", "sent twice, stored once").await;
    let kept = visitor.cut();
    for n in 1..=5 {
        world.reply(&ticket, &format!("answer {n}")).await;
    }
    let (mut visitor, missed) = Visitor::resume(&kept).await.expect("back");
    let seqs: Vec<_> = missed.iter().map(|m| m["seq"].as_i64().unwrap_or(0)).collect();
    assert_eq!(seqs, [2, 3, 4, 5, 6], "{missed:?}");
    world.reply(&ticket, "answer 6").await;
    let live = visitor.wait_for("message").await.expect("a live answer");
    assert_eq!((live["text"].as_str(), live["seq"].as_i64()), (Some("answer 6"), Some(7)));
    assert_eq!(customer_texts(&world.messages(&ticket).await), ["sent twice, stored once"]);
}

async fn a_closed_chat_stays_closed_and_the_next_message_is_a_new_ticket(shape: Shape) {
    let world = World::start(shape).await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    visitor.say("first").await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", "first").await;
    world.change(&ticket, json!({"status": "closed"})).await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let refused = world.agent().patch(&path, json!({"status": "open"})).await;
    assert_eq!((refused.status, refused.code()), (409, "chat_closed"), "C-W: nobody can reopen it");
    let refused = world.try_reply(&ticket, "too late").await;
    assert_eq!((refused.status, refused.code()), (409, "chat_closed"));

    let ack = visitor.say("second").await.expect("an ack");
    assert_eq!(ack["seq"], 2, "the session goes on counting");
    world
        .product
        .eventually("a second ticket", async || {
            (world.tickets("channel=chat").await.len() == 2).then_some(())
        })
        .await;
    assert_eq!(world.ticket(&ticket).await["status"], "closed");
}

async fn a_second_session_of_the_same_visitor_is_a_second_ticket_on_one_profile(shape: Shape) {
    let world = World::start(shape).await;
    let who = json!({"visitor": {"id": "browser-1", "name": "Noor"}});
    for text in ["monday", "tuesday"] {
        let mut visitor = Visitor::connect(&world.page()).await.expect("a socket");
        visitor.hello(who.clone()).await.expect("ready");
        visitor.say(text).await.expect("an ack");
        visitor.go().await;
    }
    let monday = world.ticket_with("channel=chat", "monday").await;
    world.ticket_with("channel=chat", "tuesday").await;
    let all = world.tickets("channel=chat").await;
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|t| t["profile"]["id"] == monday["profile"]["id"]), "C-W: one profile");
}

async fn what_an_agent_has_read_stays_seen_after_a_reload(shape: Shape) {
    let world = World::start(shape).await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    visitor.say("Are you there?").await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", "Are you there?").await;
    let by_agent = |frame: &serde_json::Value| frame["type"] == "seen" && frame["by"] == "agent";
    world.change(&ticket, json!({"unread": false})).await;
    assert_eq!(visitor.wait_until(by_agent).await.expect("seen")["seq"], 1);
    // a page that is loaded again has nothing but the token
    let kept = Kept { last_seq: 0, ..visitor.go().await };
    let (mut visitor, messages) = Visitor::resume(&kept).await.expect("back");
    assert_eq!(messages.len(), 1);
    assert_eq!(visitor.wait_until(by_agent).await.expect("still seen")["seq"], 1);
    visitor.say("Hello?").await.expect("an ack");
    let (mut visitor, _) = Visitor::resume(&visitor.go().await).await.expect("back");
    let heard = visitor.listen_for(std::time::Duration::from_secs(1)).await;
    assert!(
        !heard.iter().any(|frame| by_agent(frame) && frame["seq"] == 2),
        "nobody has read that: {heard:?}"
    );
}

in_both_shapes!(
    a_visitor_writes_and_the_answer_comes_back,
    what_was_missed_comes_back_in_order_and_once,
    a_closed_chat_stays_closed_and_the_next_message_is_a_new_ticket,
    a_second_session_of_the_same_visitor_is_a_second_ticket_on_one_profile,
    what_an_agent_has_read_stays_seen_after_a_reload,
);
