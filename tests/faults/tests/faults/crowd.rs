//! Many customers who text one after the other, about 200 texts a second together, each through the same replica; and
//! what became of their texts.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{
    agent::Agent,
    frontdesk::{API_KEY, Addresses, PUBLIC_URL},
    twilio::Twilio,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use crate::storm::{NUMBER, Storm, messages};

const PHONES: usize = 40;
/// Between the texts of one phone.
const EVERY: Duration = Duration::from_millis(200);

/// A text that has its 2xx.
pub struct Text {
    phone: usize,
    nth: usize,
    /// The first try until the last answer.
    pub took: Duration,
    /// Answers that were no 2xx; 0 is none at all.
    pub refusals: Vec<u16>,
}

/// People who text.
pub struct Crowd {
    posts: JoinSet<Vec<Text>>,
    enough: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

struct Person {
    phone: usize,
    twilio: Arc<Twilio>,
    addresses: Addresses,
    enough: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl Crowd {
    /// Everybody begins.
    pub fn begin(storm: &Storm) -> Self {
        let (mut posts, enough, refused) = (JoinSet::new(), Arc::default(), Arc::default());
        for phone in 0..PHONES {
            let person = Person {
                phone,
                twilio: storm.twilio.clone(),
                addresses: storm.product.addresses(),
                enough: Arc::clone(&enough),
                refused: Arc::clone(&refused),
            };
            posts.spawn(person.text());
        }
        Self { posts, enough, refused }
    }

    /// How many answers were no 2xx so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// Everybody ends with a 2xx.
    pub async fn end(mut self) -> Vec<Text> {
        self.enough.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(texts) = self.posts.join_next().await {
            all.extend(texts.expect("a person"));
        }
        let mut took: Vec<_> = all.iter().map(|text| text.took).collect();
        took.sort_unstable();
        let at = |share: usize| took[(took.len() - 1) * share / 1000];
        println!(
            "{} texts, answered in p50 {:?}, p99 {:?}, max {:?}",
            took.len(),
            at(500),
            at(990),
            at(1000)
        );
        all
    }
}

impl Person {
    async fn text(self) -> Vec<Text> {
        let mut texts = Vec::new();
        let mut next = Instant::now() + EVERY * u32::try_from(self.phone).expect("few") / PHONES as u32;
        while !self.enough.load(Ordering::Relaxed) {
            sleep_until(next).await;
            texts.push(self.deliver(texts.len()).await);
            next = (next + EVERY).max(Instant::now());
        }
        texts
    }

    /// Until there is a 2xx, as a carrier with retries does; the next text waits.
    async fn deliver(&self, nth: usize) -> Text {
        let (begun, mut refusals) = (Instant::now(), Vec::new());
        let (from, sid) = (format!("+1555777{:04}", self.phone), format!("SM{:04}{nth:06}", self.phone));
        loop {
            let answer = match self.addresses.url_of("sms-ingest", self.phone % 2) {
                Some(base) => {
                    let body = body(self.phone, nth);
                    self.twilio.text(&base, PUBLIC_URL, &from, NUMBER, &body, &sid).await.ok()
                }
                None => None,
            };
            match answer.map(|status| status.as_u16()) {
                Some(200..=299) => return Text { phone: self.phone, nth, took: begun.elapsed(), refusals },
                refusal => refusals.push(refusal.unwrap_or(0)),
            }
            self.refused.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(100)).await;
        }
    }
}

fn body(phone: usize, nth: usize) -> String {
    format!("text {nth} of {phone}")
}

/// Waits until the broker has all of them, and looks at its stream (ticketing must not run): each text once, and those
/// of one phone in their order.
pub async fn all_are_in_the_stream(storm: &Storm, texts: &[Text]) {
    let nats = storm.product.nats.as_ref().expect("a broker");
    let client = async_nats::connect(nats.url()).await.expect("a connection");
    let context = async_nats::jetstream::new(client);
    let stored = async || {
        let mut stream = context.get_stream("INBOUND").await.ok()?;
        let messages = stream.info().await.ok()?.state.messages;
        (messages >= texts.len() as u64).then_some((stream, messages))
    };
    let (stream, count) = storm.product.eventually("all texts in the stream", stored).await;
    assert_eq!(count, texts.len() as u64, "texts are in the stream twice");
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for sequence in 1..=count {
        let message = stream.get_raw_message(sequence).await.expect("a message");
        let envelope: serde_json::Value = serde_json::from_slice(&message.payload).expect("an envelope");
        let text = envelope["event"]["text"].as_str().expect("a text");
        let from = envelope["event"]["from"].as_str().expect("a sender").to_owned();
        let phone = from[from.len() - 4..].parse().expect("a number");
        let nth = next.entry(from).or_default();
        assert_eq!(text, body(phone, *nth), "at {sequence}\n{}", storm.product.logs());
        *nth += 1;
    }
}

/// So long nothing new comes before it counts as lost: how fast it comes is the machine's affair.
const STANDSTILL: Duration = Duration::from_secs(60);

/// Waits until the desk has all of them, each once, and those of one phone in their order.
pub async fn all_are_at_the_desk(storm: &Storm, texts: &[Text]) {
    let agent = Agent::with_key(&storm.product.url("inbox"), API_KEY);
    let mut found = BTreeMap::new();
    let mut news = Instant::now();
    while found.len() < texts.len() {
        let (there, all) = (found.len(), texts.len());
        assert!(
            news.elapsed() < STANDSTILL,
            "{there} of {all} are there, and no more come\n{}",
            storm.product.logs()
        );
        sleep(Duration::from_millis(500)).await;
        found = messages(&agent).await;
        if found.len() > there {
            news = Instant::now();
        }
    }
    for text in texts {
        assert_eq!(found.get(&body(text.phone, text.nth)), Some(&1), "text {} of {}", text.nth, text.phone);
    }
    assert_eq!(found.len(), texts.len());
    each_thread_is_in_order(&agent).await;
}

async fn each_thread_is_in_order(agent: &Agent) {
    for ticket in agent.tickets("limit=200&channel=sms").await {
        let thread = agent.messages(ticket["id"].as_str().expect("an id")).await;
        let numbers: Vec<usize> =
            thread.iter().filter_map(|message| nth(message["text"].as_str()?)).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

/// Of the text of [`body`].
fn nth(text: &str) -> Option<usize> {
    text.strip_prefix("text ")?.split(' ').next()?.parse().ok()
}
