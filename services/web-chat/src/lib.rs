//! Web chat: visitors' sockets in, their messages to ticketing, the desk's events back to the sockets.
//!
//! Holds nothing but open sockets, so that any node can serve any visitor: what a browser missed is asked from the
//! desk by number ([`session`]). [`door`] lists the addresses, [`frames`] the protocol; a session runs over a WebSocket or,
//! where those are blocked, over a [`stream`]. [`files`] come and go beside it.

use std::{sync::Arc, time::Duration};

use host::Host;

pub mod close;
pub mod door;
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
pub mod visitor;
mod welcome;
mod wire;

pub use node::Node;

/// Longest wait for the desk's events at the start; visitors are turned away until they are read.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(5);

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
    let node = Arc::new(node);
    host.mount(door::router(node.clone()));
    host.spawn("chat: the desk's events", node.clone().follow());
    let followed = node.clone();
    host.ready_check("events for chats", Box::new(move || Box::pin(ready(followed.clone()))));
    host.spawn("chat: typing", node.clone().hear_typing());
    host.spawn("chat: agents", node.clone().hear_agents());
    host.spawn("chat: frames of other nodes", stream::hear(node.clone()));
    host.spawn("chat: settings", node.clone().learn_settings());
    // Whoever hears that this process is ready may send visitors: they would be turned away.
    let _ = tokio::time::timeout(FOLLOWED_WITHIN, node.followed()).await;
    host.on_drained("chat", drained(node));
    Ok(())
}

async fn ready(node: Arc<Node>) -> Result<(), String> {
    let why = || "the desk's events are not read yet".to_owned();
    node.is_following().then_some(()).ok_or_else(why)
}

/// Every socket has heard `bye`, and the desk that the visitors are gone.
pub async fn drained(node: Arc<Node>) {
    node.open.close();
    if tokio::time::timeout(DRAINED_WITHIN, node.open.wait()).await.is_err() {
        tracing::warn!(sockets = node.hub.sockets(), "chat sockets did not close in time");
    }
    presence::all_left(&node).await;
}
