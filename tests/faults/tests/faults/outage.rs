//! The broker is away, or the disk is full, while people text: whoever was thanked is heard, once and in order.

use std::{path::PathBuf, process::Command, time::Duration};

use harness::{
    agent::Agent,
    frontdesk::{API_KEY, PUBLIC_URL, Shape},
};
use tokio::time::{Instant, sleep};

use crate::{
    crowd::{self, Crowd, Text},
    storm::{NUMBER, Storm, messages},
};

/// Long enough for the connection to be found lost and made again; a minute with `TEST_LONG=1`.
fn outage() -> Duration {
    let long = std::env::var_os("TEST_LONG").is_some_and(|value| value == "1");
    Duration::from_secs(if long { 60 } else { 5 })
}

/// Two replicas of everything but ticketing, so that what arrives stays in the stream to be looked at.
async fn without_ticketing(env: &[(&str, &str)]) -> Storm {
    let mut storm = Storm::gather_with(Shape::Cluster { replicas: 2 }, env).await;
    for replica in 0..2 {
        storm.product.process("ticketing", replica).terminate().await;
    }
    storm
}

fn nats(storm: &mut Storm) -> &mut harness::nats::Server {
    storm.product.nats.as_mut().expect("a broker")
}

/// Every text is in the stream once and in order, and, once ticketing runs again, at the desk.
async fn count(mut storm: Storm, texts: &[Text]) {
    crowd::all_are_in_the_stream(&storm, texts).await;
    storm.product.start_process("ticketing", 0).await;
    crowd::all_are_at_the_desk(&storm, texts).await;
}

async fn fetch(url: String) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.unwrap_or_default())
}

/// A number of one replica of sms-ingest.
async fn number(storm: &Storm, replica: usize, name: &str) -> u64 {
    let (_, text) = fetch(format!("{}/metrics", storm.product.admin_url_of("sms-ingest", replica))).await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not there:\n{text}")).parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_is_away_every_text_is_thanked_for_and_arrives_in_order() {
    let mut storm = without_ticketing(&[]).await;
    let crowd = Crowd::begin(&storm);
    sleep(Duration::from_secs(2)).await;
    nats(&mut storm).kill();
    sleep(outage()).await;
    for replica in 0..2 {
        let (status, told) =
            fetch(format!("{}/readyz", storm.product.admin_url_of("sms-ingest", replica))).await;
        assert!(status == 200 && told.contains("\"missing\":{\"bus\""), "{status} {told}");
        assert!(number(&storm, replica, "frontdesk_sms_spool_waiting").await > 0);
        let oldest = number(&storm, replica, "frontdesk_sms_spool_oldest_seconds").await;
        assert!((2..=90).contains(&oldest), "{oldest}");
    }
    let (status, _) = fetch(format!("{}/readyz", storm.product.admin_url_of("inbox", 0))).await;
    assert_eq!(status, 503, "others cannot do without the broker");
    nats(&mut storm).restart();
    let back = Instant::now();
    for replica in 0..2 {
        let waiting = async || number(&storm, replica, "frontdesk_sms_spool_waiting").await;
        storm.product.eventually("an empty spool", async || (waiting().await == 0).then_some(())).await;
    }
    println!("the spools were empty {:?} after the broker was back", back.elapsed());
    let texts = crowd.end().await;
    let refused: Vec<_> = texts.iter().flat_map(|text| &text.refusals).collect();
    assert!(refused.is_empty(), "{refused:?}\n{}", storm.product.logs());
    count(storm, &texts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_while_the_broker_is_away_begins_without_it_and_forgets_nothing() {
    let mut storm = without_ticketing(&[]).await;
    let crowd = Crowd::begin(&storm);
    sleep(Duration::from_secs(1)).await;
    nats(&mut storm).kill();
    sleep(outage() / 2).await;
    storm.product.kill_and_restart("sms-ingest", 0).await;
    assert!(number(&storm, 0, "frontdesk_sms_spool_waiting").await > 0, "it found what it kept");
    sleep(outage() / 2).await;
    storm.product.kill_and_restart("sms-ingest", 1).await;
    nats(&mut storm).restart();
    sleep(Duration::from_secs(1)).await;
    storm.product.kill_and_restart("sms-ingest", 0).await;
    sleep(Duration::from_secs(2)).await;
    let texts = crowd.end().await;
    assert!(texts.iter().flat_map(|text| &text.refusals).all(|status| *status == 0), "only no answer at all");
    count(storm, &texts).await;
}

/// Until carriers hear 503, which must not lose or double what was thanked for before or is afterwards.
async fn fill_up(mut storm: Storm) {
    let crowd = Crowd::begin(&storm);
    sleep(Duration::from_secs(1)).await;
    nats(&mut storm).kill();
    for _ in 0..300 {
        if crowd.refused() >= 50 {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(crowd.refused() >= 50, "nobody was refused\n{}", storm.product.logs());
    let says_so = async || {
        let admin = storm.product.admin_url("sms-ingest");
        let (status, told) = fetch(format!("{admin}/readyz")).await;
        (status == 503 && told.contains("\"spool\"")).then_some(())
    };
    storm.product.eventually("a replica that is not ready", says_so).await;
    nats(&mut storm).restart();
    sleep(Duration::from_secs(3)).await;
    let texts = crowd.end().await;
    let refusals: Vec<_> = texts.iter().flat_map(|text| &text.refusals).collect();
    assert!(refusals.iter().all(|status| **status == 503), "{refusals:?}");
    count(storm, &texts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_spool_is_told_and_what_was_thanked_for_arrives() {
    fill_up(without_ticketing(&[("FRONTDESK_SMS__SPOOL_MAX_BYTES", "60000")]).await).await;
}

/// A small disk over a folder, as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where it may not be made (it takes root).
    fn over(folder: PathBuf) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&folder);
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_what_was_thanked_for_arrives() {
    let storm = without_ticketing(&[]).await;
    let disks = [0, 1]
        .map(|replica| SmallDisk::over(storm.product.data_dir("sms-ingest", replica).join("spool/sms")));
    if disks.iter().any(Option::is_none) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    fill_up(storm).await;
    drop(disks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_copies_of_one_webhook_over_two_replicas_are_one_message() {
    let storm = Storm::gather(Shape::Cluster { replicas: 2 }).await;
    let addresses = storm.product.addresses();
    let copy = async |nth: usize| {
        let base = addresses.url_of("sms-ingest", nth % 2).expect("it runs");
        storm.twilio.text(&base, PUBLIC_URL, "+15557770000", NUMBER, "only once", "SMonce").await
    };
    let answers = futures::future::join_all((0..50).map(copy)).await;
    assert!(
        answers.iter().all(|answer| answer.as_ref().is_ok_and(|status| status.is_success())),
        "{answers:?}"
    );
    let agent = Agent::with_key(&storm.product.url("inbox"), API_KEY);
    let there = async || Some(messages(&agent).await).filter(|found| !found.is_empty());
    storm.product.eventually("the message", there).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(messages(&agent).await, [("only once".to_owned(), 1)].into());
    assert_eq!(agent.tickets("limit=200").await.len(), 1);
}
