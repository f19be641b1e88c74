//! Hears what came in, proposes answers.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bus::{
    Bus, Delivery, Failure, Handler,
    topic::{AGENTS_ONLINE, MESSAGE_RECEIVED, REPLY_PROPOSED, SETTINGS},
};
use domain::{Clock, ProfileId, Settings, Timestamp, agents::Agents, event::ReplyProposed};
use futures::StreamExt;
use host::metrics::Counter;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{chat, loops::Loops, rules};

/// Pause before the bus is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Proposes answers to texts and chats that get one.
pub(crate) struct Responder {
    bus: Bus,
    clock: Arc<dyn Clock>,
    loops: Mutex<Loops>,
    agents: Mutex<Agents>,
    proposed: Counter,
}

impl Responder {
    pub(crate) fn new(bus: Bus, clock: Arc<dyn Clock>, proposed: Counter) -> Self {
        Self { bus, clock, loops: Mutex::default(), agents: Mutex::default(), proposed }
    }

    /// The settings are asked for once a batch: a change counts from the next text on.
    async fn respond(&self, batch: &[Delivery]) -> Vec<Result<(), Failure>> {
        let settings = match self.bus.ask(SETTINGS, &()).await {
            Ok(settings) => settings,
            Err(error) => return batch.iter().map(|_| Err(Failure::retry(&error))).collect(),
        };
        let mut results = Vec::with_capacity(batch.len());
        for delivery in batch {
            let span = delivery.span("auto-respond");
            results.push(self.respond_to(delivery, &settings).instrument(span).await);
        }
        results
    }

    async fn respond_to(&self, delivery: &Delivery, settings: &Settings) -> Result<(), Failure> {
        let event = delivery.read(MESSAGE_RECEIVED)?;
        let now = self.clock.now();
        let text = rules::answer(&event, settings, now);
        let chat = chat::answers(&event, settings, self.agents().any(now), now);
        for proposed in text.into_iter().chain(chat) {
            self.propose(&proposed, event.ticket.profile.id, now).await?;
        }
        Ok(())
    }

    async fn propose(
        &self,
        proposed: &ReplyProposed,
        profile: ProfileId,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if !self.loops().take(profile, now) {
            tracing::info!(%profile, "not answered: it looks like two robots talking");
            return Ok(());
        }
        if let Err(error) = self.bus.publish(REPLY_PROPOSED, &proposed.key, proposed).await {
            self.loops().give_back(profile, now);
            return Err(Failure::retry(error));
        }
        self.proposed.increment();
        Ok(())
    }

    /// Hears how many agents are there, until the stop.
    pub(crate) async fn hear_agents(self: Arc<Self>, stopping: CancellationToken) -> anyhow::Result<()> {
        let hearing = async {
            loop {
                match self.bus.listen(AGENTS_ONLINE).await {
                    Ok(mut said) => {
                        while let Some(said) = said.next().await {
                            self.agents().hear(&said, self.clock.now());
                        }
                    }
                    Err(error) => tracing::warn!(%error, "agents cannot be heard of yet"),
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            () = stopping.cancelled() => Ok(()),
            () = hearing => Ok(()),
        }
    }

    fn agents(&self) -> MutexGuard<'_, Agents> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loops(&self) -> MutexGuard<'_, Loops> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Responder {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        Box::pin(self.respond(batch))
    }
}

#[cfg(test)]
#[path = "responder_tests.rs"]
mod tests;
