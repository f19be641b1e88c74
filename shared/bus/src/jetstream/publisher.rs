//! Publishing. Each stream has one task that sends whatever waits together and waits for the acknowledgement before
//! it sends more: order is kept, and while one sync of the server's disk runs the next batch gathers by itself.
//! Where the server syncs every write, many events become one atomic batch (ADR-50), since a single server syncs once
//! per message otherwise. Where it does not, the files of a batch cost more than they save ([`Pace`]).

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use async_nats::{
    HeaderMap, Request,
    client::{RequestError, RequestErrorKind},
    header::{NATS_BATCH_COMMIT, NATS_BATCH_ID, NATS_BATCH_SEQUENCE, NATS_MESSAGE_ID},
};
use bytes::Bytes;
use futures::future::{join_all, maybe_done, poll_immediate};
use serde::Deserialize;
use tokio::{
    sync::{mpsc, oneshot},
    task::unconstrained,
    time::Instant,
};
use uuid::Uuid;

use super::connection::Link;
use crate::{Packet, PublishError, Published, Stream};

/// Most events in one batch; the server takes 1000.
const BATCH: usize = 500;

/// Most bytes in one batch.
const BATCH_BYTES: usize = 4 << 20;

/// Up to this many events single messages are quicker: a batch costs the server a staging store and four syncs.
const SINGLES: usize = 16;

/// From this time per message on the server syncs every write: some 170 µs with a sync on a fast disk, 10 without.
const SYNCS_FROM: Duration = Duration::from_micros(80);

/// Every so many batches a few events go as single messages, to see what that takes now.
const LOOK_EVERY: u32 = 100;

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
            tokio::spawn(Sender { link: link.clone(), pace: Pace::default() }.run(waiting));
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
    pace: Pace,
}

/// What single messages took lately.
#[derive(Default)]
struct Pace {
    per_message: Option<Duration>,
    batches: u32,
}

impl Pace {
    /// How many of so many events leave now, and whether as one atomic batch.
    fn next(&mut self, waiting: usize) -> (usize, bool) {
        let quick = self.per_message.is_some_and(|took| took < SYNCS_FROM);
        if waiting <= SINGLES || quick {
            return (waiting, false);
        }
        self.batches += 1;
        if self.per_message.is_none() || self.batches >= LOOK_EVERY {
            self.batches = 0;
            return (SINGLES, false);
        }
        (waiting, true)
    }

    /// Too few of them tell little: most of their time is the way there and back.
    fn singles_took(&mut self, count: usize, took: Duration) {
        if count >= SINGLES / 2 {
            self.per_message = Some(took / u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
}

impl Sender {
    async fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
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
                let (count, together) = self.pace.next(waiting.len().min(BATCH));
                self.send(cut(&mut waiting, count), together).await;
                continue;
            }
            let more = std::iter::from_fn(|| queue.try_recv().ok());
            fail(waiting.drain(..).chain(more), "no connection to the NATS server");
        }
    }

    async fn send(&mut self, batch: Vec<Waiting>, together: bool) {
        let (batch, late): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|one| one.since.elapsed() < SENT_WITHIN);
        fail(late.into_iter(), "the NATS server is too slow");
        let results = match together {
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

    async fn singles(&mut self, batch: &[Waiting]) -> Vec<Result<Published, PublishError>> {
        let begun = Instant::now();
        let results = self.each(batch).await;
        self.pace.singles_took(batch.len(), begun.elapsed());
        results
    }

    async fn each(&self, batch: &[Waiting]) -> Vec<Result<Published, PublishError>> {
        let mut each: Vec<_> = batch.iter().map(|one| maybe_done(Box::pin(self.single(one)))).collect();
        // Many futures that are joined begin in any order, and each that meets the end of its task's budget begins later.
        unconstrained(async {
            for one in &mut each {
                poll_immediate(one).await;
            }
        })
        .await;
        join_all(each.iter_mut()).await;
        let lost = || Err(unavailable("no answer"));
        each.iter_mut().map(|one| Pin::new(one).take_output().unwrap_or_else(lost)).collect()
    }

    async fn single(&self, one: &Waiting) -> Result<Published, PublishError> {
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

/// Takes up to so many events from the front, at least one.
fn cut(waiting: &mut VecDeque<Waiting>, most: usize) -> Vec<Waiting> {
    let (mut batch, mut bytes) = (vec![], 0);
    while let Some(one) = waiting.front() {
        bytes += one.payload.len();
        if batch.len() == most || (!batch.is_empty() && bytes > BATCH_BYTES) {
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
        let mut cut_100 = || cut(&mut many, 100).len();
        assert_eq!([cut_100(), cut_100(), cut_100()], [100, 100, 50]);
        let mut large: VecDeque<Waiting> = (0..3).map(|_| waiting(BATCH_BYTES / 2 + 1)).collect();
        assert_eq!([cut(&mut large, BATCH).len(), cut(&mut large, BATCH).len()], [1, 1]);
        assert!(cut(&mut VecDeque::new(), BATCH).is_empty());
    }

    #[test]
    fn many_go_together_where_each_message_is_synced() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(16), (16, false));
        assert_eq!(pace.next(300), (16, false), "nobody knows yet what single messages take");
        pace.singles_took(16, Duration::from_millis(3));
        assert_eq!(pace.next(300), (300, true));
        pace.singles_took(2, Duration::from_micros(20));
        assert_eq!(pace.next(300), (300, true), "two messages tell nothing");
        let looks = (0..200).filter(|_| pace.next(300) == (16, false)).count();
        assert_eq!(looks, 2, "looked again now and then");
        pace.singles_took(16, Duration::from_micros(300));
        assert_eq!(pace.next(300), (300, false), "without syncs each for itself");
    }
}
