//! A1: the second step at sign-in, as its calls are answered.

use domain::Role;
use harness::agent::{Agent, Answer};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::world::World;

const ANNA: &str = "anna@acme.example";
const PASSWORD: &str = "correct horse battery";

fn digits(world: &World, secret: &Value) -> String {
    world.pass(60_000);
    let secret = Secret::try_from_base32(secret.as_str().unwrap()).unwrap();
    let now = u64::try_from(world.now().millis() / 1000).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(now).to_string()
}

/// Anna with an app: her session, the secret of the app, her recovery codes.
async fn anna(world: &World) -> (Agent, Value, Value) {
    let anna = world.signed_in(ANNA, Role::Support).await;
    assert_eq!(anna.post("/second-step", json!({"password": "wrong"})).await.code(), "wrong_password");
    let enrolment = anna.post("/second-step", json!({"password": PASSWORD})).await.expect(201);
    assert!(enrolment["uri"].as_str().unwrap().starts_with("otpauth://totp/"), "{enrolment}");
    assert!(enrolment["qr_svg"].as_str().unwrap().starts_with("<svg "));
    let wrong = anna.post("/second-step/confirm", json!({"code": "1"})).await;
    assert_eq!((wrong.status, wrong.code()), (422, "wrong_code"));
    let code = digits(world, &enrolment["secret"]);
    let codes = anna.post("/second-step/confirm", json!({"code": code})).await.expect(201);
    (anna, enrolment["secret"].clone(), codes["recovery_codes"].clone())
}

async fn first_step(world: &World) -> Answer {
    Agent::nobody(&world.base).post("/session", json!({"email": ANNA, "password": PASSWORD})).await
}

#[tokio::test]
async fn there_is_no_cookie_before_the_second_step() {
    let world = World::new().await;
    let (anna, secret, codes) = anna(&world).await;
    let state = anna.get("/second-step").await.expect(200);
    assert!(state["since"].is_string() && state["recovery_codes_left"] == 10 && state["required"] == false);
    let first = first_step(&world).await;
    assert!(!first.headers.contains_key("set-cookie") && !first.headers.contains_key("x-csrf-token"));
    let first = first.expect(202);
    assert_eq!(first["second_step"], "code");
    let nobody = Agent::nobody(&world.base);
    let pass = |field: &str, code: &str| json!({"token": first["token"], field: code});
    let wrong = nobody.post("/session/second-step", pass("code", "000000x")).await;
    assert_eq!((wrong.status, wrong.code()), (401, "wrong_code"));
    let neither = nobody.post("/session/second-step", json!({"token": first["token"]})).await;
    assert_eq!(neither.status, 422);
    let strange = json!({"token": "none", "code": "123456"});
    assert_eq!(nobody.post("/session/second-step", strange).await.code(), "sign_in_again");
    let setting_up = json!({"token": first["token"]});
    assert_eq!(nobody.post("/session/second-step/enrolment", setting_up).await.code(), "sign_in_again");
    let code = digits(&world, &secret);
    let passed = nobody.post("/session/second-step", pass("code", &code)).await;
    assert!(passed.headers.contains_key("set-cookie") && passed.headers.contains_key("x-csrf-token"));
    assert_eq!(passed.expect(201)["user"]["email"], ANNA);
    let next = first_step(&world).await.expect(202);
    let recovery = json!({"token": next["token"], "recovery_code": codes[0]});
    nobody.post("/session/second-step", recovery).await.expect(201);
}

#[tokio::test]
async fn too_many_wrong_codes_are_429() {
    let world = World::new().await;
    anna(&world).await;
    let first = first_step(&world).await.expect(202);
    let nobody = Agent::nobody(&world.base);
    let wrong = json!({"token": first["token"], "code": "1"});
    for _ in 0..10 {
        nobody.post("/session/second-step", wrong.clone()).await.expect(401);
    }
    let slowed = nobody.post("/session/second-step", wrong).await;
    assert_eq!((slowed.status, slowed.code()), (429, "too_many_codes"));
}

#[tokio::test]
async fn a_repeated_request_is_not_told_the_secrets_again() {
    let world = World::new().await;
    let anna = world.signed_in(ANNA, Role::Support).await;
    let enrol = || {
        let request = anna.request(Method::POST, "/second-step").header("idempotency-key", "one");
        request.json(&json!({"password": PASSWORD}))
    };
    let first = anna.send(enrol()).await.expect(201);
    let again = anna.send(enrol()).await.expect(201);
    assert!(first["secret"].is_string() && first["uri"].is_string() && first["qr_svg"].is_string());
    assert!(again["secret"].is_null() && again["uri"].is_null() && again["qr_svg"].is_null(), "{again}");
}

#[tokio::test]
async fn a_person_sets_one_up_to_come_in_where_everybody_must_have_one() {
    let world = World::new().await;
    world.signed_in(ANNA, Role::Support).await;
    let demand = json!({"security": {"second_step_required": true}});
    world.with_role(Role::Manager).await.patch("/settings", demand.clone()).await.expect(403);
    world.owner.patch("/settings", demand).await.expect(200);
    let first = first_step(&world).await.expect(202);
    assert_eq!(first["second_step"], "enrolment");
    let nobody = Agent::nobody(&world.base);
    let begin = nobody.post("/session/second-step/enrolment", json!({"token": first["token"]})).await;
    let secret = begin.expect(201)["secret"].clone();
    let confirm = |code: &str| {
        let request = nobody.request(Method::PUT, "/session/second-step/enrolment");
        request.json(&json!({"token": first["token"], "code": code}))
    };
    assert_eq!(nobody.send(confirm("1")).await.code(), "wrong_code");
    let passed = nobody.send(confirm(&digits(&world, &secret))).await;
    assert!(passed.headers.contains_key("set-cookie"));
    let session = passed.expect(201);
    assert_eq!(session["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!((&session["user"]["email"], &session["user"]["second_step"]), (&json!(ANNA), &json!(true)));
    world.owner.get("/badge").await.expect(200);
}

#[tokio::test]
async fn who_manages_people_sees_who_has_one_and_resets_it() {
    let world = World::new().await;
    let (anna, ..) = anna(&world).await;
    let listed = async |agent: &Agent| {
        let users = agent.get("/users").await.expect(200);
        users["data"].as_array().unwrap().iter().find(|user| user["email"] == ANNA).unwrap().clone()
    };
    assert_eq!(listed(&anna).await["second_step"], Value::Null);
    let seen = listed(&world.owner).await;
    assert_eq!(seen["second_step"], true);
    let path = format!("/users/{}/second-step", seen["id"].as_str().unwrap());
    world.owner.delete(&path).await.expect(204);
    anna.get("/badge").await.expect(401);
    assert_eq!(world.owner.delete(&path).await.code(), "second_step_off");
    first_step(&world).await.expect(201);
}

#[tokio::test]
async fn ones_own_password_changes_only_with_the_one_before() {
    let world = World::new().await;
    let anna = world.signed_in(ANNA, Role::Support).await;
    let change = |body: Value| anna.request(Method::PUT, "/session/password").json(&body);
    let new = "another horse battery";
    let without = anna.send(change(json!({"password": new}))).await;
    assert_eq!((without.status, without.code()), (422, "wrong_password"));
    let wrong = json!({"password": new, "current": "wrong"});
    assert_eq!(anna.send(change(wrong)).await.code(), "wrong_password");
    anna.send(change(json!({"password": new, "current": PASSWORD}))).await.expect(204);
    Agent::sign_in(&world.base, ANNA, new).await;
}
