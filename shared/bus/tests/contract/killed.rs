//! `kill -9` in the middle of publishing: whatever was acknowledged is there, once.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bus::{Bus, Packet, Stream};
use futures::{StreamExt, future::join_all};
use tokio::time::timeout;

use crate::rig::{
    EVENT, Embedded, INBOUND, JetStream, Note, Recorder, Rig, SOON, consume, emptied, subscription,
};

/// Tells the test, started again as a child, where its log is.
const LOG: &str = "BUS_TEST_LOG";

/// Acknowledged events before the kill.
const ENOUGH: usize = 500;

fn packet(bus: &Bus, topic: bus::Topic<Note>, number: u64) -> Packet {
    bus.pack(topic, &format!("note:{number}"), &Note { number }).unwrap()
}

/// Publishes on four tasks and prints every number that was acknowledged, until it is killed.
async fn publish_until_killed(file: &Path) {
    let rig = Embedded::new();
    let bus = bus::embedded::open(Some(file), rig.clock.clone()).await.unwrap();
    join_all((0..4).map(|task| publish_for_ever(&bus, task))).await;
}

#[expect(clippy::print_stdout, reason = "a child tells its parent")]
async fn publish_for_ever(bus: &Bus, task: u64) {
    for number in (0..).step_by(2) {
        let number = task * 1_000_000 + number;
        let packets = vec![packet(bus, INBOUND, number), packet(bus, EVENT, number)];
        let results = bus.publish_all(packets).await;
        assert!(results.iter().all(Result::is_ok));
        println!("acknowledged {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a parent tells its child")]
async fn what_the_embedded_log_acknowledged_survives_kill_9() {
    if let Some(file) = std::env::var_os(LOG) {
        return publish_until_killed(Path::new(&file)).await;
    }
    let rig = Embedded::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::what_the_embedded_log_acknowledged_survives_kill_9", "--nocapture"])
        .env(LOG, rig.directory.path().join("bus.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged: Vec<u64> = vec![];
    for line in lines.map_while(Result::ok) {
        acknowledged.extend(line.strip_prefix("acknowledged ").and_then(|number| number.parse::<u64>().ok()));
        if acknowledged.len() == ENOUGH {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= ENOUGH);
    all_there_once(&rig.open().await, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_nats_server_acknowledged_survives_its_kill_9() {
    let mut rig = JetStream::new();
    let bus = rig.open().await;
    let acknowledged = Arc::new(std::sync::Mutex::new(vec![]));
    let publishing: Vec<_> = (0..40)
        .map(|task| tokio::spawn(publish_until_it_fails(bus.clone(), task, acknowledged.clone())))
        .collect();
    crate::rig::eventually("enough", || (acknowledged.lock().unwrap().len() >= ENOUGH).then_some(())).await;
    rig.server.kill();
    let mut unsure = vec![];
    for one in publishing {
        unsure.push(one.await.unwrap());
    }
    rig.server.restart();
    timeout(SOON, async {
        while bus.ready().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    // What failed is published again, under the same ids.
    for number in unsure {
        let packets = vec![packet(&bus, INBOUND, number), packet(&bus, EVENT, number)];
        bus.publish_all(packets).await.into_iter().for_each(|result| assert!(result.is_ok(), "{result:?}"));
        acknowledged.lock().unwrap().push(number);
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    all_there_once(&bus, &acknowledged).await;
}

/// Gives the number that failed.
async fn publish_until_it_fails(bus: Bus, task: u64, acknowledged: Arc<std::sync::Mutex<Vec<u64>>>) -> u64 {
    let mut number = task * 1_000_000;
    loop {
        let results = bus.publish_all(vec![packet(&bus, INBOUND, number), packet(&bus, EVENT, number)]).await;
        if results.iter().any(Result::is_err) {
            return number;
        }
        acknowledged.lock().unwrap().push(number);
        number += 1;
    }
}

async fn all_there_once(bus: &Bus, acknowledged: &[u64]) {
    let recorder = Recorder::new();
    let consuming = consume(bus, subscription("counting"), recorder.clone());
    emptied(bus, Stream::Inbound).await;
    consuming.stop().await;
    count(acknowledged, &recorder.numbers());
    let last = bus.span(Stream::Events).await.unwrap().last;
    let events = bus.follow(Stream::Events, 0).await.unwrap();
    let mut numbers = vec![];
    let mut events = events.map(|stored| (stored.seq, stored.envelope.read(EVENT).unwrap().number));
    while let Some((seq, number)) = timeout(SOON, events.next()).await.unwrap() {
        numbers.push(number);
        if seq == last {
            break;
        }
    }
    count(acknowledged, &numbers);
}

fn count(acknowledged: &[u64], found: &[u64]) {
    let mut times: HashMap<u64, usize> = HashMap::new();
    found.iter().for_each(|number| *times.entry(*number).or_default() += 1);
    let lost: Vec<_> = acknowledged.iter().filter(|number| !times.contains_key(number)).collect();
    let twice: Vec<_> = times.iter().filter(|(_, count)| **count > 1).collect();
    assert!(lost.is_empty() && twice.is_empty(), "lost {lost:?}, twice {twice:?}");
}
