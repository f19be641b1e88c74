//! `kill -9` while 2,000 texts are posted and retried.

use std::time::Duration;

use harness::frontdesk::Shape;
use tokio::time::sleep;

use crate::storm::Storm;

const TEXTS: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_process_killed_again_and_again_loses_and_doubles_nothing() {
    let mut storm = Storm::gather(Shape::Embedded).await;
    storm.break_loose(TEXTS);
    for share in [200, 700, 1_200, 1_700] {
        storm.reached(share).await;
        storm.product.kill_and_restart("up", 0).await;
    }
    storm.count().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_killed_in_turn_loses_and_doubles_nothing() {
    let mut storm = Storm::gather(Shape::Cluster { replicas: 2 }).await;
    storm.break_loose(TEXTS);
    let roles =
        ["sms-ingest", "ticketing", "inbox", "notifier", "auto-responder", "web-chat", "email-ingest"];
    for (nth, role) in roles.into_iter().enumerate() {
        storm.reached(nth * TEXTS / 8).await;
        for replica in 0..2 {
            storm.product.kill_and_restart(role, replica).await;
        }
    }
    storm.count().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_and_the_database_killed_lose_and_double_nothing() {
    let mut storm = Storm::gather(Shape::Cluster { replicas: 2 }).await;
    storm.break_loose(TEXTS);
    storm.reached(300).await;
    let nats = storm.product.nats.as_mut().expect("a broker");
    nats.kill();
    sleep(Duration::from_secs(2)).await;
    nats.restart();
    storm.reached(900).await;
    let postgres = storm.product.postgres.as_mut().expect("a database");
    postgres.kill().await;
    sleep(Duration::from_secs(2)).await;
    postgres.restart().await;
    storm.count().await;
}
