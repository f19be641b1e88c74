//! Programs elsewhere are told what happens (H4), whatever becomes of them or of us in between.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use harness::{agent::Agent, frontdesk::Shape};
use serde_json::{Value, json};

use crate::{in_both_shapes, world::World};

/// What stands for "no answer at all".
const SILENT: u16 = 0;

/// A program that is told: it answers what it is asked to, and keeps what it gets.
struct Receiver {
    url: String,
    answer: Arc<AtomicU16>,
    reached: Arc<AtomicUsize>,
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl Receiver {
    async fn start(first: u16) -> Self {
        let (answer, reached) = (Arc::new(AtomicU16::new(first)), Arc::new(AtomicUsize::new(0)));
        let got: Arc<Mutex<Vec<(HeaderMap, String)>>> = Arc::default();
        let (says, counts, keeps) = (answer.clone(), reached.clone(), got.clone());
        let take = move |headers: HeaderMap, body: String| async move {
            counts.fetch_add(1, Ordering::SeqCst);
            let status = says.load(Ordering::SeqCst);
            if status == SILENT {
                std::future::pending::<()>().await;
            }
            keeps.lock().expect("a list").push((headers, body));
            StatusCode::from_u16(status).expect("a status")
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/in", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/in", post(take))).await });
        Self { url, answer, reached, got }
    }

    fn says(&self, status: u16) {
        self.answer.store(status, Ordering::SeqCst);
    }

    /// Everything that came, with the id it came under.
    fn all(&self) -> Vec<(String, Value)> {
        let got = self.got.lock().expect("a list");
        let read = |(headers, body): &(HeaderMap, String)| {
            let id = headers.get("webhook-id").map_or("", |id| id.to_str().expect("an id"));
            (id.to_owned(), serde_json::from_str(body).expect("JSON"))
        };
        got.iter().map(read).collect()
    }
}

async fn world(shape: Shape) -> World {
    let inside = ("FRONTDESK_WEBHOOKS__INSIDE_HOSTS".to_owned(), "[\"127.0.0.1\"]".to_owned());
    World::start_with(shape, vec![inside]).await
}

async fn hook(agent: &Agent, receiver: &Receiver, kind: &str) -> Value {
    let new = json!({"name": "CRM", "kind": kind, "url": receiver.url, "events": ["ticket.created"]});
    agent.post("/webhooks", new).await.expect(201)
}

async fn delivered(world: &World, hook: &Value) -> Value {
    let address = format!("/webhooks/{}/deliveries", hook["id"].as_str().expect("an id"));
    let agent = &world.agent();
    let found = || async {
        let told = agent.get(&address).await.expect(200);
        (told["data"][0]["state"] == "delivered").then(|| told["data"][0].clone())
    };
    // longer than a broker waits for a consumer that is gone
    world.product.eventually_within(Duration::from_secs(90), "a webhook that is taken", found).await
}

async fn h4_a_receiver_that_fails_and_heals_is_told_under_one_id(shape: Shape) {
    let (world, receiver) = (world(shape).await, Receiver::start(503).await);
    let agent = world.agent();
    let made = hook(&agent, &receiver, "signed").await;
    world.text("+15557770001", "where is it?", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "where is it?").await;
    world.product.eventually("a first try", || async { receiver.all().into_iter().next() }).await;
    receiver.says(200);
    let told = delivered(&world, &made).await;
    let statuses: Vec<_> = told["log"].as_array().expect("a log").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [&json!(503), &json!(200)]);
    let all = receiver.all();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], all[1], "the same id, the same body");
    assert_eq!((json!(all[0].0), &all[0].1["data"]["ticket"]["id"]), (told["id"].clone(), &ticket["id"]));
    let again = format!("/webhooks/{}/deliveries/{}/replay", made["id"].as_str().expect("an id"), all[0].0);
    agent.post(&again, json!({})).await.expect(202);
    let third = world.product.eventually("a third try", || async { receiver.all().into_iter().nth(2) }).await;
    assert_eq!(third.0, all[0].0);
}

async fn h4_a_notifier_that_is_killed_in_the_middle_loses_nothing(shape: Shape) {
    let (mut world, receiver) = (world(shape).await, Receiver::start(SILENT).await);
    let made = hook(&world.agent(), &receiver, "slack").await;
    world.text("+15557770001", "where is it?", "SM1").await;
    let reached = || async { (receiver.reached.load(Ordering::SeqCst) > 0).then_some(()) };
    world.product.eventually("a first try", reached).await;
    let role = if shape == Shape::Embedded { "up" } else { "notifier" };
    let replicas = if let Shape::Cluster { replicas } = shape { replicas } else { 1 };
    receiver.says(200);
    for replica in 0..replicas {
        world.product.kill_and_restart(role, replica).await;
    }
    delivered(&world, &made).await;
    let all = receiver.all();
    assert!(all[0].1["text"].as_str().expect("a text").contains("where is it?"), "{all:?}");
}

/// Tries of the receiver that hangs which are under way before it is seen that it hangs.
const UNDER_WAY: usize = 16 * 2;

async fn h4_a_receiver_that_hangs_holds_up_nobody_else(shape: Shape) {
    let (world, hanging, well) =
        (world(shape).await, Receiver::start(SILENT).await, Receiver::start(200).await);
    hook(&world.agent(), &hanging, "signed").await;
    hook(&world.agent(), &well, "signed").await;
    for n in 0..100 {
        world.text(&format!("+1555777{:04}", 1000 + n), "where is it?", &format!("SM{n}")).await;
    }
    let all = || async { (well.all().len() >= 100).then_some(()) };
    world.product.eventually_within(Duration::from_secs(90), "everything at the one that is well", all).await;
    let tried = hanging.reached.load(Ordering::SeqCst);
    assert!((1..=UNDER_WAY + 2).contains(&tried), "{tried} tries of the one that hangs");
    let told = world.agent().get("/webhooks").await.expect(200);
    let resting: Vec<_> =
        told["data"].as_array().expect("a list").iter().map(|one| one["rests_until"].is_string()).collect();
    assert_eq!(resting, [true, false]);
}

async fn h4_nothing_inside_is_told_unless_the_configuration_names_it(shape: Shape) {
    let (world, receiver) = (World::start(shape).await, Receiver::start(200).await);
    let agent = world.agent();
    let made = hook(&agent, &receiver, "signed").await;
    let address = format!("/webhooks/{}", made["id"].as_str().expect("an id"));
    agent.post(&format!("{address}/test"), json!({})).await.expect(202);
    let (agent, address) = (&agent, &address);
    let tried = world
        .product
        .eventually("a try", || async move {
            let told = agent.get(&format!("{address}/deliveries")).await.expect(200);
            told["data"][0]["log"].get(0).cloned()
        })
        .await;
    assert_eq!((&tried["status"], receiver.reached.load(Ordering::SeqCst)), (&Value::Null, 0));
    assert!(tried["said"].as_str().expect("words").contains("not on the public internet"), "{tried}");
}

in_both_shapes!(
    h4_a_receiver_that_fails_and_heals_is_told_under_one_id,
    h4_a_notifier_that_is_killed_in_the_middle_loses_nothing,
    h4_a_receiver_that_hangs_holds_up_nobody_else,
    h4_nothing_inside_is_told_unless_the_configuration_names_it,
);
