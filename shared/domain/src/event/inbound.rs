//! What came in through the doors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mailbox::ForwardingConfirmation;
use crate::{
    address::{EmailAddress, NamedAddress, PhoneNumber},
    calendar::Appointment,
    id::{MessageId, SessionId},
    keyword::KeywordFamily,
    mail::{MailKind, Security},
    message::{Attachment, Channel, DeliveryError, MessageStatus},
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
    /// Set when this is one part of a longer text that the carrier did not join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<SmsPart>,
    /// When we took it in: carriers do not all give a time.
    pub received_at: Timestamp,
}

/// Which part of a longer text (3GPP TS 23.040 §9.2.3.24.1). Parts come in any order, and more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsPart {
    /// What the parts of one text share; only unique for one sender for a while.
    pub reference: String,
    /// From 1.
    pub number: u16,
    /// How many there are, at least 2.
    pub total: u16,
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
    /// The carrier says the customer opted out there (Twilio 21610): recorded as an opt-out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
    /// When we took it in.
    pub received_at: Timestamp,
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
    /// Who handed the mail to us, where the door knows it: not behind a relay of our own that does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<MailClient>,
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
    /// `To`, as far as it can be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<NamedAddress>,
    /// `Cc`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<NamedAddress>,
    /// `Reply-To`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<NamedAddress>,
    /// Subject, decoded; may be empty.
    pub subject: String,
    /// Whole plain text (from HTML where there is no text part).
    pub text: String,
    /// The writer's own words, where the text holds more than them: quoted mails, a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_text: Option<String>,
    /// Sanitised HTML, where it had one.
    pub html: Option<String>,
    /// The mail passed on in this one. Only our own people may speak for its writer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<ForwardedMail>,
    /// Who did not get our mail, of a [`MailKind::Bounce`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undelivered: Vec<Undelivered>,
    /// Files, stored in blobs.
    pub attachments: Vec<Attachment>,
    /// What calendar files among them say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appointments: Vec<Appointment>,
    /// What kind.
    pub kind: MailKind,
    /// How it is protected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Security>,
    /// Why it was read only in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// It is no customer's: a provider asks whether it may forward to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<ForwardingConfirmation>,
    /// What a mail server before us said of it, where it called it spam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spam: Option<String>,
    /// Blob key of the raw mail.
    pub raw: String,
    /// SHA-256 of mailbox, Message-ID and raw bytes, in hex: the dedup key.
    pub digest: String,
    /// `Date`, where readable.
    pub sent_at: Option<Timestamp>,
    /// When we took it in.
    pub received_at: Timestamp,
}

/// The other side of the SMTP connection a mail came by, as SPF (RFC 7208) asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailClient {
    /// Its IP address.
    pub address: String,
    /// The name it gave with HELO or EHLO; nobody has verified it.
    pub hello: String,
}

/// A mail that somebody passed on by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedMail {
    /// Who wrote it.
    pub from: EmailAddress,
    /// Their name.
    pub from_name: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
}

/// Somebody who did not get a mail of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// The address; empty where the failure names none.
    pub recipient: String,
    /// Enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: String,
    /// The address will never take a mail.
    pub hard: bool,
    /// It is still being tried.
    pub delayed: bool,
    /// Why, for people.
    pub reason: String,
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
    /// The site signed the address, too: an address that is only claimed makes nobody anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_verified: bool,
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
    /// The page the visitor was on: one of the site's own.
    pub page: Option<String>,
    /// What they filled in before the chat, besides who they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
    /// When we took it in.
    pub received_at: Timestamp,
}

impl InboundChat {
    /// The keys of its files in the blob store.
    pub fn blobs(&self) -> impl Iterator<Item = &str> {
        self.attachments.iter().filter_map(|file| file.blob.as_deref())
    }
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
    /// Said how it was.
    Rated {
        /// From 1 (bad) to 5 (good).
        score: i64,
        /// In their words.
        comment: Option<String>,
    },
    /// Put a file up, which waits for its message.
    PutUp {
        /// Its key in the blob store.
        blob: String,
    },
    /// Wants the conversation as a mail.
    Transcript {
        /// Where to.
        email: EmailAddress,
    },
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
