//! The bus inside one process, kept in an append-only SQLite log: write-ahead journal, synced before an answer, one
//! writer that commits whatever waits together.

mod consumer;
mod exchange;
mod follower;
mod log;
mod reading;
mod round;
mod signals;
mod task;
mod writer;

use std::{
    borrow::Cow,
    collections::HashSet,
    fs::File,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use domain::{Clock, Timestamp};
use futures::{StreamExt, stream::BoxStream};
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::{exchange::Exchange, signals::Signals, writer::Writer};
use crate::{
    AnswerFn, AskError, BoxFuture, Bus, Handler, Packet, PublishError, Published, Span, Stored, Stream,
    Subscription, Transport, Tuning,
};

/// How long an id is remembered, so that the same event again is kept once.
pub const REMEMBERED: Duration = Duration::from_secs(48 * 3600);

/// How long EVENTS are kept.
pub const KEPT: Duration = Duration::from_secs(72 * 3600);

/// What may be set; the defaults are right outside tests.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The waits of redelivery.
    pub tuning: Tuning,
    /// The log refuses events beyond this many bytes; `None`: until the disk is full.
    pub max_bytes: Option<u64>,
}

/// Opens the log at `path`, or makes it; `None` for one that ends with the process, for tests. One process at a time.
///
/// # Errors
/// It cannot be opened, or another process has it.
pub async fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> anyhow::Result<Bus> {
    open_with(path, clock, Options::default()).await
}

/// [`open`] with [`Options`].
///
/// # Errors
/// As [`open`].
pub async fn open_with(path: Option<&Path>, clock: Arc<dyn Clock>, options: Options) -> anyhow::Result<Bus> {
    let temporary = path.is_none().then(tempfile::tempdir).transpose().context("no temporary directory")?;
    let file = match (&temporary, path) {
        (Some(directory), _) => directory.path().join("bus.db"),
        (None, path) => path.context("no path")?.to_owned(),
    };
    let lock = lock(&file)?;
    let opening = || format!("the event log {} cannot be opened", file.display());
    let kept = Kept { lock, temporary };
    let connection =
        log::connect(&file, kept.temporary.is_none(), options.max_bytes).await.with_context(opening)?;
    let readers = reading::readers(&file);
    let writer = Writer::start(connection, clock.clone(), kept).await.with_context(opening)?;
    let (exchange, signals) = (Exchange::default(), Signals::default());
    let transport = Embedded {
        writer,
        readers,
        exchange,
        signals,
        connections: watch::Sender::new(1),
        leases: Mutex::default(),
        tuning: options.tuning,
        clock,
    };
    let clock = transport.clock.clone();
    Ok(Bus::over(Arc::new(transport), clock))
}

/// What lasts as long as the writer.
struct Kept {
    /// Holding it open holds the lock.
    #[expect(dead_code, reason = "held, not read")]
    lock: File,
    temporary: Option<TempDir>,
}

fn lock(file: &Path) -> anyhow::Result<File> {
    let path = file.with_added_extension("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = lock.with_context(|| format!("{} cannot be written", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => {
            anyhow::bail!("the event log {} is in use by another process", file.display())
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}

struct Embedded {
    writer: Writer,
    readers: SqlitePool,
    exchange: Exchange,
    signals: Signals,
    connections: watch::Sender<u64>,
    /// They end with the process, and so does the bus.
    leases: Mutex<HashSet<String>>,
    tuning: Tuning,
    clock: Arc<dyn Clock>,
}

impl Transport for Embedded {
    fn publish(&self, packets: Vec<Packet>) -> BoxFuture<'_, Vec<Result<Published, PublishError>>> {
        Box::pin(self.writer.publish(packets))
    }

    fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>> {
        let parts = consumer::Parts {
            writer: self.writer.clone(),
            handler,
            stop,
            tuning: self.tuning.clone(),
            clock: self.clock.clone(),
        };
        Box::pin(consumer::consume(subscription, parts))
    }

    fn follow(
        &self,
        stream: Stream,
        after: u64,
    ) -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Stored>>> {
        let follower = follower::follow(self.readers.clone(), self.writer.progress(), stream, after);
        Box::pin(async { Ok(follower) })
    }

    fn span(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<Span>> {
        Box::pin(async move { Ok(reading::span(&self.readers, stream).await?) })
    }

    fn backlog(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<u64>> {
        Box::pin(async move { Ok(reading::backlog(&self.readers, stream).await?) })
    }

    fn oldest(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<Option<Timestamp>>> {
        Box::pin(async move { Ok(reading::oldest(&self.readers, stream).await?) })
    }

    fn signal(&self, subject: Cow<'static, str>, payload: Vec<u8>) -> BoxFuture<'_, ()> {
        self.signals.tell(&subject, &payload);
        Box::pin(async {})
    }

    fn listen(
        &self,
        subject: Cow<'static, str>,
    ) -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Vec<u8>>>> {
        let signals = self.signals.hear(subject).boxed();
        Box::pin(async { Ok(signals) })
    }

    fn ask(&self, subject: &'static str, payload: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, AskError>> {
        Box::pin(self.exchange.ask(subject, payload))
    }

    fn answer(
        &self,
        subject: &'static str,
        answer: AnswerFn,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            self.exchange.answer(subject, answer, stop).await;
            Ok(())
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.writer.ready())
    }

    fn agree_on(&self, _name: &'static str, proposal: Vec<u8>) -> BoxFuture<'_, anyhow::Result<Vec<u8>>> {
        Box::pin(async { Ok(proposal) })
    }

    fn kept(&self, _name: &'static str) -> BoxFuture<'_, anyhow::Result<Option<Vec<u8>>>> {
        Box::pin(async { Ok(None) })
    }

    fn keep(&self, _name: &'static str, _value: Vec<u8>) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    fn take_lease(&self, name: &str, held: Option<u64>) -> BoxFuture<'_, anyhow::Result<Option<u64>>> {
        let is_new = self.leases.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        Box::pin(async move { Ok((is_new || held.is_some()).then_some(0)) })
    }

    fn release_lease(&self, name: &str, _held: u64) -> BoxFuture<'_, ()> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        Box::pin(async {})
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.readers.close().await;
            self.writer.close().await;
        })
    }
}
