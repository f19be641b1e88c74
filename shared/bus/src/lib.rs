//! Events in and out, at least once. Two transports keep the same promises and pass the same suite
//! (`tests/contract`): [`embedded`] inside one process, kept in SQLite, and [`jetstream`] for many.
//!
//! * [`Bus::publish`] returns once the event is durable. The same id published twice is kept once.
//! * [`Bus::consume`]: durable, competing replicas each get a share. A handler says [`Failure::Retry`] (again later,
//!   with back-off) or [`Failure::Reject`] (dead letter now). After [`MAX_DELIVERIES`] tries, crashes and panics
//!   included, an event becomes a dead letter.
//! * [`Bus::follow`]: every event of a stream from a sequence on, for live views; nothing is acknowledged.
//! * [`Bus::signal`] / [`Bus::listen`]: never stored, may be lost.
//! * [`Bus::ask`] / [`Bus::answer`]: request and reply, one of the answering replicas.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use domain::Timestamp;
use futures::stream::BoxStream;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

pub mod embedded;
pub mod envelope;
pub mod jetstream;
pub mod topic;
pub mod trace;
mod worker;

pub use envelope::Envelope;
pub use topic::{Question, Signal, Stream, Topic};
pub use worker::Tuning;

/// Deliveries of one event to one consumer before it becomes a dead letter.
pub const MAX_DELIVERIES: u32 = 6;

/// Longest envelope, in bytes of JSON. A NATS server takes 1 MiB by default, and the dead letter, which quotes the
/// envelope, has to fit as well. Attachments and raw mail travel as references to blobs.
pub const MAX_ENVELOPE: usize = 768 * 1024;

/// Longest dedup id, in bytes.
pub const MAX_ID: usize = 512;

/// How long [`Bus::ask`] waits.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Why an event could not be made durable. It may have been stored all the same: try again with the same id.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The broker is away, slow or full.
    #[error("the event could not be made durable: {0}")]
    Unavailable(String),
    /// The event cannot be published at all.
    #[error("the event is refused: {0}")]
    Refused(String),
}

/// Bytes that are not the event they should be.
#[derive(Debug, Error)]
#[error("an event on {subject} cannot be read: {source}")]
pub struct DecodeError {
    /// Where.
    pub subject: &'static str,
    /// Why.
    pub source: serde_json::Error,
}

/// Why a question got no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nobody answers there now, or not in time.
    #[error("no answer on {0}")]
    NoAnswer(&'static str),
    /// The answering side failed.
    #[error("the question on {0} failed: {1}")]
    Failed(&'static str, String),
}

/// What happens next to an event that was not handled.
#[derive(Debug)]
pub enum Failure {
    /// Deliver it again later.
    Retry {
        /// Why.
        reason: String,
        /// Not before this; `None` for the usual back-off.
        after: Option<Duration>,
    },
    /// It will never work: dead letter.
    Reject {
        /// Why.
        reason: String,
    },
}

impl Failure {
    /// Deliver it again, with the usual back-off.
    pub fn retry(error: impl std::fmt::Display) -> Self {
        Self::Retry { reason: error.to_string(), after: None }
    }

    /// Deliver it again, not before `after`.
    pub fn retry_after(error: impl std::fmt::Display, after: Duration) -> Self {
        Self::Retry { reason: error.to_string(), after: Some(after) }
    }

    /// Give up: dead letter.
    pub fn reject(error: impl std::fmt::Display) -> Self {
        Self::Reject { reason: error.to_string() }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::reject(error)
    }
}

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

/// An event of a stream, as [`Bus::follow`] gives it.
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

/// The span of [`Bus::follow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The oldest event still kept; `last + 1` when there is none.
    pub first: u64,
    /// The newest event; 0 when there was none yet.
    pub last: u64,
}

type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;
type AnswerFn = Arc<dyn Fn(Vec<u8>) -> Answer + Send + Sync>;
/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a transport does; bytes and subjects only.
pub(crate) trait Transport: Send + Sync + 'static {
    fn publish(&self, packets: Vec<Packet>) -> BoxFuture<'_, Vec<Result<Published, PublishError>>>;
    /// Runs until `stop`; returns after the handlers in flight are done and their outcome is recorded.
    fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>>;
    fn follow(&self, stream: Stream, after: u64)
    -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Stored>>>;
    fn span(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<Span>>;
    /// Events of a work queue not handled yet, for metrics.
    fn backlog(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<u64>>;
    fn signal(&self, subject: &'static str, payload: Vec<u8>) -> BoxFuture<'_, ()>;
    fn listen(&self, subject: &'static str) -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Vec<u8>>>>;
    fn ask(&self, subject: &'static str, payload: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, AskError>>;
    /// Answers until `stop`.
    fn answer(
        &self,
        subject: &'static str,
        answer: AnswerFn,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>>;
    /// Whether it can be published to now; the error is for people.
    fn ready(&self) -> BoxFuture<'_, Result<(), String>>;
    /// Flushes and lets go.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The bus. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn domain::Clock>,
}

impl Bus {
    pub(crate) fn over(transport: Arc<dyn Transport>, clock: Arc<dyn domain::Clock>) -> Self {
        Self { transport, clock }
    }

    /// Publishes one event; returns once it is durable. `id` is the dedup id: the same id again is kept once.
    ///
    /// # Errors
    /// It is not known to be durable. It may be all the same: try again with the same id.
    pub async fn publish<T: Serialize>(
        &self,
        topic: Topic<T>,
        id: &str,
        event: &T,
    ) -> Result<Published, PublishError> {
        let packet = self.pack(topic, id, event)?;
        let missing = || Err(PublishError::Unavailable("no answer from the transport".into()));
        self.transport.publish(vec![packet]).await.pop().unwrap_or_else(missing)
    }

    /// Wraps an event, with the present trace, for [`Bus::publish_all`] or an outbox.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn pack<T: Serialize>(&self, topic: Topic<T>, id: &str, event: &T) -> Result<Packet, PublishError> {
        pack(topic, id, self.clock.now(), event)
    }

    /// Publishes ready-made packets; one result each, in order.
    pub async fn publish_all(&self, packets: Vec<Packet>) -> Vec<Result<Published, PublishError>> {
        self.transport.publish(packets).await
    }

    /// Runs a durable consumer until `stop`; returns when the handlers in flight are done.
    ///
    /// # Errors
    /// The consumer cannot be made (a broken connection is not an error: it is waited for).
    pub async fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        self.transport.consume(subscription, handler, stop).await
    }

    /// Every event of a stream with a sequence greater than `after`, then live ones, without end and without gaps.
    /// Reconnects by itself.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub async fn follow(&self, stream: Stream, after: u64) -> anyhow::Result<BoxStream<'static, Stored>> {
        self.transport.follow(stream, after).await
    }

    /// What a stream still keeps.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub async fn span(&self, stream: Stream) -> anyhow::Result<Span> {
        self.transport.span(stream).await
    }

    /// Events of a work queue not handled yet.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub async fn backlog(&self, stream: Stream) -> anyhow::Result<u64> {
        self.transport.backlog(stream).await
    }

    /// Tells everybody who listens now. May be lost.
    pub async fn signal<T: Serialize>(&self, signal: Signal<T>, event: &T) {
        match serde_json::to_vec(event) {
            Ok(payload) => self.transport.signal(signal.subject, payload).await,
            Err(error) => tracing::error!(%error, subject = signal.subject, "a signal could not be written"),
        }
    }

    /// Hears signals from now on.
    ///
    /// # Errors
    /// The subject cannot be listened to.
    pub async fn listen<T: DeserializeOwned + Send + 'static>(
        &self,
        signal: Signal<T>,
    ) -> anyhow::Result<BoxStream<'static, T>> {
        use futures::StreamExt;
        let bytes = self.transport.listen(signal.subject).await?;
        Ok(bytes.filter_map(|payload| async move { serde_json::from_slice(&payload).ok() }).boxed())
    }

    /// Asks; waits at most five seconds.
    ///
    /// # Errors
    /// Nobody answered in time, or the other side failed.
    pub async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        question: Question<Q, A>,
        query: &Q,
    ) -> Result<A, AskError> {
        let failed = |error: serde_json::Error| AskError::Failed(question.subject, error.to_string());
        let payload = serde_json::to_vec(query).map_err(failed)?;
        let answer = self.transport.ask(question.subject, payload).await?;
        serde_json::from_slice(&answer).map_err(failed)
    }

    /// Answers a question until `stop`. Of several answering replicas one gets each question.
    ///
    /// # Errors
    /// The subject cannot be listened to.
    pub async fn answer<Q, A, F, Fut>(
        &self,
        question: Question<Q, A>,
        stop: CancellationToken,
        answer: F,
    ) -> anyhow::Result<()>
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + 'static,
        F: Fn(Q) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<A, String>> + Send + 'static,
    {
        let bytes: AnswerFn = Arc::new(move |payload| {
            let query = serde_json::from_slice(&payload).map_err(|error| error.to_string());
            let reply = query.map(&answer);
            Box::pin(async move {
                let value = reply?.await?;
                serde_json::to_vec(&value).map_err(|error| error.to_string())
            })
        });
        self.transport.answer(question.subject, bytes, stop).await
    }

    /// Whether it can be published to now; the error is for people.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub async fn ready(&self) -> Result<(), String> {
        self.transport.ready().await
    }

    /// Flushes and lets go of the broker or the log.
    pub async fn close(&self) {
        self.transport.close().await;
    }
}

/// Wraps an event with the present trace, for an outbox.
///
/// # Errors
/// It cannot be written as JSON.
pub fn pack<T: Serialize>(
    topic: Topic<T>,
    id: &str,
    now: Timestamp,
    event: &T,
) -> Result<Packet, PublishError> {
    let refused = |error: serde_json::Error| PublishError::Refused(error.to_string());
    let envelope = Envelope::wrap(id, now, trace::current(), event).map_err(refused)?;
    Ok(Packet { subject: topic.subject.to_owned(), envelope })
}
