//! The bus on NATS JetStream, for many processes.

mod agreement;
mod connection;
mod consumer;
mod follower;
mod leases;
mod publisher;
mod pull;
mod questions;
mod streams;

use std::{borrow::Cow, sync::Arc, time::Duration};

use domain::{Clock, Timestamp};
use futures::stream::BoxStream;
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

pub use self::connection::{FLOOR, ProbeError, probe};
use self::{connection::Link, publisher::Publisher};
use crate::{
    AnswerFn, AskError, BoxFuture, Bus, Handler, Packet, PublishError, Published, Span, Stored, Stream,
    Subscription, Transport, Tuning,
};

/// How long [`Bus::close`] waits for what is on its way.
const CLOSES_WITHIN: Duration = Duration::from_secs(2);

/// How long a server may take to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// What may be set; the defaults are right outside tests.
#[derive(Clone, Debug)]
pub struct Options {
    /// The waits of redelivery.
    pub tuning: Tuning,
    /// Copies of each stream in a cluster; of streams that exist already the number is left as it is.
    pub replicas: usize,
    /// Bytes of storage the streams share when they are made; of those that exist already it is left as it is.
    pub storage: i64,
    /// How long the first connection is tried for.
    pub connects_within: Duration,
    /// When there is no connection by then, begins all the same and connects when the server is there.
    pub may_come_later: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tuning: Tuning::default(),
            replicas: 1,
            storage: 4 << 30,
            connects_within: Duration::from_secs(10),
            may_come_later: false,
        }
    }
}

/// Connects to a server, or to the first that answers of several (`nats://a:4222,nats://b:4222`), and makes the
/// streams that are missing. User and password, or a token, stand in the URL. Afterwards it reconnects by itself.
///
/// # Errors
/// No connection within ten seconds, or the server is too old or has no JetStream.
pub async fn connect(url: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Bus> {
    connect_with(url, clock, Options::default()).await
}

/// [`connect`] with [`Options`].
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(url: &str, clock: Arc<dyn Clock>, options: Options) -> anyhow::Result<Bus> {
    let link = connection::open(url, options).await?;
    let publisher = Publisher::start(&link);
    let transport = JetStream { link, publisher, clock: clock.clone() };
    Ok(Bus::over(Arc::new(transport), clock))
}

struct JetStream {
    link: Arc<Link>,
    publisher: Publisher,
    clock: Arc<dyn Clock>,
}

impl Transport for JetStream {
    fn publish(&self, packets: Vec<Packet>) -> BoxFuture<'_, Vec<Result<Published, PublishError>>> {
        Box::pin(self.publisher.publish(packets))
    }

    fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>> {
        let parts = consumer::Parts {
            link: self.link.clone(),
            publisher: self.publisher.clone(),
            handler,
            stop,
            clock: self.clock.clone(),
        };
        Box::pin(consumer::consume(subscription, parts))
    }

    fn follow(
        &self,
        stream: Stream,
        after: u64,
    ) -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Stored>>> {
        Box::pin(async move { Ok(follower::follow(self.link.clone(), stream, after).await) })
    }

    fn span(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<Span>> {
        Box::pin(async move {
            let state = streams::info(&self.link, stream).await?.state;
            let last = state.last_sequence;
            let first = if state.messages == 0 { last + 1 } else { state.first_sequence };
            Ok(Span { first, last })
        })
    }

    fn backlog(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<u64>> {
        Box::pin(async move { Ok(streams::info(&self.link, stream).await?.state.messages) })
    }

    fn oldest(&self, stream: Stream) -> BoxFuture<'_, anyhow::Result<Option<Timestamp>>> {
        Box::pin(async move {
            let state = streams::info(&self.link, stream).await?.state;
            let millis = i64::try_from(state.first_timestamp.unix_timestamp_nanos() / 1_000_000)?;
            Ok((state.messages > 0).then_some(Timestamp::from_millis(millis)))
        })
    }

    fn signal(&self, subject: Cow<'static, str>, payload: Vec<u8>) -> BoxFuture<'_, ()> {
        Box::pin(questions::signal(&self.link, subject, payload))
    }

    fn listen(
        &self,
        subject: Cow<'static, str>,
    ) -> BoxFuture<'_, anyhow::Result<BoxStream<'static, Vec<u8>>>> {
        Box::pin(questions::listen(&self.link, subject))
    }

    fn ask(&self, subject: &'static str, payload: Vec<u8>) -> BoxFuture<'_, Result<Vec<u8>, AskError>> {
        Box::pin(questions::ask(&self.link, subject, payload))
    }

    fn answer(
        &self,
        subject: &'static str,
        answer: AnswerFn,
        stop: CancellationToken,
    ) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(questions::answer(&self.link, subject, answer, stop))
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            if !self.link.is_connected() {
                return Err("no connection to the NATS server".into());
            }
            match timeout(READY_WITHIN, self.link.context.query_account()).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(format!("JetStream does not work: {error}")),
                Err(_) => Err("JetStream does not answer".into()),
            }
        })
    }

    fn agree_on(&self, name: &'static str, proposal: Vec<u8>) -> BoxFuture<'_, anyhow::Result<Vec<u8>>> {
        Box::pin(agreement::agree_on(&self.link, name, proposal))
    }

    fn kept(&self, name: &'static str) -> BoxFuture<'_, anyhow::Result<Option<Vec<u8>>>> {
        Box::pin(agreement::kept(&self.link, name))
    }

    fn keep(&self, name: &'static str, value: Vec<u8>) -> BoxFuture<'_, anyhow::Result<()>> {
        Box::pin(agreement::keep(&self.link, name, value))
    }

    fn connections(&self) -> watch::Receiver<u64> {
        self.link.connections.clone()
    }

    fn take_lease(&self, name: &str, held: Option<u64>) -> BoxFuture<'_, anyhow::Result<Option<u64>>> {
        Box::pin(leases::take(&self.link, name.to_owned(), held))
    }

    fn release_lease(&self, name: &str, held: u64) -> BoxFuture<'_, ()> {
        Box::pin(leases::release(&self.link, name.to_owned(), held))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.link.closed.cancel();
            if self.link.is_connected() && timeout(CLOSES_WITHIN, self.link.client.flush()).await.is_err() {
                tracing::warn!("the NATS server did not take everything in time");
            }
            // The error says that it was closed before.
            let _ = timeout(CLOSES_WITHIN, self.link.client.drain()).await;
        })
    }
}
