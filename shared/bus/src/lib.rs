//! Events in and out, at least once. Two transports keep the same promises and pass the same suite
//! (`tests/contract`): [`embedded`] inside one process, kept in SQLite, and [`jetstream`] for many.
//!
//! * [`Bus::publish`] returns once the event is durable. The same id published twice is kept once.
//! * [`Bus::consume`]: durable, competing replicas each get a share. A handler says [`Failure::Retry`] (again later,
//!   with back-off) or [`Failure::Reject`] (dead letter now). After [`MAX_DELIVERIES`] tries, crashes and panics
//!   included, an event becomes a dead letter.
//! * [`Bus::follow`]: every event of a stream from a sequence on, for live views; nothing is acknowledged.
//! * [`Bus::signal`] / [`Bus::listen`]: never stored, may be lost. [`Bus::signal_to`] / [`Bus::listen_for`]: the same for
//!   those who listen for one key.
//! * [`Bus::ask`] / [`Bus::answer`]: request and reply, one of the answering replicas.
//! * [`Bus::lease`]: work that one process at a time shall do.

use std::{borrow::Cow, future::Future, pin::Pin, sync::Arc, time::Duration};

use domain::Timestamp;
use futures::{StreamExt, future::ready, stream::BoxStream};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

mod delivery;
pub mod embedded;
pub mod envelope;
mod failure;
pub mod jetstream;
mod lease;
pub mod topic;
pub mod trace;
mod worker;

pub use delivery::{Delivery, Handler, Packet, Published, Span, Stored, Subscription, each};
pub use envelope::Envelope;
pub use failure::{AskError, DecodeError, Failure, PublishError};
pub use lease::{LEASE_LASTS, Lease};
pub use topic::{Direct, Question, Signal, Stream, Topic};
pub use worker::Tuning;

/// Deliveries of one event to one consumer before it becomes a dead letter.
pub const MAX_DELIVERIES: u32 = 6;

/// Longest envelope, in bytes of JSON. A NATS server takes 1 MiB by default, and the dead letter, which quotes the
/// envelope, has to fit as well. Attachments and raw mail travel as references to blobs.
pub const MAX_ENVELOPE: usize = 768 * 1024;

/// Longest dedup id, in bytes.
pub const MAX_ID: usize = 512;

/// Longest value of [`Bus::keep`], in bytes: the bucket has room for it and for the one it replaces.
pub const MAX_KEPT: usize = 400 * 1024;

/// How long [`Bus::ask`] waits.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

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
    fn oldest(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<Option<Timestamp>>>;
    fn signal(&self, subject: Cow<'static, str>, payload: Vec<u8>) -> BoxFuture<'_, ()>;
    fn listen(
        &self,
        subject: Cow<'static, str>,
    ) -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Vec<u8>>>>;
    fn ask(&self, subject: &'static str, payload: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, AskError>>;
    /// Answers until `stop`.
    fn answer(
        &self,
        subject: &'static str,
        answer: AnswerFn,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>>;
    /// The value all processes of an installation agree on under this name: the first one proposed.
    fn agree_on(&self, name: &'static str, proposal: Vec<u8>) -> BoxFuture<'_, anyhow::Result<Vec<u8>>>;
    /// What was kept under this name by [`Transport::keep`], for all processes.
    fn kept(&self, name: &'static str) -> BoxFuture<'_, anyhow::Result<Option<Vec<u8>>>>;
    /// Keeps this under a name instead of what was there.
    fn keep(&self, name: &'static str, value: Vec<u8>) -> BoxFuture<'_, anyhow::Result<()>>;
    /// Takes what is named so, or renews it (`held`: what was given for it); `None` while another has it.
    fn take_lease(&self, name: &str, held: Option<u64>) -> BoxFuture<'_, anyhow::Result<Option<u64>>>;
    /// Gives it back.
    fn release_lease(&self, name: &str, held: u64) -> BoxFuture<'_, ()>;
    /// Whether it can be published to now; the error is for people.
    fn ready(&self) -> BoxFuture<'_, Result<(), String>>;
    /// Counts connections made to the broker.
    fn connections(&self) -> watch::Receiver<u64>;
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

    /// When the oldest event that a stream still keeps was published. Of a work queue: that is not handled yet.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub async fn oldest(&self, stream: Stream) -> anyhow::Result<Option<Timestamp>> {
        self.transport.oldest(stream).await
    }

    /// Tells everybody who listens now. May be lost.
    pub async fn signal<T: Serialize>(&self, signal: Signal<T>, event: &T) {
        self.tell(signal.subject.into(), event).await;
    }

    /// Tells whoever listens for that key now. May be lost.
    pub async fn signal_to<T: Serialize>(&self, direct: Direct<T>, key: Uuid, event: &T) {
        self.tell(direct.subject(key).into(), event).await;
    }

    async fn tell<T: Serialize>(&self, subject: Cow<'static, str>, event: &T) {
        match serde_json::to_vec(event) {
            Ok(payload) => self.transport.signal(subject, payload).await,
            Err(error) => tracing::error!(%error, %subject, "a signal could not be written"),
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
        self.hear(signal.subject.into()).await
    }

    /// Hears from now on what is meant for that key, until the stream is dropped.
    ///
    /// # Errors
    /// The subject cannot be listened to.
    pub async fn listen_for<T: DeserializeOwned + Send + 'static>(
        &self,
        direct: Direct<T>,
        key: Uuid,
    ) -> anyhow::Result<BoxStream<'static, T>> {
        self.hear(direct.subject(key).into()).await
    }

    async fn hear<T: DeserializeOwned + Send + 'static>(
        &self,
        subject: Cow<'static, str>,
    ) -> anyhow::Result<BoxStream<'static, T>> {
        let bytes = self.transport.listen(subject).await?;
        Ok(bytes.filter_map(|payload| ready(serde_json::from_slice(&payload).ok())).boxed())
    }

    /// Counts connections made to the broker: after a change, signals may have been lost. Never changes inside one process.
    pub fn connections(&self) -> watch::Receiver<u64> {
        self.transport.connections()
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

    /// The value that all processes on this bus agree on under this name: the first one proposed. Alone in a process
    /// that is one's own.
    ///
    /// # Errors
    /// The broker cannot be asked.
    pub async fn agree_on(&self, name: &'static str, proposal: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        self.transport.agree_on(name, proposal).await
    }

    /// What [`Bus::keep`] kept last under this name, whichever process did. Alone in a process nothing is kept.
    ///
    /// # Errors
    /// The broker cannot be asked.
    pub async fn kept(&self, name: &'static str) -> anyhow::Result<Option<Vec<u8>>> {
        self.transport.kept(name).await
    }

    /// Keeps at most [`MAX_KEPT`] under a name for all processes on this bus, instead of what was there. Alone in a process
    /// that is nobody: it keeps it itself.
    ///
    /// # Errors
    /// The broker cannot be asked, or it is too much.
    pub async fn keep(&self, name: &'static str, value: Vec<u8>) -> anyhow::Result<()> {
        anyhow::ensure!(value.len() <= MAX_KEPT, "{name} is too large for the broker: {} bytes", value.len());
        self.transport.keep(name, value).await
    }

    /// Work that one process at a time shall do, under a name of letters, digits, `-`, `_` and `.`; `None` while another
    /// process does it. One that dies without a word is forgotten after [`LEASE_LASTS`].
    ///
    /// # Errors
    /// The broker cannot be asked.
    pub async fn lease(&self, name: &str) -> anyhow::Result<Option<Lease>> {
        Lease::take(self.transport.clone(), name.to_owned()).await
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
