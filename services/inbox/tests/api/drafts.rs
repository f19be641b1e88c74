//! Drafts and taking back, as the API tells it.

use harness::agent::Agent;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

async fn put(agent: &Agent, path: &str, body: Value) -> harness::agent::Answer {
    agent.send(agent.request(Method::PUT, path).json(&body)).await
}

#[tokio::test]
async fn a_draft_is_kept_shown_marked_and_thrown_away() {
    let world = World::new().await;
    let id = world.text("+12125550100", "hello").await;
    let path = format!("/tickets/{id}/draft");
    let none = world.owner.get(&path).await.expect(200);
    assert_eq!((&none["text"], &none["version"], &none["mail"]), (&json!(""), &json!(0), &Value::Null));
    let saved =
        put(&world.owner, &path, json!({"text": "Dear", "note": "us", "version": 0})).await.expect(200);
    assert_eq!(saved["replaced"], Value::Null);
    let other = put(&world.owner, &path, json!({"text": "Elsewhere", "version": 0})).await.expect(200);
    assert_eq!((&other["replaced"]["text"], &other["replaced"]["note"]), (&json!("Dear"), &json!("us")));
    assert_eq!(world.owner.get(&path).await.expect(200), other["draft"]);
    let marks = world.owner.get("/drafts").await.expect(200);
    assert_eq!(marks["data"][0]["ticket_id"], json!(id));
    let gone = world.owner.send(world.owner.request(Method::DELETE, &path)).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.owner.get("/drafts").await.expect(200)["data"], json!([]));
    let long = put(&world.owner, &path, json!({"note": "x".repeat(10_001)})).await;
    assert_eq!((long.status, long.code()), (422, "invalid"));
    let odd = put(&world.owner, &path, json!({"words": "x"})).await;
    assert!(odd.status == 400 || odd.status == 422, "{}", odd.status);
}

#[tokio::test]
async fn an_answer_waits_only_when_asked_and_can_be_taken_back() {
    let world = World::new().await;
    let id = world.text("+442071838750", "hello").await;
    let profile = world.owner.ticket(&id).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.consent(&profile, "transactional", "subscribed").await;
    let path = format!("/tickets/{id}/messages");
    let day = json!({"text": "at once", "quiet_hours_override": true});
    assert_eq!(world.owner.post(&path, day).await.expect(201)["send_at"], Value::Null);
    let body = json!({"text": "soon", "quiet_hours_override": true, "undo_seconds": 10, "status": "closed"});
    let sent = world.owner.post(&path, body).await.expect(201);
    assert!(sent["send_at"].is_string(), "{sent}");
    assert_eq!(world.owner.ticket(&id).await["status"], "closed");
    let undo = format!("{path}/{}/undo", sent["id"].as_str().unwrap());
    let draft = world.owner.send(world.owner.request(Method::POST, &undo)).await.expect(200);
    assert_eq!(draft["text"], "soon");
    assert_eq!(world.owner.ticket(&id).await["status"], "open");
    let long = json!({"text": "x", "quiet_hours_override": true, "undo_seconds": 61});
    let refused = world.owner.post(&path, long).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid"));
}
