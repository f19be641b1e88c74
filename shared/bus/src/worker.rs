//! What both transports do with delivered events: run the handler, panics included, and judge the outcome.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use domain::{Timestamp, event::DeadLetter};
use futures::FutureExt;
use tracing::{Instrument, Span};

use crate::{Delivery, Envelope, Failure, Handler, MAX_DELIVERIES, Packet, Stream, topic, trace};

/// From this delivery on an event is handed over alone, so that one that breaks its batch cannot take the rest of
/// the batch to the dead letters.
const ALONE_FROM: u32 = 3;

/// The waits of redelivery. The defaults are right outside tests.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// The wait before the 2nd, 3rd, … delivery of an event whose handler said retry.
    pub backoff: [Duration; MAX_DELIVERIES as usize - 1],
    /// JetStream: an event is delivered again after this long without a sign of life of its handler. The bus gives
    /// that sign for handlers that take long; so this is about crashed processes and lost connections only.
    pub redeliver_after: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            backoff: [1, 5, 30, 120, 600].map(Duration::from_secs),
            redeliver_after: Duration::from_secs(30),
        }
    }
}

impl Tuning {
    /// The wait after a delivery (counted from 1) that failed.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        let last = self.backoff.len() - 1;
        self.backoff[last.min((attempt as usize).saturating_sub(1))]
    }
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Handled.
    Done,
    /// Delivered again later.
    Again {
        /// Not before this.
        after: Duration,
    },
    /// Dead letter.
    Dead {
        /// Why.
        reason: String,
    },
}

/// Where deliveries come from and how they are retried.
#[derive(Clone)]
pub(crate) struct Worker {
    /// The consumer's durable name.
    pub(crate) consumer: &'static str,
    /// The stream it reads.
    pub(crate) stream: Stream,
    /// The waits.
    pub(crate) tuning: Tuning,
}

/// How many events to ask for: one at first, and after a batch that broke, twice as many after each that did not. So
/// an event that ends the whole process, again and again, takes few others along.
pub(crate) struct Appetite {
    present: usize,
    most: usize,
}

impl Appetite {
    pub(crate) fn new(most: usize) -> Self {
        Self { present: 1, most: most.max(1) }
    }

    pub(crate) fn present(&self) -> usize {
        self.present
    }

    pub(crate) fn after(&mut self, broke: bool) {
        self.present = if broke { 1 } else { (self.present * 2).min(self.most) };
    }
}

/// Cuts a batch into what is handed to the handler together: the fresh ones first, then each suspicious one alone.
pub(crate) fn portions<T>(batch: Vec<T>, delivery: impl Fn(&T) -> &Delivery) -> Vec<Vec<T>> {
    let (fresh, suspicious): (Vec<T>, Vec<T>) =
        batch.into_iter().partition(|t| delivery(t).attempt < ALONE_FROM);
    let first = (!fresh.is_empty()).then_some(fresh);
    first.into_iter().chain(suspicious.into_iter().map(|one| vec![one])).collect()
}

/// What a handler made of a portion.
pub(crate) struct Verdict {
    /// One per delivery, in order.
    pub(crate) outcomes: Vec<Outcome>,
    /// The handler panicked.
    pub(crate) broke: bool,
}

impl Worker {
    /// Runs the handler on a portion.
    pub(crate) async fn run(&self, handler: &dyn Handler, portion: &[Delivery]) -> Verdict {
        if portion.iter().any(|d| d.attempt > MAX_DELIVERIES) && self.stream != Stream::Dead {
            let reason =
                format!("delivered {MAX_DELIVERIES} times and never answered: its handler ended or hung");
            let outcomes = portion.iter().map(|_| Outcome::Dead { reason: reason.clone() }).collect();
            return Verdict { outcomes, broke: false };
        }
        let call = AssertUnwindSafe(async { handler.handle(portion).await });
        let answer = call.catch_unwind().instrument(self.span(portion)).await;
        let broke = answer.is_err();
        let mut results = match answer {
            Ok(results) => results,
            Err(panic) => self.panicked(portion, &*panic),
        }
        .into_iter();
        let judge = |d: &Delivery| self.judge(d, results.next().unwrap_or_else(unanswered));
        Verdict { outcomes: portion.iter().map(judge).collect(), broke }
    }

    fn panicked(&self, portion: &[Delivery], panic: &(dyn Any + Send)) -> Vec<Result<(), Failure>> {
        let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let events = portion.len();
        tracing::error!(consumer = self.consumer, events, panic = %text, "a handler panicked; its events are retried");
        portion.iter().map(|_| Err(Failure::retry(format!("the handler panicked: {text}")))).collect()
    }

    fn span(&self, portion: &[Delivery]) -> Span {
        let subject = portion.first().map_or("", |d| d.subject.as_str());
        let span = tracing::info_span!(
            "consume",
            otel.name = format!("consume {subject}"),
            consumer = self.consumer,
            events = portion.len()
        );
        if let [only] = portion {
            trace::adopt(&span, only.envelope.traceparent.as_deref());
        }
        span
    }

    /// What follows from a handler's word on a delivery. A dead letter itself never becomes one: it is kept and
    /// retried, and dropped only when its handler rejects it.
    fn judge(&self, delivery: &Delivery, result: Result<(), Failure>) -> Outcome {
        let (consumer, id, attempt) = (self.consumer, &delivery.envelope.id, delivery.attempt);
        match result {
            Ok(()) => Outcome::Done,
            Err(Failure::Reject { reason }) if self.stream == Stream::Dead => {
                tracing::error!(consumer, id, reason, "a dead letter was rejected and is dropped");
                Outcome::Done
            }
            Err(Failure::Reject { reason }) => Outcome::Dead { reason },
            Err(Failure::Retry { reason, .. })
                if attempt >= MAX_DELIVERIES && self.stream != Stream::Dead =>
            {
                Outcome::Dead { reason }
            }
            Err(Failure::Retry { reason, after }) => {
                let after = after.unwrap_or_else(|| self.tuning.delay(attempt));
                tracing::warn!(consumer, id, attempt, reason, ?after, "an event is retried");
                Outcome::Again { after }
            }
        }
    }

    /// The packet that makes an event a dead letter. `envelope` is its envelope as it was stored, readable or not.
    pub(crate) fn dead_letter(&self, dead: &Dead<'_>, now: Timestamp) -> Option<Packet> {
        let (consumer, stream, seq) = (self.consumer, self.stream.name(), dead.seq);
        tracing::error!(consumer, stream, seq, subject = dead.subject, reason = dead.reason, "dead letter");
        let letter = DeadLetter {
            consumer: consumer.to_owned(),
            subject: dead.subject.to_owned(),
            envelope: dead.envelope.to_owned(),
            reason: dead.reason.to_owned(),
            attempts: i64::from(dead.attempts),
            at: now,
        };
        let id = format!("dead:{consumer}:{stream}:{seq}");
        let envelope = Envelope::wrap(&id, now, dead.traceparent.map(Into::into), &letter).ok()?;
        Some(Packet { subject: topic::DEAD.subject.to_owned(), envelope })
    }
}

/// An event on its way to the dead letters.
pub(crate) struct Dead<'a> {
    pub(crate) subject: &'a str,
    pub(crate) seq: u64,
    pub(crate) attempts: u32,
    pub(crate) envelope: &'a str,
    pub(crate) traceparent: Option<&'a str>,
    pub(crate) reason: &'a str,
}

fn unanswered() -> Result<(), Failure> {
    Err(Failure::retry("the handler gave no answer for this event"))
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;

    fn worker(stream: Stream) -> Worker {
        Worker { consumer: "test", stream, tuning: Tuning::default() }
    }

    fn delivery(seq: u64, attempt: u32) -> Delivery {
        let envelope = Envelope::wrap(&format!("t:{seq}"), Timestamp::default(), None, &seq).unwrap();
        Delivery { subject: "inbound.sms".into(), seq, attempt, envelope }
    }

    struct Says(fn(&[Delivery]) -> Vec<Result<(), Failure>>);

    impl Handler for Says {
        fn handle<'a>(
            &'a self,
            batch: &'a [Delivery],
        ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
            Box::pin(async move { (self.0)(batch) })
        }
    }

    #[test]
    fn the_back_off_grows_and_stays_at_its_last_step() {
        let waits: Vec<u64> = (1..=8).map(|n| Tuning::default().delay(n).as_secs()).collect();
        assert_eq!(waits, [1, 5, 30, 120, 600, 600, 600, 600]);
    }

    #[test]
    fn a_batch_that_keeps_failing_is_handed_over_one_by_one() {
        let batch = vec![delivery(1, 3), delivery(2, 1), delivery(3, 2), delivery(4, 6)];
        let portions = portions(batch, |d| d);
        let seqs: Vec<Vec<u64>> = portions.iter().map(|p| p.iter().map(|d| d.seq).collect()).collect();
        assert_eq!(seqs, [vec![2, 3], vec![1], vec![4]]);
    }

    #[test]
    fn the_appetite_doubles_and_falls_back_to_one() {
        let mut appetite = Appetite::new(5);
        let mut seen = vec![];
        for broke in [false, false, false, false, true, false] {
            seen.push(appetite.present());
            appetite.after(broke);
        }
        assert_eq!(seen, [1, 2, 4, 5, 5, 1]);
    }

    #[tokio::test]
    async fn results_that_are_missing_count_as_retry() {
        let handler = Says(|_| vec![Ok(())]);
        let verdict = worker(Stream::Inbound).run(&handler, &[delivery(1, 1), delivery(2, 1)]).await;
        assert_eq!(verdict.outcomes, [Outcome::Done, Outcome::Again { after: Duration::from_secs(1) }]);
    }

    #[tokio::test]
    async fn a_panic_is_a_retry_of_the_whole_batch_and_the_end_at_the_last_delivery() {
        let handler = Says(|_| panic!("oh no"));
        let verdict = worker(Stream::Inbound).run(&handler, &[delivery(1, 2), delivery(2, 2)]).await;
        assert!(verdict.broke);
        assert_eq!(verdict.outcomes, vec![Outcome::Again { after: Duration::from_secs(5) }; 2]);
        let verdict = worker(Stream::Inbound).run(&handler, &[delivery(1, 6)]).await;
        assert_eq!(verdict.outcomes, [Outcome::Dead { reason: "the handler panicked: oh no".into() }]);
    }

    #[tokio::test]
    async fn the_seventh_delivery_is_dead_without_asking_the_handler() {
        let handler = Says(|_| panic!("asked"));
        let verdict = worker(Stream::Inbound).run(&handler, &[delivery(1, 7)]).await;
        assert!(!verdict.broke);
        assert!(matches!(&verdict.outcomes[..], [Outcome::Dead { .. }]));
    }

    #[tokio::test]
    async fn a_dead_letter_never_becomes_another_dead_letter() {
        let retry = Says(|_| vec![Err(Failure::retry("the ledger is away"))]);
        let verdict = worker(Stream::Dead).run(&retry, &[delivery(1, 40)]).await;
        assert_eq!(verdict.outcomes, [Outcome::Again { after: Duration::from_secs(600) }]);
        let reject = Says(|_| vec![Err(Failure::reject("cannot be read"))]);
        assert_eq!(worker(Stream::Dead).run(&reject, &[delivery(1, 1)]).await.outcomes, [Outcome::Done]);
    }

    #[tokio::test]
    async fn a_handlers_own_wait_is_kept() {
        let handler = Says(|_| vec![Err(Failure::retry_after("busy", Duration::from_secs(7)))]);
        let verdict = worker(Stream::Outbound).run(&handler, &[delivery(1, 1)]).await;
        assert_eq!(verdict.outcomes, [Outcome::Again { after: Duration::from_secs(7) }]);
    }

    #[test]
    fn a_dead_letter_carries_the_envelope_the_reason_and_the_trace() {
        let dead = Dead {
            subject: "inbound.sms",
            seq: 9,
            attempts: 6,
            envelope: "{}",
            traceparent: Some("00-x"),
            reason: "broken",
        };
        let packet = worker(Stream::Inbound).dead_letter(&dead, Timestamp::from_millis(5)).unwrap();
        assert_eq!(packet.envelope.id, "dead:test:INBOUND:9");
        assert_eq!(packet.envelope.traceparent.as_deref(), Some("00-x"));
        let letter = packet.envelope.read(topic::DEAD).unwrap();
        assert_eq!((letter.attempts, letter.reason.as_str(), letter.envelope.as_str()), (6, "broken", "{}"));
    }
}
