//! The agents' door: sign-in, the API of contract §5, the live stream, and the console.
//!
//! Each call is a thin edge over a use case of the desk: who asks ([`auth`]), may they, what the desk says, as JSON
//! ([`view`]) or as a problem document ([`refusal`]).

use std::{net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use bus::Bus;
use desk::{Channels, Desk, Options, Outside};
use host::{
    Blobs, Configuration, Host,
    config::{EnvelopeSender, shown},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use url::Url;
use web::Limiter;

mod api;
mod auth;
mod console;
mod customers;
mod export;
mod idempotent;
mod live;
mod mail_page;
mod openapi;
mod provider;
mod refusal;
mod setup;
pub mod view;

pub use customers::{Clicks, MailImages};
pub use live::Live;
pub use openapi::description;
pub use provider::{ProviderDoor, registration, ruled};
pub use setup::Setup;

/// How often what has had its time is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// Calls of one address at the doors for customers; many phones share the address of their network.
const VISITS_PER_MINUTE: u32 = 600;
/// How often it is looked whether the reader of a live stream still may.
const CHECK_READERS_EVERY: Duration = Duration::from_secs(60);

/// Mail as it is configured.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Address of the relay without its password; without one, the sandbox mailbox.
    pub relay: Option<String>,
    /// The DNS may be asked about senders.
    pub asks_dns: bool,
}

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
    /// Numbers, mailboxes and sites.
    pub setup: Setup,
    /// Mail as configured.
    pub mail: Mail,
    /// Cancelled when nothing new is taken in: live streams end.
    pub stopping: CancellationToken,
    /// How often it is looked whether the reader of a live stream still may.
    pub check_readers_every: Duration,
    /// Counts visits to short links.
    pub clicks: Arc<Clicks>,
    /// Fetches pictures that mails show.
    pub images: MailImages,
    /// The identity provider, where there is one.
    pub provider: Option<ProviderDoor>,
}

/// What every call can use.
pub(crate) struct App {
    desk: Desk,
    bus: Bus,
    blobs: Blobs,
    public_url: Url,
    setup: Setup,
    mail: Mail,
    stopping: CancellationToken,
    check_readers_every: Duration,
    live: Arc<Live>,
    limits: auth::SignInLimits,
    clicks: Arc<Clicks>,
    images: MailImages,
    provider: Option<ProviderDoor>,
    visitors: Limiter<IpAddr>,
    exports: Arc<Semaphore>,
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
            confirmed_by_carrier: config.sms.confirmed_by_carrier(),
            paces: config.sms.paces(),
            mailboxes: config.email.mailboxes.iter().map(|mailbox| mailbox.address.clone()).collect(),
            sites: config.chat.sites.iter().map(|site| site.id.clone()).collect(),
        },
    };
    let desk = Desk::open(options).await.context("cannot open the database")?;
    let key = host.installation_secret("addresses of pictures");
    let chats = host.installation_secret("chat-session");
    let desk = desk
        .reached_at(outside(&config, key).opening_chats(chats))
        .sealing_with(host.installation_secret("second steps"));
    let provider = ProviderDoor::of(&config)?;
    let desk = provider::ruled(desk, &config.oidc);
    let checked = desk.clone();
    host.ready_check("database of inbox", Box::new(move || Box::pin(ready(checked.clone()))));
    let (bus, blobs, stopping) = (host.bus(), host.blobs(), host.stopping());
    let live = Live::open(&bus).await?;
    host.spawn("inbox live", live.clone().run(bus.clone(), stopping.clone()));
    host.spawn("inbox signals", live.clone().hear_signals(bus.clone(), stopping.clone()));
    host.spawn("inbox agents", live.clone().tell_agents(bus.clone(), stopping.clone()));
    host.spawn("inbox forgetting", forget(desk.clone(), stopping.clone()));
    let closing = desk.clone();
    host.on_drained("database of inbox", async move { closing.close().await });
    let clicks = Clicks::open(desk.clone(), host.installation_secret("visitors of short links"));
    let counting = clicks.clone();
    host.on_drained("visits to short links", async move { counting.close().await });
    let setup = Setup { given: host.parts().given().clone(), channels: host.channels().clone() };
    let telling = setup.clone().keep_told(desk.clone(), bus.clone(), stopping.clone());
    host.spawn("inbox channels", telling);
    let parts = Parts {
        desk,
        bus,
        blobs,
        public_url: config.public_url.clone(),
        setup,
        mail: mail(&config),
        stopping,
        check_readers_every: CHECK_READERS_EVERY,
        clicks,
        images: MailImages::new()?,
        provider,
    };
    host.mount(router(parts, live));
    Ok(())
}

/// All routes: the API, its description, the doors for customers, and the console.
pub fn router(parts: Parts, live: Arc<Live>) -> Router {
    let Parts { desk, bus, blobs, public_url, setup, mail, stopping, .. } = parts;
    let Parts { check_readers_every, clicks, images, provider, .. } = parts;
    let limits = auth::SignInLimits::default();
    let visitors = Limiter::new(VISITS_PER_MINUTE, Duration::from_secs(60));
    let app = Arc::new(App {
        desk,
        bus,
        blobs,
        public_url,
        setup,
        mail,
        stopping,
        check_readers_every,
        live,
        limits,
        clicks,
        images,
        provider,
        visitors,
        exports: Arc::new(Semaphore::new(export::AT_A_TIME)),
    });
    api::router(app.clone()).merge(customers::router(app)).merge(console::router())
}

fn mail(config: &Configuration) -> Mail {
    let relay = config.relay.url.as_ref().map(|url| url.expose()).filter(|url| !url.is_empty());
    Mail { relay: relay.map(shown), asks_dns: config.dns.is_asked() }
}

fn outside(config: &Configuration, key: [u8; 32]) -> Outside {
    let tagged = config.email.mailboxes.iter().filter(|mailbox| mailbox.takes_tags());
    let inbound = tagged.map(|mailbox| (mailbox.address.clone(), mailbox.inbound.clone()));
    let named_bounces = config.email.envelope_sender == EnvelopeSender::Bounces;
    Outside::new(config.public_url.as_str(), key).with_mailboxes(inbound, named_bounces)
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
