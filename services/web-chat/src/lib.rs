//! Web chat: visitors' sockets in, their messages to ticketing, the desk's events back to the sockets.
//!
//! Holds nothing but open sockets, so that any node can serve any visitor: what a browser missed is asked from the
//! desk by number ([`session`]). [`door`] lists the addresses, [`frames`] the protocol.

use std::{sync::Arc, time::Duration};

use host::Host;

pub mod close;
pub mod door;
mod embed;
pub mod frames;
mod greeting;
pub mod hub;
mod line;
pub mod node;
mod presence;
pub mod resume;
pub mod session;
pub mod site;
mod socket;
pub mod visitor;
mod welcome;

pub use node::Node;

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
    let node = Arc::new(Node::new(host.bus(), host.clock(), sites, secret, host.stopping()));
    host.mount(door::router(node.clone()));
    host.spawn("chat: the desk's events", node.clone().follow());
    host.spawn("chat: typing", node.clone().hear_typing());
    host.spawn("chat: settings", node.clone().learn_settings());
    host.on_drained("chat", drained(node));
    Ok(())
}

/// Every socket has heard `bye`, and the desk that the visitors are gone.
pub async fn drained(node: Arc<Node>) {
    node.open.close();
    if tokio::time::timeout(DRAINED_WITHIN, node.open.wait()).await.is_err() {
        tracing::warn!(sockets = node.hub.sockets(), "chat sockets did not close in time");
    }
    presence::all_left(&node).await;
}
