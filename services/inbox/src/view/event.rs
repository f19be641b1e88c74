//! The data of live events.

use domain::event::{
    MessageAdded as Added, MessageMoved as Moved, TicketChanged as Changed, Typing as Types,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    message::{DeliveryError, Message},
    ticket::Ticket,
    word,
};

/// Data of `ready` and `reload`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LivePosition {
    /// The newest event there is.
    pub seq: u64,
}

/// Data of `message.received` and `message.queued`: a message was added to a ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageAdded {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// The message; the texts of very long mails are cut here.
    pub message: Message,
    /// This message opened the ticket.
    pub opened: bool,
}

/// Data of `message.moved`: a message was sent, delivered, read or failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageMoved {
    /// Its ticket.
    pub ticket_id: Uuid,
    /// Its id.
    pub message_id: Uuid,
    /// Its place in the ticket.
    pub seq: i64,
    /// Where it is now.
    #[schema(value_type = word::MessageStatus)]
    pub status: domain::MessageStatus,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<DeliveryError>,
}

/// Data of `ticket.changed`: a ticket changed without a new message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketChanged {
    /// The ticket as it is now.
    pub ticket: Ticket,
}

/// Data of `typing`, which has no number and is not repeated.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Typing {
    /// The ticket, where there is one.
    #[schema(required = true)]
    pub ticket_id: Option<Uuid>,
    /// The chat session.
    #[schema(required = true)]
    pub session_id: Option<Uuid>,
    /// Who: `visitor` or an agent's name.
    pub name: String,
    /// By the customer.
    pub by_visitor: bool,
    /// Started or stopped.
    pub on: bool,
}

impl From<Added> for MessageAdded {
    fn from(added: Added) -> Self {
        Self { ticket: added.ticket.into(), message: added.message.into(), opened: added.opened }
    }
}

impl From<Moved> for MessageMoved {
    fn from(moved: Moved) -> Self {
        Self {
            ticket_id: moved.ticket_id.0,
            message_id: moved.message_id.0,
            seq: moved.seq,
            status: moved.status,
            error: moved.error.map(Into::into),
        }
    }
}

impl From<Changed> for TicketChanged {
    fn from(changed: Changed) -> Self {
        Self { ticket: changed.ticket.into() }
    }
}

impl From<Types> for Typing {
    fn from(typing: Types) -> Self {
        let Types { ticket_id, session, name, by_visitor, on } = typing;
        Self { ticket_id: ticket_id.map(|id| id.0), session_id: session.map(|id| id.0), name, by_visitor, on }
    }
}
