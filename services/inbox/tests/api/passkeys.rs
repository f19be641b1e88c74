//! A1: passkeys, as their calls are answered.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Role;
use harness::{
    agent::{Agent, Answer},
    authenticator::Authenticator,
};
use serde_json::{Value, json};

use crate::world::{PUBLIC_URL, World};

const ANNA: &str = "anna@acme.example";
const PASSWORD: &str = "correct horse battery";

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn made(authenticator: &mut Authenticator, request: &Value) -> Value {
    let word = |field: &str| request[field].as_str().unwrap();
    let made = authenticator.make(word("challenge"), word("user_handle"));
    json!({
        "name": "My laptop", "client_data": text(&made.client_data), "attestation": text(&made.attestation),
    })
}

/// Anna with a passkey: her session, the passkey, her authenticator.
async fn anna(world: &World) -> (Agent, Value, Authenticator) {
    let anna = world.signed_in(ANNA, Role::Support).await;
    let wrong = anna.post("/passkeys/challenge", json!({"password": "wrong"})).await;
    assert_eq!((wrong.status, wrong.code()), (422, "wrong_password"));
    let request = anna.post("/passkeys/challenge", json!({"password": PASSWORD})).await.expect(201);
    assert_eq!((&request["rp_id"], &request["user_name"]), (&json!("localhost"), &json!(ANNA)));
    assert_eq!(request["algorithms"], json!([-7, -8, -257]));
    let mut authenticator = Authenticator::new(PUBLIC_URL, "localhost");
    let passkey = anna.post("/passkeys", made(&mut authenticator, &request)).await.expect(201);
    (anna, passkey, authenticator)
}

async fn sign_in(world: &World, authenticator: &mut Authenticator) -> Answer {
    let nobody = Agent::nobody(&world.base);
    let question = nobody.post("/session/passkey/challenge", json!({})).await.expect(201);
    assert_eq!(question["rp_id"], "localhost");
    let used = authenticator.sign(question["challenge"].as_str().unwrap());
    let proof = json!({
        "id": text(&authenticator.credential), "client_data": text(&used.client_data),
        "authenticator_data": text(&used.authenticator_data), "signature": text(&used.signature),
        "user_handle": text(&authenticator.user_handle),
    });
    nobody.post("/session/passkey", proof).await
}

async fn a_passkey_signs_in(world: World) {
    let (anna, passkey, mut authenticator) = anna(&world).await;
    assert_eq!((&passkey["name"], &passkey["used_at"]), (&json!("My laptop"), &Value::Null));
    let came = sign_in(&world, &mut authenticator).await;
    assert!(came.headers.contains_key("set-cookie") && came.headers.contains_key("x-csrf-token"));
    let session = came.expect(201);
    assert_eq!((&session["user"]["email"], &session["user"]["passkeys"]), (&json!(ANNA), &json!(1)));
    let listed = anna.get("/passkeys").await.expect(200)["data"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert!(listed[0]["used_at"].is_string(), "{listed}");
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password() {
    Box::pin(a_passkey_signs_in(World::new().await)).await;
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password_on_postgresql() {
    Box::pin(a_passkey_signs_in(World::postgres().await)).await;
}

#[tokio::test]
async fn whatever_is_wrong_is_answered_alike() {
    let world = World::new().await;
    let (_, _, mut authenticator) = anna(&world).await;
    let mut unknown = Authenticator::new(PUBLIC_URL, "localhost");
    let stranger = sign_in(&world, &mut unknown).await;
    authenticator.origin = "https://evil.example".into();
    let elsewhere = sign_in(&world, &mut authenticator).await;
    assert_eq!((stranger.status, stranger.code()), (401, "wrong_passkey"));
    assert_eq!(stranger.body, elsewhere.body, "nobody learns whether there is such a passkey");
    assert!(!elsewhere.headers.contains_key("set-cookie"));
    let nobody = Agent::nobody(&world.base);
    let odd =
        json!({"id": "?", "client_data": "", "authenticator_data": "", "signature": "", "user_handle": ""});
    assert_eq!(nobody.post("/session/passkey", odd).await.status, 422);
}

#[tokio::test]
async fn asking_and_trying_again_and_again_is_slowed_down() {
    let world = World::new().await;
    let nobody = Agent::nobody(&world.base);
    let empty =
        json!({"id": "", "client_data": "", "authenticator_data": "", "signature": "", "user_handle": ""});
    let asking = tries_until_slowed(&nobody, "/session/passkey/challenge", &json!({})).await;
    let trying = tries_until_slowed(&nobody, "/session/passkey", &empty).await;
    assert!(asking >= 60 && trying < 60, "{asking} {trying}: they count together");
}

/// Tries come back meanwhile: on a slow machine it takes some more than the limit.
async fn tries_until_slowed(nobody: &Agent, path: &str, body: &Value) -> usize {
    for tries in 0..1_000 {
        if nobody.post(path, body.clone()).await.status == 429 {
            return tries;
        }
    }
    panic!("nobody slows it down");
}

#[tokio::test]
async fn a_passkey_is_named_and_removed_by_who_has_it() {
    let world = World::new().await;
    let (anna, passkey, mut authenticator) = anna(&world).await;
    let bert = world.signed_in("bert@acme.example", Role::Owner).await;
    let path = format!("/passkeys/{}", passkey["id"].as_str().unwrap());
    let name = json!({"name": "The laptop"});
    assert_eq!(bert.patch(&path, name.clone()).await.status, 404);
    assert_eq!(anna.patch(&path, json!({"name": ""})).await.status, 422);
    assert_eq!(anna.patch(&path, name).await.expect(200)["name"], "The laptop");
    let remove = format!("{path}/remove");
    assert_eq!(bert.post(&remove, json!({"password": PASSWORD})).await.status, 404);
    assert_eq!(anna.post(&remove, json!({})).await.code(), "wrong_password");
    anna.post(&remove, json!({"password": PASSWORD})).await.expect(204);
    assert_eq!(anna.get("/passkeys").await.expect(200)["data"], json!([]));
    assert_eq!(sign_in(&world, &mut authenticator).await.code(), "wrong_passkey");
}

#[tokio::test]
async fn who_has_passkeys_alone_is_sent_to_them_where_a_second_step_is_demanded() {
    let world = World::new().await;
    let (anna, _, mut authenticator) = anna(&world).await;
    world.owner.patch("/settings", json!({"security": {"second_step_required": true}})).await.expect(200);
    let first =
        Agent::nobody(&world.base).post("/session", json!({"email": ANNA, "password": PASSWORD})).await;
    assert!(!first.headers.contains_key("set-cookie"));
    assert_eq!(first.expect(202)["second_step"], "passkey");
    sign_in(&world, &mut authenticator).await.expect(201);
    let listed = async |agent: &Agent| {
        let users = agent.get("/users").await.expect(200);
        users["data"].as_array().unwrap().iter().find(|user| user["email"] == ANNA).unwrap().clone()
    };
    assert_eq!(listed(&anna).await["passkeys"], Value::Null);
    let seen = listed(&world.owner).await;
    assert_eq!(seen["passkeys"], 1);
    let path = format!("/users/{}/second-step", seen["id"].as_str().unwrap());
    world.owner.delete(&path).await.expect(204);
    assert_eq!(sign_in(&world, &mut authenticator).await.code(), "wrong_passkey");
}
