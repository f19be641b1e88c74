//! Answers texts and chats by itself (H1, H2, H6, H7): proposes, and the desk decides. Keeps nothing but a guard against
//! loops and whether agents are there.
//!
//! * [`rules`]: which text gets which answer. Pure.
//! * [`chat`]: which chat gets which answers. Pure.
//! * [`loops`]: two robots must not entertain each other. Pure.
//! * [`responder`]: from the bus and back to it.

use std::sync::Arc;

use bus::{Stream, Subscription};
use host::Host;

mod chat;
mod loops;
mod responder;
mod rules;

const MESSAGES: Subscription = Subscription {
    name: "auto-responder",
    stream: Stream::Events,
    subjects: &["desk.message.received"],
    batch: 50,
    concurrency: 4,
};

/// Starts the service.
///
/// # Errors
/// None now; the signature is every service's.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    host.metrics().describe("frontdesk_auto_answers_total", "Texts an automatic answer was proposed for.");
    let proposed = host.metrics().counter("frontdesk_auto_answers_total", &[]);
    let responder = Arc::new(responder::Responder::new(host.bus(), host.clock(), proposed));
    host.spawn("auto-responder: agents", responder.clone().hear_agents(host.stopping()));
    host.consume(MESSAGES, responder);
    Ok(())
}
