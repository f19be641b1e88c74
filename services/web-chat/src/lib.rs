//! Web chat: visitors' sockets in, their messages to ticketing, what the desk has for them back to the sockets.
//!
//! Holds nothing but open sockets, so that any node can serve any visitor. The desk pushes what is new to the nodes that
//! hold the session ([`ear`]); what a browser missed is asked from it by number ([`session`], [`upkeep`]). [`door`] lists
//! the addresses, [`frames`] the protocol; a session runs over a WebSocket or, where those are blocked, over a
//! [`stream`]. [`files`] come and go beside it.

use std::{sync::Arc, time::Duration};

use host::Host;

pub mod close;
pub mod door;
mod ear;
mod embed;
pub mod files;
pub mod frames;
mod greeting;
pub mod hub;
mod line;
pub mod node;
mod presence;
pub mod resume;
pub mod session;
mod signed;
pub mod site;
mod socket;
pub mod stream;
pub mod upkeep;
pub mod visitor;
mod welcome;
mod wire;

pub use node::Node;

/// Longest wait for the bus at the start; visitors are turned away until it is there.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// Longest wait for sockets to hear `bye`.
const DRAINED_WITHIN: Duration = Duration::from_secs(3);

/// Serves the widget and its sockets in this process.
///
/// # Errors
/// A configured site makes no sense.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let local = host.local_url();
    let sites = site::Sites::read(&host.config().chat.sites, &[&host.config().public_url, &local])?;
    let secret = host.installation_secret("chat-session");
    let files = files::Files::in_blobs(host.blobs(), host.config().chat.clamav.clone(), &secret);
    let node = Node::new(host.bus(), host.clock(), sites, secret, host.stopping()).with_files(files);
    let node = node.counted_in(&host.metrics());
    let node = Arc::new(node);
    host.mount(door::router(node.clone()));
    host.spawn("chat: connection", node.clone().connect());
    let checked = node.clone();
    host.ready_check("bus for chats", Box::new(move || Box::pin(ready(checked.clone()))));
    host.spawn("chat: upkeep", upkeep::run(node.clone()));
    host.spawn("chat: beginnings", node.clone().hear_beginnings());
    host.spawn("chat: agents", node.clone().hear_agents());
    host.spawn("chat: changed settings", node.clone().hear_settings());
    host.spawn("chat: frames of other nodes", stream::hear(node.clone()));
    host.spawn("chat: settings", node.clone().learn_settings());
    // Whoever hears that this process is ready may send visitors: they would be turned away.
    let _ = tokio::time::timeout(CONNECTED_WITHIN, node.connected()).await;
    host.on_drained("chat", drained(node));
    Ok(())
}

async fn ready(node: Arc<Node>) -> Result<(), String> {
    let why = || "the bus was not there yet".to_owned();
    node.was_connected().then_some(()).ok_or_else(why)
}

/// Every socket has heard `bye`, and the desk that the visitors are gone.
pub async fn drained(node: Arc<Node>) {
    node.open.close();
    if tokio::time::timeout(DRAINED_WITHIN, node.open.wait()).await.is_err() {
        tracing::warn!(sockets = node.hub.sockets(), "chat sockets did not close in time");
    }
    presence::all_left(&node).await;
}
