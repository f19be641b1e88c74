//! `kill -9` in the middle of a change of a thousand tickets, and of its undo.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use harness::{
    agent::Agent,
    frontdesk::{API_KEY, PUBLIC_URL, Shape},
};
use serde_json::{Value, json};

use crate::storm::{NUMBER, Storm};

const TICKETS: usize = 1_000;
/// How long a change may take, with a broker that waits for whoever was killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn agent(storm: &Storm) -> Agent {
    Agent::with_key(&storm.product.url("inbox"), API_KEY)
}

async fn a_thousand_tickets(storm: &Storm) {
    let (twilio, base) = (Arc::clone(&storm.twilio), storm.product.url("sms-ingest"));
    let posts = (0..TICKETS).map(|n| {
        let (twilio, base) = (twilio.clone(), base.clone());
        async move {
            let from = format!("+1555{:07}", 7_000_000 + n);
            twilio
                .text(&base, PUBLIC_URL, &from, NUMBER, "hello", &format!("SM{n}"))
                .await
                .expect("an answer");
        }
    });
    stream::iter(posts).buffer_unordered(16).collect::<Vec<_>>().await;
    let all = || async {
        let count = agent(storm).get("/tickets/count?status=open").await.expect(200);
        (count["count"] == TICKETS).then_some(())
    };
    storm.product.eventually_within(PATIENCE, "a thousand tickets", all).await;
}

/// What a change of many tickets may touch, ticket by ticket.
async fn facts(agent: &Agent) -> BTreeMap<String, Value> {
    let (mut found, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = agent.get(&format!("/tickets?limit=200{cursor}")).await.expect(200);
        for ticket in page["data"].as_array().expect("tickets") {
            let facts = ["status", "closed_at", "snoozed_until", "assignee", "team", "tags", "unread"];
            let of: Vec<_> = facts.iter().map(|fact| ticket[fact].clone()).collect();
            found.insert(ticket["id"].as_str().expect("an id").to_owned(), json!(of));
        }
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

/// Kills whoever makes the change once a part of it is made, starts them again, and waits for the end.
async fn with_a_crash(storm: &mut Storm, id: &str, made: &str, end: &str) -> Value {
    let path = &format!("/bulk/{id}");
    let by_now = agent(storm);
    let some = || async { (by_now.get(path).await.expect(200)[made].as_i64() > Some(0)).then_some(()) };
    storm.product.eventually_within(PATIENCE, "some of it", some).await;
    storm.product.kill_and_restart("ticketing", 0).await;
    if storm.product.shape != Shape::Embedded {
        storm.product.kill_and_restart("inbox", 0).await;
    }
    let by_now = agent(storm);
    let killed_at = by_now.get(path).await.expect(200)[made].as_i64().expect("a number");
    println!("killed after {killed_at} or fewer");
    let whole = || async {
        let job = by_now.get(path).await.expect(200);
        (job["state"] == end).then_some(job)
    };
    storm.product.eventually_within(PATIENCE, end, whole).await
}

async fn whoever_changes_a_thousand_tickets_may_be_killed_and_so_may_its_undo(shape: Shape) {
    let mut storm = Storm::gather(shape).await;
    a_thousand_tickets(&storm).await;
    let before = facts(&agent(&storm)).await;
    let close = json!({"action": "close", "filter": {"status": ["open"]}});
    let job = agent(&storm).post("/tickets/bulk", close).await.expect(202);
    let id = job["id"].as_str().expect("an id").to_owned();
    let closed = with_a_crash(&mut storm, &id, "changed", "done").await;
    assert_eq!((&closed["changed"], &closed["total"]), (&json!(TICKETS), &json!(TICKETS)), "{closed}");
    let after = facts(&agent(&storm)).await;
    assert!(after.values().all(|facts| facts[0] == "closed"));
    let undo = format!("/undo/{}", closed["undo"]["token"].as_str().expect("a token"));
    agent(&storm).post(&undo, json!({})).await.expect(202);
    let undone = with_a_crash(&mut storm, &id, "restored", "undone").await;
    assert_eq!(undone["restored"], TICKETS, "{undone}");
    assert_eq!(facts(&agent(&storm)).await, before, "equal to before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_thousand_tickets_survives_in_one_process() {
    whoever_changes_a_thousand_tickets_may_be_killed_and_so_may_its_undo(Shape::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_thousand_tickets_survives_in_a_cluster() {
    whoever_changes_a_thousand_tickets_may_be_killed_and_so_may_its_undo(Shape::Cluster { replicas: 1 })
        .await;
}
