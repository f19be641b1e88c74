//! Publishing. Each stream has one task that sends whatever waits together and waits for the acknowledgement before
//! it sends more: order is kept, and while one sync of the server's disk runs the next batch gathers by itself.
//! Many events become one atomic batch (ADR-50), since a single server syncs once per message otherwise.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_nats::{
    HeaderMap, Request,
    client::{RequestError, RequestErrorKind},
    header::{NATS_BATCH_COMMIT, NATS_BATCH_ID, NATS_BATCH_SEQUENCE, NATS_MESSAGE_ID},
};
use bytes::Bytes;
use futures::future::join_all;
use serde::Deserialize;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use uuid::Uuid;

use super::connection::Link;
use crate::{Packet, PublishError, Published, Stream};

/// Most events in one batch; the server takes 1000.
const BATCH: usize = 100;

/// Most bytes in one batch.
const BATCH_BYTES: usize = 4 << 20;

/// Up to this many events single messages are quicker: a batch costs the server a staging store and four syncs.
const SINGLES: usize = 16;

/// Events that may wait per stream; publishing waits beyond that.
const QUEUE: usize = 4096;

/// How long an acknowledgement may take.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(2);

/// How long an event may wait for its turn.
const SENT_WITHIN: Duration = Duration::from_secs(2);

/// How long publishing waits for a lost connection to come back.
const PATIENCE: Duration = Duration::from_millis(300);

/// The server's error for a message above its limits (the stream's or its own).
const TOO_LARGE: u64 = 10054;

struct Waiting {
    subject: String,
    id: String,
    payload: Bytes,
    since: Instant,
    reply: oneshot::Sender<Result<Published, PublishError>>,
}

/// Publishes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Publisher {
    /// By the place in [`Stream::ALL`].
    queues: [mpsc::Sender<Waiting>; 4],
}

impl Publisher {
    pub(super) fn start(link: &Arc<Link>) -> Self {
        let queues = Stream::ALL.map(|_| {
            let (queue, waiting) = mpsc::channel(QUEUE);
            tokio::spawn(Sender { link: link.clone() }.run(waiting));
            queue
        });
        Self { queues }
    }

    /// Publishes; one result each, in order.
    pub(super) async fn publish(&self, packets: Vec<Packet>) -> Vec<Result<Published, PublishError>> {
        let mut results = vec![];
        for packet in packets {
            results.push(self.enqueue(packet).await);
        }
        let lost = |_| Err(unavailable("the bus is closed"));
        let result =
            async |queued: Result<oneshot::Receiver<_>, PublishError>| queued?.await.unwrap_or_else(lost);
        join_all(results.into_iter().map(result)).await
    }

    async fn enqueue(
        &self,
        packet: Packet,
    ) -> Result<oneshot::Receiver<Result<Published, PublishError>>, PublishError> {
        let (stream, payload) = packet.check()?;
        let (reply, result) = oneshot::channel();
        let (subject, id, since) = (packet.subject, packet.envelope.id, Instant::now());
        let waiting = Waiting { subject, id, payload: payload.into(), since, reply };
        let place = Stream::ALL.iter().position(|s| *s == stream).unwrap_or_default();
        match self.queues[place].send_timeout(waiting, SENT_WITHIN).await {
            Ok(()) => Ok(result),
            Err(_) => Err(unavailable("too many events wait for the NATS server")),
        }
    }
}

fn unavailable(why: &str) -> PublishError {
    PublishError::Unavailable(why.into())
}

/// Sends the events of one stream.
struct Sender {
    link: Arc<Link>,
}

impl Sender {
    async fn run(self, mut queue: mpsc::Receiver<Waiting>) {
        let mut waiting = VecDeque::new();
        let mut fresh = Vec::with_capacity(BATCH);
        loop {
            // Waits only when nothing is left over.
            if waiting.is_empty() && queue.recv_many(&mut fresh, BATCH).await == 0 {
                return;
            }
            while fresh.len() + waiting.len() < BATCH {
                let Ok(one) = queue.try_recv() else { break };
                fresh.push(one);
            }
            waiting.extend(fresh.drain(..));
            if self.link.connected(PATIENCE).await {
                self.send(cut(&mut waiting)).await;
                continue;
            }
            let more = std::iter::from_fn(|| queue.try_recv().ok());
            fail(waiting.drain(..).chain(more), "no connection to the NATS server");
        }
    }

    async fn send(&self, batch: Vec<Waiting>) {
        let (batch, late): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|one| one.since.elapsed() < SENT_WITHIN);
        fail(late.into_iter(), "the NATS server is too slow");
        let results = match batch.len() > SINGLES {
            true => match self.atomic(&batch).await {
                Some(results) => results,
                // Refused as a whole, for one id that was there before for example: each for itself.
                None => self.singles(&batch).await,
            },
            false => self.singles(&batch).await,
        };
        for (one, result) in batch.into_iter().zip(results) {
            // Sending fails when the publisher is gone.
            let _ = one.reply.send(result);
        }
    }

    async fn singles(&self, batch: &[Waiting]) -> Vec<Result<Published, PublishError>> {
        join_all(batch.iter().map(|one| async {
            let mut headers = HeaderMap::new();
            headers.insert(NATS_MESSAGE_ID, one.id.as_str());
            match self.request(one, headers).await {
                Ok(Ack { error: None, seq, duplicate }) => Ok(Published { seq, duplicate }),
                Ok(Ack { error: Some(error), .. }) if error.err_code == TOO_LARGE => {
                    Err(PublishError::Refused(error.description))
                }
                Ok(Ack { error: Some(error), .. }) => Err(PublishError::Unavailable(error.description)),
                Err(error) => Err(failed(&error)),
            }
        }))
        .await
    }

    /// One atomic batch; `None` when the server refused it and nothing of it is stored. Without an answer it may be
    /// stored, all of it or nothing.
    async fn atomic(&self, batch: &[Waiting]) -> Option<Vec<Result<Published, PublishError>>> {
        let name = Uuid::new_v4().simple().to_string();
        let (last, rest) = batch.split_last()?;
        for (place, one) in rest.iter().enumerate() {
            let headers = in_batch(&name, place, one);
            let message =
                self.link.client.publish_with_headers(one.subject.clone(), headers, one.payload.clone());
            // The server gives up a batch with a hole by itself.
            tokio::time::timeout(ACKNOWLEDGED_WITHIN, message).await.ok()?.ok()?;
        }
        let mut headers = in_batch(&name, rest.len(), last);
        headers.insert(NATS_BATCH_COMMIT, "1");
        match self.request(last, headers).await {
            Ok(Ack { error: None, seq, .. }) => {
                let first = seq + 1 - batch.len() as u64;
                let published = (first..=seq).map(|seq| Ok(Published { seq, duplicate: false }));
                Some(published.collect())
            }
            Ok(Ack { error: Some(error), .. }) => {
                tracing::debug!(error = error.description, "an atomic batch was refused");
                None
            }
            Err(error) => Some(batch.iter().map(|_| Err(failed(&error))).collect()),
        }
    }

    async fn request(&self, one: &Waiting, headers: HeaderMap) -> Result<Ack, RequestError> {
        let request =
            Request::new().payload(one.payload.clone()).headers(headers).timeout(Some(ACKNOWLEDGED_WITHIN));
        let answer = self.link.client.send_request(one.subject.clone(), request).await?;
        serde_json::from_slice(&answer.payload)
            .map_err(|error| RequestError::with_source(RequestErrorKind::Other, error))
    }
}

fn fail(waiting: impl Iterator<Item = Waiting>, why: &str) {
    for one in waiting {
        let _ = one.reply.send(Err(unavailable(why)));
    }
}

/// Takes the next batch from the front, at least one event.
fn cut(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let (mut batch, mut bytes) = (vec![], 0);
    while let Some(one) = waiting.front() {
        bytes += one.payload.len();
        if batch.len() == BATCH || (!batch.is_empty() && bytes > BATCH_BYTES) {
            break;
        }
        batch.extend(waiting.pop_front());
    }
    batch
}

fn in_batch(name: &str, place: usize, one: &Waiting) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, one.id.as_str());
    headers.insert(NATS_BATCH_ID, name);
    headers.insert(NATS_BATCH_SEQUENCE, (place + 1).to_string().as_str());
    headers
}

fn failed(error: &RequestError) -> PublishError {
    match error.kind() {
        RequestErrorKind::MaxPayloadExceeded => {
            PublishError::Refused("it is larger than the server takes".into())
        }
        RequestErrorKind::NoResponders => unavailable("JetStream is not there, or has no stream for it"),
        RequestErrorKind::TimedOut => unavailable("the NATS server did not acknowledge in time"),
        _ => PublishError::Unavailable(error.to_string()),
    }
}

/// JetStream's answer to a message or a batch.
#[derive(Deserialize)]
struct Ack {
    error: Option<AckError>,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}

#[derive(Deserialize)]
struct AckError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(bytes: usize) -> Waiting {
        let (payload, since) = (vec![0; bytes].into(), Instant::now());
        Waiting { subject: "inbound.sms".into(), id: "1".into(), payload, since, reply: oneshot::channel().0 }
    }

    #[test]
    fn a_batch_is_cut_by_number_and_by_bytes_and_never_empty() {
        let mut many: VecDeque<Waiting> = (0..250).map(|_| waiting(1)).collect();
        assert_eq!([cut(&mut many).len(), cut(&mut many).len(), cut(&mut many).len()], [100, 100, 50]);
        let mut large: VecDeque<Waiting> = (0..3).map(|_| waiting(BATCH_BYTES / 2 + 1)).collect();
        assert_eq!([cut(&mut large).len(), cut(&mut large).len()], [1, 1]);
        assert!(cut(&mut VecDeque::new()).is_empty());
    }
}
