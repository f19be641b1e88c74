//! Work for the notifier, and what became of it; answers that robots propose.

use serde::{Deserialize, Serialize};

use crate::{
    address::{EmailAddress, NamedAddress, PhoneNumber},
    event::CarrierMedia,
    id::{MessageId, TicketId},
    message::{Attachment, AuthorKind, DeliveryError},
    time::Timestamp,
};

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
        /// The ids of the parts after the first, where the carrier names each part of a long text (Vonage).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more_ids: Vec<String>,
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
    /// The text; may be empty beside media.
    pub text: String,
    /// Pictures (MMS), each at an address the carrier can fetch for some hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<SmsMedia>,
}

/// Files of a text to fetch from its carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchMedia {
    /// The text, which is there already.
    pub message_id: MessageId,
    /// The carrier.
    pub provider: String,
    /// Our number: its credentials open the files.
    pub number: PhoneNumber,
    /// The files, in their order.
    pub media: Vec<CarrierMedia>,
}

/// What became of the files of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFetched {
    /// The text.
    pub message_id: MessageId,
    /// Those that lie in blobs now, in their order.
    pub files: Vec<Attachment>,
    /// Those that cannot be had.
    pub lost: Vec<LostMedia>,
    /// When.
    pub at: Timestamp,
}

/// A file of a text that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostMedia {
    /// Where the carrier said it is.
    pub url: String,
    /// Why, in a few words.
    pub reason: String,
}

/// A picture of ours that a carrier fetches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsMedia {
    /// Where; signed, and good for some hours.
    pub url: String,
    /// `image/jpeg`, `image/png` or `image/gif`.
    pub content_type: String,
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
    /// Further addresses of `To`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_to: Vec<NamedAddress>,
    /// `Cc`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<NamedAddress>,
    /// Get it without standing in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<EmailAddress>,
    /// `Reply-To`: a signed address of the ticket, or where answers are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EmailAddress>,
    /// The envelope sender: a signed address of the message (VERP); without one, `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounces_to: Option<EmailAddress>,
    /// Stands under the text, its variables filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The mail that is answered, shown beneath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuotedMail>,
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
    /// The same as a page, beside the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Where one says "no more of these" (RFC 8058).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
}

/// What an answer quotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedMail {
    /// Who wrote it: a name, an address or both.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Their words.
    pub text: String,
}
