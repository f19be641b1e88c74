//! Messages and their files.

use domain::{AuthorKind, Direction, MessageStatus, message::DeliveryError as Failed};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, mail::Mail, ticket::Attribution, word};

/// A message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Message {
    /// Id.
    pub id: Uuid,
    /// Its ticket.
    pub ticket_id: Uuid,
    /// Its place in its ticket, from 1; 0 for a keyword text from before the ticket.
    pub seq: i64,
    /// Seen from the organisation.
    #[schema(value_type = word::Direction)]
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// Plain text; may be empty beside files.
    pub text: String,
    /// What the writer of a mail wrote now; `null` where that is all of `text`.
    #[schema(required = true)]
    pub reply_text: Option<String>,
    /// What a mail shows besides; `null` for other messages.
    #[schema(required = true)]
    pub mail: Option<Mail>,
    /// Sanitised HTML of a mail, where it had one.
    #[schema(required = true)]
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Where it is on its way.
    #[schema(value_type = word::MessageStatus)]
    pub status: MessageStatus,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<DeliveryError>,
    /// SMS segments, for texts.
    #[schema(required = true)]
    pub segments: Option<i64>,
    /// When it was sent.
    pub sent_at: Time,
    /// Which signal put it into this ticket.
    pub why: String,
    /// The id the visitor's browser gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// When it will leave, while it waits for that.
    #[schema(required = true)]
    pub send_at: Option<Time>,
    /// The campaign or flow message that this text of a customer is attributed to.
    #[schema(required = true)]
    pub attribution: Option<Attribution>,
    /// Visits of its short links.
    pub clicks: i64,
    /// Short links in this text of ours, in their order.
    pub links: Vec<ShortLink>,
    /// Files that still lie at the carrier and are being fetched.
    pub files_pending: i64,
}

/// A short link in a text of ours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShortLink {
    /// The end of its address.
    pub code: String,
    /// Where it leads.
    pub url: String,
    /// Visits so far.
    pub clicks: i64,
}

/// A mail address with its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamedAddress {
    /// The address.
    pub address: String,
    /// The display name, where known.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// To whom "reply all" goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplyRecipients {
    /// `To`.
    pub to: Vec<NamedAddress>,
    /// `Cc`.
    pub cc: Vec<NamedAddress>,
    /// The subject of the answer.
    pub subject: String,
    /// What will stand under it, unless it is left out; `null` for nothing.
    #[schema(required = true)]
    pub signature: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Author {
    /// What kind of author.
    #[schema(value_type = word::AuthorKind)]
    pub kind: AuthorKind,
    /// Id of the user, API key or profile, where there is one.
    #[schema(required = true)]
    pub id: Option<Uuid>,
    /// Name, where known.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// Why a message failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryError {
    /// The carrier's or our code.
    pub code: String,
    /// One sentence for people.
    pub reason: String,
}

/// A file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attachment {
    /// Id.
    pub id: Uuid,
    /// File name.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Where it is read.
    pub url: String,
}

impl From<domain::message::Attachment> for Attachment {
    fn from(file: domain::message::Attachment) -> Self {
        let domain::message::Attachment { id, name, content_type, size, url, blob: _ } = file;
        Self { id: id.0, name, content_type, size, url }
    }
}

impl From<domain::NamedAddress> for NamedAddress {
    fn from(domain::NamedAddress { address, name }: domain::NamedAddress) -> Self {
        Self { address: address.to_string(), name }
    }
}

impl From<desk::recipients::Offered> for ReplyRecipients {
    fn from(offered: desk::recipients::Offered) -> Self {
        let desk::recipients::Offered { recipients: all, signature } = offered;
        let named = |list: Vec<domain::NamedAddress>| list.into_iter().map(Into::into).collect();
        let subject = all.subject.unwrap_or_default();
        Self { to: named(all.to), cc: named(all.cc), subject, signature }
    }
}

impl From<Failed> for DeliveryError {
    fn from(Failed { code, reason }: Failed) -> Self {
        Self { code, reason }
    }
}

impl From<domain::Author> for Author {
    fn from(domain::Author { kind, id, name }: domain::Author) -> Self {
        Self { kind, id, name }
    }
}

impl From<domain::message::ShortLink> for ShortLink {
    fn from(link: domain::message::ShortLink) -> Self {
        let domain::message::ShortLink { code, url, clicks } = link;
        Self { code, url, clicks }
    }
}

impl From<domain::Message> for Message {
    fn from(message: domain::Message) -> Self {
        Self {
            id: message.id.0,
            ticket_id: message.ticket_id.0,
            seq: message.seq,
            direction: message.direction,
            author: message.author.into(),
            text: message.text,
            reply_text: message.reply_text,
            mail: message.mail.map(|mail| (*mail).into()),
            html: message.html,
            attachments: message.attachments.into_iter().map(Into::into).collect(),
            status: message.status,
            error: message.error.map(Into::into),
            segments: message.segments,
            sent_at: Time(message.sent_at),
            why: message.why,
            client_id: message.client_id,
            send_at: message.send_at.map(Time),
            clicks: message.carried.clicks(),
            attribution: message.carried.attribution.map(Into::into),
            links: message.carried.links.into_iter().map(Into::into).collect(),
            files_pending: message.carried.files_pending,
        }
    }
}
