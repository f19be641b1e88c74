//! Takes in what the doors put on the bus, answers what other services ask of the desk, and does what is due by itself.
//! Replicas share the work; the desk keeps all state.
//!
//! * [`intake`]: what came in, and dead letters into the ledger.
//! * [`answers`]: may this go out, what did this chat say, what are the settings.
//! * [`webhooks`]: what happens is told to programs elsewhere.
//! * [`clockwork`]: timers, the outbox's sweeper, and what is kept only for so long; [`disposal`]: files that nobody needs.

use std::sync::Arc;

use anyhow::Context;
use bus::{Stream, Subscription};
use desk::{Channels, Desk, Options, Outside};
use host::{Configuration, Host, config::EnvelopeSender};

mod answers;
mod clockwork;
mod disposal;
mod intake;
mod webhooks;

/// Everything that comes in. One batch after the other: two at a time would let a customer's texts overtake each other,
/// STOP and START among them, and wait for the same rows.
const INTAKE: Subscription = Subscription {
    name: "ticketing",
    stream: Stream::Inbound,
    subjects: &["inbound.>", "receipt.>", "visitor.>", "reply.>", "delivery.>"],
    batch: 200,
    concurrency: 1,
};
/// What nobody could handle.
const BURIAL: Subscription = Subscription {
    name: "ticketing-dead",
    stream: Stream::Dead,
    subjects: &["dead.>"],
    batch: 20,
    concurrency: 1,
};

/// What webhooks may be told.
const TELLING: Subscription = Subscription {
    name: "ticketing-webhooks",
    stream: Stream::Events,
    subjects: &["desk.message.>", "desk.ticket.changed", "desk.note.added", "desk.profile.merged"],
    batch: 100,
    concurrency: 1,
};

/// Starts the service.
///
/// # Errors
/// The database or the bus cannot be used.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let desk = Desk::open(options(host)).await.context("cannot open the database")?;
    let key = host.installation_secret("addresses of pictures");
    let chats = host.installation_secret("chat-session");
    let desk = desk.reached_at(outside(host.config(), key).opening_chats(chats));
    let stopping = host.stopping();
    host.metrics().describe("frontdesk_taken_in_total", "What came in, by what became of it.");
    let checked = desk.clone();
    host.ready_check("database of ticketing", Box::new(move || Box::pin(ready(checked.clone()))));
    host.consume(INTAKE, Arc::new(intake::Intake::new(desk.clone(), host.metrics(), stopping.clone())));
    host.consume(BURIAL, Arc::new(intake::Burial::new(desk.clone())));
    host.consume(TELLING, Arc::new(webhooks::Telling::new(desk.clone())));
    answers::give(host, &desk);
    host.spawn(
        "ticketing timers",
        clockwork::timers(desk.clone(), host.bus(), host.clock(), stopping.clone()),
    );
    host.spawn(
        "ticketing waiting texts",
        clockwork::count_waiting(desk.clone(), host.metrics(), stopping.clone()),
    );
    host.spawn("ticketing retention", clockwork::retain(desk.clone(), stopping.clone()));
    host.spawn("ticketing search", clockwork::index(desk.clone(), stopping.clone()));
    host.spawn("ticketing disposal", disposal::run(desk.clone(), host.blobs(), stopping.clone()));
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
            confirmed_by_carrier: config.sms.confirmed_by_carrier(),
            paces: config.sms.paces(),
            mailboxes: config.email.mailboxes.iter().map(|mailbox| mailbox.address.clone()).collect(),
            sites: config.chat.sites.iter().map(|site| site.id.clone()).collect(),
        },
    }
}

fn outside(config: &Configuration, key: [u8; 32]) -> Outside {
    let tagged = config.email.mailboxes.iter().filter(|mailbox| mailbox.takes_tags());
    let inbound = tagged.map(|mailbox| (mailbox.address.clone(), mailbox.inbound.clone()));
    let named_bounces = config.email.envelope_sender == EnvelopeSender::Bounces;
    Outside::new(config.public_url.as_str(), key)
        .with_mailboxes(inbound, named_bounces)
        .judging_mail(config.dns.is_asked())
}

async fn ready(desk: Desk) -> Result<(), String> {
    desk.ready().await
}

#[cfg(test)]
mod tests;
