//! The two transports under test, and handlers that note what they get.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bus::{Bus, Delivery, Failure, Handler, Stream, Subscription, Topic, Tuning, embedded, jetstream};
use domain::{Clock, Timestamp};
use harness::nats::Server;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An event of the tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub number: u64,
}

pub const INBOUND: Topic<Note> = Topic::new("inbound.note");
pub const RECEIPT: Topic<Note> = Topic::new("receipt.note");
pub const EVENT: Topic<Note> = Topic::new("desk.note");

/// Longest wait of a test for something that has to happen.
pub const SOON: Duration = Duration::from_secs(20);

/// Waits short enough for tests.
pub fn tuning() -> Tuning {
    let backoff = [60, 180, 100, 100, 100].map(Duration::from_millis);
    Tuning { backoff, redeliver_after: Duration::from_secs(1) }
}

/// The computer's clock, set forward at will.
#[derive(Default)]
pub struct TestClock {
    ahead: AtomicI64,
}

impl TestClock {
    pub fn turn(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        Timestamp::from_millis(i64::try_from(now).unwrap() + self.ahead.load(Ordering::SeqCst))
    }
}

/// A transport: something a bus can be opened on, again and again.
pub trait Rig: Send {
    fn open(&self) -> impl Future<Output = Bus> + Send;
}

pub struct Embedded {
    pub directory: TempDir,
    pub clock: Arc<TestClock>,
    pub options: embedded::Options,
}

impl Embedded {
    pub fn new() -> Self {
        let options = embedded::Options { tuning: tuning(), max_bytes: None };
        Self { directory: TempDir::new().unwrap(), clock: Arc::default(), options }
    }

    pub async fn try_open(&self) -> anyhow::Result<Bus> {
        let file = self.directory.path().join("bus.db");
        embedded::open_with(Some(&file), self.clock.clone(), self.options.clone()).await
    }
}

impl Rig for Embedded {
    async fn open(&self) -> Bus {
        // The lock of a bus that was just dropped goes with its writer, a moment later.
        let begun = Instant::now();
        loop {
            match self.try_open().await {
                Ok(bus) => return bus,
                Err(error) => assert!(begun.elapsed() < SOON, "{error:#}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub struct JetStream {
    pub server: Server,
}

impl JetStream {
    pub fn new() -> Self {
        Self { server: Server::start() }
    }

    pub fn options() -> jetstream::Options {
        jetstream::Options { tuning: tuning(), ..jetstream::Options::default() }
    }
}

impl Rig for JetStream {
    async fn open(&self) -> Bus {
        jetstream::connect_with(&self.server.url(), Arc::<TestClock>::default(), Self::options())
            .await
            .unwrap()
    }
}

pub fn subscription(name: &'static str) -> Subscription {
    Subscription { name, stream: Stream::Inbound, subjects: &["inbound.>"], batch: 10, concurrency: 2 }
}

/// Publishes one note; its id is made of its number.
pub async fn publish(bus: &Bus, topic: Topic<Note>, number: u64) -> bus::Published {
    bus.publish(topic, &format!("note:{number}"), &Note { number }).await.unwrap()
}

/// What a handler got.
#[derive(Clone, Debug)]
pub struct Seen {
    pub number: u64,
    pub attempt: u32,
    pub at: Instant,
    pub batch: usize,
    pub delivery: Delivery,
}

type Answer = Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send>>;

/// A handler that notes what it gets and answers as it is told.
pub struct Recorder {
    seen: Mutex<Vec<Seen>>,
    answer: Box<dyn Fn(Vec<Seen>) -> Answer + Send + Sync>,
}

impl Recorder {
    /// Handles everything.
    pub fn new() -> Arc<Self> {
        Self::each(|_| Ok(()))
    }

    /// Answers for each event by itself.
    pub fn each(answer: impl Fn(&Seen) -> Result<(), Failure> + Send + Sync + 'static) -> Arc<Self> {
        Self::batch(move |batch| {
            let answers = batch.iter().map(&answer).collect();
            async { answers }
        })
    }

    /// Answers for a whole batch, perhaps after a while.
    pub fn batch<F>(answer: impl Fn(Vec<Seen>) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Vec<Result<(), Failure>>> + Send + 'static,
    {
        Arc::new(Self { seen: Mutex::default(), answer: Box::new(move |batch| Box::pin(answer(batch))) })
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn numbers(&self) -> Vec<u64> {
        self.seen().iter().map(|seen| seen.number).collect()
    }

    /// Waits until it got that many deliveries.
    pub async fn gets(&self, count: usize) -> Vec<Seen> {
        eventually(&format!("{count} deliveries"), || {
            let seen = self.seen();
            (seen.len() >= count).then_some(seen)
        })
        .await
    }
}

impl Handler for Recorder {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        let number = |delivery: &Delivery| match delivery.envelope.read(INBOUND) {
            Ok(note) => note.number,
            Err(_) => delivery.seq,
        };
        let seen: Vec<Seen> = batch
            .iter()
            .map(|delivery| Seen {
                number: number(delivery),
                attempt: delivery.attempt,
                at: Instant::now(),
                batch: batch.len(),
                delivery: delivery.clone(),
            })
            .collect();
        self.seen.lock().unwrap().extend(seen.clone());
        (self.answer)(seen)
    }
}

/// A consumer at work.
pub struct Consuming {
    pub stop: CancellationToken,
    pub task: JoinHandle<anyhow::Result<()>>,
}

pub fn consume(bus: &Bus, subscription: Subscription, handler: Arc<Recorder>) -> Consuming {
    let stop = CancellationToken::new();
    let (bus, stopped) = (bus.clone(), stop.clone());
    let task = tokio::spawn(async move { bus.consume(subscription, handler, stopped).await });
    Consuming { stop, task }
}

impl Consuming {
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a crash would: no outcome is recorded any more.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Waits for something that has to happen soon.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < SOON, "this did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until nothing of a work queue is left.
pub async fn emptied(bus: &Bus, stream: Stream) {
    let begun = Instant::now();
    while bus.backlog(stream).await.unwrap() > 0 {
        assert!(begun.elapsed() < SOON, "{} is not emptied", stream.name());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
