//! What a mail says: pure, from raw bytes to the event. Nothing here refuses a mail; what cannot be understood is
//! taken in with what could be read.

use bytes::Bytes;
use domain::{
    EmailAddress, Timestamp,
    calendar::Appointment,
    event::{ForwardedMail, InboundEmail, MailKind, Undelivered},
};
use mail_parser::{Message, MessageParser, PartType};

use crate::{
    bounce, calendar,
    headers::Headers,
    quote::{self, reply_text},
    robot::{self, Signs},
    routing::Routes,
};

mod body;
mod bounds;
pub(crate) mod clean;
mod confirmation;
mod digest;
mod ending;
mod files;
pub mod minimal;
pub(crate) mod people;
mod security;
mod sender;
pub(crate) mod srs;
mod tnef;

pub use digest::{digest, raw_key};

/// Longest subject, in characters.
const MAX_SUBJECT: usize = 500;
/// Size of the event as JSON that a broker surely takes (NATS: 1 MB).
const MAX_EVENT: usize = 700 * 1024;
/// Calendar files that are read, and events that are shown.
const MOST_CALENDARS: usize = 5;
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
    /// What to publish, but for the key of the raw mail, which is whoever's who keeps it.
    pub event: InboundEmail,
    /// What to keep before that: blob keys and contents.
    pub blobs: Vec<(String, Bytes)>,
}

/// Understands a mail.
pub fn understand(raw: &[u8], arrival: &Arrival<'_>) -> Understood {
    let headers = Headers::read(raw);
    let shortened = headers.shortened(raw);
    let readable = shortened.as_deref().unwrap_or(raw);
    if let Some(excess) = bounds::excess(readable) {
        tracing::warn!(excess, "a mail is taken in without looking into its parts");
        return minimal::in_part(raw, arrival, &format!("it has {excess}: only its beginning was read"));
    }
    if headers.is_empty() {
        return minimal::understand(raw, arrival);
    }
    let parser = MessageParser::default();
    let Some(message) = parser.parse(readable) else {
        return minimal::in_part(raw, arrival, "it is not built like a mail: only its beginning was read");
    };
    let ended = ending::missing(&message).map(|end| [readable, &end].concat());
    let message = ended.as_deref().and_then(|ended| parser.parse(ended)).unwrap_or(message);
    let mut understood = from_message(raw, &headers, &message, arrival);
    if shortened.is_some() {
        let why = "it has too many or too long headers: only the beginning of them was read";
        understood.event.unreadable = Some(why.to_owned());
    }
    understood
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
    event.text = body::text(message);
    let files::Taken { files, left_over, wrapped } =
        files::take(message, &event.digest, !event.text.is_empty());
    let (wrapped_text, wrapped_html) = wrapped.unwrap_or_default();
    if event.text.is_empty() {
        event.text = body::wrapped_text(wrapped_text.as_deref(), wrapped_html.as_deref());
    }
    if left_over > 0 {
        event.text.push_str(&format!("\n[{left_over} more files are in the original mail]"));
    }
    event.security = security::of(message, &event.text);
    let own_words = reply_text(&event.text);
    event.reply_text = (own_words.trim() != event.text.trim()).then_some(own_words);
    event.forwarded = passed_on(&event);
    if event.kind == MailKind::Bounce {
        let failure = bounce::read(message);
        event.undelivered = failure.recipients.iter().map(undelivered).collect();
        event.refers_to.extend(failure.original_id.filter(|id| !event.refers_to.contains(id)));
    }
    event.confirmation = confirmation::read(&event);
    let pictures = files::by_content_id(&files);
    let wrapped_html = || wrapped_html.and_then(|html| body::harmless(&html, &pictures));
    event.html = body::html(message, &pictures).or_else(wrapped_html);
    event.appointments = appointments(&files);
    event.attachments = files.iter().map(|file| file.attachment.clone()).collect();
    let blobs = files.into_iter().filter_map(|file| Some((file.attachment.blob?, file.bytes))).collect();
    Understood { event: fit(event), blobs }
}

/// What its calendar files say. Mailers send one and the same in two forms: it is told once.
fn appointments(files: &[files::File]) -> Vec<Appointment> {
    let calendars = files
        .iter()
        .filter(|file| calendar::is_calendar(&file.attachment.content_type, &file.attachment.name));
    let mut told: Vec<Appointment> = Vec::new();
    for one in calendars.take(MOST_CALENDARS).flat_map(|file| calendar::read(&file.bytes, file.attachment.id))
    {
        let is_known = told.iter().any(|known| (&known.uid, known.kind) == (&one.uid, one.kind));
        if told.len() < MOST_CALENDARS && !is_known {
            told.push(one);
        }
    }
    told
}

fn passed_on(event: &InboundEmail) -> Option<ForwardedMail> {
    let found = quote::forwarded(&event.subject, &event.text)?;
    let name = found.from_name.as_deref().and_then(clean::display_name);
    let subject = found.subject.map(|subject| clean::line(&subject, MAX_SUBJECT));
    Some(ForwardedMail { from: found.from, from_name: name, subject, text: found.text })
}

fn undelivered(found: &bounce::Undelivered) -> Undelivered {
    Undelivered {
        recipient: clean::line(&found.recipient, 254),
        status: found.status.to_string(),
        hard: found.is_hard(),
        delayed: found.is_delay(),
        reason: found.reason.words(&clean::line(&found.diagnostic, 300)),
    }
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
    if surely_fits(&event) {
        return event;
    }
    let size = |event: &InboundEmail| serde_json::to_vec(event).map_or(usize::MAX, |json| json.len());
    if size(&event) > MAX_EVENT {
        event.html = None;
    }
    if size(&event) > MAX_EVENT {
        event.forwarded = None;
        event.reply_text = None;
    }
    while size(&event) > MAX_EVENT && event.text.len() > 1024 {
        event.text = clean::text(&event.text, event.text.len() / 2);
    }
    event
}

/// Most bytes of JSON for one of text: `\u0000`.
const MOST_ESCAPED: usize = 6;
/// What stands around each address, file and the like: names of fields, ids, moments.
const AROUND: usize = 1024;

/// Whether the event is small however it is written, which nearly all are: they need not be written to know it.
fn surely_fits(event: &InboundEmail) -> bool {
    let InboundEmail { recipient, envelope_from, subject, text, attachments, refers_to, references, .. } =
        event;
    let of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let forwarded =
        event.forwarded.as_ref().map_or(0, |mail| mail.text.len() + of(&mail.subject) + of(&mail.from_name));
    let people = event.to.len() + event.cc.len() + event.reply_to.len();
    let is_plain = event.appointments.is_empty() && event.undelivered.is_empty();
    let words = recipient.len() + envelope_from.len() + subject.len() + text.len() + forwarded;
    let words = words + of(&event.reply_text) + of(&event.html) + of(&event.from_name);
    let lists = people + attachments.len() + refers_to.len() + references.len();
    is_plain && MOST_ESCAPED * words + AROUND * MOST_ESCAPED * lists + 16 * AROUND < MAX_EVENT
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
