//! Messages of an export, with their files, and what came in besides.

use desk::export::{ExportedMessage as OfMessage, Kept, Visit};
use domain::{Channel, Direction, MessageStatus, message::Attachment};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Time,
    mail::Mail,
    message::{Author, DeliveryError, ShortLink},
    ticket::Attribution,
};

/// A message.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedMessage {
    /// Id.
    pub id: Uuid,
    /// Its place in its ticket, from 1; 0 in none.
    pub seq: i64,
    /// Channel.
    pub channel: Channel,
    /// The organisation's number, mailbox or chat site.
    pub inbox: String,
    /// Seen from the organisation.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// Their address, where it went to one.
    pub recipient: Option<String>,
    /// Subject of a mail.
    pub subject: Option<String>,
    /// Plain text.
    pub text: String,
    /// The text before its links were shortened.
    pub original_text: Option<String>,
    /// What the writer of a mail wrote now, where that is not all of it.
    pub reply_text: Option<String>,
    /// Sanitised HTML of a mail.
    pub html: Option<String>,
    /// What a mail shows besides.
    pub mail: Option<Mail>,
    /// Where it is on its way.
    pub status: MessageStatus,
    /// When that was last heard of.
    pub status_at: Time,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// SMS segments.
    pub segments: Option<i64>,
    /// When it was sent.
    pub sent_at: Time,
    /// When it will leave, while it waits for that.
    pub send_at: Option<Time>,
    /// Why it is in its ticket.
    pub why: String,
    /// The campaign or flow message that it is attributed to.
    pub attribution: Option<Attribution>,
    /// Short links in it.
    pub links: Vec<ShortLink>,
    /// The carrier that has it under `external_id`.
    pub carrier: Option<String>,
    /// The carrier's id of it.
    pub external_id: Option<String>,
    /// `Message-ID` of a mail.
    pub message_id: Option<String>,
    /// The mail as it came in.
    pub original: Option<Packed>,
    /// Files.
    pub attachments: Vec<ExportedFile>,
    /// Files that still lie at the carrier.
    pub files_pending: i64,
}

/// A file.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedFile {
    /// Id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Where it is.
    #[serde(flatten)]
    pub packed: Packed,
}

/// Where a file is in the zip, or why it is not.
#[derive(Clone, Debug, Serialize)]
pub struct Packed {
    /// Its path in the zip.
    pub file: Option<String>,
    /// Why it has none.
    pub missing: Option<String>,
}

/// A visit to a short link in a text.
#[derive(Clone, Debug, Serialize)]
pub struct LinkVisit {
    /// The end of the link's address.
    pub code: String,
    /// Where it leads.
    pub url: String,
    /// The text.
    pub message_id: Uuid,
    /// When.
    pub at: Time,
}

/// Something that came in, became no message and was kept: what was sent while they were blocked, and the like.
#[derive(Clone, Debug, Serialize)]
pub struct KeptEvent {
    /// `sms`, `email`, `chat`; empty for what has none.
    pub channel: String,
    /// What became of it.
    pub state: &'static str,
    /// Why.
    pub reason: String,
    /// When.
    pub received_at: Time,
    /// What came in.
    pub event: Value,
    /// The mail as it came in.
    pub original: Option<Packed>,
    /// Files.
    pub attachments: Vec<ExportedFile>,
}

impl ExportedMessage {
    /// A message, given where the bytes under a key went.
    pub fn of(one: OfMessage, packed: impl Fn(Option<&str>) -> Packed) -> Self {
        let message = one.message;
        Self {
            id: message.id.0,
            seq: message.seq,
            channel: one.channel,
            inbox: one.inbox,
            direction: message.direction,
            author: message.author.into(),
            recipient: one.recipient,
            subject: one.subject,
            text: message.text,
            original_text: one.original,
            reply_text: message.reply_text,
            html: message.html,
            mail: message.mail.map(|mail| (*mail).into()),
            status: message.status,
            status_at: Time(one.updated_at),
            error: message.error.map(Into::into),
            segments: message.segments,
            sent_at: Time(message.sent_at),
            send_at: message.send_at.map(Time),
            why: message.why,
            attribution: message.carried.attribution.map(Into::into),
            links: message.carried.links.into_iter().map(Into::into).collect(),
            carrier: one.carrier,
            external_id: one.external_id,
            message_id: one.mail_id,
            original: one.raw.as_deref().map(|raw| packed(Some(raw))),
            attachments: files(message.attachments, &packed),
            files_pending: message.carried.files_pending,
        }
    }
}

impl From<&Visit> for LinkVisit {
    fn from(visit: &Visit) -> Self {
        let (code, url) = (visit.code.clone(), visit.url.clone());
        Self { code, url, message_id: visit.message.0, at: Time(visit.at) }
    }
}

impl KeptEvent {
    /// Something that was kept, given where the bytes under a key went.
    pub fn of(kept: Kept, packed: impl Fn(Option<&str>) -> Packed) -> Self {
        Self {
            original: kept.raw().map(|raw| packed(Some(raw))),
            attachments: files(kept.files(), &packed),
            channel: kept.channel,
            state: kept.state.as_str(),
            reason: kept.reason,
            received_at: Time(kept.received_at),
            event: kept.event,
        }
    }
}

fn files(files: Vec<Attachment>, packed: &impl Fn(Option<&str>) -> Packed) -> Vec<ExportedFile> {
    let file = |file: Attachment| ExportedFile {
        packed: packed(file.blob.as_deref()),
        id: file.id.0,
        name: file.name,
        content_type: file.content_type,
        size: file.size,
    };
    files.into_iter().map(file).collect()
}
