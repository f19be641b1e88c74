use std::collections::BTreeSet;

use domain::{Role, SessionId};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

#[tokio::test]
async fn a_text_becomes_a_ticket_with_everything_the_contract_names() {
    let world = World::new().await;
    let id = world.text("+15550002222", "where is my order?").await;
    let answer = world.owner.get(&format!("/tickets/{id}")).await;
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    let ticket = answer.expect(200);
    assert_eq!(tag, format!("\"{}\"", ticket["version"]));
    for field in [
        "id",
        "number",
        "channel",
        "status",
        "snoozed_until",
        "subject",
        "profile",
        "assignee",
        "team",
        "priority",
        "tags",
        "unread",
        "created_at",
        "updated_at",
        "last_message_at",
        "first_response_at",
        "waiting_since",
        "closed_at",
        "attribution",
        "can_reply",
        "visitor_online",
        "version",
    ] {
        assert!(ticket.get(field).is_some(), "{field} is missing");
    }
    assert_eq!(ticket["channel"], "sms");
    assert_eq!(ticket["status"], "open");
    assert_eq!(ticket["unread"], true);
    assert_eq!(ticket["profile"]["address"], "+15550002222");
    assert_eq!(ticket["can_reply"]["allowed"], false);
    assert_eq!(ticket["can_reply"]["code"], "sms_no_consent");
    let messages = world.owner.messages(&id).await;
    assert_eq!(messages[0]["text"], "where is my order?");
    assert_eq!(messages[0]["direction"], "in");
    assert_eq!(messages[0]["author"]["kind"], "customer");
    assert!(messages[0]["attachments"].as_array().unwrap().is_empty());
    assert_eq!(world.owner.get("/badge").await.expect(200), json!({"unread_profiles": 1}));
}

#[tokio::test]
async fn d3_without_consent_there_is_no_answer_and_with_it_there_is() {
    let world = World::new().await;
    let id = world.text("+15550002222", "hi").await;
    let refused = world.owner.reply(&id, "hello").await;
    assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"));
    let profile = world.owner.ticket(&id).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.consent(&profile, "transactional", "subscribed").await;
    assert_eq!(world.owner.ticket(&id).await["can_reply"]["allowed"], true);
    let message = world.owner.reply(&id, "hello").await.expect(201);
    assert_eq!(message["status"], "queued");
    assert_eq!(message["segments"], 1);
    world.owner.consent(&profile, "transactional", "unsubscribed").await;
    world.owner.reply(&id, "again").await.expect(409);
    let consent = world.owner.get(&format!("/profiles/{profile}/consent")).await.expect(200);
    assert_eq!(consent["data"][0]["state"], "unsubscribed", "newest first");
    let shown = world.owner.get(&format!("/profiles/{profile}")).await.expect(200);
    assert_eq!(shown["consent"]["sms"], json!({"subscribed": false, "kinds": []}));
    assert_eq!(shown["tickets"], 1);
}

#[tokio::test]
async fn the_send_guard_asks_before_an_answer_that_has_not_seen_everything() {
    let world = World::new().await;
    let session = SessionId(Uuid::new_v4());
    let id = world.chat(session, "hello").await;
    let seen = world.owner.ticket(&id).await["version"].as_i64().unwrap();
    let anna = world.with_role(Role::Support).await;
    let path = format!("/tickets/{id}/messages");
    world.owner.change(&id, json!({"tags": ["vip"]})).await;
    let after_tag = json!({"text": "a tag is no message", "seen_version": seen});
    world.owner.post(&path, after_tag).await.expect(201);
    world.owner.post(&path, json!({"text": "nor is my own", "seen_version": seen})).await.expect(201);
    let late = anna.post(&path, json!({"text": "me too", "seen_version": seen})).await;
    assert_eq!((late.status, late.code()), (409, "someone_replied"));
    world.chat(session, "wait").await;
    let tagged = world.owner.request(Method::POST, &path).header("if-match", format!("\"{seen}\""));
    let late = world.owner.send(tagged.json(&json!({"text": "bye"}))).await;
    assert_eq!((late.status, late.code()), (409, "someone_replied"));
    assert!(late.body["detail"].as_str().unwrap().contains("customer"), "{}", late.body);
    let now = world.owner.ticket(&id).await["version"].clone();
    anna.post(&path, json!({"text": "seen all", "seen_version": now})).await.expect(201);
}

#[tokio::test]
async fn a_person_who_answers_takes_the_ticket_and_a_program_does_not() {
    let world = World::new().await;
    let id = world.mail("kim@example.com", "Broken", "it broke").await;
    world.owner.reply(&id, "we are looking").await.expect(201);
    assert!(world.owner.ticket(&id).await["assignee"].is_null());
    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    anna.reply(&id, "mended").await.expect(201);
    let ticket = anna.ticket(&id).await;
    assert_eq!(ticket["assignee"]["name"], "anna");
    assert!(ticket["first_response_at"].is_string());
    assert_eq!(ticket["subject"], "Broken");
    assert_eq!(anna.tickets("assignee=me").await.len(), 1);
    assert_eq!(world.owner.tickets("assignee=me").await.len(), 0);
    assert_eq!(world.owner.tickets("assignee=none").await.len(), 0);
    let ids: Vec<_> = anna.messages(&id).await.iter().map(|m| m["seq"].as_i64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3]);
}

#[tokio::test]
async fn what_makes_no_answer_is_refused() {
    let world = World::new().await;
    let mail = world.mail("kim@example.com", "Hi", "hi").await;
    let path = format!("/tickets/{mail}/messages");
    for body in [
        json!({"text": "  "}),
        json!({"text": "x".repeat(100_001)}),
        json!({"text": "x", "attachments": ["0199f0c2-0000-7000-8000-000000000001"]}),
        json!({"text": "x", "send_at": "2030-01-01T00:00:00Z"}),
    ] {
        let answer = world.owner.post(&path, body).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid"), "{}", answer.body);
    }
    let text = world.text("+15550002222", "hi").await;
    let long = world.owner.reply(&text, &"x".repeat(1_601)).await;
    assert_eq!((long.status, long.code()), (422, "invalid"));
}

#[tokio::test]
async fn g1_a_ticket_is_snoozed_closed_and_reopened_by_its_rules() {
    let world = World::new().await;
    let id = world.text("+15550002222", "hi").await;
    let until = world.now().plus(3_600_000).to_string();
    let snoozed = world.owner.change(&id, json!({"status": "snoozed", "snoozed_until": until})).await;
    assert_eq!((&snoozed["status"], &snoozed["snoozed_until"]), (&json!("snoozed"), &json!(until)));
    let closed = world.owner.change(&id, json!({"status": "closed"})).await;
    assert!(closed["closed_at"].is_string() && closed["snoozed_until"].is_null());
    let odd = world
        .owner
        .patch(&format!("/tickets/{id}"), json!({"status": "snoozed", "snoozed_until": until}))
        .await;
    assert_eq!((odd.status, odd.code()), (409, "ticket_closed"));
    assert_eq!(world.owner.change(&id, json!({"status": "open"})).await["status"], "open");

    let chat = world.chat(SessionId(Uuid::new_v4()), "hello").await;
    let closed = world.owner.change(&chat, json!({"status": "closed"})).await;
    assert_eq!(closed["can_reply"]["code"], "chat_closed");
    let reopened = world.owner.patch(&format!("/tickets/{chat}"), json!({"status": "open"})).await;
    assert_eq!((reopened.status, reopened.code()), (409, "chat_closed"));
    let answered = world.owner.reply(&chat, "hello?").await;
    assert_eq!((answered.status, answered.code()), (409, "chat_closed"));
}

#[tokio::test]
async fn a_snoozed_ticket_comes_back_open_and_unread() {
    let world = World::new().await;
    let id = world.text("+15550002222", "hi").await;
    let until = world.now().plus(60_000).to_string();
    world.owner.change(&id, json!({"status": "snoozed", "snoozed_until": until, "unread": false})).await;
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.owner.ticket(&id).await["status"], "snoozed");
    world.pass(60_000);
    world.desk.run_due_timers().await.unwrap();
    let woken = world.owner.ticket(&id).await;
    assert_eq!((&woken["status"], &woken["unread"]), (&json!("open"), &json!(true)));
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_seen_when_it_names_one() {
    let world = World::new().await;
    let id = world.text("+15550002222", "hi").await;
    let path = format!("/tickets/{id}");
    let before = world.owner.ticket(&id).await;
    let same = world.owner.change(&id, json!({"unread": true, "tags": [], "status": "open"})).await;
    assert_eq!(same["version"], before["version"], "what changes nothing counts no change");
    let changed = world.owner.change(&id, json!({"unread": false, "tags": ["VIP", " late  parcel "]})).await;
    assert_eq!(changed["tags"], json!(["late parcel", "vip"]));
    assert_eq!(changed["version"].as_i64().unwrap(), before["version"].as_i64().unwrap() + 1);
    assert_eq!(world.owner.get("/badge").await.expect(200)["unread_profiles"], 0);
    let stale = world.owner.patch(&path, json!({"status": "closed", "version": before["version"]})).await;
    assert_eq!((stale.status, stale.code()), (412, "version_mismatch"));
    let tag = format!("\"{}\"", before["version"]);
    let stale =
        world.owner.request(Method::PATCH, &path).header("if-match", tag).json(&json!({"unread": true}));
    world.owner.send(stale).await.expect(412);
    let tag = format!("\"{}\"", changed["version"]);
    let fresh =
        world.owner.request(Method::PATCH, &path).header("if-match", tag).json(&json!({"unread": true}));
    world.owner.send(fresh).await.expect(200);
}

#[tokio::test]
async fn e5_tickets_are_found_by_every_filter() {
    let world = World::new().await;
    let text = world.text("+15550002222", "Where is my Parcel, 100% lost?").await;
    let mail = world.mail("kim@example.com", "Broken kettle", "the lid").await;
    let chat = world.chat(SessionId(Uuid::new_v4()), "anybody there").await;
    world.owner.change(&mail, json!({"tags": ["vip"], "unread": false})).await;
    world.owner.change(&chat, json!({"status": "closed"})).await;
    let users = world.owner.get("/users").await.expect(200);
    let owner = users["data"][0]["id"].as_str().unwrap().to_owned();
    world.owner.change(&mail, json!({"assignee_id": owner})).await;
    let profile = world.owner.ticket(&text).await["profile"]["id"].as_str().unwrap().to_owned();
    let mail_at = world.owner.ticket(&mail).await["created_at"].as_str().unwrap().to_owned();
    let number = world.owner.ticket(&mail).await["number"].clone();
    for (query, expected) in [
        (String::new(), vec![&text, &mail, &chat]),
        ("status=open".into(), vec![&text, &mail]),
        ("status=closed,snoozed".into(), vec![&chat]),
        ("channel=sms,chat".into(), vec![&text, &chat]),
        ("unread=true".into(), vec![&text, &chat]),
        ("unread=false".into(), vec![&mail]),
        ("tag=VIP".into(), vec![&mail]),
        ("assignee=none".into(), vec![&text, &chat]),
        (format!("assignee={owner}"), vec![&mail]),
        (format!("profile={profile}"), vec![&text]),
        ("q=parcel".into(), vec![&text]),
        ("q=100%25".into(), vec![&text]),
        ("q=%25".into(), vec![]),
        ("q=_".into(), vec![]),
        ("q=KETTLE".into(), vec![&mail]),
        ("q=kim@".into(), vec![&mail]),
        ("q=0002222".into(), vec![&text]),
        (format!("q=%23{number}"), vec![&mail]),
        ("q=nothing%20like%20it".into(), vec![]),
        (format!("created_from={mail_at}"), vec![&mail, &chat]),
        (format!("created_to={mail_at}"), vec![&text]),
    ] {
        let found: BTreeSet<String> = world.owner.tickets(&query).await.iter().map(id).collect();
        assert_eq!(found, expected.into_iter().cloned().collect(), "{query}");
    }
}

fn id(ticket: &Value) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_show_every_ticket_once_in_every_order() {
    let world = World::new().await;
    let mut all = BTreeSet::new();
    for n in 0..23 {
        all.insert(world.text(&format!("+1555000{n:04}"), "hi").await);
    }
    for sort in ["-last_message_at", "last_message_at", "-created_at", "created_at"] {
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = world.owner.get(&format!("/tickets?limit=5&sort={sort}{after}")).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(id));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(seen.len(), 23, "{sort}");
        assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), all, "{sort}");
    }
}

#[tokio::test]
async fn f1_the_conversation_is_the_newest_messages_and_older_ones_are_loaded() {
    let world = World::new().await;
    let mut ticket = String::new();
    for n in 0..60 {
        ticket = world.text("+15550002222", &format!("text {n}")).await;
    }
    world.text("+15550003333", "somebody else").await;
    let path = format!("/tickets/{ticket}/messages");
    let page = world.owner.get(&path).await.expect(200);
    let texts = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&page), (10..60).map(|n| format!("text {n}")).collect::<Vec<_>>());
    let before = page["data"][0]["id"].as_str().unwrap();
    assert_eq!(page["next_cursor"], before);
    let older = world.owner.get(&format!("{path}?before={before}")).await.expect(200);
    assert_eq!(texts(&older), (0..10).map(|n| format!("text {n}")).collect::<Vec<_>>());
    assert!(older["next_cursor"].is_null());
}

#[tokio::test]
async fn g2_a_blocked_customer_is_silent_and_comes_back_when_unblocked() {
    let world = World::new().await;
    let ticket = world.text("+15550002222", "rude words").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    let blocked = world.owner.post(&format!("/profiles/{profile}/block"), json!({})).await.expect(200);
    assert_eq!(blocked["blocked"], true);
    let closed = world.owner.ticket(&ticket).await;
    assert_eq!(
        (&closed["status"], &closed["can_reply"]["code"]),
        (&json!("closed"), &json!("profile_blocked"))
    );
    world.text("+15550002222", "more of it").await;
    assert_eq!(world.owner.ticket(&ticket).await["status"], "closed");
    assert_eq!(world.owner.get("/badge").await.expect(200)["unread_profiles"], 0);
    let held = world.owner.get("/ledger?state=blocked").await.expect(200);
    assert_eq!(held["data"].as_array().unwrap().len(), 1, "{held}");
    let back = world.owner.post(&format!("/profiles/{profile}/unblock"), json!({})).await.expect(200);
    assert_eq!(back["blocked"], false);
    assert_eq!(world.owner.ticket(&ticket).await["can_reply"]["code"], "sms_no_consent");
}

#[tokio::test]
async fn a_customer_is_found_and_named() {
    let world = World::new().await;
    let ticket = world.mail("kim@example.com", "Hi", "hi").await;
    world.text("+15550002222", "hi").await;
    let found = world.owner.get("/profiles?q=KIM").await.expect(200);
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["addresses"][0]["value"], "kim@example.com");
    let profile = id(&found["data"][0]);
    let path = format!("/profiles/{profile}");
    let named =
        world.owner.patch(&path, json!({"name": "Kim", "time_zone": "Europe/Lisbon"})).await.expect(200);
    assert_eq!((&named["name"], &named["time_zone"]), (&json!("Kim"), &json!("Europe/Lisbon")));
    assert_eq!(world.owner.ticket(&ticket).await["profile"]["name"], "Kim");
    let forgotten = world.owner.patch(&path, json!({"name": null})).await.expect(200);
    assert!(forgotten["name"].is_null() && forgotten["time_zone"] == "Europe/Lisbon");
    world.owner.patch(&path, json!({"time_zone": "'; DROP"})).await.expect(422);
    let first = world.owner.get("/profiles?limit=1").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world.owner.get(&format!("/profiles?limit=1&cursor={cursor}")).await.expect(200);
    assert_ne!(id(&first["data"][0]), id(&second["data"][0]));
    assert!(second["next_cursor"].is_null());
}

#[tokio::test]
async fn h10_settings_are_merged_and_what_makes_no_sense_is_named() {
    let world = World::new().await;
    let manager = world.with_role(Role::Manager).await;
    let patch = json!({"organization": {"name": "Acme"}, "sms": {"quiet_hours": {"from": "21:00"}}});
    let changed = manager.patch("/settings", patch).await.expect(200);
    assert_eq!(changed["organization"]["name"], "Acme");
    assert_eq!(changed["sms"]["quiet_hours"], json!({"from": "21:00", "to": "08:00"}));
    assert_eq!(world.owner.get("/settings").await.expect(200), changed);
    let odd = manager.patch("/settings", json!({"sms": {"quiet_hours": {"from": "late"}}})).await;
    assert!(odd.body["detail"].as_str().unwrap().contains("quiet_hours.from"), "{}", odd.body);
    let back = manager.patch("/settings", json!({"organization": {"name": null}})).await.expect(200);
    assert_eq!(back["organization"]["name"], "Frontdesk");
}
