//! The agents' door: sign-in, the API of contract §5, the live stream, and the console.
//!
//! Each call is a thin edge over a use case of the desk: who asks ([`auth`]), may they, what the desk says, as JSON
//! ([`view`]) or as a problem document ([`refusal`]).

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use bus::Bus;
use desk::{Channels, Desk, Options};
use host::{Blobs, Host};
use tokio_util::sync::CancellationToken;
use url::Url;

mod api;
mod auth;
mod console;
mod idempotent;
mod live;
mod openapi;
mod refusal;
pub mod view;

pub use live::Live;
pub use openapi::description;

/// How often what has had its time is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often it is looked whether the reader of a live stream still may.
const CHECK_READERS_EVERY: Duration = Duration::from_secs(60);

/// What the agents' door stands on.
pub struct Parts {
    /// The desk.
    pub desk: Desk,
    /// The bus: the live stream and typing.
    pub bus: Bus,
    /// Files.
    pub blobs: Blobs,
    /// Address the outside uses.
    pub public_url: Url,
    /// Cancelled when nothing new is taken in: live streams end.
    pub stopping: CancellationToken,
    /// How often it is looked whether the reader of a live stream still may.
    pub check_readers_every: Duration,
}

/// What every call can use.
pub(crate) struct App {
    desk: Desk,
    bus: Bus,
    blobs: Blobs,
    public_url: Url,
    stopping: CancellationToken,
    check_readers_every: Duration,
    live: Arc<Live>,
    limits: auth::SignInLimits,
}

pub(crate) type Shared = Arc<App>;

impl App {
    /// Whether cookies may only travel encrypted.
    fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Starts the service.
///
/// # Errors
/// The database or the bus cannot be used.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    let options = Options {
        database_url: config.database_url(),
        bus: Some(host.bus()),
        clock: host.clock(),
        channels: Channels {
            numbers: config.sms.numbers.iter().map(|number| number.number.clone()).collect(),
            mailboxes: config.email.mailboxes.iter().map(|mailbox| mailbox.address.clone()).collect(),
            sites: config.chat.sites.iter().map(|site| site.id.clone()).collect(),
        },
    };
    let desk = Desk::open(options).await.context("cannot open the database")?;
    let checked = desk.clone();
    host.ready_check("database of inbox", Box::new(move || Box::pin(ready(checked.clone()))));
    let (bus, blobs, stopping) = (host.bus(), host.blobs(), host.stopping());
    let live = Live::open(&bus).await?;
    host.spawn("inbox live", live.clone().run(bus.clone(), stopping.clone()));
    host.spawn("inbox typing", live.clone().hear_typing(bus.clone(), stopping.clone()));
    host.spawn("inbox forgetting", forget(desk.clone(), stopping.clone()));
    let closing = desk.clone();
    host.on_drained("database of inbox", async move { closing.close().await });
    let parts = Parts {
        desk,
        bus,
        blobs,
        public_url: config.public_url.clone(),
        stopping,
        check_readers_every: CHECK_READERS_EVERY,
    };
    host.mount(router(parts, live));
    Ok(())
}

/// All routes: the API, its description and the console.
pub fn router(parts: Parts, live: Arc<Live>) -> Router {
    let Parts { desk, bus, blobs, public_url, stopping, check_readers_every } = parts;
    let limits = auth::SignInLimits::default();
    let app = Arc::new(App { desk, bus, blobs, public_url, stopping, check_readers_every, live, limits });
    api::router(app).merge(console::router())
}

async fn ready(desk: Desk) -> Result<(), String> {
    desk.ready().await
}

async fn forget(desk: Desk, stopping: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = desk.forget_expired().await {
            tracing::warn!(%error, "what has had its time could not be forgotten");
        }
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = tokio::time::sleep(FORGET_EVERY) => {}
        }
    }
}
