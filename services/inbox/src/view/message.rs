//! Messages and their files.

use domain::{AuthorKind, Direction, MessageStatus, message::DeliveryError as Failed};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

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

impl From<Failed> for DeliveryError {
    fn from(Failed { code, reason }: Failed) -> Self {
        Self { code, reason }
    }
}

impl From<domain::Message> for Message {
    fn from(message: domain::Message) -> Self {
        let domain::Author { kind, id, name } = message.author;
        Self {
            id: message.id.0,
            ticket_id: message.ticket_id.0,
            seq: message.seq,
            direction: message.direction,
            author: Author { kind, id, name },
            text: message.text,
            html: message.html,
            attachments: message.attachments.into_iter().map(Into::into).collect(),
            status: message.status,
            error: message.error.map(Into::into),
            segments: message.segments,
            sent_at: Time(message.sent_at),
            why: message.why,
            client_id: message.client_id,
        }
    }
}
