//! Hands texts and mails to carriers and the relay, each at most once by itself, and reports what became of them.
//! Keeps nothing: the desk records who is sending what.
//!
//! * [`dispatch`]: claim, send, report.
//! * [`send`]: the ways out.
//! * [`webhooks`]: what happens, told to programs elsewhere.
//! * [`fetch`]: files of texts that lie at their carrier.

use std::sync::Arc;

use bus::{Handler, Stream, Subscription};
use host::{Host, Secret};

mod dispatch;
mod fetch;
mod send;
mod webhooks;

use dispatch::Dispatch;
use fetch::Files;
pub use send::email::dkim;
use send::{
    Sender,
    email::{Mails, Relay, Way, dkim::Signers},
    sms::{Here, Texts},
};
use webhooks::Webhooks;

const SMS: Subscription = Subscription {
    name: "notifier-sms",
    stream: Stream::Outbound,
    subjects: &["outbound.sms"],
    batch: 1,
    concurrency: 16,
};
const EMAIL: Subscription = Subscription {
    name: "notifier-email",
    stream: Stream::Outbound,
    subjects: &["outbound.email"],
    batch: 1,
    concurrency: 16,
};
const MEDIA: Subscription = Subscription {
    name: "notifier-media",
    stream: Stream::Outbound,
    subjects: &["outbound.media"],
    batch: 1,
    concurrency: 4,
};

const WEBHOOKS: Subscription = Subscription {
    name: "notifier-webhooks",
    stream: Stream::Outbound,
    subjects: &["outbound.webhook"],
    batch: 1,
    concurrency: 16,
};

/// Starts sending.
///
/// # Errors
/// `relay.url` or a key of `email.dkim` cannot be used, or TLS cannot be set up.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    host.metrics().describe(
        "frontdesk_sends_total",
        "Messages handed to carriers and the relay, by what became of them.",
    );
    host.metrics().describe("frontdesk_files_total", "Files of texts at carriers, by what became of them.");
    let here = Here {
        public_url: config.public_url.clone(),
        local_url: host.local_url(),
        house_secret: Secret::new(web::signature::hex(host.installation_secret("sandbox"))),
    };
    let client = send::http::client()?;
    let texts =
        Texts { lines: config.sms.numbers.clone(), here, clock: host.clock(), client: client.clone() };
    let way = match config.relay.url.as_ref().filter(|url| !url.expose().is_empty()) {
        Some(url) => {
            let tokens = config.relay.oauth.as_ref().map(|oauth| host.refresh_tokens().of(oauth.grant()));
            Way::Relay(Relay::new(url, tokens.transpose()?)?)
        }
        None => Way::sandbox(&host.local_url(), client),
    };
    let signers = Signers::new(&config.email.dkim)?;
    let mails = Mails { way, blobs: host.blobs(), clock: host.clock(), signers };
    let (blobs, lines) = (host.blobs(), config.sms.numbers.clone());
    let files = Files::new(host.bus(), blobs, host.clock(), host.metrics(), lines)?;
    host.metrics().describe("frontdesk_webhooks_total", "What webhooks were told, by what became of it.");
    let told = Webhooks::new(
        host.bus(),
        host.clock(),
        host.metrics(),
        web::reach::is_public,
        &config.webhooks.inside_hosts,
    )?;
    host.consume(WEBHOOKS, Arc::new(told));
    host.consume(MEDIA, Arc::new(files));
    host.consume(SMS, dispatch(host, texts));
    host.consume(EMAIL, dispatch(host, mails));
    Ok(())
}

fn dispatch<S: Sender>(host: &Host, sender: S) -> Arc<dyn Handler> {
    Arc::new(Dispatch { bus: host.bus(), clock: host.clock(), metrics: host.metrics(), sender })
}
