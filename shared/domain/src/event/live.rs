//! Signals to whoever listens just now; never stored.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{SessionId, TicketId};

/// How many agents look at the console through one process. Said every few seconds; never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentsOnline {
    /// The process.
    pub node: Uuid,
    /// How many.
    pub count: usize,
}

/// Frames of a visitor whose stream another node holds: HTTP requests do not find their way back to it. Broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatFrames {
    /// The stream.
    pub stream: Uuid,
    /// The frames as they came.
    pub frames: Vec<String>,
}

/// Typing and the like: never stored. Broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// The ticket.
    pub ticket_id: Option<TicketId>,
    /// The chat session.
    pub session: Option<SessionId>,
    /// Who: `visitor` or an agent's name.
    pub name: String,
    /// By the customer.
    pub by_visitor: bool,
    /// Started or stopped.
    pub on: bool,
}
