//! What happened at the desk, with tickets as consoles show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{BulkId, MessageId, NoteId, ProfileId, SessionId, TicketId, UserId, ViewId},
    message::{Attribution, Channel, DeliveryError, Message, MessageStatus},
    priority::Priority,
    time::Timestamp,
};

/// A message was added to a ticket. On `desk.message.received` (in) and `desk.message.queued` (out).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAdded {
    /// The ticket as it is now.
    pub ticket: TicketView,
    /// The message.
    pub message: Message,
    /// The chat session, for chats.
    pub session: Option<SessionId>,
    /// This message opened the ticket.
    pub opened: bool,
    /// SMS consent at that moment.
    pub sms_consent: bool,
    /// The desk answers it itself (an opt-out that is also a message): robots leave it alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
}

/// A message moved: sent, delivered, failed, read. On `desk.message.moved`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageMoved {
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Its id.
    pub message_id: MessageId,
    /// Its place in the ticket.
    pub seq: i64,
    /// Where it is now.
    pub status: MessageStatus,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// The chat session, for chats.
    pub session: Option<SessionId>,
}

/// What an agent told the others about a ticket; no customer ever sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Who wrote it: a person, or an API key.
    pub author: Assignee,
    /// The text; names behind `@` are meant for their bearers.
    pub text: String,
    /// Who is meant.
    pub mentions: Vec<UserId>,
    /// When.
    pub created_at: Timestamp,
}

/// A note was written. On `desk.note.added`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteAdded {
    /// The note.
    pub note: Note,
    /// Number of its ticket.
    pub ticket_number: i64,
}

/// A note was taken back. On `desk.note.removed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRemoved {
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Its id.
    pub note_id: NoteId,
}

/// A message is not what it was: its files came, it is sent at another time, it is credited to a campaign. On
/// `desk.message.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageChanged {
    /// The ticket as it is now.
    pub ticket: TicketView,
    /// The message as it is now.
    pub message: Message,
}

/// A short link in a text of ours was followed by a person (H3). On `desk.link.clicked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkClicked {
    /// The text's ticket, where it has one.
    pub ticket_id: Option<TicketId>,
    /// The text.
    pub message_id: MessageId,
    /// The customer the text was sent to.
    pub profile_id: ProfileId,
    /// The end of the link's address.
    pub code: String,
    /// Where it leads.
    pub url: String,
    /// Visits of this link so far.
    pub clicks: i64,
    /// Visits of all links of the text so far.
    pub message_clicks: i64,
    /// When.
    pub at: Timestamp,
}

/// A saved view of lists was made, changed or deleted. On `desk.view.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewChanged {
    /// The view.
    pub view_id: ViewId,
    /// Whose it is: a person's or an API key's.
    pub owner: Uuid,
    /// Everybody sees it, or saw it before.
    pub shared: bool,
    /// It is gone.
    pub deleted: bool,
}

/// Teams, rules, tags, or who can be given tickets are not what they were. On `desk.routing.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingChanged {
    /// What was changed.
    pub what: RoutingPart,
}

/// What decides who gets a ticket, and what tickets are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingPart {
    /// Teams and their members.
    Teams,
    /// Rules.
    Rules,
    /// Who is there, and how much they take.
    Availability,
    /// The list of tags.
    Tags,
}

/// Two profiles became one, or are two again. On `desk.profile.merged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileMerged {
    /// The profile that stays.
    pub profile_id: ProfileId,
    /// The one that is part of it, or was.
    pub other_id: ProfileId,
    /// They are two again.
    pub undone: bool,
}

/// A person is erased: whatever is shown of them goes. On `desk.profile.erased`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileErased {
    /// Their profile.
    pub profile_id: ProfileId,
}

/// A change of many tickets got on, or an undo of one. On `desk.bulk.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkChanged {
    /// The change.
    pub id: BulkId,
    /// Who asked for it: a person or an API key.
    pub actor: Uuid,
    /// `running`, `done`, `undoing`, `undone`.
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

/// A ticket changed without a new message: status, assignee, tags, unread, presence. On `desk.ticket.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketChanged {
    /// The ticket as it is now.
    pub ticket: TicketView,
    /// The chat session, for chats.
    pub session: Option<SessionId>,
}

/// The customer, as a ticket shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSummary {
    /// Id.
    pub id: ProfileId,
    /// A name, where known.
    pub name: Option<String>,
    /// The address on the ticket's channel: number, mail address or visitor.
    pub address: String,
    /// Blocked (G2).
    pub blocked: bool,
}

/// Who a ticket is assigned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignee {
    /// Id.
    pub id: UserId,
    /// Name.
    pub name: String,
}

/// Whether the composer is enabled (D3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanReply {
    /// Yes or no.
    pub allowed: bool,
    /// Stable code of the reason, when not.
    pub code: Option<String>,
    /// The reason for people, when not.
    pub reason: Option<String>,
}

/// A ticket as agents see it (contract §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketView {
    /// Id.
    pub id: TicketId,
    /// Its number for people, from 1.
    pub number: i64,
    /// Channel.
    pub channel: Channel,
    /// Our number, mailbox or site.
    pub inbox: String,
    /// `open`, `snoozed`, `closed`.
    pub status: String,
    /// When a snoozed one comes back.
    pub snoozed_until: Option<Timestamp>,
    /// Subject, for mail.
    pub subject: Option<String>,
    /// The newest message, shortened to 140 characters, for the list.
    pub preview: String,
    /// The customer.
    pub profile: ProfileSummary,
    /// Whose it is.
    pub assignee: Option<Assignee>,
    /// Which team's it is.
    pub team: Option<String>,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Priority,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Unread dot (E1).
    pub unread: bool,
    /// Opened.
    pub created_at: Timestamp,
    /// Last change of any kind.
    pub updated_at: Timestamp,
    /// Newest message.
    pub last_message_at: Timestamp,
    /// First answer by a person.
    pub first_response_at: Option<Timestamp>,
    /// Since when the customer waits for an answer; `None` when nobody does.
    #[serde(default)]
    pub waiting_since: Option<Timestamp>,
    /// Closed.
    pub closed_at: Option<Timestamp>,
    /// I1–I3.
    pub attribution: Option<Attribution>,
    /// D1–D4.
    pub can_reply: CanReply,
    /// Chat: the visitor has the widget open.
    pub visitor_online: bool,
    /// What only a chat has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Box<ChatFacts>>,
    /// Counts every change; `seen_version` of the send guard.
    pub version: i64,
}

/// What only a chat's ticket has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatFacts {
    /// The visitor has the widget open.
    pub online: bool,
    /// When they left, while they are gone.
    pub left_at: Option<Timestamp>,
    /// The page the chat began on.
    pub page: Option<String>,
    /// What they filled in before the chat, besides who they are.
    pub form: BTreeMap<String, String>,
    /// The mail about what they have not seen (H8).
    pub follow_up: FollowUpView,
    /// How it was for them, from 1 to 5, and their words.
    pub rating: Option<Rating>,
}

/// The mail after a left chat, as its ticket shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUpView {
    /// A word of [`crate::follow_up::Plan`].
    pub status: String,
    /// When it leaves, while it is pending.
    pub due_at: Option<Timestamp>,
}

/// What a visitor said of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// From 1 (bad) to 5 (good).
    pub score: i64,
    /// In their words.
    pub comment: Option<String>,
}
