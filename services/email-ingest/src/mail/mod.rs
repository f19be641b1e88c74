//! What a mail says: pure, from raw bytes to the event. Nothing here refuses a mail; what cannot be understood is
//! taken in with what could be read.

use bytes::Bytes;
use domain::{
    EmailAddress, Timestamp,
    event::{InboundEmail, MailKind},
};
use mail_parser::{Message, MessageParser, PartType};

use crate::{
    headers::Headers,
    robot::{self, Signs},
    routing::Routes,
};

mod body;
mod bounds;
mod clean;
mod digest;
mod files;
pub mod minimal;
mod sender;

pub use digest::{digest, raw_key};

/// Longest subject, in characters.
const MAX_SUBJECT: usize = 500;
/// Size of the event as JSON that a broker surely takes (NATS: 1 MB).
const MAX_EVENT: usize = 700 * 1024;
/// Year 1990: an older `Date` is a clock that was never set.
const OLDEST: i64 = 631_152_000_000;

/// How the mail came.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// The envelope sender, empty for `<>`; `None` where the door does not tell it.
    pub envelope_from: Option<&'a str>,
    /// The envelope recipient as given.
    pub recipient: &'a str,
    /// The mailbox it came for.
    pub mailbox: &'a EmailAddress,
    /// All mailboxes.
    pub routes: &'a Routes,
    /// Now.
    pub now: Timestamp,
}

/// A mail, understood.
#[derive(Clone, Debug)]
pub struct Understood {
    /// What to publish.
    pub event: InboundEmail,
    /// What to keep before that: blob keys and contents.
    pub blobs: Vec<(String, Bytes)>,
}

/// Understands a mail.
pub fn understand(raw: &[u8], arrival: &Arrival<'_>) -> Understood {
    let headers = Headers::read(raw);
    if let Some(excess) = bounds::excess(raw, &headers) {
        tracing::warn!(excess, "a mail is taken in without looking into its parts");
        return minimal::understand(raw, arrival);
    }
    let Some(message) = MessageParser::default().parse(raw) else {
        return minimal::understand(raw, arrival);
    };
    from_message(raw, &headers, &message, arrival)
}

fn from_message(
    raw: &[u8],
    headers: &Headers<'_>,
    message: &Message<'_>,
    arrival: &Arrival<'_>,
) -> Understood {
    let mut event = minimal::skeleton(raw, headers, Some(message), arrival);
    event.subject = clean::line(message.subject().unwrap_or_default(), MAX_SUBJECT);
    event.sent_at = message.date().and_then(|date| sent_at(date, arrival.now));
    event.kind = kind(headers, message, &event, arrival);
    let files = files::take(message, &event.digest);
    event.text = body::text(message);
    let left_over = message.attachment_count().saturating_sub(files::MAX_FILES);
    if left_over > 0 {
        event.text.push_str(&format!("\n[{left_over} more files are in the original mail]"));
    }
    event.html = body::html(message, &files::by_content_id(&files));
    event.attachments = files.iter().map(|file| file.attachment.clone()).collect();
    let blobs = files.into_iter().filter_map(|file| Some((file.attachment.blob?, file.bytes))).collect();
    Understood { event: fit(event), blobs }
}

fn kind(
    headers: &Headers<'_>,
    message: &Message<'_>,
    event: &InboundEmail,
    arrival: &Arrival<'_>,
) -> MailKind {
    let parts: Vec<String> = part_types(message);
    let origin = sender::Origin::read(headers, Some(message));
    robot::kind(&Signs {
        headers,
        subject: &event.subject,
        from_local: &origin.from_local,
        null_sender: arrival.envelope_from.map_or(origin.null_return, str::is_empty),
        parts: &parts,
        mailbox: arrival.mailbox,
    })
}

/// Media types of the parts of this mail, not of mails within it.
fn part_types(message: &Message<'_>) -> Vec<String> {
    use mail_parser::MimeHeaders;
    let leaves = message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_)));
    let types = leaves.filter_map(|part| part.content_type());
    types
        .map(|ct| format!("{}/{}", ct.ctype(), ct.subtype().unwrap_or_default()).to_ascii_lowercase())
        .collect()
}

/// `Date`: nothing from the future, nothing from before mail.
fn sent_at(date: &mail_parser::DateTime, now: Timestamp) -> Option<Timestamp> {
    let millis = date.is_valid().then(|| date.to_timestamp().saturating_mul(1000))?;
    (millis >= OLDEST).then(|| Timestamp::from_millis(millis).min(now))
}

/// Makes the event small enough for a broker: first the HTML goes, then text from the end.
fn fit(mut event: InboundEmail) -> InboundEmail {
    let size = |event: &InboundEmail| serde_json::to_vec(event).map_or(usize::MAX, |json| json.len());
    if size(&event) > MAX_EVENT {
        event.html = None;
    }
    while size(&event) > MAX_EVENT && event.text.len() > 1024 {
        event.text = clean::text(&event.text, event.text.len() / 2);
    }
    event
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
