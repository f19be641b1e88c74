//! When a text leaves, as the API tells it. The world's clock begins at 23:40 in New York.

use harness::agent::Agent;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const EIGHT: &str = "2025-11-21T13:00:00.000Z";

/// A ticket of somebody in New York who agreed to texts, and where it is answered.
async fn ticket(world: &World) -> (String, String) {
    let id = world.text("+12125550100", "hello").await;
    let ticket = world.owner.ticket(&id).await;
    world.owner.consent(ticket["profile"]["id"].as_str().unwrap(), "transactional", "subscribed").await;
    (id.clone(), format!("/tickets/{id}/messages"))
}

async fn post(agent: &Agent, path: &str) -> harness::agent::Answer {
    agent.send(agent.request(Method::POST, path)).await
}

#[tokio::test]
async fn d6_a_reply_in_quiet_hours_is_refused_with_what_would_help() {
    let world = World::new().await;
    let (id, path) = ticket(&world).await;
    let time = world.owner.get(&format!("/tickets/{id}/recipient-time")).await.expect(200);
    assert_eq!(
        time,
        json!({
            "time_zones": ["America/New_York"], "source": "number", "local_time": "23:40", "quiet": true,
            "next_allowed_at": EIGHT, "quiet_hours": {"from": "20:00", "to": "08:00"}
        })
    );
    let refused = world.owner.post(&path, json!({"text": "hi"})).await;
    assert_eq!((refused.status, refused.code()), (409, "quiet_hours"));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    let told = |name: &str| refused.body[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((told("send_at"), told("local_time")), (EIGHT.into(), "23:40".into()));
    assert_eq!(told("time_zone"), "America/New_York");
    let decided = json!({"text": "hi", "quiet_hours_override": true});
    let sent = world.owner.post(&path, decided).await.expect(201);
    assert_eq!((&sent["status"], &sent["send_at"]), (&json!("queued"), &Value::Null));
    assert!(sent["why"].as_str().unwrap().contains("in quiet hours (23:40) by "), "{sent}");
}

#[tokio::test]
async fn a_planned_message_is_shown_cancelled_or_sent_sooner() {
    let world = World::new().await;
    let (_, path) = ticket(&world).await;
    let plan = async || world.owner.post(&path, json!({"text": "hi", "send_at": EIGHT})).await.expect(201);
    let planned = plan().await;
    assert_eq!((&planned["status"], &planned["send_at"]), (&json!("queued"), &json!(EIGHT)));
    let mut live = world.owner.live(None).await;
    live.next_named("ready").await;
    let message = format!("{path}/{}", planned["id"].as_str().unwrap());
    let cancelled = post(&world.owner, &format!("{message}/cancel")).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["error"]["code"]), (&json!("failed"), &json!("canceled")));
    assert_eq!(live.next_named("message.changed").await.data["message"], cancelled);
    assert_eq!(live.next_named("message.moved").await.data["status"], "failed");
    let late = post(&world.owner, &format!("{message}/send-now")).await;
    assert_eq!((late.status, late.code()), (409, "already_sent"));

    let message = format!("{path}/{}", plan().await["id"].as_str().unwrap());
    let quiet = post(&world.owner, &format!("{message}/send-now")).await;
    assert_eq!((quiet.status, quiet.code()), (409, "quiet_hours"));
    let odd = world.owner.post(&format!("{message}/send-now"), json!({"force": true})).await;
    assert_eq!((odd.status, odd.code()), (400, "unreadable_json"));
    let now = json!({"quiet_hours_override": true});
    let sent = world.owner.post(&format!("{message}/send-now"), now).await.expect(200);
    assert_eq!(sent["send_at"], Value::Null);
    assert_eq!(live.next_named("message.changed").await.data["message"], sent);
    let nothing = post(&world.owner, &format!("{path}/nonsense/cancel")).await;
    assert_eq!((nothing.status, nothing.code()), (404, "not_found"));
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused() {
    let world = World::new().await;
    let (_, path) = ticket(&world).await;
    for (send_at, status) in [("2020-01-01T00:00:00Z", 422), ("2099-01-01T00:00:00Z", 422), ("tomorrow", 422)]
    {
        let answer = world.owner.post(&path, json!({"text": "hi", "send_at": send_at})).await;
        assert_eq!((answer.status, answer.code()), (status, "invalid"), "{send_at}");
    }
}
