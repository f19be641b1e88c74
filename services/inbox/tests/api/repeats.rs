//! `Idempotency-Key`: nothing happens twice.

use futures::future::join_all;
use harness::agent::{Agent, Answer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

async fn post(agent: &Agent, path: &str, key: &str, body: Value) -> Answer {
    agent.send(agent.request(Method::POST, path).header("idempotency-key", key).json(&body)).await
}

async fn answerable(world: &World) -> String {
    let ticket = world.text("+15550002222", "hello").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.consent(&profile, "transactional", "subscribed").await;
    ticket
}

async fn ours(world: &World, ticket: &str) -> usize {
    world.owner.messages(ticket).await.iter().filter(|message| message["author"]["kind"] == "agent").count()
}

#[tokio::test]
async fn the_same_answer_sent_again_is_one_message() {
    let world = World::new().await;
    let ticket = answerable(&world).await;
    let path = format!("/tickets/{ticket}/messages");
    let first = post(&world.owner, &path, "k1", json!({"text": "on its way"})).await;
    let again = post(&world.owner, &path, "k1", json!({"text": "on its way"})).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(first.expect(201), again.expect(201));
    let other = post(&world.owner, &path, "k1", json!({"text": "something else"})).await;
    assert_eq!((other.status, other.code()), (409, "idempotency_key_reused"));
    assert_eq!(ours(&world, &ticket).await, 1);
    let colleague = world.with_role(domain::Role::Support).await;
    post(&colleague, &path, "k1", json!({"text": "on its way"})).await.expect(201);
    assert_eq!(ours(&world, &ticket).await, 2, "keys belong to who sends them");
}

#[tokio::test]
async fn twenty_clicks_at_once_are_one_message() {
    let world = World::new().await;
    let ticket = answerable(&world).await;
    let path = format!("/tickets/{ticket}/messages");
    let clicks = (0..20).map(|_| post(&world.owner, &path, "click", json!({"text": "once"})));
    for answer in join_all(clicks).await {
        let waits = (answer.status, answer.code()) == (409, "idempotency_in_progress");
        assert!(answer.status == 201 || waits, "{}", answer.body);
    }
    assert_eq!(ours(&world, &ticket).await, 1);
    post(&world.owner, &path, "click", json!({"text": "once"})).await.expect(201);
}

#[tokio::test]
async fn an_answer_written_before_a_crash_is_found_again_by_its_key() {
    let world = World::new().await;
    let ticket = answerable(&world).await;
    let owner = world.desk.actor_of_key(crate::world::KEY).await.unwrap().unwrap();
    let reply = || desk::reply::NewReply { text: "sent".into(), key: Some("k".into()), ..Default::default() };
    // Committed, but the process died before the answer was kept.
    let written = world.desk.reply(ticket.parse().unwrap(), reply(), &owner).await.unwrap();
    let path = format!("/tickets/{ticket}/messages");
    let again = post(&world.owner, &path, "k", json!({"text": "sent"})).await.expect(201);
    assert_eq!(again["id"], written.id.to_string());
    assert_eq!(ours(&world, &ticket).await, 1);
}

#[tokio::test]
async fn after_a_refusal_the_same_key_may_try_again() {
    let world = World::new().await;
    let ticket = world.text("+15550002222", "hello").await;
    let path = format!("/tickets/{ticket}/messages");
    let refused = post(&world.owner, &path, "k", json!({"text": "hi"})).await;
    assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"));
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.consent(&profile, "marketing", "subscribed").await;
    post(&world.owner, &path, "k", json!({"text": "hi"})).await.expect(201);
}

#[tokio::test]
async fn every_post_honours_the_key() {
    let world = World::new().await;
    let ticket = world.text("+15550002222", "hello").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    let path = format!("/profiles/{profile}/consent");
    let body = json!({"channel": "sms", "kind": "marketing", "state": "subscribed", "source": "form", "text": "yes"});
    for _ in 0..3 {
        post(&world.owner, &path, "c1", body.clone()).await.expect(201);
    }
    assert_eq!(world.owner.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 1);
    for _ in 0..2 {
        post(&world.owner, &format!("/tickets/{ticket}/typing"), "t1", json!({"on": true})).await.expect(204);
    }
    let bad = world.owner.request(Method::POST, &path).header("idempotency-key", "x".repeat(201)).json(&body);
    assert_eq!(world.owner.send(bad).await.code(), "bad_idempotency_key");
}
