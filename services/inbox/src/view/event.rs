//! The data of live events.

use domain::event::{
    BulkChanged as OfBulk, LinkClicked as Clicked, MailboxChanged as OfMailbox, MessageAdded as Added,
    MessageChanged as Altered, MessageMoved as Moved, NoteAdded as Noted, NoteRemoved as Unnoted,
    ProfileErased as OfErasure, ProfileMerged as OfMerge, RoutingChanged as OfRouting,
    TicketChanged as Changed, Typing as Types, ViewChanged as OfView,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Time,
    message::{DeliveryError, Message},
    note::Note,
    ticket::Ticket,
    word,
};

/// Data of `presence`: an agent looks at a ticket, writes in it, or has left it. Told again every few seconds; whoever is
/// not heard of for 40 seconds is gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgentPresence {
    /// The ticket.
    pub ticket_id: Uuid,
    /// Who.
    pub user_id: Uuid,
    /// Their name.
    pub name: String,
    /// Which of their windows.
    pub window: Uuid,
    /// What they do there.
    #[schema(value_type = word::PresenceState)]
    pub state: domain::event::PresenceState,
}

impl From<domain::event::AgentPresence> for AgentPresence {
    fn from(told: domain::event::AgentPresence) -> Self {
        let domain::event::AgentPresence { ticket_id, user_id, name, window, state } = told;
        Self { ticket_id: ticket_id.0, user_id: user_id.0, name, window, state }
    }
}

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

/// Data of `message.changed`: a message is not what it was; this one takes its place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageChanged {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// The message as it is now; the texts of very long mails are cut here.
    pub message: Message,
}

/// Data of `link.clicked`: somebody followed a short link.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkClicked {
    /// The ticket of its text, where it has one.
    #[schema(required = true)]
    pub ticket_id: Option<Uuid>,
    /// The text.
    pub message_id: Uuid,
    /// The customer the text was sent to.
    pub profile_id: Uuid,
    /// The end of the link's address.
    pub code: String,
    /// Where it leads.
    pub url: String,
    /// Visits of this link so far.
    pub clicks: i64,
    /// Visits of all links of the text so far.
    pub message_clicks: i64,
    /// When.
    pub at: Time,
}

/// Data of `note.added`: an agent wrote a note.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteAdded {
    /// The note.
    pub note: Note,
    /// Number of its ticket.
    pub ticket_number: i64,
}

impl From<Noted> for NoteAdded {
    fn from(noted: Noted) -> Self {
        Self { note: noted.note.into(), ticket_number: noted.ticket_number }
    }
}

/// Data of `note.removed`: a note was taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteRemoved {
    /// Its ticket.
    pub ticket_id: Uuid,
    /// Its id.
    pub note_id: Uuid,
}

impl From<Unnoted> for NoteRemoved {
    fn from(gone: Unnoted) -> Self {
        Self { ticket_id: gone.ticket_id.0, note_id: gone.note_id.0 }
    }
}

/// Data of `ticket.changed`: a ticket changed without a new message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketChanged {
    /// The ticket as it is now.
    pub ticket: Ticket,
}

/// Data of `view.changed`: a saved view was made, changed or deleted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ViewChanged {
    /// The view.
    pub view_id: Uuid,
    /// Whose it is.
    pub owner_id: Uuid,
    /// Everybody sees it, or saw it before.
    pub shared: bool,
    /// It is gone.
    pub deleted: bool,
}

/// Data of `routing.changed`: what decides who gets tickets was changed; ask for it again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoutingChanged {
    /// What was changed.
    #[schema(value_type = word::RoutingPart)]
    pub what: domain::event::RoutingPart,
}

/// Data of `mailbox.changed`: a mailbox got a confirmation, or its trial mail got on; ask for it again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxChanged {
    /// What customers write to.
    pub address: String,
}

/// Data of `profile.merged`: two profiles became one, or are two again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileMerged {
    /// The profile that stays.
    pub profile_id: Uuid,
    /// The one that is part of it, or was.
    pub other_id: Uuid,
    /// They are two again.
    pub undone: bool,
}

/// Data of `profile.erased`: whatever is shown of that person goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileErased {
    /// Their profile.
    pub profile_id: Uuid,
}

/// Data of `bulk.changed`: a change of many tickets, or an undo of one, got on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkChanged {
    /// The change.
    pub id: Uuid,
    /// Who asked for it.
    pub actor_id: Uuid,
    /// Where it is.
    #[schema(value_type = word::BulkState)]
    pub state: String,
    /// How many tickets it is about.
    pub total: i64,
    /// How many of them were changed.
    pub changed: i64,
    /// How many were like that before.
    pub unchanged: i64,
    /// How many could not be changed.
    pub refused: i64,
    /// How many an undo has put back.
    pub restored: i64,
    /// How many an undo left alone, as somebody changed them since.
    pub left_alone: i64,
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

impl From<Altered> for MessageChanged {
    fn from(altered: Altered) -> Self {
        Self { ticket: altered.ticket.into(), message: altered.message.into() }
    }
}

impl From<Clicked> for LinkClicked {
    fn from(clicked: Clicked) -> Self {
        Self {
            ticket_id: clicked.ticket_id.map(|id| id.0),
            message_id: clicked.message_id.0,
            profile_id: clicked.profile_id.0,
            code: clicked.code,
            url: clicked.url,
            clicks: clicked.clicks,
            message_clicks: clicked.message_clicks,
            at: Time(clicked.at),
        }
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

impl From<OfView> for ViewChanged {
    fn from(changed: OfView) -> Self {
        let OfView { view_id, owner, shared, deleted } = changed;
        Self { view_id: view_id.0, owner_id: owner, shared, deleted }
    }
}

impl From<OfRouting> for RoutingChanged {
    fn from(changed: OfRouting) -> Self {
        Self { what: changed.what }
    }
}

impl From<OfMailbox> for MailboxChanged {
    fn from(changed: OfMailbox) -> Self {
        Self { address: changed.address.to_string() }
    }
}

impl From<OfMerge> for ProfileMerged {
    fn from(merge: OfMerge) -> Self {
        Self { profile_id: merge.profile_id.0, other_id: merge.other_id.0, undone: merge.undone }
    }
}

impl From<OfErasure> for ProfileErased {
    fn from(erasure: OfErasure) -> Self {
        Self { profile_id: erasure.profile_id.0 }
    }
}

impl From<OfBulk> for BulkChanged {
    fn from(bulk: OfBulk) -> Self {
        let OfBulk { id, actor, state, total, changed, unchanged, refused, restored, left_alone } = bulk;
        Self { id: id.0, actor_id: actor, state, total, changed, unchanged, refused, restored, left_alone }
    }
}

impl From<Types> for Typing {
    fn from(typing: Types) -> Self {
        let Types { ticket_id, session, name, by_visitor, on } = typing;
        Self { ticket_id: ticket_id.map(|id| id.0), session_id: session.map(|id| id.0), name, by_visitor, on }
    }
}
