//! Takes in what the doors put on the bus, answers what other services ask of the desk, and does what is due by itself.
//! Replicas share the work; the desk keeps all state.
//!
//! * [`intake`]: what came in, and dead letters into the ledger.
//! * [`answers`]: may this go out, what did this chat say, what are the settings.
//! * [`clockwork`]: timers and the outbox's sweeper.

use std::sync::Arc;

use anyhow::Context;
use bus::{Stream, Subscription};
use desk::{Channels, Desk, Options};
use host::Host;

mod answers;
mod clockwork;
mod intake;

/// Everything that comes in.
const INTAKE: Subscription = Subscription {
    name: "ticketing",
    stream: Stream::Inbound,
    subjects: &["inbound.>", "receipt.>", "visitor.>", "reply.>", "delivery.>"],
    batch: 200,
    concurrency: 4,
};
/// What nobody could handle.
const BURIAL: Subscription = Subscription {
    name: "ticketing-dead",
    stream: Stream::Dead,
    subjects: &["dead.>"],
    batch: 20,
    concurrency: 1,
};

/// Starts the service.
///
/// # Errors
/// The database or the bus cannot be used.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let desk = Desk::open(options(host)).await.context("cannot open the database")?;
    let stopping = host.stopping();
    host.metrics().describe("frontdesk_taken_in_total", "What came in, by what became of it.");
    let checked = desk.clone();
    host.ready_check("database of ticketing", Box::new(move || Box::pin(ready(checked.clone()))));
    host.consume(INTAKE, Arc::new(intake::Intake::new(desk.clone(), host.metrics(), stopping.clone())));
    host.consume(BURIAL, Arc::new(intake::Burial::new(desk.clone())));
    answers::give(host, &desk);
    host.spawn("ticketing timers", clockwork::timers(desk.clone(), host.clock(), stopping.clone()));
    host.spawn("ticketing outbox", clockwork::sweep(desk.clone(), stopping));
    host.on_drained("database of ticketing", async move { desk.close().await });
    Ok(())
}

fn options(host: &Host) -> Options {
    let config = host.config();
    Options {
        database_url: config.database_url(),
        bus: Some(host.bus()),
        clock: host.clock(),
        channels: Channels {
            numbers: config.sms.numbers.iter().map(|number| number.number.clone()).collect(),
            mailboxes: config.email.mailboxes.iter().map(|mailbox| mailbox.address.clone()).collect(),
            sites: config.chat.sites.iter().map(|site| site.id.clone()).collect(),
        },
    }
}

async fn ready(desk: Desk) -> Result<(), String> {
    desk.ready().await
}

#[cfg(test)]
mod tests;
