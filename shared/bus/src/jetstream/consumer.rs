//! Durable consumers.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use async_nats::jetstream::{
    AckKind, ErrorCode, Message,
    consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
    stream::ConsumerErrorKind,
};
use domain::Clock;
use tokio::{
    task::JoinSet,
    time::{Instant, interval_at, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    connection::Link,
    publisher::Publisher,
    pull::{Fetched, Puller},
    streams,
};
use crate::{
    Delivery, Handler, MAX_DELIVERIES, Packet, PublishError, Stream, Subscription,
    worker::{Appetite, Dead, Outcome, Worker, portions},
};

/// The wait after something that did not work.
const PAUSE: Duration = Duration::from_millis(500);

/// The wait when the server says "not now".
const BREATH: Duration = Duration::from_millis(50);

/// Fewest events a consumer may have unacknowledged, back-offs included; all its replicas together.
const UNACKNOWLEDGED: usize = 2000;

/// How long an outcome may take to be sent.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// What a consumer works with.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) link: Arc<Link>,
    pub(super) publisher: Publisher,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) stop: CancellationToken,
    pub(super) clock: Arc<dyn Clock>,
}

pub(super) async fn consume(subscription: Subscription, parts: Parts) -> anyhow::Result<()> {
    let Subscription { name, stream, subjects, .. } = subscription;
    if let Some(odd) = subjects.iter().find(|subject| Stream::of(subject) != Some(stream)) {
        bail!("the consumer {name} wants {odd}, which {} does not keep", stream.name());
    }
    let Some(consumer) = make(&parts, &subscription).await? else { return Ok(()) };
    let mut loops = JoinSet::new();
    for _ in 0..subscription.concurrency.max(1) {
        let worker = Worker { consumer: name, stream, tuning: parts.link.options.tuning.clone() };
        let one = Loop {
            parts: parts.clone(),
            subscription: subscription.clone(),
            consumer: consumer.clone(),
            appetite: Appetite::new(subscription.batch),
            worker,
        };
        loops.spawn(one.run());
    }
    while let Some(ended) = loops.join_next().await {
        ended.map_err(|error| anyhow!("the consumer {name} broke: {error}"))??;
    }
    Ok(())
}

fn config(subscription: &Subscription, redeliver_after: Duration) -> pull::Config {
    let Subscription { name, subjects, batch, concurrency, .. } = subscription;
    let unacknowledged = batch.saturating_mul(*concurrency).saturating_mul(4).max(UNACKNOWLEDGED);
    pull::Config {
        durable_name: Some((*name).into()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: redeliver_after,
        // Counted here: the server would stop delivering, and keep the event where nobody sees it.
        max_deliver: -1,
        max_ack_pending: i64::try_from(unacknowledged).unwrap_or(i64::MAX),
        filter_subjects: subjects.iter().map(|subject| (*subject).into()).collect(),
        ..pull::Config::default()
    }
}

/// Makes or updates the consumer, and waits for the server where needed; `None` when stopped meanwhile.
async fn make(parts: &Parts, subscription: &Subscription) -> anyhow::Result<Option<PullConsumer>> {
    let Subscription { name, stream, .. } = subscription;
    let config = config(subscription, parts.link.options.tuning.redeliver_after);
    while !parts.stop.is_cancelled() {
        match parts.link.context.create_consumer_on_stream(config.clone(), stream.name()).await {
            Ok(consumer) => return Ok(Some(consumer)),
            Err(error) => match error.kind() {
                ConsumerErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    let made = streams::ensure(&parts.link, Instant::now()).await;
                    tracing::warn!(consumer = name, ?made, "its stream was gone");
                }
                ConsumerErrorKind::JetStream(cause) if cause.code() != 503 => {
                    return Err(error).with_context(|| format!("the consumer {name} cannot be made"));
                }
                _ => tracing::warn!(consumer = name, %error, "waiting for JetStream"),
            },
        }
        tokio::select! {
            () = parts.stop.cancelled() => {}
            () = sleep(PAUSE) => {}
        }
    }
    Ok(None)
}

struct Loop {
    parts: Parts,
    subscription: Subscription,
    consumer: PullConsumer,
    appetite: Appetite,
    worker: Worker,
}

impl Loop {
    async fn run(mut self) -> anyhow::Result<()> {
        let stop = self.parts.stop.clone();
        let mut puller = Puller::new(self.parts.link.clone()).await?;
        while !stop.is_cancelled() {
            let pause = match puller.fetch(&self.consumer, self.appetite.present(), &stop).await {
                Fetched::Messages(messages) => {
                    self.handle(messages).await;
                    continue;
                }
                Fetched::Nothing => continue,
                Fetched::NotNow => BREATH,
                Fetched::Gone(reason) => {
                    tracing::warn!(consumer = self.worker.consumer, reason, "the consumer is made again");
                    match make(&self.parts, &self.subscription).await? {
                        Some(consumer) => self.consumer = consumer,
                        None => break,
                    }
                    PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
        puller.leave().await;
        Ok(())
    }

    async fn handle(&mut self, messages: Vec<Message>) {
        let mut broke = false;
        let mut events = vec![];
        for message in messages {
            match deliver(&message) {
                Ok(delivery) => events.push((message, delivery)),
                Err(error) => self.unreadable(&message, &error).await,
            }
        }
        let mut waiting: Vec<Message> = events.iter().map(|(message, _)| message.clone()).collect();
        for portion in portions(events, |(_, delivery)| delivery) {
            let (messages, deliveries): (Vec<Message>, Vec<Delivery>) = portion.into_iter().unzip();
            if self.parts.stop.is_cancelled() {
                for message in &messages {
                    self.tell(message, AckKind::Nak(None)).await;
                }
                continue;
            }
            let run = self.worker.run(&*self.parts.handler, &deliveries);
            let verdict = self.while_alive(&waiting, run).await;
            broke |= verdict.broke;
            for ((message, delivery), outcome) in messages.iter().zip(&deliveries).zip(verdict.outcomes) {
                self.settle(message, delivery, outcome).await;
            }
            waiting.retain(|one| messages.iter().all(|done| done.reply != one.reply));
        }
        self.appetite.after(broke);
    }

    /// Does some work, and tells the server meanwhile that these events are not forgotten.
    async fn while_alive<T>(&self, waiting: &[Message], work: impl Future<Output = T>) -> T {
        let every = self.worker.tuning.redeliver_after / 3;
        let mut tick = interval_at(Instant::now() + every, every);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = tick.tick() => {
                    for message in waiting.iter().filter(|_| self.parts.link.is_connected()) {
                        // Without a wait: the handler has to go on, whatever the connection does.
                        let sign = timeout(Duration::ZERO, message.ack_with(AckKind::Progress));
                        let _ = sign.await;
                    }
                }
            }
        }
    }

    async fn settle(&self, message: &Message, delivery: &Delivery, outcome: Outcome) {
        match outcome {
            Outcome::Done => self.tell(message, AckKind::Ack).await,
            Outcome::Again { after } => self.tell(message, AckKind::Nak(Some(after))).await,
            Outcome::Dead { reason } => {
                let envelope = String::from_utf8_lossy(&message.payload);
                self.bury(message, delivery.attempt, &envelope, Some(&delivery.envelope), &reason).await;
            }
        }
    }

    async fn unreadable(&self, message: &Message, reason: &str) {
        let attempt = message.info().map_or(1, |info| attempts(info.delivered));
        self.bury(message, attempt, &String::from_utf8_lossy(&message.payload), None, reason).await;
    }

    /// Makes an event a dead letter; if that does not work now, it is delivered again and buried then.
    async fn bury(
        &self,
        message: &Message,
        attempt: u32,
        envelope: &str,
        read: Option<&crate::Envelope>,
        reason: &str,
    ) {
        let seq = message.info().map_or(0, |info| info.stream_sequence);
        let traceparent = read.and_then(|envelope| envelope.traceparent.as_deref());
        let attempts = attempt.min(MAX_DELIVERIES);
        let mut dead =
            Dead { subject: message.subject.as_str(), seq, attempts, envelope, traceparent, reason };
        let mut buried = self.publish(self.worker.dead_letter(&dead, self.parts.clock.now())).await;
        if matches!(buried, Err(PublishError::Refused(_))) {
            let reason = format!("{reason} (its {} bytes are too many to keep)", envelope.len());
            let stub = read.map(|envelope| format!("{{\"id\":{:?}}}", envelope.id)).unwrap_or_default();
            (dead.reason, dead.envelope) = (&reason, &stub);
            buried = self.publish(self.worker.dead_letter(&dead, self.parts.clock.now())).await;
        }
        match buried {
            Ok(()) => self.tell(message, AckKind::Ack).await,
            Err(error) => {
                tracing::error!(consumer = self.worker.consumer, seq, %error, "a dead letter cannot be kept now");
                self.tell(message, AckKind::Nak(Some(self.worker.tuning.delay(attempt)))).await;
            }
        }
    }

    async fn publish(&self, letter: Option<Packet>) -> Result<(), PublishError> {
        let letter = letter.ok_or_else(|| PublishError::Refused("it cannot be written".into()))?;
        let results = self.parts.publisher.publish(vec![letter]).await;
        results.into_iter().try_for_each(|result| result.map(drop))
    }

    /// Tells the server an outcome. If that is lost, the event is delivered again.
    async fn tell(&self, message: &Message, outcome: AckKind) {
        if timeout(TOLD_WITHIN, message.ack_with(outcome)).await.is_err() {
            tracing::warn!(
                consumer = self.worker.consumer,
                "an outcome could not be sent; the event comes again"
            );
        }
    }
}

fn attempts(delivered: i64) -> u32 {
    u32::try_from(delivered).unwrap_or(u32::MAX)
}

fn deliver(message: &Message) -> Result<Delivery, String> {
    let info = message.info().map_err(|error| error.to_string())?;
    let envelope = serde_json::from_slice(&message.payload).map_err(|error| error.to_string())?;
    Ok(Delivery {
        subject: message.subject.to_string(),
        seq: info.stream_sequence,
        attempt: attempts(info.delivered),
        envelope,
    })
}
