use domain::Role;
use harness::agent::Agent;
use reqwest::Method;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn signing_in_gives_a_session_that_ends_with_signing_out() {
    let world = World::new().await;
    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    let session = anna.get("/session").await.expect(200);
    assert_eq!(session["user"]["email"], "anna@acme.example");
    assert_eq!(session["user"]["role"], "support");
    assert!(session["csrf_token"].as_str().unwrap().len() > 20);
    let answer = anna.delete("/session").await;
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    answer.expect(204);
    anna.get("/session").await.expect(401);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_the_same() {
    let world = World::new().await;
    world.signed_in("anna@acme.example", Role::Support).await;
    let nobody = Agent::nobody(&world.base);
    let wrong =
        nobody.post("/session", json!({"email": "anna@acme.example", "password": "wrong password"})).await;
    let unknown =
        nobody.post("/session", json!({"email": "bert@acme.example", "password": "wrong password"})).await;
    assert_eq!((wrong.status, wrong.code()), (401, "wrong_credentials"));
    assert_eq!(wrong.body, unknown.body);
    assert!(!wrong.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_to_429() {
    let world = World::new().await;
    let nobody = Agent::nobody(&world.base);
    let mut slowed = None;
    for _ in 0..30 {
        // No password: the try is counted, but costs no hashing.
        let answer = nobody.post("/session", json!({"email": "anna@acme.example"})).await;
        if answer.status == 429 {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("a 429");
    assert_eq!(slowed.code(), "too_many_requests");
    assert!(slowed.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_new_user_comes_in_by_a_link_once_and_chooses_a_password() {
    let world = World::new().await;
    let new = json!({"email": "Anna@Acme.example", "name": "Anna", "role": "manager"});
    let added = world.owner.post("/users", new.clone()).await.expect(201);
    assert_eq!(added["email"], "anna@acme.example");
    let link = added["sign_in_link"].as_str().unwrap();
    let token = link.strip_prefix("http://localhost:8080/#/welcome?token=").unwrap();
    let nobody = Agent::nobody(&world.base);
    let session = nobody.post("/session/link", json!({"token": token})).await;
    let cookie = session.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = session.expect(201)["csrf_token"].as_str().unwrap().to_owned();
    nobody.post("/session", json!({"token": token})).await.expect(401);
    let request = |password: &str| {
        let request = nobody.request(Method::PUT, "/session/password").header("cookie", &cookie);
        request.header("x-csrf-token", &csrf).json(&json!({"password": password}))
    };
    assert_eq!(nobody.send(request("short")).await.code(), "invalid");
    nobody.send(request("long enough now")).await.expect(204);
    nobody.send(nobody.request(Method::GET, "/session").header("cookie", &cookie)).await.expect(200);
    Agent::sign_in(&world.base, "anna@acme.example", "long enough now").await;
    assert_eq!(world.owner.post("/users", new).await.code(), "email_taken");
}

#[tokio::test]
async fn a1_an_admin_can_neither_become_nor_touch_an_owner() {
    let world = World::new().await;
    let admin = world.with_role(Role::Admin).await;
    let users = admin.get("/users").await.expect(200);
    let owner = users["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{owner}");
    admin.patch(&path, json!({"role": "support"})).await.expect(403);
    admin.patch(&path, json!({"password": "mine from now on"})).await.expect(403);
    admin.delete(&path).await.expect(403);
    admin.post(&format!("{path}/sign-in-link"), json!({})).await.expect(403);
    admin.post("/users", json!({"email": "x@acme.example", "role": "owner"})).await.expect(403);
    admin.post("/api-keys", json!({"name": "x", "role": "owner"})).await.expect(403);
    let last = world.owner.delete(&path).await;
    assert_eq!((last.status, last.code()), (409, "last_owner"));
}

#[tokio::test]
async fn a_key_is_shown_once_and_never_again() {
    let world = World::new().await;
    let request = || {
        let request = world.owner.request(Method::POST, "/api-keys").header("idempotency-key", "one");
        request.json(&json!({"name": "crm", "role": "support"}))
    };
    let first = world.owner.send(request()).await.expect(201);
    let again = world.owner.send(request()).await.expect(201);
    let secret = first["key"].as_str().unwrap();
    assert!(secret.starts_with("fd_"));
    assert_eq!(first["id"], again["id"], "one key was made");
    assert!(again["key"].is_null(), "a repeat does not tell it");
    let listed = world.owner.get("/api-keys").await.expect(200);
    assert!(!listed.to_string().contains(secret));
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
}
