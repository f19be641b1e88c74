//! Hands texts and mails to carriers and the relay, each at most once by itself, and reports what became of them.
//! Keeps nothing: the desk records who is sending what.
//!
//! * [`dispatch`]: claim, send, report.
//! * [`send`]: the ways out.

use std::sync::Arc;

use bus::{Handler, Stream, Subscription};
use host::{Host, Secret};

mod dispatch;
mod send;

use dispatch::Dispatch;
use send::{
    Sender,
    email::{Mails, Relay, Way},
    sms::{Here, Texts},
};

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

/// Starts sending.
///
/// # Errors
/// `relay.url` cannot be used, or TLS cannot be set up.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    host.metrics().describe(
        "frontdesk_sends_total",
        "Messages handed to carriers and the relay, by what became of them.",
    );
    let here = Here {
        public_url: config.public_url.clone(),
        local_url: host.local_url(),
        house_secret: Secret::new(web::signature::hex(host.installation_secret("sandbox"))),
    };
    let client = send::http::client()?;
    let texts = Texts::new(config.sms.numbers.clone(), here, client.clone());
    let way = match config.relay.url.as_ref().filter(|url| !url.expose().is_empty()) {
        Some(url) => Way::Relay(Relay::new(url)?),
        None => Way::sandbox(&host.local_url(), client),
    };
    let mails = Mails { way, blobs: host.blobs(), clock: host.clock() };
    host.consume(SMS, dispatch(host, texts));
    host.consume(EMAIL, dispatch(host, mails));
    Ok(())
}

fn dispatch<S: Sender>(host: &Host, sender: S) -> Arc<dyn Handler> {
    Arc::new(Dispatch { bus: host.bus(), clock: host.clock(), metrics: host.metrics(), sender })
}
