//! A1: people are invited, get back in, are shut out, and what was done is in the audit log.

use std::time::Duration;

use harness::{
    agent::Agent,
    frontdesk::{OWNER, PASSWORD, PUBLIC_URL, Shape},
};
use serde_json::{Value, json};

use crate::{in_both_shapes, world::World};

const MAYA: &str = "maya@acme.example";

/// The token in the link of the mail that was sent last to somebody and has these words.
async fn token(world: &World, words: &str) -> String {
    let mail = world.relay.mail_with(words, Duration::from_secs(20)).await.expect("a mail");
    assert_eq!(mail.to, [MAYA]);
    let text = mail.text().replace("=\r\n", "").replace("=3D", "=");
    assert!(text.contains(PUBLIC_URL), "{text}");
    let after = text.split("?token=").nth(1).expect("a link").to_owned();
    after.split_whitespace().next().expect("a token").to_owned()
}

async fn invited(world: &World) -> Agent {
    let new = json!({"email": MAYA, "role": "support"});
    let invitation = world.agent().post("/invitations", new).await.expect(201);
    assert_eq!(invitation["email"], MAYA);
    let token = token(world, "Choose a password and begin").await;
    let base = world.product.url("inbox");
    let nobody = Agent::nobody(&base);
    let welcome = nobody.post("/session/invitation/show", json!({"token": token})).await.expect(200);
    assert_eq!((&welcome["email"], &welcome["role"]), (&json!(MAYA), &json!("support")));
    let accept = json!({"token": token, "name": "Maya", "password": "a password of hers"});
    let session = nobody.post("/session/invitation", accept.clone()).await.expect(201);
    assert_eq!(session["user"]["name"], "Maya");
    assert_eq!(nobody.post("/session/invitation", accept).await.expect(401)["code"], "link_spent");
    let pending = world.agent().get("/invitations").await.expect(200);
    assert_eq!(pending["data"], json!([]));
    Agent::sign_in(&base, MAYA, "a password of hers").await
}

/// Lines of the log, oldest first, as "who action object".
async fn log(world: &World, query: &str) -> Vec<String> {
    let page = world.agent().get(&format!("/audit?limit=200{query}")).await.expect(200);
    let line = |entry: &Value| {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        [&entry["actor"]["kind"], &entry["action"], &entry["object"]["kind"]].map(word).join(" ")
    };
    let mut lines: Vec<_> = page["data"].as_array().expect("lines").iter().map(line).collect();
    lines.reverse();
    lines
}

async fn a1_somebody_invited_by_mail_comes_in_and_works(shape: Shape) {
    let world = World::start(shape).await;
    let maya = invited(&world).await;
    maya.get("/tickets").await.expect(200);
    assert_eq!(maya.get("/audit").await.expect(403)["code"], "forbidden");
    let lines = log(&world, "&object=invitation").await;
    assert_eq!(lines, ["api_key added invitation", "user accepted invitation"]);
}

async fn a_forgotten_password_is_replaced_and_every_session_ends(shape: Shape) {
    let world = World::start(shape).await;
    let maya = invited(&world).await;
    let nobody = Agent::nobody(&world.product.url("inbox"));
    let known = nobody.post("/session/forgotten", json!({"email": MAYA})).await;
    let unknown = nobody.post("/session/forgotten", json!({"email": "nobody@acme.example"})).await;
    assert_eq!((known.status, &known.body), (202, &unknown.body));
    let token = token(&world, "asked for a new password").await;
    let choose = async |password: &str| {
        let request = nobody.request(reqwest::Method::PUT, "/session/forgotten");
        nobody.send(request.json(&json!({"token": token, "password": password}))).await
    };
    assert_eq!(choose("password1234").await.expect(422)["code"], "invalid");
    choose("another password of hers").await.expect(204);
    assert_eq!(choose("another password of hers").await.expect(401)["code"], "link_spent");
    maya.get("/badge").await.expect(401);
    let old = json!({"email": MAYA, "password": "a password of hers"});
    nobody.post("/session", old).await.expect(401);
    Agent::sign_in(&world.product.url("inbox"), MAYA, "another password of hers").await;
    let told = world.relay.mail_with("was changed", Duration::from_secs(20)).await.expect("a mail about it");
    assert_eq!(told.to, [MAYA]);
}

async fn a1_who_is_shut_out_loses_sessions_and_live_streams_at_once(shape: Shape) {
    let world = World::start(shape).await;
    let maya = invited(&world).await;
    let users = world.agent().get("/users").await.expect(200);
    let users = users["data"].as_array().expect("users");
    let found = users.iter().find(|user| user["email"] == MAYA).expect("Maya");
    let mut live = maya.live(None).await;
    assert_eq!(live.next().await.expect("the first event").name, "ready");
    world.agent().delete(&format!("/users/{}", found["id"].as_str().expect("an id"))).await.expect(204);
    // the next look at readers by the clock is a minute away, and nobody waits that long for an event here
    while live.next().await.is_some() {}
    maya.get("/badge").await.expect(401);
}

async fn a_person_ends_their_other_sessions(shape: Shape) {
    let world = World::start(shape).await;
    let base = world.product.url("inbox");
    let (here, there) =
        (Agent::sign_in(&base, OWNER, PASSWORD).await, Agent::sign_in(&base, OWNER, PASSWORD).await);
    let sessions = here.get("/session/all").await.expect(200);
    let current: Vec<_> =
        sessions["data"].as_array().expect("sessions").iter().map(|one| one["current"].as_bool()).collect();
    assert_eq!(current.len(), 2);
    assert_eq!(current.iter().filter(|current| **current == Some(true)).count(), 1);
    here.delete("/session/others").await.expect(204);
    there.get("/badge").await.expect(401);
    here.get("/badge").await.expect(200);
}

async fn what_was_done_is_in_the_audit_log_with_before_and_after(shape: Shape) {
    let world = World::start(shape).await;
    let owner = Agent::sign_in(&world.product.url("inbox"), OWNER, PASSWORD).await;
    owner.patch("/settings", json!({"sms": {"quiet_hours": {"from": "21:00"}}})).await.expect(200);
    world.text("+15557770001", "a private matter", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "a private matter").await;
    let profile = ticket["profile"]["id"].as_str().expect("an id").to_owned();
    owner.post(&format!("/profiles/{profile}/block"), json!({})).await.expect(200);
    let page = owner.get("/audit?object=settings").await.expect(200);
    let line = &page["data"][0];
    assert_eq!(line["actor"]["name"], "Owner");
    assert_eq!(line["address"], "127.0.0.1");
    let change = json!({"field": "sms.quiet_hours.from", "before": "20:00", "after": "21:00"});
    assert_eq!(line["changes"], json!([change]));
    let lines = log(&world, &format!("&object=profile:{profile}")).await;
    assert_eq!(lines, ["user blocked profile"]);
    let request = owner.request(reqwest::Method::GET, "/audit.csv");
    let file = request.send().await.expect("an answer").text().await.expect("a file");
    assert!(file.starts_with("at,actor_kind,") && file.contains("sms.quiet_hours.from"), "{file}");
    assert!(!file.contains("private matter") && !file.contains(PASSWORD), "{file}");
}

in_both_shapes!(
    a1_somebody_invited_by_mail_comes_in_and_works,
    a_forgotten_password_is_replaced_and_every_session_ends,
    a1_who_is_shut_out_loses_sessions_and_live_streams_at_once,
    a_person_ends_their_other_sessions,
    what_was_done_is_in_the_audit_log_with_before_and_after,
);
