use std::time::Duration;

use bus::topic::TYPING;
use domain::SessionId;
use futures::StreamExt;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::world::World;

#[tokio::test]
async fn what_happens_is_told_live_with_growing_numbers() {
    let world = World::new().await;
    let mut live = world.owner.live(None).await;
    let ready = live.next().await.unwrap();
    assert_eq!((ready.name.as_str(), ready.id), ("ready", ready.data["seq"].as_u64()));
    let ticket = world.text("+15550002222", "hello").await;
    let received = live.next_named("message.received").await;
    assert_eq!(received.data["ticket"]["id"], ticket);
    assert_eq!(received.data["message"]["text"], "hello");
    assert_eq!(received.data["opened"], true);
    world.owner.change(&ticket, json!({"unread": false})).await;
    let changed = live.next_named("ticket.changed").await;
    assert_eq!(changed.data["ticket"]["unread"], false);
    assert!(changed.id > received.id && received.id > ready.id);
    world.owner.patch("/settings", json!({"badge": false})).await.expect(200);
    assert_eq!(live.next_named("settings.changed").await.data["badge"], false);
    let chat = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    world.owner.reply(&chat, "hello").await.expect(201);
    let queued = live.next_named("message.queued").await;
    assert_eq!(queued.data["message"]["text"], "hello");
}

#[tokio::test]
async fn after_a_break_everything_missed_comes_once_and_in_order() {
    let world = World::new().await;
    let mut live = world.owner.live(None).await;
    live.next().await.unwrap();
    world.text("+15550002222", "text 0").await;
    let seen = live.next_named("message.received").await.id.unwrap();
    drop(live);
    for n in 1..=30 {
        world.text("+15550002222", &format!("text {n}")).await;
    }
    let mut live = world.owner.live(Some(seen)).await;
    let ready = live.next().await.unwrap();
    assert_eq!((ready.name.as_str(), ready.id), ("ready", Some(seen)), "a break now loses nothing either");
    for n in 1..=30 {
        let event = live.next_named("message.received").await;
        assert_eq!(event.data["message"]["text"], format!("text {n}"));
    }
    world.text("+15550002222", "text 31").await;
    assert_eq!(live.next_named("message.received").await.data["message"]["text"], "text 31");
    let query =
        world.owner.request(Method::GET, &format!("/live?last_event_id={seen}")).send().await.unwrap();
    assert_eq!(query.status(), 200);
}

#[tokio::test]
async fn a_number_that_is_not_kept_any_more_asks_for_a_fresh_load() {
    let world = World::new().await;
    world.text("+15550002222", "hello").await;
    let mut live = world.owner.live(Some(99_999)).await;
    let first = live.next().await.unwrap();
    assert_eq!((first.name.as_str(), first.id), ("reload", first.data["seq"].as_u64()));
    let odd = world.owner.request(Method::GET, "/live").header("last-event-id", "abc");
    assert_eq!(world.owner.send(odd).await.code(), "bad_last_event_id");
}

#[tokio::test]
async fn a_reader_who_missed_more_than_is_at_hand_reads_the_stream_itself() {
    let world = World::new().await;
    // Happened before this process began to read: not at hand.
    world.text("+15550002222", "before").await;
    let late = inbox::Live::open(&world.bus).await.unwrap();
    let parts = inbox::Parts {
        setup: inbox::Setup {
            given: Default::default(),
            channels: host::ConsoleChannels::alone([7; 32], world.bus.clone(), "never written.json".into()),
        },
        mail: inbox::Mail::default(),
        desk: world.desk.clone(),
        bus: world.bus.clone(),
        blobs: host::Blobs::in_folder(tempfile::tempdir().unwrap().keep()).unwrap(),
        public_url: "http://localhost:8080".parse().unwrap(),
        stopping: world.stopping.clone(),
        check_readers_every: Duration::from_secs(60),
        clicks: world.clicks.clone(),
        images: inbox::MailImages::permitted(|_| true).unwrap(),
        provider: None,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, inbox::router(parts, late)).into_future());
    let agent = harness::agent::Agent::with_key(&base, crate::world::KEY);
    let mut live = agent.live(Some(0)).await;
    assert_eq!(live.next().await.unwrap().name, "ready");
    assert_eq!(live.next_named("message.received").await.data["message"]["text"], "before");
    world.text("+15550002222", "after").await;
    assert_eq!(live.next_named("message.received").await.data["message"]["text"], "after");
}

#[tokio::test]
async fn typing_is_told_both_ways_and_never_numbered() {
    let world = World::new().await;
    let session = SessionId(Uuid::new_v4());
    let chat = world.chat(session, "hi").await;
    let mut heard = world.bus.listen(TYPING).await.unwrap();
    let mut live = world.owner.live(None).await;
    live.next().await.unwrap();
    world.owner.post(&format!("/tickets/{chat}/typing"), json!({"on": true})).await.expect(204);
    let signal = heard.next().await.unwrap();
    assert_eq!((signal.session, signal.by_visitor, signal.on), (Some(session), false, true));
    let typing = live.next_named("typing").await;
    assert_eq!((typing.id, &typing.data["ticket_id"]), (None, &json!(chat)));
    let nothing = world.owner.post(&format!("/tickets/{session}/typing"), json!({"on": true})).await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn who_is_at_a_ticket_is_told_to_colleagues_and_never_numbered() {
    let world = World::new().await;
    let chat = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let maya = world.signed_in("maya@acme.example", domain::Role::Support).await;
    let mut live = world.owner.live(None).await;
    live.next().await.unwrap();
    let (path, window) = (format!("/tickets/{chat}/presence"), Uuid::new_v4());
    maya.post(&path, json!({"window": window, "state": "writing"})).await.expect(204);
    let told = live.next_named("presence").await;
    assert_eq!(
        (told.id, &told.data["ticket_id"], &told.data["window"]),
        (None, &json!(chat), &json!(window))
    );
    assert_eq!((&told.data["state"], &told.data["name"]), (&json!("writing"), &json!("maya")));
    let odd = maya.post(&path, json!({"window": window, "state": "asleep"})).await;
    assert!(odd.status == 400 || odd.status == 422, "{}", odd.status);
    let nothing =
        maya.post(&format!("/tickets/{window}/presence"), json!({"window": window, "state": "gone"})).await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn the_stream_ends_when_the_process_stops() {
    let world = World::new().await;
    let mut live = world.owner.live(None).await;
    live.next().await.unwrap();
    assert!(live.is_quiet_for(Duration::from_millis(50)).await);
    world.stopping.cancel();
    assert!(live.next().await.is_none());
}

#[tokio::test]
async fn a1_a_reader_who_may_not_any_more_is_shown_out() {
    let world = World::new().await;
    let key =
        world.desk.create_key("crm", domain::Role::Support, None, &desk::Actor::system()).await.unwrap();
    let anna = world.signed_in("anna@acme.example", domain::Role::Support).await;
    // she is here already: her coming is no news
    anna.patch("/users/me/availability", json!({"status": "available"})).await.expect(200);
    let mut by_key = harness::agent::Agent::with_key(&world.base, &key.key).live(None).await;
    let mut by_session = anna.live(None).await;
    for live in [&mut by_key, &mut by_session] {
        assert_eq!(live.next().await.unwrap().name, "ready");
        assert!(live.is_quiet_for(Duration::from_millis(300)).await, "who may stays");
    }
    world.owner.delete(&format!("/api-keys/{}", key.id)).await.expect(204);
    anna.delete("/session").await.expect(204);
    assert!(by_key.next().await.is_none());
    assert!(by_session.next().await.is_none());
}
