//! Durable consumers of the log.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use domain::Clock;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    log::{Consumer, Handed},
    writer::{Row, Settled, Writer},
};
use crate::{
    Delivery, Handler, Stream, Subscription, Tuning,
    worker::{Appetite, Dead, Outcome, Worker, portions},
};

/// The wait after the log could not be written.
const PAUSE: Duration = Duration::from_secs(1);

/// Times an outcome is tried to be recorded once the consumer has been stopped.
const LAST_TRIES: usize = 3;

/// Longest sleep of an idle consumer that has events in back-off, so that a clock that is set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What a consumer works with.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) writer: Writer,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) stop: CancellationToken,
    pub(super) tuning: Tuning,
    pub(super) clock: Arc<dyn Clock>,
}

pub(super) async fn consume(subscription: Subscription, parts: Parts) -> anyhow::Result<()> {
    let Subscription { name, stream, subjects, batch, concurrency } = subscription;
    if let Some(odd) = subjects.iter().find(|subject| Stream::of(subject) != Some(stream)) {
        anyhow::bail!("the consumer {name} wants {odd}, which {} does not keep", stream.name());
    }
    let consumer =
        Consumer { stream, name: name.into(), subjects: subjects.iter().map(|s| (*s).into()).collect() };
    let ring = parts.writer.register(consumer).await.map_err(|error| anyhow!(error))?;
    let mut loops = JoinSet::new();
    for _ in 0..concurrency.max(1) {
        let worker = Worker { consumer: name, stream, tuning: parts.tuning.clone() };
        let one = Loop { parts: parts.clone(), worker, ring: ring.clone(), appetite: Appetite::new(batch) };
        loops.spawn(one.run());
    }
    while let Some(ended) = loops.join_next().await {
        ended.map_err(|error| anyhow!("the consumer {name} broke: {error}"))?;
    }
    // An idle replica may have to take over the wait for a back-off.
    ring.notify_one();
    Ok(())
}

struct Loop {
    parts: Parts,
    worker: Worker,
    ring: Arc<Notify>,
    appetite: Appetite,
}

/// What a loop holds; given back if the loop is aborted.
struct InFlight<'a> {
    parts: &'a Parts,
    worker: &'a Worker,
    seqs: Vec<u64>,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.seqs.is_empty() {
            let seqs = std::mem::take(&mut self.seqs);
            self.parts.writer.abandon(self.worker.stream, self.worker.consumer, seqs);
        }
    }
}

impl Loop {
    async fn run(mut self) {
        let stop = self.parts.stop.clone();
        while !stop.is_cancelled() {
            let limit = self.appetite.present();
            let next = match self.parts.writer.take(self.worker.stream, self.worker.consumer, limit).await {
                Ok(taken) if !taken.events.is_empty() => {
                    if taken.events.len() == limit {
                        self.ring.notify_one();
                    }
                    self.handle(taken.events).await;
                    continue;
                }
                Ok(taken) => taken.next.map(|wait| wait.min(LONGEST_SLEEP)),
                Err(error) => {
                    tracing::error!(consumer = self.worker.consumer, error, "events cannot be taken");
                    Some(PAUSE)
                }
            };
            let due = async { tokio::time::sleep(next.unwrap_or(Duration::MAX)).await };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.ring.notified() => {}
                () = due, if next.is_some() => {}
            }
        }
    }

    async fn handle(&mut self, events: Vec<Handed>) {
        let seqs = events.iter().map(|event| event.seq).collect();
        let mut in_flight = InFlight { parts: &self.parts, worker: &self.worker, seqs };
        let (mut readable, mut settled) = (vec![], vec![]);
        for event in events {
            match event.delivery() {
                Ok(delivery) => readable.push((event, delivery)),
                Err(error) => settled.push((event.seq, self.dead(&event, None, &error.to_string()))),
            }
        }
        let mut broke = false;
        for portion in portions(readable, |(_, delivery)| delivery) {
            if self.parts.stop.is_cancelled() {
                settled.extend(portion.into_iter().map(|(event, _)| (event.seq, Settled::Untried)));
                continue;
            }
            let (events, deliveries): (Vec<_>, Vec<Delivery>) = portion.into_iter().unzip();
            let verdict = self.worker.run(&*self.parts.handler, &deliveries).await;
            broke |= verdict.broke;
            let outcomes = events.iter().zip(&deliveries).zip(verdict.outcomes);
            settled.extend(
                outcomes
                    .map(|((event, delivery), outcome)| (event.seq, self.settled(event, delivery, outcome))),
            );
            self.record(&mut in_flight, std::mem::take(&mut settled)).await;
        }
        self.record(&mut in_flight, settled).await;
        drop(in_flight);
        self.appetite.after(broke);
    }

    fn settled(&self, event: &Handed, delivery: &Delivery, outcome: Outcome) -> Settled {
        match outcome {
            Outcome::Done => Settled::Done,
            Outcome::Again { after } => Settled::Again(after),
            Outcome::Dead { reason } => self.dead(event, delivery.envelope.traceparent.as_deref(), &reason),
        }
    }

    fn dead(&self, event: &Handed, traceparent: Option<&str>, reason: &str) -> Settled {
        let (subject, envelope) = (event.subject.as_str(), event.envelope.as_str());
        // A seventh delivery is one that was counted but never came to the handler.
        let attempts = event.attempt.min(crate::MAX_DELIVERIES);
        let dead = Dead { subject, seq: event.seq, attempts, envelope, traceparent, reason };
        let letter = self.worker.dead_letter(&dead, self.parts.clock.now());
        match letter.and_then(|packet| Row::of(packet).ok()) {
            Some(row) => Settled::Dead(row),
            None => Settled::Again(self.worker.tuning.delay(event.attempt)),
        }
    }

    /// Records outcomes, however long it takes: until then the events stay in hand. Once stopped it gives up soon,
    /// and they are delivered again after the next start.
    async fn record(&self, in_flight: &mut InFlight<'_>, settled: Vec<(u64, Settled)>) {
        let done: Vec<u64> = settled.iter().map(|(seq, _)| *seq).collect();
        let (stream, consumer) = (self.worker.stream, self.worker.consumer);
        let mut tries = 0;
        let settled = Arc::new(settled);
        while !done.is_empty() && tries < LAST_TRIES {
            match self.parts.writer.settle(stream, consumer, settled.clone()).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::error!(consumer, error, "outcomes cannot be recorded");
                    tries += usize::from(self.parts.stop.is_cancelled());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        in_flight.seqs.retain(|seq| !done.contains(seq));
    }
}
