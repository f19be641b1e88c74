//! Consent taken over, numbers, and the auto-responder tried out.

use domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{OUR_NUMBER, World};

const PHONE: &str = "+15550002222";

fn record(who: (&str, &str), state: &str) -> Value {
    json!({who.0: who.1, "kind": "marketing", "state": state, "source": "old system", "text": "ticked the box"})
}

#[tokio::test]
async fn d2_consent_from_elsewhere_is_taken_over_record_by_record() {
    let world = World::new().await;
    let ticket = world.text(PHONE, "hi").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    let mut old = record(("phone", "+15550004444"), "subscribed");
    old["at"] = "2024-05-01T10:00:00Z".into();
    old["number"] = OUR_NUMBER.into();
    let mut ahead = record(("phone", PHONE), "subscribed");
    ahead["at"] = "2099-01-01T00:00:00Z".into();
    let records = json!([
        record(("phone", "+1 (555) 000-2222"), "subscribed"),
        old,
        record(("profile_id", &profile), "unsubscribed"),
        record(("email", "nobody@example.com"), "subscribed"),
        record(("phone", "ACME"), "subscribed"),
        record(("phone", PHONE), "maybe"),
        ahead,
        {"kind": "marketing", "state": "subscribed", "source": "x", "text": ""},
        {"phone": PHONE, "email": "a@example.com", "kind": "marketing", "state": "subscribed", "source": "x", "text": ""},
        record(("phone", PHONE), "subscribed"),
        7,
    ]);
    let answer = world.owner.post("/consents/import", json!({"records": records})).await.expect(200);
    assert_eq!(answer["recorded"], 4, "{answer}");
    let errors = answer["errors"].as_array().unwrap();
    let indices: Vec<_> = errors.iter().map(|error| error["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [3, 4, 5, 6, 7, 8, 10], "{errors:#?}");
    assert!(errors.iter().all(|error| error["detail"].as_str().unwrap().len() > 10), "{errors:#?}");
    let composer = &world.owner.ticket(&ticket).await["can_reply"];
    assert_eq!(composer["allowed"], false, "between two words of one moment no wins: {composer}");
    let found = world.owner.get("/profiles?q=5550004444").await.expect(200);
    let made = found["data"][0]["id"].as_str().expect("a profile was made").to_owned();
    let history = world.owner.get(&format!("/profiles/{made}/consent")).await.expect(200);
    assert_eq!(history["data"][0]["at"], "2024-05-01T10:00:00.000Z");
    assert_eq!(history["data"][0]["number"], OUR_NUMBER);
}

#[tokio::test]
async fn d2_an_import_sent_again_records_nothing_twice_however_far_the_first_one_came() {
    let world = World::new().await;
    let ticket = world.text(PHONE, "hi").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    let body = json!({"records": [record(("phone", PHONE), "subscribed")]});
    let send = async || {
        let request =
            world.owner.request(Method::POST, "/consents/import").header("idempotency-key", "import-1");
        world.owner.send(request.json(&body)).await.expect(200)
    };
    assert_eq!(send().await["recorded"], 1);
    assert_eq!(world.owner.ticket(&ticket).await["can_reply"]["allowed"], true, "composers open at once");
    // as if the answer had never been kept
    let owner = world.desk.actor_of_key(crate::world::KEY).await.unwrap().unwrap();
    let again = desk::consent_import::ImportedConsent {
        index: 0,
        whose: desk::campaign::Recipient::Profile(profile.parse().unwrap()),
        consent: desk::consent::NewConsent {
            kind: domain::consent::ConsentKind::Marketing,
            state: domain::consent::ConsentState::Subscribed,
            source: "old system".into(),
            text: "ticked the box".into(),
            number: None,
        },
        at: None,
    };
    let imported = world.desk.import_consents(&[again], Some("import-1"), &owner).await.unwrap();
    assert_eq!(imported.recorded, 1);
    send().await;
    let history = world.owner.get(&format!("/profiles/{profile}/consent")).await.expect(200);
    assert_eq!(history["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_who_manages_the_inbox_imports_and_only_so_much_at_once() {
    let world = World::new().await;
    let support = world.with_role(Role::Support).await;
    let body = |n: usize| json!({"records": vec![record(("phone", PHONE), "subscribed"); n]});
    assert_eq!(support.post("/consents/import", body(1)).await.status, 403);
    let manager = world.with_role(Role::Manager).await;
    assert_eq!(manager.post("/consents/import", body(1)).await.status, 200);
    assert_eq!(world.owner.post("/consents/import", body(1_001)).await.status, 422);
    assert_eq!(world.owner.post("/consents/import", body(1_000)).await.expect(200)["recorded"], 1_000);
    assert_eq!(world.owner.post("/consents/import", json!({})).await.status, 422);
}

#[tokio::test]
async fn numbers_say_how_they_are_configured_and_what_waits() {
    let world = World::new().await;
    let words = json!({"sms": {"keywords": {"subscribe": ["SUMMER"], "by_number": {OUR_NUMBER: {"subscribe": ["VIP"]}}}}});
    world.owner.patch("/settings", words).await.expect(200);
    world.text(PHONE, "JOIN").await;
    let page = world.owner.get("/numbers").await.expect(200);
    assert_eq!(
        page,
        json!({"data": [
            {"number": OUR_NUMBER, "provider": "sandbox", "webhook_url": "http://localhost:8080/webhooks/sms/sandbox",
             "proof": "signature", "segments_per_second": null, "carrier_confirms_opt_out": false,
             "subscribe_words": ["SUMMER", "VIP"], "owner": "frontdesk.toml", "is_live": true, "api_base": null,
             "credentials": [], "queued": 1},
            {"number": "+15550009999", "provider": "vonage",
             "webhook_url": "http://localhost:8080/webhooks/sms/vonage/<webhook_secret>", "proof": "webhook_secret",
             "segments_per_second": 3, "carrier_confirms_opt_out": true, "subscribe_words": ["SUMMER"],
             "owner": "frontdesk.toml", "is_live": true, "api_base": null,
             "credentials": ["api_key", "api_secret", "webhook_secret"], "queued": 0},
        ], "next_cursor": null})
    );
}

#[tokio::test]
async fn sites_say_where_their_chat_may_be_shown_and_never_their_secret() {
    let world = World::new().await;
    let script = "http://localhost:8080/chat/widget.js";
    assert_eq!(
        world.owner.get("/chat-sites").await.expect(200),
        json!({"data": [
            {"id": "shop", "allowed_origins": ["https://shop.example.com"], "signs_visitors": true, "script_url": script,
             "owner": "frontdesk.toml", "is_live": true},
            {"id": "blog", "allowed_origins": ["https://blog.example.com"], "signs_visitors": false, "script_url": script,
             "owner": "frontdesk.toml", "is_live": true},
        ], "next_cursor": null})
    );
}

#[tokio::test]
async fn h1_an_automatic_answer_can_be_tried_out() {
    let world = World::new().await;
    let try_it = async |body: Value| world.owner.post("/settings/auto-responder/preview", body).await;
    let usual = try_it(json!({})).await.expect(200);
    assert!(usual["text"].as_str().unwrap().contains("support@acme.example"), "{usual}");
    assert_eq!((&usual["answers"], &usual["encoding"]), (&json!(true), &json!("GSM-7")));
    assert!(usual["segments"].as_u64().unwrap() >= 1);

    let ticket = world.text(PHONE, "hi").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.patch(&format!("/profiles/{profile}"), json!({"name": "Zoë Lee"})).await.expect(200);
    let own =
        json!({"mode": "non_consented", "text": "Hi {{first_name}} ({{phone}}) 🙂", "profile_id": profile});
    let preview = try_it(own.clone()).await.expect(200);
    assert_eq!(preview["text"], format!("Hi Zoë ({PHONE}) 🙂"));
    assert_eq!((&preview["answers"], &preview["encoding"]), (&json!(true), &json!("UCS-2")));
    world.owner.consent(&profile, "transactional", "subscribed").await;
    let consented = try_it(own).await.expect(200);
    assert_eq!(consented["answers"], false);
    assert!(consented["reason"].as_str().unwrap().contains("agreed to texts"), "{consented}");
    assert_eq!(try_it(json!({"mode": "off"})).await.expect(200)["answers"], false);

    let refused = try_it(json!({"text": "Take {{discount}}"})).await;
    assert_eq!(refused.status, 422);
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("{{discount}}") && detail.contains("{{first_name}}"), "{detail}");
    assert_eq!(try_it(json!({"text": "x".repeat(1_001)})).await.status, 422);
    assert_eq!(try_it(json!({"profile_id": "0190a5ad-0000-7000-8000-000000000000"})).await.status, 404);
}

#[tokio::test]
async fn h1_a_template_with_an_unknown_variable_is_refused_and_the_known_ones_are_named() {
    let world = World::new().await;
    let patch = |text: &str| json!({"sms": {"auto_responder": {"text_all": text}}});
    let refused = world.owner.patch("/settings", patch("Take {{discount}}")).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid"));
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("sms.auto_responder.text_all") && detail.contains("{{support_email}}"),
        "{detail}"
    );
    world.owner.patch("/settings", patch("Hi {{ first_name }}")).await.expect(200);
}
