//! `kill -9` around the moment at which planned texts leave.

use std::{collections::BTreeMap, time::Duration};

use harness::{
    agent::Agent,
    frontdesk::{API_KEY, Frontdesk, Options, PUBLIC_URL, Shape},
    twilio::Twilio,
};
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::sleep;

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const NUMBER: &str = "+15550001111";
const PHONE: &str = "+15557770001";
const TEXTS: i64 = 40;

/// The product, its carrier, and a ticket of somebody who agreed to texts.
async fn begin(shape: Shape) -> (Frontdesk, Twilio, String) {
    let twilio = Twilio::start(ACCOUNT, "the auth token").await.expect("a carrier");
    let config = format!(
        "[[sms.numbers]]\nnumber = \"{NUMBER}\"\nprovider = \"twilio\"\napi_base = \"{}\"\n\
         [sms.numbers.credentials]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"the auth token\"\n",
        twilio.api_base()
    );
    let product = Frontdesk::start(shape, Options { config, env: Vec::new() }).await;
    let base = product.url("sms-ingest");
    twilio.text(&base, PUBLIC_URL, PHONE, NUMBER, "hello", "SM1").await.expect("an answer");
    let agent = Agent::with_key(&product.url("inbox"), API_KEY);
    let ticket = agent.wait_for_ticket("channel=sms", |_| true).await;
    let profile = ticket["profile"]["id"].as_str().expect("a profile");
    agent.consent(profile, "transactional", "subscribed").await;
    (product, twilio, ticket["id"].as_str().expect("an id").to_owned())
}

/// Plans texts that leave one after the other, from `first` milliseconds from now on.
async fn plan(product: &Frontdesk, ticket: &str, first: i64) {
    let agent = Agent::with_key(&product.url("inbox"), API_KEY);
    let begin = OffsetDateTime::now_utc() + time::Duration::milliseconds(first);
    for n in 0..TEXTS {
        let send_at = (begin + time::Duration::milliseconds(n * 50)).format(&Rfc3339).expect("a time");
        let body = json!({"text": format!("planned {n}"), "send_at": send_at});
        agent.post(&format!("/tickets/{ticket}/messages"), body).await.expect(201);
    }
}

/// Waits until every text is at the carrier, and a little longer, and counts.
async fn count(product: &Frontdesk, twilio: &Twilio) {
    let texts = || {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for call in twilio.messages() {
            let body = call.field("Body").unwrap_or_default().to_owned();
            if body.starts_with("planned") {
                *found.entry(body).or_default() += 1;
            }
        }
        found
    };
    for _ in 0..600 {
        if texts().len() >= usize::try_from(TEXTS).expect("few") {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(3)).await;
    let found = texts();
    let lost: Vec<_> = (0..TEXTS).filter(|n| !found.contains_key(&format!("planned {n}"))).collect();
    let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(lost.is_empty() && doubled.is_empty(), "lost {lost:?}, doubled {doubled:?}\n{}", product.logs());
    println!("{TEXTS} planned texts, 0 lost, 0 doubled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_whose_time_comes_while_everything_is_dead_leave_once() {
    let (mut product, twilio, ticket) = begin(Shape::Embedded).await;
    plan(&product, &ticket, 6_000).await;
    product.process("up", 0).kill().await;
    sleep(Duration::from_secs(7)).await;
    assert!(
        twilio.messages().iter().all(|call| call.field("Body").is_none_or(|b| !b.starts_with("planned")))
    );
    product.start_process("up", 0).await;
    count(&product, &twilio).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_can_still_be_taken_back_leave_once_when_everything_dies_meanwhile() {
    let (mut product, twilio, ticket) = begin(Shape::Embedded).await;
    let agent = Agent::with_key(&product.url("inbox"), API_KEY);
    for n in 0..TEXTS {
        let body = json!({"text": format!("planned {n}"), "undo_seconds": 10, "status": "closed"});
        agent.post(&format!("/tickets/{ticket}/messages"), body).await.expect(201);
    }
    product.process("up", 0).kill().await;
    assert!(
        twilio.messages().iter().all(|call| call.field("Body").is_none_or(|b| !b.starts_with("planned")))
    );
    product.start_process("up", 0).await;
    count(&product, &twilio).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_planned_texts_may_be_killed_while_they_leave() {
    let (mut product, twilio, ticket) = begin(Shape::Cluster { replicas: 2 }).await;
    plan(&product, &ticket, 5_000).await;
    sleep(Duration::from_secs(3)).await;
    for (role, replica) in [("ticketing", 0), ("inbox", 0), ("ticketing", 1), ("inbox", 1), ("ticketing", 0)]
    {
        product.kill_and_restart(role, replica).await;
    }
    count(&product, &twilio).await;
}
