//! The door of the one task that writes the log.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::Clock;
use sqlx::SqliteConnection;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::{
    Kept,
    log::{self, Consumer, Handed},
    task::Task,
};
use crate::{MAX_DELIVERIES, Packet, PublishError, Published, Stream, Tuning};

/// Jobs that may wait; publishing waits beyond that.
const QUEUE: usize = 1024;

/// The newest sequence of each stream, by [`log::number`].
pub(super) type Progress = watch::Receiver<[u64; 4]>;

/// A job's result; the error is for people.
pub(super) type Reply<T> = oneshot::Sender<Result<T, String>>;

/// An event on its way into the log.
pub(super) struct Row {
    pub(super) stream: Stream,
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) envelope: String,
}

/// What becomes of an event that was handed out.
pub(super) enum Settled {
    Done,
    /// Due again after this.
    Again(Duration),
    /// Into the dead letters.
    Dead(Row),
    /// It never reached the handler.
    Untried,
}

/// What [`Writer::take`] gives.
pub(super) struct Taken {
    pub(super) events: Vec<Handed>,
    /// How long until there may be more, when there is nothing now.
    pub(super) next: Option<Duration>,
}

pub(super) enum Job {
    Publish {
        rows: Vec<Row>,
        reply: Reply<Vec<Published>>,
    },
    Register {
        consumer: Consumer,
        reply: Reply<Arc<Notify>>,
    },
    Take {
        stream: Stream,
        consumer: &'static str,
        limit: usize,
        reply: Reply<Taken>,
    },
    Settle {
        stream: Stream,
        consumer: &'static str,
        settled: Arc<Vec<(u64, Settled)>>,
        reply: Option<Reply<()>>,
    },
    Touch {
        reply: Reply<()>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
}

/// The writer's door. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    progress: Progress,
    failing: Arc<AtomicBool>,
}

impl Row {
    /// A packet as a row; refused when it has no place on the bus.
    pub(super) fn of(packet: Packet) -> Result<Self, PublishError> {
        let (stream, envelope) = packet.check()?;
        Ok(Self { stream, id: packet.envelope.id, subject: packet.subject, envelope })
    }
}

impl Writer {
    pub(super) async fn start(
        mut connection: SqliteConnection,
        clock: Arc<dyn Clock>,
        kept: Kept,
    ) -> Result<Self, sqlx::Error> {
        let now = clock.now().millis();
        let (last, stamp) = log::ends(&mut connection).await?;
        let longest = Tuning::default().delay(MAX_DELIVERIES).as_millis();
        log::recover(&mut connection, now, now + i64::try_from(longest).unwrap_or(0)).await?;
        let consumers = log::consumers(&mut connection).await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (publish, progress) = watch::channel(last);
        let failing = Arc::new(AtomicBool::new(false));
        let ends = (last, stamp.min(now));
        let task = Task::new(connection, clock, consumers, ends, publish, failing.clone());
        tokio::spawn(task.run(queue, kept));
        Ok(Self { jobs, progress, failing })
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, String> {
        let (reply, answer) = oneshot::channel();
        let closed = || "the event log is closed".to_owned();
        self.jobs.send(job(reply)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    pub(super) async fn publish(&self, packets: Vec<Packet>) -> Vec<Result<Published, PublishError>> {
        let mut rows = vec![];
        let mut check = |packet| Row::of(packet).map(|row| rows.push(row));
        let checked: Vec<Result<(), PublishError>> = packets.into_iter().map(&mut check).collect();
        let done = match rows.is_empty() {
            true => Ok(vec![]),
            false => self.ask(|reply| Job::Publish { rows, reply }).await,
        };
        let mut done = done.map(Vec::into_iter);
        let missing = || PublishError::Unavailable("no answer from the event log".into());
        let mut result = |()| match &mut done {
            Ok(done) => done.next().ok_or_else(missing),
            Err(error) => Err(PublishError::Unavailable(error.clone())),
        };
        checked.into_iter().map(|checked| checked.and_then(&mut result)).collect()
    }

    /// Adds a durable consumer; what it gives rings when there is something to take.
    pub(super) async fn register(&self, consumer: Consumer) -> Result<Arc<Notify>, String> {
        self.ask(|reply| Job::Register { consumer, reply }).await
    }

    /// Takes up to `limit` events that are due. Each has to be settled.
    pub(super) async fn take(
        &self,
        stream: Stream,
        consumer: &'static str,
        limit: usize,
    ) -> Result<Taken, String> {
        self.ask(|reply| Job::Take { stream, consumer, limit, reply }).await
    }

    /// Records outcomes; returns when they are durable.
    pub(super) async fn settle(
        &self,
        stream: Stream,
        consumer: &'static str,
        settled: Arc<Vec<(u64, Settled)>>,
    ) -> Result<(), String> {
        self.ask(|reply| Job::Settle { stream, consumer, settled, reply: Some(reply) }).await
    }

    /// Gives back what an aborted consumer held, from where nothing can be awaited.
    pub(super) fn abandon(&self, stream: Stream, consumer: &'static str, seqs: Vec<u64>) {
        let settled = Arc::new(seqs.into_iter().map(|seq| (seq, Settled::Again(Duration::ZERO))).collect());
        let job = Job::Settle { stream, consumer, settled, reply: None };
        let jobs = self.jobs.clone();
        match tokio::runtime::Handle::try_current() {
            // The error says that the log is closed: opening it gives them back.
            Ok(runtime) => drop(runtime.spawn(async move { drop(jobs.send(job).await) })),
            Err(_) => drop(jobs.try_send(job)),
        }
    }

    /// Whether the log can be written. A write is tried only when the last one failed.
    pub(super) async fn ready(&self) -> Result<(), String> {
        if self.jobs.is_closed() {
            return Err("the event log is closed".into());
        }
        if self.failing.load(Ordering::Relaxed) {
            self.ask(|reply| Job::Touch { reply }).await
        } else {
            Ok(())
        }
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Job::Close { reply }).await.is_ok() {
            // The error says that it was closed by somebody else before.
            let _ = closed.await;
        }
    }
}
