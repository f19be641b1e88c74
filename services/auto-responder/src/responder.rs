//! Hears what came in, proposes answers.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus::{
    Bus, Delivery, Failure, Handler,
    topic::{MESSAGE_RECEIVED, REPLY_PROPOSED, SETTINGS},
};
use domain::{Clock, Settings};
use host::metrics::Counter;
use tracing::Instrument;

use crate::{loops::Loops, rules};

/// Proposes an answer to each text that gets one.
pub(crate) struct Responder {
    bus: Bus,
    clock: Arc<dyn Clock>,
    loops: Mutex<Loops>,
    proposed: Counter,
}

impl Responder {
    pub(crate) fn new(bus: Bus, clock: Arc<dyn Clock>, proposed: Counter) -> Self {
        Self { bus, clock, loops: Mutex::default(), proposed }
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
        let Some(proposed) = rules::answer(&event, settings, now) else { return Ok(()) };
        let profile = event.ticket.profile.id;
        if !self.loops().take(profile, now) {
            tracing::info!(%profile, "not answered: it looks like two robots talking");
            return Ok(());
        }
        if let Err(error) = self.bus.publish(REPLY_PROPOSED, &proposed.key, &proposed).await {
            self.loops().give_back(profile, now);
            return Err(Failure::retry(error));
        }
        self.proposed.increment();
        Ok(())
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
