//! One piece of work: claim it, send it once, report what became of it.
//!
//! The desk records "sending" before the carrier is called. Whatever breaks after that (a crash, a time-out, a lost
//! report) makes the next delivery's claim a second one, which the desk answers with "uncertain": it may be shown to
//! an agent, but is never sent twice.

use std::{pin::Pin, sync::Arc, time::Duration};

use bus::{AskError, Bus, Delivery, Failure, Handler, MAX_DELIVERIES, topic};
use domain::{
    Clock,
    event::{ClaimSend, DeliveryOutcome, DeliveryReported, ReleaseSend, SendDecision},
    message::DeliveryError,
};
use host::metrics::Metrics;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::send::{Attempt, Sender};

/// How long an outcome, or a claim to give back, is held on to while the bus or the desk is away.
const INSIST_FOR: Duration = Duration::from_secs(20);

/// Hands work to a [`Sender`].
pub struct Dispatch<S> {
    /// Asks and reports here.
    pub bus: Bus,
    /// For the time of the report.
    pub clock: Arc<dyn Clock>,
    /// Counts outcomes.
    pub metrics: Metrics,
    /// The way out.
    pub sender: S,
}

impl<S: Sender> Handler for Dispatch<S> {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        bus::each(batch, |delivery| self.one(delivery))
    }
}

impl<S: Sender> Dispatch<S> {
    async fn one(&self, delivery: &Delivery) -> Result<(), Failure> {
        let work = delivery.read(S::TOPIC)?;
        let claim = ClaimSend { message_id: S::message_id(&work), claim: Uuid::new_v4() };
        match self.claim(&claim).await? {
            SendDecision::Send => {}
            SendDecision::Drop { reason } => {
                self.count("dropped");
                tracing::info!(message = %claim.message_id, reason, "not sent");
                return Ok(());
            }
            SendDecision::Uncertain => {
                self.count("uncertain");
                tracing::warn!(message = %claim.message_id, "an earlier try never reported: not sent again");
                return Ok(());
            }
        }
        let outcome = match self.sender.send(&work).await {
            Attempt::Done(outcome) => outcome,
            Attempt::NotTaken { reason, .. } if delivery.attempt >= MAX_DELIVERIES => unreachable(reason),
            Attempt::NotTaken { reason, after } => return self.give_back(&claim, reason, after).await,
        };
        self.report(&claim, outcome).await
    }

    /// Asks with the same claim until there is an answer: the first one may have been recorded though its answer was
    /// lost.
    async fn claim(&self, claim: &ClaimSend) -> Result<SendDecision, Failure> {
        match insist(Duration::from_secs(10), || self.bus.ask(topic::CLAIM_SEND, claim)).await {
            Ok(decision) => Ok(decision),
            Err(error) => {
                // surely not sent; if the claim was recorded all the same, this takes it back
                let _ = self.bus.ask(topic::RELEASE_SEND, &release(claim, None)).await;
                Err(Failure::retry(error))
            }
        }
    }

    async fn give_back(
        &self,
        claim: &ClaimSend,
        reason: String,
        after: Option<Duration>,
    ) -> Result<(), Failure> {
        self.count("later");
        tracing::warn!(message = %claim.message_id, reason, ?after, "not taken: tried again later");
        let release = release(claim, after);
        let given: Result<(), AskError> =
            insist(INSIST_FOR, || self.bus.ask(topic::RELEASE_SEND, &release)).await;
        if let Err(error) = given {
            tracing::error!(message = %claim.message_id, %error, "a claim could not be given back: it becomes uncertain");
        }
        Err(Failure::Retry { reason, after })
    }

    async fn report(&self, claim: &ClaimSend, outcome: DeliveryOutcome) -> Result<(), Failure> {
        self.count(word(&outcome));
        tracing::info!(message = %claim.message_id, outcome = word(&outcome), "handed over");
        let report = DeliveryReported { message_id: claim.message_id, outcome, at: self.clock.now() };
        let id = format!("sent:{}:{}", claim.message_id, claim.claim);
        let published = insist(INSIST_FOR, || self.bus.publish(topic::DELIVERY_REPORTED, &id, &report)).await;
        published.map(drop).map_err(|error| {
            tracing::error!(message = %claim.message_id, %error, "an outcome could not be reported: it becomes uncertain");
            Failure::retry(error)
        })
    }

    fn count(&self, outcome: &str) {
        let labels = [("subject", S::TOPIC.subject), ("outcome", outcome)];
        self.metrics.counter("frontdesk_sends_total", &labels).increment();
    }
}

fn release(claim: &ClaimSend, after: Option<Duration>) -> ReleaseSend {
    let retry_after_ms = after.map(|after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
    ReleaseSend { message_id: claim.message_id, claim: claim.claim, retry_after_ms }
}

fn unreachable(reason: String) -> DeliveryOutcome {
    let error = DeliveryError { code: "carrier_unreachable".to_owned(), reason };
    DeliveryOutcome::Failed { error, opted_out: false }
}

fn word(outcome: &DeliveryOutcome) -> &'static str {
    match outcome {
        DeliveryOutcome::Sent { .. } => "sent",
        DeliveryOutcome::Failed { .. } => "failed",
        DeliveryOutcome::Uncertain => "uncertain",
    }
}

/// Tries again, with growing pauses, until it works or `patience` is over.
async fn insist<T, E, F>(patience: Duration, mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let until = Instant::now() + patience;
    let mut pause = Duration::from_millis(100);
    loop {
        match attempt().await {
            Err(_) if Instant::now() + pause < until => sleep(pause).await,
            result => return result,
        }
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

#[cfg(test)]
mod tests;
