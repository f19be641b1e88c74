//! 500 visitors on bad lines: every connection is cut after about two seconds and comes back two seconds later, a web-chat
//! node is killed, then the broker. Whatever a visitor was thanked for is at the desk, and every answer reached its
//! visitor, once and in order.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{
    agent::Agent,
    frontdesk::{API_KEY, Addresses, Frontdesk, Options, Shape},
    visitor::{Kept, Page, Visitor},
};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;

const VISITORS: usize = 500;
/// Messages each visitor writes.
const WRITES: usize = 3;
/// Answers each visitor gets.
const ANSWERS: usize = 2;
/// Agents who answer at once.
const AGENTS: usize = 24;
const SHOP: &str = "https://shop.acme.example";
/// Nothing takes longer on a machine that is busy with everything at once.
const PATIENCE: Duration = Duration::from_secs(480);

/// A visitor, as a browser keeps them over cuts.
struct Person {
    nth: usize,
    addresses: Addresses,
    kept: Option<(String, i64)>,
    /// Written and not thanked for.
    unsent: VecDeque<(Uuid, String)>,
    written: usize,
    /// Answers, in the order in which they came.
    heard: Vec<(i64, String)>,
    ids: BTreeSet<String>,
    cuts: usize,
    finished: Arc<AtomicUsize>,
}

impl Person {
    fn is_done(&self) -> bool {
        self.written == WRITES && self.unsent.is_empty() && self.heard.len() >= ANSWERS
    }

    /// Until everything is said and heard; a few cuts more, so that what comes twice has its chance.
    async fn live(mut self, until: Instant) -> Self {
        let mut more = 2;
        while Instant::now() < until && more > 0 {
            if let Some(visitor) = self.connect().await {
                let kept = self.talk(visitor).await.cut();
                self.kept = Some((kept.token, kept.last_seq));
                self.cuts += 1;
            }
            if self.is_done() {
                more -= 1;
                if more == 1 {
                    self.finished.fetch_add(1, Ordering::Relaxed);
                }
            }
            sleep(Duration::from_secs(2)).await;
        }
        self
    }

    /// A socket that has said `hello`; what was missed is heard.
    async fn connect(&mut self) -> Option<Visitor> {
        let base = self.addresses.url_of("web-chat", (self.nth + self.cuts) % 2)?;
        let page = Page { base, site: "main".into(), origin: SHOP.into() };
        let Some((token, last_seq)) = self.kept.clone() else {
            return Visitor::arrive(&page).await.ok();
        };
        let (visitor, missed) = Visitor::resume(&Kept { page, token, last_seq }).await.ok()?;
        missed.iter().for_each(|message| self.hear(message));
        Some(visitor)
    }

    /// About two seconds of a good line.
    async fn talk(&mut self, mut visitor: Visitor) -> Visitor {
        // what is sent again keeps its id
        for (client_id, text) in &self.unsent {
            let _ = visitor.write_as(*client_id, text).await;
        }
        let end = Instant::now() + Duration::from_millis(1_500 + 2 * (self.nth as u64 % 500));
        while Instant::now() < end {
            if self.written < WRITES && self.unsent.len() < 2 {
                let (client_id, text) = (Uuid::new_v4(), said(self.nth, self.written));
                self.written += 1;
                self.unsent.push_back((client_id, text.clone()));
                let _ = visitor.write_as(client_id, &text).await;
            }
            let begun = Instant::now();
            for frame in visitor.listen_for(Duration::from_millis(400)).await {
                match frame["type"].as_str() {
                    Some("ack") => self.thanked(&frame["client_id"]),
                    Some("message") => self.hear(&frame),
                    _ => {}
                }
            }
            if begun.elapsed() < Duration::from_millis(300) {
                break; // the line is gone
            }
        }
        visitor
    }

    fn thanked(&mut self, client_id: &Value) {
        self.unsent.retain(|(id, _)| *client_id != id.to_string());
    }

    fn hear(&mut self, message: &Value) {
        let id = message["id"].as_str().expect("an id").to_owned();
        assert!(self.ids.insert(id), "visitor {} got this twice: {message}", self.nth);
        if message["author"]["kind"] == "customer" {
            return self.thanked(&message["client_id"]);
        }
        let seq = message["seq"].as_i64().expect("a number");
        self.heard.push((seq, message["text"].as_str().unwrap_or_default().to_owned()));
    }
}

fn said(visitor: usize, nth: usize) -> String {
    format!("visitor {visitor} says {nth}")
}

/// An agent who answers everybody, in turn, until all have their answers. An answer is tried again under the same key.
async fn answer_everybody(addresses: Addresses) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().expect("a client");
    let (mut answered, turns) = (BTreeMap::<String, usize>::new(), Arc::new(Semaphore::new(AGENTS)));
    while answered.values().filter(|count| **count == ANSWERS).count() < VISITORS {
        for id in all_tickets(&client, &addresses).await {
            answered.entry(id).or_default();
        }
        let waiting: Vec<(String, usize)> =
            answered.iter().filter(|(_, count)| **count < ANSWERS).map(|(id, n)| (id.clone(), *n)).collect();
        let mut answering = JoinSet::new();
        for (id, nth) in waiting {
            let (client, addresses, turn) = (client.clone(), addresses.clone(), turns.clone());
            answering.spawn(async move {
                let _turn = turn.acquire_owned().await.expect("turns");
                answer(&client, &addresses, &id, nth).await.then_some(id)
            });
        }
        for id in answering.join_all().await.into_iter().flatten() {
            *answered.entry(id).or_default() += 1;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn all_tickets(client: &reqwest::Client, addresses: &Addresses) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let Some(base) = addresses.url("inbox") else { return ids };
        let url = format!("{base}/api/v1/tickets?channel=chat&limit=200{cursor}");
        let Ok(answer) = client.get(url).bearer_auth(API_KEY).send().await else { return ids };
        let page: Value = answer.json().await.unwrap_or_default();
        let found = page["data"].as_array().cloned().unwrap_or_default();
        ids.extend(found.iter().filter_map(|ticket| ticket["id"].as_str().map(str::to_owned)));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

async fn answer(client: &reqwest::Client, addresses: &Addresses, ticket: &str, nth: usize) -> bool {
    let Some(base) = addresses.url("inbox") else { return false };
    let request = client
        .post(format!("{base}/api/v1/tickets/{ticket}/messages"))
        .bearer_auth(API_KEY)
        .header("idempotency-key", format!("{ticket}:{nth}"))
        .json(&json!({"text": format!("answer {nth}")}));
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_visitors_on_bad_lines_lose_and_double_nothing() {
    let config = format!("[[chat.sites]]\nid = \"main\"\nallowed_origins = [\"{SHOP}\"]\n");
    let options = Options { config, ..Options::default() };
    let mut product = Frontdesk::start(Shape::Cluster { replicas: 2 }, options).await;
    let agent = Agent::with_key(&product.url("inbox"), API_KEY);
    assert!(agent.tickets("channel=chat").await.is_empty());
    let (until, finished) = (Instant::now() + PATIENCE, Arc::new(AtomicUsize::new(0)));
    let mut people = JoinSet::new();
    for nth in 0..VISITORS {
        let person = Person {
            nth,
            addresses: product.addresses(),
            kept: None,
            unsent: VecDeque::new(),
            written: 0,
            heard: Vec::new(),
            ids: BTreeSet::new(),
            cuts: 0,
            finished: finished.clone(),
        };
        people.spawn(async move {
            sleep(Duration::from_millis(8 * nth as u64)).await;
            person.live(until).await
        });
    }
    let answering = tokio::spawn(answer_everybody(product.addresses()));
    sleep(Duration::from_secs(8)).await;
    product.kill_and_restart("web-chat", 0).await;
    println!("a web-chat node was killed; {} visitors are done", finished.load(Ordering::Relaxed));
    sleep(Duration::from_secs(6)).await;
    let nats = product.nats.as_mut().expect("a broker");
    nats.kill();
    sleep(Duration::from_secs(2)).await;
    nats.restart();
    println!("the broker was killed; {} visitors are done", finished.load(Ordering::Relaxed));
    let begun = Instant::now();
    while finished.load(Ordering::Relaxed) < VISITORS && Instant::now() < until {
        sleep(Duration::from_secs(10)).await;
        println!("after {:?} {} visitors are done", begun.elapsed(), finished.load(Ordering::Relaxed));
    }
    let people = people.join_all().await;
    answering.abort();
    count(&product, &people).await;
}

/// Every message of every visitor is at the desk once; every answer reached its visitor once, in order.
async fn count(product: &Frontdesk, people: &[Person]) {
    let cuts: usize = people.iter().map(|person| person.cuts).sum();
    let undone: Vec<_> = people.iter().filter(|person| !person.is_done()).map(|person| person.nth).collect();
    assert!(undone.is_empty(), "{} are not done: {undone:?}\n{}", undone.len(), product.logs());
    for person in people {
        let mut sorted = person.heard.clone();
        sorted.sort();
        assert_eq!(person.heard, sorted, "in order");
        let texts: Vec<_> = person.heard.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["answer 0", "answer 1"], "visitor {}", person.nth);
    }
    let agent = Agent::with_key(&product.url("inbox"), API_KEY);
    let client = reqwest::Client::new();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in all_tickets(&client, &product.addresses()).await {
        for message in agent.messages(&ticket).await {
            if message["direction"] == "in" && message["ticket_id"] == ticket.as_str() {
                *found.entry(message["text"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
    }
    let written = (0..VISITORS).flat_map(|visitor| (0..WRITES).map(move |nth| said(visitor, nth)));
    let lost: Vec<_> = written.filter(|text| !found.contains_key(text)).collect();
    let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(lost.is_empty() && doubled.is_empty(), "lost {lost:?}, doubled {doubled:?}\n{}", product.logs());
    println!(
        "{VISITORS} visitors, {cuts} cuts: {} messages and {} answers, 0 lost, 0 doubled",
        found.len(),
        VISITORS * ANSWERS
    );
}
