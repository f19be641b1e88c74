//! Signals to whoever listens just now; never stored.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{SessionId, TicketId, UserId},
    message::Message,
};

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

/// An agent looks at a ticket, writes in it, or has left it: never stored. Broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPresence {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Which of their windows.
    pub window: Uuid,
    /// What they do there.
    pub state: PresenceState,
}

/// What an agent does at a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// It is in sight.
    Viewing,
    /// They write an answer or a note.
    Writing,
    /// It is not in sight any more.
    Gone,
}

/// Somebody types: never stored. Broadcast.
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

/// A chat's ticket, as far as its visitor is concerned. Reads from a [`super::TicketView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatTicket {
    /// Its id.
    pub id: TicketId,
    /// Its number; a session's next ticket has a higher one.
    pub number: i64,
    /// Counts every change.
    pub version: i64,
    /// `open`, `snoozed`, `closed`.
    pub status: String,
    /// Nobody has read the newest messages.
    pub unread: bool,
    /// The desk believes that the visitor is there.
    pub visitor_online: bool,
}

/// Something new for the visitor of a chat. Never stored; to the nodes that hold the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatPush {
    /// A message was added.
    Added {
        /// The ticket as it is now.
        ticket: ChatTicket,
        /// The message.
        message: Box<Message>,
    },
    /// The ticket changed.
    Changed {
        /// As it is now.
        ticket: ChatTicket,
    },
    /// The visitor has seen a message.
    Seen {
        /// Its place in the session.
        seq: i64,
    },
    /// An agent types, or stopped.
    Typing {
        /// The agent.
        name: String,
        /// Started or stopped.
        on: bool,
    },
}
