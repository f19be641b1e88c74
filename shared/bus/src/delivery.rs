//! Events on their way in and out, and those who handle them.

use serde::de::DeserializeOwned;

use crate::{
    BoxFuture, DecodeError, Envelope, Failure, MAX_ENVELOPE, MAX_ID, PublishError, Stream, Topic, trace,
};

/// An event handed to a handler.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its subject.
    pub subject: String,
    /// Its place in its stream.
    pub seq: u64,
    /// How often it was delivered to this consumer, this time included.
    pub attempt: u32,
    /// The event.
    pub envelope: Envelope,
}

impl Delivery {
    /// Whether it is on that topic.
    pub fn is<T>(&self, topic: Topic<T>) -> bool {
        self.subject == topic.subject
    }

    /// The event as the topic's type.
    ///
    /// # Errors
    /// It is not that type.
    pub fn read<T: DeserializeOwned>(&self, topic: Topic<T>) -> Result<T, DecodeError> {
        self.envelope.read(topic)
    }

    /// A span that continues the event's trace, for a handler's work on this one event. What is packed or published
    /// inside it stays in that trace.
    pub fn span(&self, name: &str) -> tracing::Span {
        continued(name, &self.subject, &self.envelope)
    }
}

/// An event of a stream, as [`crate::Bus::follow`] gives it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its place in its stream; grows, with gaps.
    pub seq: u64,
    /// Its subject.
    pub subject: String,
    /// The event.
    pub envelope: Envelope,
}

impl Stored {
    /// As [`Delivery::span`].
    pub fn span(&self, name: &str) -> tracing::Span {
        continued(name, &self.subject, &self.envelope)
    }
}

fn continued(name: &str, subject: &str, envelope: &Envelope) -> tracing::Span {
    let span = tracing::info_span!("delivery", otel.name = name, subject, id = envelope.id);
    trace::adopt(&span, envelope.traceparent.as_deref());
    span
}

/// Where an event landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its place in its stream.
    pub seq: u64,
    /// It had been there before.
    pub duplicate: bool,
}

/// An event to publish whose envelope is made already (the outbox keeps them so).
#[derive(Clone, Debug)]
pub struct Packet {
    /// Its subject.
    pub subject: String,
    /// The event; `envelope.id` is the dedup id.
    pub envelope: Envelope,
}

impl Packet {
    /// The envelope as it travels, for those who keep it until the bus can have it.
    ///
    /// # Errors
    /// The bus would refuse it: no stream keeps its subject, its id is odd, or it is too long.
    pub fn as_json(&self) -> Result<String, PublishError> {
        self.check().map(|(_, text)| text)
    }

    /// Its stream and its bytes; refused when it has no place on the bus.
    pub(crate) fn check(&self) -> Result<(Stream, String), PublishError> {
        let refused = |why: String| Err(PublishError::Refused(why));
        let Some(stream) = Stream::of(&self.subject) else {
            return refused(format!("no stream keeps {:?}", self.subject));
        };
        let id = &self.envelope.id;
        if id.trim().is_empty() || id.len() > MAX_ID || id.chars().any(char::is_control) {
            return refused(format!("its id must have 1 to {MAX_ID} bytes and no control characters"));
        }
        let text = serde_json::to_string(&self.envelope)
            .map_err(|error| PublishError::Refused(error.to_string()))?;
        if text.len() > MAX_ENVELOPE && stream != Stream::Dead {
            return refused(format!("it has {} bytes; {MAX_ENVELOPE} are allowed", text.len()));
        }
        Ok((stream, text))
    }
}

/// A durable consumer.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its durable name; replicas share it.
    pub name: &'static str,
    /// The stream it reads.
    pub stream: Stream,
    /// The subjects it wants, NATS style; on a work queue no two consumers may want the same.
    pub subjects: &'static [&'static str],
    /// At most this many events in one call of the handler.
    pub batch: usize,
    /// At most this many calls of the handler at the same time.
    pub concurrency: usize,
}

/// Handles a batch; answers one result per delivery, in order. Whatever is missing at the end counts as retry.
pub trait Handler: Send + Sync + 'static {
    /// Handles these deliveries. They are of one consumer, oldest first.
    fn handle<'a>(&'a self, batch: &'a [Delivery]) -> BoxFuture<'a, Vec<Result<(), Failure>>>;
}

/// Handles a batch one delivery after the other.
pub fn each<'a, F>(
    batch: &'a [Delivery],
    one: impl Fn(&'a Delivery) -> F + Send + 'a,
) -> BoxFuture<'a, Vec<Result<(), Failure>>>
where
    F: Future<Output = Result<(), Failure>> + Send + 'a,
{
    Box::pin(async move {
        let mut results = Vec::with_capacity(batch.len());
        for delivery in batch {
            results.push(one(delivery).await);
        }
        results
    })
}

/// The span of [`crate::Bus::follow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The oldest event still kept; `last + 1` when there is none.
    pub first: u64,
    /// The newest event; 0 when there was none yet.
    pub last: u64,
}
