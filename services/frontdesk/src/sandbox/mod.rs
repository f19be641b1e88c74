//! The outside world in a page, for trying the product without accounts: a phone, a mailbox and a shop.
//!
//! It meets the product only where the real world does: texts come and go over the carrier's webhook and API
//! ([`carrier`]), mails over SMTP and a mailbox ([`mailbox`]), chats over the widget on the shop's page. What happened
//! is kept in `data_dir/sandbox` ([`store`]), so that it is still there after a restart.

use std::{convert::Infallible, sync::Arc};

use anyhow::Context;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::HeaderMap,
    response::{
        IntoResponse, Redirect, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{get, post},
};
use domain::Clock;
use futures::{Stream, StreamExt, stream};
use host::{
    Host,
    config::{Configuration, Provider, SmsNumber},
};
use rust_embed::RustEmbed;
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;
use url::Url;
use web::{Json, assets};

mod carrier;
mod letter;
mod mailbox;
mod smtp;
mod store;

use store::{Numbered, Store};

/// Largest mail or request.
const LARGEST: usize = 40 * 1024 * 1024;

#[derive(RustEmbed)]
#[folder = "sandbox/"]
struct Files;

/// The outside world.
pub struct World {
    store: Store,
    clock: Arc<dyn Clock>,
    client: reqwest::Client,
    local_url: Url,
    config: Arc<Configuration>,
    /// What numbers without a secret of their own sign with.
    house_secret: String,
    stopping: tokio_util::sync::CancellationToken,
}

type Shared = Arc<World>;

impl World {
    /// The organisation's numbers that this world carries.
    fn numbers(&self) -> impl Iterator<Item = &SmsNumber> {
        self.config.sms.numbers.iter().filter(|number| number.provider == Provider::Sandbox)
    }

    fn secret<'a>(&'a self, number: &'a SmsNumber) -> &'a str {
        number.credentials.get("secret").map_or(self.house_secret.as_str(), |secret| secret.expose())
    }
}

/// Whether some channel is played by the outside world in this process.
pub fn is_configured(config: &Configuration) -> bool {
    let number = config.sms.numbers.iter().any(|number| number.provider == Provider::Sandbox);
    number || (config.relay.url.is_none() && !config.email.mailboxes.is_empty())
}

/// Mounts `/sandbox` if some channel needs it.
///
/// # Errors
/// What happened before cannot be read.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    if !is_configured(&config) {
        return Ok(());
    }
    let folder = host.data_dir().join("sandbox");
    let store = Store::open(&folder)
        .with_context(|| format!("the sandbox in {} cannot be used", folder.display()))?;
    let world = Arc::new(World {
        store,
        clock: host.clock(),
        client: reqwest::Client::builder().no_proxy().build().context("no HTTP client")?,
        local_url: host.local_url(),
        config,
        house_secret: web::signature::hex(host.installation_secret("sandbox")),
        stopping: host.stopping(),
    });
    host.mount(router(world.clone()));
    host.spawn("sandbox receipts", carrier::owed_receipts(world));
    Ok(())
}

fn router(world: Shared) -> Router {
    Router::new()
        .route("/sandbox", get(page))
        .route("/sandbox/", get(|| async { Redirect::permanent("/sandbox") }))
        .route("/sandbox/shop", get(shop))
        .route("/sandbox/files/{name}", get(file))
        .route("/sandbox/api/places", get(places))
        .route("/sandbox/api/events", get(events))
        .route("/sandbox/api/texts", post(carrier::text))
        .route("/sandbox/api/mails", post(mailbox::send))
        .route("/sandbox/carrier/messages", post(carrier::take))
        .route("/sandbox/mailbox", post(mailbox::take))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(world)
}

async fn page(headers: HeaderMap) -> Response {
    assets::with_policy(assets::serve::<Files>("index.html", &headers), "'none'")
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    assets::with_policy(assets::serve::<Files>(&name, &headers), "'self'")
}

/// The shop, with the widget of the first chat site.
async fn shop(State(world): State<Shared>) -> Response {
    let page = Files::get("shop.html").map(|file| String::from_utf8_lossy(&file.data).into_owned());
    let site = world.config.chat.sites.first().map_or("main", |site| site.id.as_str());
    let page = page.unwrap_or_default().replace("{{site}}", site);
    assets::with_policy(axum::response::Html(page).into_response(), "'self'")
}

/// Where the outside world can write to.
async fn places(State(world): State<Shared>) -> Json<Value> {
    let numbers: Vec<_> = world.numbers().map(|number| number.number.as_str()).collect();
    let mailboxes: Vec<_> =
        world.config.email.mailboxes.iter().map(|mailbox| mailbox.address.as_str()).collect();
    let mails_arrive = world.config.relay.url.is_none();
    Json(json!({ "numbers": numbers, "mailboxes": mailboxes, "mails_arrive": mails_arrive }))
}

/// Everything that happened after the number last seen, and from then on what happens.
async fn events(State(world): State<Shared>, headers: HeaderMap) -> impl IntoResponse {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
    let (past, news) = world.store.follow(last);
    let stopping = world.stopping.clone();
    let events = stream::iter(past).chain(live(news)).map(|happening| Ok::<_, Infallible>(told(&happening)));
    Sse::new(events.take_until(stopping.cancelled_owned())).keep_alive(KeepAlive::default())
}

/// Ends when the reader was too slow; the browser then comes back and names its last number.
fn live(news: tokio::sync::broadcast::Receiver<Arc<Numbered>>) -> impl Stream<Item = Arc<Numbered>> {
    use std::future::ready;
    BroadcastStream::new(news).take_while(|heard| ready(heard.is_ok())).filter_map(|heard| ready(heard.ok()))
}

fn told(happening: &Numbered) -> Event {
    let event = Event::default().id(happening.number.to_string());
    event.json_data(&happening.happening).unwrap_or_default()
}

#[cfg(test)]
mod tests;
