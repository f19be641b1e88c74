//! The one task that writes the log. It takes all jobs that wait, does them in one transaction and answers after the
//! commit: a sync of the disk is shared by everybody who waited for it.

use std::{
    collections::HashMap,
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
    log::{self, Consumer, Fresh, Handed, Returned},
};
use crate::{MAX_DELIVERIES, Packet, PublishError, Published, Stream, Tuning, topic};

/// Jobs of one transaction.
const ROUND: usize = 256;

/// Jobs that may wait; publishing waits beyond that.
const QUEUE: usize = 1024;

/// How often old events and ids are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// The newest sequence of each stream, by [`log::number`].
pub(super) type Progress = watch::Receiver<[u64; 4]>;

/// A job's result; the error is for people.
type Reply<T> = oneshot::Sender<Result<T, String>>;

/// An event on its way into the log.
pub(super) struct Row {
    stream: Stream,
    id: String,
    subject: String,
    envelope: String,
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

enum Job {
    Publish { rows: Vec<Row>, reply: Reply<Vec<Published>> },
    Register { consumer: Consumer, reply: Reply<Arc<Notify>> },
    Take { stream: Stream, consumer: &'static str, limit: usize, reply: Reply<Taken> },
    Settle { stream: Stream, consumer: &'static str, settled: Vec<(u64, Settled)>, reply: Option<Reply<()>> },
    Touch { reply: Reply<()> },
    Close { reply: oneshot::Sender<()> },
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
        let stamp = stamp.min(now);
        let task = Task {
            connection,
            clock,
            consumers,
            awake: HashMap::new(),
            last,
            stamp,
            pruned: 0,
            progress: publish,
            failing: failing.clone(),
        };
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
        let checked: Vec<Result<(), PublishError>> =
            packets.into_iter().map(|packet| Ok(rows.push(Row::of(packet)?))).collect();
        let done = match rows.is_empty() {
            true => Ok(vec![]),
            false => self.ask(|reply| Job::Publish { rows, reply }).await,
        };
        let mut done = done.map(Vec::into_iter);
        let missing = || PublishError::Unavailable("no answer from the event log".into());
        let result = |()| match &mut done {
            Ok(done) => done.next().ok_or_else(missing),
            Err(error) => Err(PublishError::Unavailable(error.clone())),
        };
        let mut result = result;
        checked.into_iter().map(|checked| checked.and_then(&mut result)).collect()
    }

    /// Adds a durable consumer; what it gives rings when there is something to take.
    pub(super) async fn register(&self, consumer: Consumer) -> Result<Arc<Notify>, String> {
        self.ask(|reply| Job::Register { consumer, reply }).await
    }

    /// Takes up to `limit` events that are due. Each has to be settled.
    pub(super) async fn take(&self, stream: Stream, consumer: &'static str, limit: usize) -> Result<Taken, String> {
        self.ask(|reply| Job::Take { stream, consumer, limit, reply }).await
    }

    /// Records outcomes; returns when they are durable.
    pub(super) async fn settle(
        &self,
        stream: Stream,
        consumer: &'static str,
        settled: Vec<(u64, Settled)>,
    ) -> Result<(), String> {
        self.ask(|reply| Job::Settle { stream, consumer, settled, reply: Some(reply) }).await
    }

    /// Gives back what an aborted consumer held, from where nothing can be awaited.
    pub(super) fn abandon(&self, stream: Stream, consumer: &'static str, seqs: Vec<u64>) {
        let settled = seqs.into_iter().map(|seq| (seq, Settled::Again(Duration::ZERO))).collect();
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
        if self.failing.load(Ordering::Relaxed) { self.ask(|reply| Job::Touch { reply }).await } else { Ok(()) }
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Job::Close { reply }).await.is_ok() {
            // The error says that it was closed by somebody else before.
            let _ = closed.await;
        }
    }
}

struct Task {
    connection: SqliteConnection,
    clock: Arc<dyn Clock>,
    consumers: Vec<Consumer>,
    /// Rings for idle consumers.
    awake: HashMap<(Stream, String), Arc<Notify>>,
    last: [u64; 4],
    /// The time of the newest event; never goes back, so that order in time is order of publishing.
    stamp: i64,
    pruned: i64,
    progress: watch::Sender<[u64; 4]>,
    failing: Arc<AtomicBool>,
}

/// The jobs of one transaction.
#[derive(Default)]
struct Round {
    publishes: Vec<(Vec<Row>, Reply<Vec<Published>>)>,
    settles: Vec<(Stream, &'static str, Vec<(u64, Settled)>, Option<Reply<()>>)>,
    takes: Vec<(Stream, &'static str, usize, Reply<Taken>)>,
    touches: Vec<Reply<()>>,
}

/// What a transaction gave.
#[derive(Default)]
struct Gains {
    published: Vec<Vec<Published>>,
    taken: Vec<Taken>,
    /// Consumers to wake.
    wake: Vec<(Stream, String)>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>, kept: Kept) {
        let mut jobs = Vec::with_capacity(ROUND);
        let mut closing = vec![];
        let mut tick = tokio::time::interval(PRUNE_EVERY);
        loop {
            let count = tokio::select! {
                count = queue.recv_many(&mut jobs, ROUND) => count,
                _ = tick.tick() => { self.prune().await; continue }
            };
            if count == 0 {
                break;
            }
            closing.extend(self.serve(&mut jobs).await);
            if !closing.is_empty() {
                queue.close();
            }
            if self.now() - self.pruned > PRUNE_EVERY.as_millis() as i64 {
                self.prune().await;
            }
        }
        if let Err(error) = log::close(self.connection).await {
            tracing::warn!(%error, "the event log was not closed cleanly; nothing is lost");
        }
        drop(kept);
        closing.into_iter().for_each(|reply| drop(reply.send(())));
    }

    fn now(&self) -> i64 {
        self.clock.now().millis()
    }

    async fn prune(&mut self) {
        self.pruned = self.now();
        let (events, ids) = log::horizons(self.pruned);
        loop {
            match log::prune(&mut self.connection, events, ids).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return tracing::error!(%error, "old events cannot be removed"),
            }
        }
    }

    /// Does these jobs; gives back whoever wants to hear of the end.
    async fn serve(&mut self, jobs: &mut Vec<Job>) -> Vec<oneshot::Sender<()>> {
        let (mut round, mut closing) = (Round::default(), vec![]);
        for job in jobs.drain(..) {
            match job {
                Job::Publish { rows, reply } => round.publishes.push((rows, reply)),
                Job::Settle { stream, consumer, settled, reply } => {
                    round.settles.push((stream, consumer, settled, reply));
                }
                Job::Take { stream, consumer, limit, reply } => round.takes.push((stream, consumer, limit, reply)),
                Job::Touch { reply } => round.touches.push(reply),
                Job::Close { reply } => closing.push(reply),
                // In its own transaction and at once: what is published after it has to know it.
                Job::Register { consumer, reply } => drop(reply.send(self.register(consumer).await)),
            }
        }
        self.commit(round).await;
        closing
    }

    async fn register(&mut self, consumer: Consumer) -> Result<Arc<Notify>, String> {
        let same = |c: &Consumer| c.stream == consumer.stream && c.name == consumer.name;
        refuse_overlap(&self.consumers, &consumer)?;
        let before = self.consumers.iter().position(same);
        if before.is_none_or(|place| self.consumers[place] != consumer) {
            self.begin().await.map_err(|error| unwritable(&error))?;
            let registered = log::register(&mut self.connection, &consumer, before.is_none()).await;
            self.end(registered).await.map_err(|error| unwritable(&error))?;
            match before {
                Some(place) => self.consumers[place] = consumer.clone(),
                None => self.consumers.push(consumer.clone()),
            }
        }
        Ok(self.awake.entry((consumer.stream, consumer.name)).or_default().clone())
    }

    async fn begin(&mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut self.connection).await.map(drop)
    }

    /// Commits when all went well, else rolls back. Plain statements: SQLite ends a transaction by itself after some
    /// errors, which a transaction guard would not know.
    async fn end<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        let committed = match result {
            Ok(value) => sqlx::raw_sql("COMMIT").execute(&mut self.connection).await.map(|_| value),
            Err(error) => Err(error),
        };
        if committed.is_err() {
            // The error says that there is no transaction any more.
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await;
        }
        self.failing.store(committed.is_err(), Ordering::Relaxed);
        committed
    }

    async fn commit(&mut self, round: Round) {
        let (last, stamp) = (self.last, self.stamp);
        let gains = match self.begin().await {
            Ok(()) => {
                let gains = self.transact(&round).await;
                self.end(gains).await
            }
            Err(error) => Err(error),
        };
        match gains {
            Ok(gains) => self.answer(round, gains),
            Err(error) => {
                (self.last, self.stamp) = (last, stamp);
                tracing::error!(%error, "the event log cannot be written");
                round.fail(&unwritable(&error));
            }
        }
    }

    async fn transact(&mut self, round: &Round) -> Result<Gains, sqlx::Error> {
        let mut gains = Gains::default();
        let letters = round.settles.iter().flat_map(|(_, _, settled, _)| settled).filter_map(|(_, s)| s.letter());
        let published = round.publishes.iter().flat_map(|(rows, _)| rows);
        let rows: Vec<&Row> = published.chain(letters).collect();
        if !rows.is_empty() {
            let mut results = self.append(&rows, &mut gains).await?.into_iter();
            gains.published =
                round.publishes.iter().map(|(rows, _)| results.by_ref().take(rows.len()).collect()).collect();
        }
        let now = self.now();
        let returned: Vec<Returned<'_>> = round.returned(now).collect();
        if !returned.is_empty() {
            log::settle(&mut self.connection, &returned).await?;
            let again = returned.iter().filter(|r| r.due_at.is_some());
            gains.wake.extend(again.map(|r| (r.stream, r.consumer.to_owned())));
        }
        for (stream, consumer, limit, _) in &round.takes {
            gains.taken.push(self.take(*stream, consumer, *limit).await?);
        }
        if !round.touches.is_empty() {
            log::touch(&mut self.connection).await?;
        }
        Ok(gains)
    }

    async fn append(&mut self, rows: &[&Row], gains: &mut Gains) -> Result<Vec<Published>, sqlx::Error> {
        self.stamp = self.stamp.max(self.now());
        let ids: Vec<(Stream, &str)> = rows.iter().map(|row| (row.stream, row.id.as_str())).collect();
        let known = log::known(&mut self.connection, &ids).await?;
        let mut known: HashMap<(usize, &str), u64> =
            known.iter().map(|(stream, id, seq)| ((*stream as usize, id.as_str()), *seq)).collect();
        let (mut fresh, mut published) = (vec![], vec![]);
        for row in rows {
            let stream = log::number(row.stream);
            if let Some(seq) = known.get(&(stream, row.id.as_str())) {
                published.push(Published { seq: *seq, duplicate: true });
                continue;
            }
            self.last[stream] += 1;
            let seq = self.last[stream];
            known.insert((stream, &row.id), seq);
            published.push(Published { seq, duplicate: false });
            let (id, subject, envelope) = (row.id.as_str(), row.subject.as_str(), row.envelope.as_str());
            fresh.push(Fresh { stream: row.stream, seq, id, subject, envelope });
            let theirs = self.consumers.iter().filter(|c| c.stream == row.stream && c.wants(subject));
            gains.wake.extend(theirs.map(|c| (c.stream, c.name.clone())));
        }
        if !fresh.is_empty() {
            log::append(&mut self.connection, &fresh, &self.consumers, self.stamp).await?;
            log::set_ends(&mut self.connection, &self.last).await?;
        }
        Ok(published)
    }

    async fn take(&mut self, stream: Stream, consumer: &str, limit: usize) -> Result<Taken, sqlx::Error> {
        let now = self.now().max(self.stamp);
        let events = log::take(&mut self.connection, stream, consumer, limit, now).await?;
        let next = match events.is_empty() {
            true => log::next_due(&mut self.connection, stream, consumer).await?,
            false => None,
        };
        let wait = |due: i64| Duration::from_millis(u64::try_from(due - now).unwrap_or(0).max(1));
        Ok(Taken { events, next: next.map(wait) })
    }

    fn answer(&mut self, round: Round, gains: Gains) {
        self.progress.send_if_modified(|last| std::mem::replace(last, self.last) != self.last);
        // Sending fails when the asking side is gone.
        for ((_, reply), published) in round.publishes.into_iter().zip(gains.published) {
            drop(reply.send(Ok(published)));
        }
        for reply in round.settles.into_iter().filter_map(|(.., reply)| reply).chain(round.touches) {
            drop(reply.send(Ok(())));
        }
        for ((stream, consumer, _, reply), taken) in round.takes.into_iter().zip(gains.taken) {
            drop(reply.send(Ok(taken)));
            let _ = (stream, consumer);
        }
        for key in gains.wake {
            if let Some(awake) = self.awake.get(&key) {
                awake.notify_one();
            }
        }
    }
}

impl Settled {
    fn letter(&self) -> Option<&Row> {
        match self {
            Self::Dead(row) => Some(row),
            _ => None,
        }
    }
}

impl Round {
    fn returned(&self, now: i64) -> impl Iterator<Item = Returned<'_>> {
        self.settles.iter().flat_map(move |(stream, consumer, settled, _)| {
            settled.iter().map(move |(seq, settled)| {
                let (due_at, untried) = match settled {
                    Settled::Done | Settled::Dead(_) => (None, false),
                    Settled::Again(after) => (Some(now + i64::try_from(after.as_millis()).unwrap_or(0)), false),
                    Settled::Untried => (Some(now), true),
                };
                Returned { stream: *stream, consumer, seq: *seq, due_at, untried }
            })
        })
    }

    fn fail(self, error: &str) {
        self.publishes.into_iter().for_each(|(_, reply)| drop(reply.send(Err(error.into()))));
        self.takes.into_iter().for_each(|(.., reply)| drop(reply.send(Err(error.into()))));
        let rest = self.settles.into_iter().filter_map(|(.., reply)| reply).chain(self.touches);
        rest.for_each(|reply| drop(reply.send(Err(error.into()))));
    }
}

fn unwritable(error: &sqlx::Error) -> String {
    format!("the event log cannot be written: {error}")
}

/// A work queue's event goes to one consumer.
fn refuse_overlap(consumers: &[Consumer], wanted: &Consumer) -> Result<(), String> {
    let others = consumers.iter().filter(|c| c.stream == wanted.stream && c.name != wanted.name);
    let clash = |other: &&Consumer| {
        let mut pairs = other.subjects.iter().flat_map(|a| wanted.subjects.iter().map(move |b| (a, b)));
        pairs.any(|(a, b)| topic::overlap(a, b))
    };
    match others.filter(|_| wanted.stream.is_work_queue()).find(clash) {
        Some(other) => Err(format!(
            "the consumers {} and {} of {} want the same events",
            other.name,
            wanted.name,
            wanted.stream.name()
        )),
        None => Ok(()),
    }
}
