//! Follows a stream for live views: an ephemeral consumer that is made again, after the last event seen, whenever
//! there is doubt: a lost connection, a gap in its own numbers, silence.

use std::{sync::Arc, time::Duration};

use async_nats::{
    datetime::DateTime,
    jetstream::consumer::{AckPolicy, DeliverPolicy, pull},
};
use futures::{StreamExt, stream::BoxStream};
use tokio::{sync::watch, time::sleep};

use super::{connection::Link, streams};
use crate::{Stored, Stream};

/// Events fetched ahead.
const AHEAD: usize = 256;

/// The server gives a sign of life this often.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a request for events stays open; more than two heartbeats.
const OPEN_FOR: Duration = Duration::from_secs(30);

/// The server forgets a follower that went away after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(250);

struct Follower {
    link: Arc<Link>,
    connections: watch::Receiver<u64>,
    stream: Stream,
    after: u64,
    /// When the stream was made.
    made: Option<DateTime>,
    source: Option<Source>,
}

/// A consumer at work.
struct Source {
    messages: pull::Stream,
    /// Messages it gave; the server counts the same.
    given: u64,
}

pub(super) async fn follow(link: Arc<Link>, stream: Stream, after: u64) -> BoxStream<'static, Stored> {
    let connections = link.connections.clone();
    let mut follower = Follower { link, connections, stream, after, made: None, source: None };
    // At once where it can be: whatever is published after this returns is seen, even if `after` means nothing here.
    if let Err(error) = follower.open().await {
        tracing::warn!(stream = stream.name(), %error, "waiting to follow");
    }
    let events = futures::stream::unfold(follower, |mut follower| async {
        let closed = follower.link.closed.clone();
        let event = closed.run_until_cancelled(follower.next()).await?;
        Some((event, follower))
    });
    events.boxed()
}

impl Follower {
    async fn next(&mut self) -> Stored {
        loop {
            let Some(source) = &mut self.source else {
                let connected = self.link.connected(Duration::from_secs(5)).await;
                if connected && let Err(error) = self.open().await {
                    tracing::warn!(stream = self.stream.name(), %error, "waiting to follow");
                    sleep(PAUSE).await;
                }
                continue;
            };
            let message = tokio::select! {
                message = source.messages.next() => message,
                // The server may have forgotten the consumer with the connection.
                _ = self.connections.changed() => None,
            };
            match message {
                Some(Ok(message)) => {
                    if let Some(event) = self.take(&message) {
                        return event;
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(stream = self.stream.name(), %error, "following anew");
                    self.source = None;
                    sleep(PAUSE).await;
                }
                None => self.source = None,
            }
        }
    }

    /// The event of a message, if it is the next one; else the consumer is given up or the message skipped.
    fn take(&mut self, message: &async_nats::jetstream::Message) -> Option<Stored> {
        let source = self.source.as_mut()?;
        let Ok(info) = message.info() else {
            self.source = None;
            return None;
        };
        source.given += 1;
        if info.consumer_sequence != source.given {
            self.source = None;
            return None;
        }
        let seq = info.stream_sequence;
        self.after = seq;
        match serde_json::from_slice(&message.payload) {
            Ok(envelope) => Some(Stored { seq, subject: message.subject.to_string(), envelope }),
            Err(error) => {
                tracing::error!(stream = self.stream.name(), seq, %error, "an event cannot be read");
                None
            }
        }
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        self.connections.mark_unchanged();
        let info = streams::info(&self.link, self.stream).await?;
        let (last, after, stream) = (info.state.last_sequence, self.after, self.stream.name());
        let made_again = self.made.replace(info.created).is_some_and(|made| made != info.created);
        if made_again || last < after {
            tracing::error!(stream, last, after, "the stream lost events that were seen");
            // A new stream counts anew, and nothing in it was seen; else only its end was lost.
            self.after = if made_again { 0 } else { last };
        }
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.after + 1 },
            ack_policy: AckPolicy::None,
            inactive_threshold: FORGOTTEN_AFTER,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer = self.link.context.create_consumer_on_stream(config, self.stream.name()).await?;
        let builder = consumer.stream().max_messages_per_batch(AHEAD).heartbeat(HEARTBEAT).expires(OPEN_FOR);
        self.source = Some(Source { messages: builder.messages().await?, given: 0 });
        Ok(())
    }
}
