//! Takes mail in: SMTP and raw mail over HTTP. A mail is answered for (`250`, `202`) once its raw bytes and files lie
//! in blobs and its event is on the bus; otherwise the sender is told to keep it (`451`, `503`). No mail is refused
//! for being odd.
//!
//! * doors: [`smtp`], [`http`]; both end in [`accept`].
//! * rules, pure: [`smtp::session`], [`smtp::data`], [`routing`], [`headers`], [`thread`], [`robot`], [`mail`],
//!   [`html`].

use std::sync::Arc;

use anyhow::Context;
use host::Host;
use tokio::net::TcpListener;

pub mod accept;
pub mod budget;
pub mod guard;
pub mod headers;
pub mod html;
pub mod http;
pub mod mail;
pub mod robot;
pub mod routing;
pub mod smtp;
pub mod thread;

/// Memory for mails being taken in, in bytes; more for installations that allow larger mails.
const MEMORY: usize = 128 * 1024 * 1024;

/// Opens the doors.
///
/// # Errors
/// The SMTP address cannot be listened on.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    let routes = Arc::new(routing::Routes::new(config.email.mailboxes.clone()));
    let max_size = usize::try_from(config.smtp.max_size).unwrap_or(usize::MAX / 8);
    let budget = budget::Budget::new(MEMORY.max(max_size * 2));
    host.metrics().describe("frontdesk_mails_total", "Mails that came to a door, by what became of them.");
    let intake =
        accept::Intake::new(host.bus(), host.blobs(), host.clock(), routes.clone(), budget, host.metrics());
    host.mount(http::router(http::Door {
        key: config.email.webhook_key.clone(),
        routes: routes.clone(),
        max_size,
        intake: intake.clone(),
        bus: host.bus(),
        clock: host.clock(),
        held: web::Limiter::new(http::HELD_PER_HOUR, std::time::Duration::from_secs(3600)),
    }));

    let address = &config.smtp.listen;
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("smtp.listen: {address} cannot be listened on"))?;
    host.announce("smtp", listener.local_addr()?);
    let door = smtp::Door {
        host: config.public_url.host_str().unwrap_or("localhost").into(),
        routes,
        intake,
        limits: smtp::Limits::with_max_size(max_size),
        stopping: host.stopping(),
    };
    host.spawn("smtp", smtp::serve(listener, Arc::new(door)));
    Ok(())
}
