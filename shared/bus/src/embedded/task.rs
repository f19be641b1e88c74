//! The one task that writes the log. It takes all jobs that wait, does them in one transaction and answers after the
//! commit: a sync of the disk is shared by everybody who waited for it.

use std::{
    collections::{HashMap, HashSet},
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
    log::{self, Consumer, Fresh},
    round::{Gains, Round},
    writer::{Job, Row, Taken},
};
use crate::{Published, Stream, topic};

/// Jobs of one transaction.
const ROUND: usize = 256;

/// How often old events and ids are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Task {
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

impl Task {
    /// `ends`: the newest sequences and the newest time of the log.
    pub(super) fn new(
        connection: SqliteConnection,
        clock: Arc<dyn Clock>,
        consumers: Vec<Consumer>,
        ends: ([u64; 4], i64),
        progress: watch::Sender<[u64; 4]>,
        failing: Arc<AtomicBool>,
    ) -> Self {
        let ((last, stamp), awake, pruned) = (ends, HashMap::new(), 0);
        Self { connection, clock, consumers, awake, last, stamp, pruned, progress, failing }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>, kept: Kept) {
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
        closing.into_iter().for_each(|reply| _ = reply.send(()));
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
                Job::Take { stream, consumer, limit, reply } => {
                    round.takes.push((stream, consumer, limit, reply))
                }
                Job::Touch { reply } => round.touches.push(reply),
                Job::Close { reply } => closing.push(reply),
                // In its own transaction and at once: what is published after it has to know it.
                Job::Register { consumer, reply } => drop(reply.send(self.register(consumer).await)),
            }
        }
        let mut round = Some(round);
        while let Some(present) = round {
            round = self.commit(present).await;
        }
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

    /// Does a round; gives one back that undoes what nobody waited for any more.
    async fn commit(&mut self, round: Round) -> Option<Round> {
        let (last, stamp) = (self.last, self.stamp);
        let gains = match self.begin().await {
            Ok(()) => {
                let gains = self.transact(&round).await;
                self.end(gains).await
            }
            Err(error) => Err(error),
        };
        match gains {
            Ok(gains) => {
                self.progress.send_if_modified(|last| std::mem::replace(last, self.last) != self.last);
                let awake = gains.wake.iter().map(|place| &self.consumers[*place]);
                let awake = awake.filter_map(|c| self.awake.get(&(c.stream, c.name.clone())));
                awake.for_each(|consumer| consumer.notify_one());
                round.answer(gains)
            }
            Err(error) => {
                (self.last, self.stamp) = (last, stamp);
                tracing::error!(%error, "the event log cannot be written");
                round.fail(&unwritable(&error));
                None
            }
        }
    }

    async fn transact(&mut self, round: &Round) -> Result<Gains, sqlx::Error> {
        let mut gains = Gains::default();
        let rows: Vec<&Row> = round.rows().collect();
        if !rows.is_empty() {
            let mut results = self.append(&rows, &mut gains.wake).await?.into_iter();
            let publishes = round.publishes.iter();
            gains.published =
                publishes.map(|(rows, _)| results.by_ref().take(rows.len()).collect()).collect();
        }
        let returned = round.returned(self.now());
        if !returned.is_empty() {
            log::settle(&mut self.connection, &returned).await?;
            let again = returned.iter().filter(|r| r.due_at.is_some());
            let place = |c: &Consumer, r: &log::Returned<'_>| c.stream == r.stream && c.name == r.consumer;
            gains.wake.extend(again.filter_map(|r| self.consumers.iter().position(|c| place(c, r))));
        }
        for (stream, consumer, limit, _) in &round.takes {
            gains.taken.push(self.take(*stream, consumer, *limit).await?);
        }
        if !round.touches.is_empty() {
            log::touch(&mut self.connection).await?;
        }
        Ok(gains)
    }

    async fn append(
        &mut self,
        rows: &[&Row],
        wake: &mut HashSet<usize>,
    ) -> Result<Vec<Published>, sqlx::Error> {
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
            let wants = |c: &Consumer| c.stream == row.stream && c.wants(subject);
            wake.extend(self.consumers.iter().enumerate().filter(|(_, c)| wants(c)).map(|(place, _)| place));
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
