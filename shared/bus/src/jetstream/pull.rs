//! Fetches a batch: what is there now, else whatever comes first. Nothing is fetched ahead of a free handler, so that
//! replicas share fairly and a delivery is counted only when it reaches somebody.

use std::{sync::Arc, time::Duration};

use async_nats::{
    Message, StatusCode, Subject, Subscriber,
    jetstream::{self, AckKind, consumer::PullConsumer, consumer::pull::BatchConfig},
};
use futures::{FutureExt, StreamExt};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::connection::Link;

/// How long the server keeps a request for events.
const OPEN_FOR: Duration = Duration::from_secs(10);

/// How much longer than that an answer may take.
const GRACE: Duration = Duration::from_secs(2);

/// How long the rest of a batch may take once its first event is here. The server says when a batch is over; this is
/// for when it cannot.
const REST_WITHIN: Duration = Duration::from_millis(100);

/// How often a lost connection is looked at, besides its own word.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long leaving may take.
const LEAVES_WITHIN: Duration = Duration::from_secs(1);

/// Fetches for one loop of a consumer.
pub(super) struct Puller {
    link: Arc<Link>,
    inbox: String,
    answers: Subscriber,
    connections: watch::Receiver<u64>,
    request: u64,
}

/// What a fetch gave.
pub(super) enum Fetched {
    /// Events, at least one.
    Messages(Vec<jetstream::Message>),
    /// Nothing came in its time; fetch again.
    Nothing,
    /// The server cannot now (other replicas took it, or too many are unacknowledged): wait a little.
    NotNow,
    /// The consumer is not there.
    Gone(String),
}

/// What a message to the inbox means for a request.
#[derive(Debug, PartialEq, Eq)]
enum Sign {
    Event,
    Over,
    NotNow,
    Gone,
    /// A heartbeat, or about an earlier request.
    Nothing,
}

impl Puller {
    pub(super) async fn new(link: Arc<Link>) -> anyhow::Result<Self> {
        let inbox = link.client.new_inbox();
        let answers = link.client.subscribe(format!("{inbox}.*")).await?;
        let connections = link.connections.clone();
        Ok(Self { link, inbox, answers, connections, request: 0 })
    }

    /// Fetches up to `limit` events.
    pub(super) async fn fetch(
        &mut self,
        consumer: &PullConsumer,
        limit: usize,
        stop: &CancellationToken,
    ) -> Fetched {
        let mut messages = self.left_over();
        if !messages.is_empty() {
            return Fetched::Messages(messages);
        }
        self.connections.mark_unchanged();
        if !self.link.is_connected() {
            // A request made now would be sent much later, with all the others.
            self.wait_for_connection(stop).await;
            return Fetched::Nothing;
        }
        self.request += 1;
        let subject = Subject::from(format!("{}.{}", self.inbox, self.request));
        // "No wait" with a time: the server answers at once when something is there, else with the first that comes.
        let batch =
            BatchConfig { batch: limit, expires: Some(OPEN_FOR), no_wait: true, ..BatchConfig::default() };
        if let Err(error) = consumer.request_batch(batch, subject.clone()).await {
            return Fetched::Gone(error.to_string());
        }
        let mut deadline = Instant::now() + OPEN_FOR + GRACE;
        while messages.len() < limit {
            let message = tokio::select! {
                biased;
                message = self.answers.next() => message,
                () = stop.cancelled(), if messages.is_empty() => None,
                // The server forgot the request with the connection.
                _ = self.connections.changed() => None,
                () = sleep_until(deadline) => None,
            };
            let Some(message) = message else { break };
            match sign(message.status, message.description.as_deref(), message.subject == subject) {
                Sign::Event => {
                    messages.push(with_context(&self.link, message));
                    deadline = Instant::now() + REST_WITHIN;
                }
                Sign::Nothing => {}
                Sign::Over => break,
                Sign::NotNow if messages.is_empty() => return Fetched::NotNow,
                Sign::Gone if messages.is_empty() => {
                    return Fetched::Gone(message.description.unwrap_or_else(|| "no such consumer".into()));
                }
                Sign::NotNow | Sign::Gone => break,
            }
        }
        if messages.is_empty() { Fetched::Nothing } else { Fetched::Messages(messages) }
    }

    async fn wait_for_connection(&mut self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = self.connections.changed() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }

    /// Leaves; what the server had sent already goes back to it.
    pub(super) async fn leave(self) {
        let Self { link, mut answers, .. } = self;
        let leaving = async {
            answers.drain().await.ok()?;
            while let Some(message) = answers.next().await {
                if message.status.is_none() {
                    with_context(&link, message).ack_with(AckKind::Nak(None)).await.ok()?;
                }
            }
            link.client.flush().await.ok()
        };
        if link.is_connected() && timeout(LEAVES_WITHIN, leaving).await.is_err() {
            tracing::debug!("a consumer left without a word; the server delivers again what it had sent");
        }
    }

    /// What came for an earlier request after it seemed over.
    fn left_over(&mut self) -> Vec<jetstream::Message> {
        let mut messages = vec![];
        while let Some(Some(message)) = self.answers.next().now_or_never() {
            if sign(message.status, None, false) == Sign::Event {
                messages.push(with_context(&self.link, message));
            }
        }
        messages
    }
}

fn with_context(link: &Link, message: Message) -> jetstream::Message {
    jetstream::Message { message, context: link.context.clone() }
}

/// Reads a status (ADR-9, ADR-13). `ours`: it is about the present request.
fn sign(status: Option<StatusCode>, description: Option<&str>, ours: bool) -> Sign {
    let description = description.unwrap_or_default().to_ascii_lowercase();
    match status.map(|status| status.as_u16()) {
        None => Sign::Event,
        Some(100) => Sign::Nothing,
        Some(_) if !ours => Sign::Nothing,
        Some(503) => Sign::Gone,
        Some(409) if description.contains("deleted") => Sign::Gone,
        Some(404 | 408) if !description.contains("requests pending") => Sign::Over,
        Some(409) if description.contains("batch completed") => Sign::Over,
        Some(_) => Sign::NotNow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16, description: &str) -> Sign {
        sign(StatusCode::from_u16(code).ok(), Some(description), true)
    }

    #[test]
    fn a_status_is_read_as_the_server_means_it() {
        assert_eq!(sign(None, None, false), Sign::Event);
        assert_eq!(of(100, "Idle Heartbeat"), Sign::Nothing);
        assert_eq!(of(404, "No Messages"), Sign::Over);
        assert_eq!(of(408, "Request Timeout"), Sign::Over);
        assert_eq!(of(408, "Requests Pending"), Sign::NotNow);
        assert_eq!(of(409, "Exceeded MaxAckPending"), Sign::NotNow);
        assert_eq!(of(409, "Leadership Change"), Sign::NotNow);
        assert_eq!(of(409, "Consumer Deleted"), Sign::Gone);
        assert_eq!(of(503, ""), Sign::Gone);
        assert_eq!(sign(StatusCode::from_u16(408).ok(), None, false), Sign::Nothing);
    }
}
