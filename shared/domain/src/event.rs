//! What travels on the bus. Facts are past tense; an `Outbound…` is work for the notifier. The bus's `topic.rs` lists
//! every subject with its type. A reader may see any event twice.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    address::{EmailAddress, PhoneNumber},
    id::{MessageId, ProfileId, SessionId, TicketId, UserId},
    keyword::KeywordFamily,
    message::{Attachment, AuthorKind, Channel, DeliveryError, Message, MessageStatus},
    time::Timestamp,
};

/// A text from a customer, as a carrier handed it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundSms {
    /// `twilio`, `sandbox`, …
    pub provider: String,
    /// The carrier's account, part of the dedup key.
    pub account: String,
    /// The carrier's id of the message.
    pub external_id: String,
    /// Sender as given: usually E.164, sometimes a short code or an alphanumeric name.
    pub from: String,
    /// Our number.
    pub to: PhoneNumber,
    /// The text; empty when there is only media.
    pub text: String,
    /// Media still at the carrier.
    pub media: Vec<CarrierMedia>,
    /// Set when the carrier recognised an opt-out, opt-in or help word itself, and therefore answered it.
    pub carrier_keyword: Option<KeywordFamily>,
    /// When we took it in: carriers do not all give a time.
    pub received_at: Timestamp,
}

/// A file that lies at the carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierMedia {
    /// Where.
    pub url: String,
    /// Declared media type.
    pub content_type: String,
}

/// A carrier's word on a text we sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsReceipt {
    /// `twilio`, …
    pub provider: String,
    /// The carrier's account.
    pub account: String,
    /// The carrier's id of our message.
    pub external_id: String,
    /// Our id, where the callback address or a reference carried it.
    pub message_id: Option<MessageId>,
    /// The carrier's word as it stands.
    pub raw_status: String,
    /// What it means here; `None` for a word we do not know (kept, otherwise ignored).
    pub status: Option<MessageStatus>,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// When we took it in.
    pub received_at: Timestamp,
}

/// What kind of mail arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// A person wrote it.
    Human,
    /// Out of office and the like.
    AutoReply,
    /// A delivery failure.
    Bounce,
    /// A mailing list, newsletter or other bulk.
    List,
    /// Some other program.
    System,
}

/// A mail, understood. The raw bytes lie in blobs under `raw`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundEmail {
    /// The configured mailbox (its public address) it came for, found by the envelope recipient.
    pub mailbox: EmailAddress,
    /// The envelope recipient as given.
    pub recipient: String,
    /// The envelope sender; empty for `<>`.
    pub envelope_from: String,
    /// `Message-ID` without brackets, where it has one.
    pub message_id: Option<String>,
    /// All ids of `In-Reply-To`, then `References` from last to first, without brackets, each once.
    pub refers_to: Vec<String>,
    /// `References` in their order, for the answer's header.
    pub references: Vec<String>,
    /// The customer.
    pub from: EmailAddress,
    /// The customer's display name, cleaned.
    pub from_name: Option<String>,
    /// Subject, decoded; may be empty.
    pub subject: String,
    /// Whole plain text (from HTML where there is no text part).
    pub text: String,
    /// Sanitised HTML, where it had one.
    pub html: Option<String>,
    /// Files, stored in blobs.
    pub attachments: Vec<Attachment>,
    /// What kind.
    pub kind: MailKind,
    /// Blob key of the raw mail.
    pub raw: String,
    /// SHA-256 of mailbox, Message-ID and raw bytes, in hex: the dedup key.
    pub digest: String,
    /// `Date`, where readable.
    pub sent_at: Option<Timestamp>,
    /// When we took it in.
    pub received_at: Timestamp,
}

/// Who a visitor says to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The browser's own id (random, kept by the widget) or, when `verified`, the site's id for its user.
    pub id: String,
    /// A name.
    pub name: Option<String>,
    /// An address.
    pub email: Option<EmailAddress>,
    /// The site signed this identity.
    pub verified: bool,
}

/// A visitor's message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundChat {
    /// The configured site.
    pub site: String,
    /// The chat session.
    pub session: SessionId,
    /// The id the browser gave it: sent twice, stored once.
    pub client_id: Uuid,
    /// Who.
    pub visitor: Visitor,
    /// The text.
    pub text: String,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The page the visitor was on.
    pub page: Option<String>,
    /// When we took it in.
    pub received_at: Timestamp,
}

/// Something a visitor did besides writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorSignal {
    /// The chat session.
    pub session: SessionId,
    /// What.
    pub kind: VisitorSignalKind,
    /// When.
    pub at: Timestamp,
}

/// What a visitor did besides writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum VisitorSignalKind {
    /// The first socket of the session opened.
    CameOnline,
    /// The last socket of the session closed.
    Left,
    /// Saw everything up to this `seq`.
    Saw {
        /// The newest message seen.
        seq: i64,
    },
    /// Told who they are.
    Identified {
        /// Name and address.
        visitor: Visitor,
    },
    /// Ended the chat.
    Ended,
}

/// Something that was refused at the door but kept: wrong signature, unknown recipient in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundHeld {
    /// Its channel.
    pub channel: Channel,
    /// `twilio`, `smtp`, …
    pub source: String,
    /// The sender's id of it where readable, else a digest.
    pub external_id: String,
    /// Why, in one sentence.
    pub reason: String,
    /// The request as it came, at most 64 KiB, for the eye of an admin.
    pub raw: String,
    /// When.
    pub received_at: Timestamp,
}

/// What became of an attempt to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReported {
    /// Which message.
    pub message_id: MessageId,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// When.
    pub at: Timestamp,
}

/// What became of an attempt to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The carrier or relay took it.
    Sent {
        /// Its id there: `MessageSid`, or the `Message-ID` header of a mail.
        external_id: String,
        /// The carrier's account, as receipts will name it.
        account: String,
        /// `twilio`, `relay`, …
        provider: String,
    },
    /// It will not arrive.
    Failed {
        /// Why.
        error: DeliveryError,
        /// The carrier says the customer opted out there (Twilio 21610): recorded as an opt-out.
        opted_out: bool,
    },
    /// Nobody knows; never sent again by itself.
    Uncertain,
}

/// A message that a robot of ours wants to send. The desk decides whether it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyProposed {
    /// Once-only key, such as `auto:{message_id}`.
    pub key: String,
    /// The ticket it belongs to.
    pub ticket_id: TicketId,
    /// Which robot.
    pub author: AuthorKind,
    /// Text, with variables already filled in.
    pub text: String,
    /// Goes out although there is no consent (H1: an answer to somebody who just wrote).
    pub without_consent: bool,
    /// At most one of this author per profile within this many milliseconds (H1).
    pub at_most_once_per: Option<i64>,
    /// When.
    pub at: Timestamp,
}

/// A text to hand to a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundSms {
    /// Our id.
    pub message_id: MessageId,
    /// Our number.
    pub from: PhoneNumber,
    /// The customer's.
    pub to: PhoneNumber,
    /// The text.
    pub text: String,
}

/// A mail to hand to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundEmail {
    /// Our id.
    pub message_id: MessageId,
    /// The mailbox it goes out from.
    pub from: EmailAddress,
    /// Display name of the From.
    pub from_name: Option<String>,
    /// The customer.
    pub to: EmailAddress,
    /// The customer's display name.
    pub to_name: Option<String>,
    /// Subject, with its `Re: `.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Our `Message-ID`, without brackets.
    pub mail_id: String,
    /// `In-Reply-To`, without brackets.
    pub in_reply_to: Option<String>,
    /// `References`, oldest first, without brackets.
    pub references: Vec<String>,
    /// Written by a robot: gets `Auto-Submitted` and its kin (RFC 3834).
    pub automatic: bool,
    /// Files.
    pub attachments: Vec<Attachment>,
}

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

/// A ticket changed without a new message: status, assignee, tags, unread, presence. On `desk.ticket.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketChanged {
    /// The ticket as it is now.
    pub ticket: TicketView,
    /// The chat session, for chats.
    pub session: Option<SessionId>,
}

/// Somebody's attribution (I1–I3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// `campaign` or `flow`.
    pub kind: AuthorKind,
    /// Its id outside.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The message that is credited.
    pub message_id: MessageId,
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
    /// Closed.
    pub closed_at: Option<Timestamp>,
    /// I1–I3.
    pub attribution: Option<Attribution>,
    /// D1–D4.
    pub can_reply: CanReply,
    /// Chat: the visitor has the widget open.
    pub visitor_online: bool,
    /// Counts every change; `seen_version` of the send guard.
    pub version: i64,
}

/// Asked by the notifier before it calls a carrier or relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSend {
    /// Which message.
    pub message_id: MessageId,
    /// One try of one delivery: the same claim asked again gets the same answer, another one does not.
    pub claim: Uuid,
}

/// The desk's answer to [`ClaimSend`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SendDecision {
    /// Recorded as `sending`: go on.
    Send,
    /// May not be sent (consent, block) and is recorded as failed; or is already beyond sending.
    Drop {
        /// Why, for the log.
        reason: String,
    },
    /// Another try had claimed it and never reported: recorded as `uncertain`; do not send.
    Uncertain,
}

/// Asked by the notifier when the carrier surely did not take the message and it may be tried again later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSend {
    /// Which message.
    pub message_id: MessageId,
    /// The claim that is given back.
    pub claim: Uuid,
}

/// Asked by a web-chat node: the messages of a session after a `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatHistoryQuery {
    /// The chat session.
    pub session: SessionId,
    /// Only what came after; 0 for all.
    pub after_seq: i64,
    /// At most this many, newest kept; 200 at most.
    pub limit: i64,
}

/// The answer to [`ChatHistoryQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatHistory {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// The session's newest `seq` (0 if none).
    pub last_seq: i64,
    /// `open` or `closed`, once there is a ticket.
    pub ticket_status: Option<String>,
    /// The ticket, once there is one.
    pub ticket_id: Option<TicketId>,
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

/// A dead letter: an event that a consumer could not handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Which consumer gave up.
    pub consumer: String,
    /// The event's subject.
    pub subject: String,
    /// The event's envelope, as JSON text.
    pub envelope: String,
    /// The last error.
    pub reason: String,
    /// Deliveries made.
    pub attempts: i64,
    /// When.
    pub at: Timestamp,
}
