//! Takes mail in: SMTP, LMTP, raw mail over HTTP, and mailboxes that are read over IMAP. A mail is answered for (`250`, `202`) once its raw bytes and files lie
//! in blobs and its event is on the bus; otherwise the sender is told to keep it (`451`, `503`). No mail is refused
//! for being odd.
//!
//! * doors: [`smtp`], [`http`], [`imap`]; all end in [`accept`].
//! * [`judge`]: whether a sender is who it says, asked by the desk.
//! * rules, pure: [`smtp::session`], [`smtp::data`], [`smtp::chunk`], [`routing`], [`headers`], [`thread`], [`robot`], [`bounce`],
//!   [`quote`], [`mail`], [`calendar`], [`html`], [`spam`], [`judge::verdict`].

use std::sync::Arc;

use anyhow::Context;
use host::{Host, config::Smtp};
use smtp::tls::{Certificates, LOOK_EVERY};
use tokio::net::TcpListener;

pub mod accept;
pub mod bounce;
pub mod budget;
pub mod calendar;
pub mod guard;
pub mod headers;
pub mod html;
pub mod http;
pub mod imap;
pub mod judge;
pub mod mail;
pub mod quote;
pub mod robot;
pub mod routing;
pub mod smtp;
pub mod spam;
pub mod thread;
mod unpublished;

/// Memory for mails being taken in, in bytes; more for installations that allow larger mails.
const MEMORY: usize = 128 * 1024 * 1024;

/// Opens the doors.
///
/// # Errors
/// An address cannot be listened on, or the certificate cannot be used.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    let routes = Arc::new(routing::Routes::new(config.email.mailboxes.clone()));
    let max_size = usize::try_from(config.smtp.max_size).unwrap_or(usize::MAX / 8);
    let budget = budget::Budget::new(MEMORY.max(max_size * 2));
    host.metrics().describe("frontdesk_mails_total", "Mails that came to a door, by what became of them.");
    let intake =
        accept::Intake::new(host.bus(), host.blobs(), host.clock(), routes.clone(), budget, host.metrics());
    host.mount(http::router(http::Door {
        key: config.mail_key().cloned(),
        routes: routes.clone(),
        max_size,
        intake: intake.clone(),
        bus: host.bus(),
        clock: host.clock(),
        held: web::Limiter::new(http::HELD_PER_HOUR, std::time::Duration::from_secs(3600)),
    }));

    judge::start(host)?;
    imap::start(host, &intake, max_size)?;
    let limits = smtp::Limits::with_max_size(max_size);
    let door = smtp::Door {
        host: config.public_url.host_str().unwrap_or("localhost").into(),
        lmtp: false,
        routes,
        intake,
        limits,
        guests: smtp::Guests::new(limits),
        certificates: certificates(host, &config.smtp).await?,
        require_tls: config.smtp.require_tls,
        trusted: config.smtp.trusted_peers.clone(),
        proxy_protocol: config.smtp.proxy_protocol,
        stopping: host.stopping(),
    };
    if let Some(address) = &config.smtp.lmtp_listen {
        open(host, "lmtp", address, smtp::Door { lmtp: true, ..door.clone() }).await?;
    }
    open(host, "smtp", &config.smtp.listen, door).await
}

/// The certificate for STARTTLS, if one is configured, and a task that reads it again when it is renewed.
async fn certificates(host: &mut Host, smtp: &Smtp) -> anyhow::Result<Option<Arc<Certificates>>> {
    let (Some(certificate), Some(key)) = (&smtp.tls_certificate, &smtp.tls_key) else { return Ok(None) };
    let (certificates, watch) = Certificates::open(certificate.clone(), key.clone()).await?;
    host.spawn("certificates", watch.run(LOOK_EVERY, host.stopping()));
    Ok(Some(certificates))
}

async fn open(host: &mut Host, name: &'static str, address: &str, door: smtp::Door) -> anyhow::Result<()> {
    let key = if door.lmtp { "smtp.lmtp_listen" } else { "smtp.listen" };
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("{key}: {address} cannot be listened on"))?;
    host.announce(name, listener.local_addr()?);
    host.spawn(name, smtp::serve(listener, Arc::new(door)));
    Ok(())
}
