//! A mail's bytes, from what the desk decided. Pure; nothing a customer or agent wrote can add a header.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use domain::{
    EmailAddress, NamedAddress, Timestamp,
    event::OutboundEmail,
    message::{Attachment, DeliveryError},
};
use lettre::{
    Address,
    address::Envelope,
    message::{
        Attachment as File, Mailbox, Message, MessageBuilder, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

mod letter;

use letter::Letter;

/// Longest display name, subject or file name, in characters.
const LONGEST_WORDS: usize = 250;
/// Longest message id, in bytes.
const LONGEST_ID: usize = 250;
/// Most ids in `References`: the first and the last ones.
const MOST_REFERENCES: usize = 20;

/// A mail ready to go.
#[derive(Debug)]
pub struct Composed {
    /// From whom to whom, for the relay.
    pub envelope: Envelope,
    /// Header and body, ASCII, CRLF line ends.
    pub raw: Bytes,
}

/// Writes the mail; `files` are its attachments with their bytes.
///
/// # Errors
/// An address or id cannot be used in a mail.
pub fn compose(
    mail: &OutboundEmail,
    files: Vec<(Attachment, Bytes)>,
    now: Timestamp,
) -> Result<Composed, DeliveryError> {
    let from = address(&mail.from)?;
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    let mut message = Message::builder()
        .date(UNIX_EPOCH + Duration::from_millis(millis))
        .from(Mailbox::new(words(mail.from_name.as_deref()), from.clone()))
        .to(Mailbox::new(words(mail.to_name.as_deref()), address(&mail.to)?))
        .subject(words(Some(&mail.subject)).unwrap_or_default())
        .message_id(Some(bracketed(&mail.mail_id).ok_or_else(|| unusable("message id"))?));
    for one in &mail.more_to {
        message = message.to(mailbox(one)?);
    }
    for one in &mail.cc {
        message = message.cc(mailbox(one)?);
    }
    if let Some(reply_to) = &mail.reply_to {
        message = message.reply_to(Mailbox::new(words(mail.from_name.as_deref()), address(reply_to)?));
    }
    if let Some(id) = mail.in_reply_to.as_deref().and_then(bracketed) {
        message = message.in_reply_to(id);
    }
    let references = references(&mail.references);
    if !references.is_empty() {
        message = message.references(references);
    }
    if let Some(url) = mail.unsubscribe.as_deref().filter(|url| is_link(url)) {
        message = unsubscribing(message, url);
    }
    if mail.automatic {
        message = automatic(message, mail.in_reply_to.is_some());
    }
    let raw = with_body(message, mail, files).map_err(|_| unusable("part"))?.formatted();
    Ok(Composed { envelope: envelope(mail, from)?, raw: raw.into() })
}

/// Everybody once, whatever header they stand in; bounces go to an address of their own, where there is one.
fn envelope(mail: &OutboundEmail, from: Address) -> Result<Envelope, DeliveryError> {
    let sender = mail.bounces_to.as_ref().map(address).transpose()?.unwrap_or(from);
    let named = mail.more_to.iter().chain(&mail.cc).map(|one| &one.address);
    let mut all: Vec<Address> = Vec::new();
    for one in [&mail.to].into_iter().chain(named).chain(&mail.bcc) {
        let one = address(one)?;
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Envelope::new(Some(sender), all).map_err(|_| unusable("address"))
}

fn mailbox(one: &NamedAddress) -> Result<Mailbox, DeliveryError> {
    Ok(Mailbox::new(words(one.name.as_deref()), address(&one.address)?))
}

fn with_body(
    message: MessageBuilder,
    mail: &OutboundEmail,
    files: Vec<(Attachment, Bytes)>,
) -> Result<Message, lettre::error::Error> {
    let letter =
        Letter { text: &mail.text, signature: mail.signature.as_deref(), quote: mail.quote.as_ref() };
    let html = mail.html.clone().unwrap_or_else(|| letter.html());
    let both = MultiPart::alternative()
        .singlepart(SinglePart::plain(letter.plain()))
        .singlepart(SinglePart::html(html));
    if files.is_empty() {
        return message.multipart(both);
    }
    let start = MultiPart::mixed().multipart(both);
    let parts = files.into_iter().fold(start, |parts, (attachment, bytes)| {
        let name = words(Some(&attachment.name)).unwrap_or_else(|| "file".to_owned());
        parts.singlepart(File::new(name).body(Vec::from(bytes), kind(&attachment.content_type)))
    });
    message.multipart(parts)
}

/// So that mail programs offer "unsubscribe" (RFC 2369, RFC 8058).
fn unsubscribing(message: MessageBuilder, url: &str) -> MessageBuilder {
    let header = |name, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    message
        .raw_header(header("List-Unsubscribe", format!("<{url}>")))
        .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
}

/// A web address that can stand in a header.
fn is_link(url: &str) -> bool {
    let web = url.starts_with("https://") || url.starts_with("http://");
    web && url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b','))
}

/// So that the other side's robots do not answer ours (RFC 3834 §5; `X-Auto-Response-Suppress` is Exchange's,
/// `Precedence` what older robots know).
fn automatic(message: MessageBuilder, is_reply: bool) -> MessageBuilder {
    let submitted = if is_reply { "auto-replied" } else { "auto-generated" };
    let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    message
        .raw_header(header("Auto-Submitted", submitted))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("Precedence", "auto_reply"))
}

/// Parts that are mails or parts themselves would be taken apart on the other side.
fn kind(content_type: &str) -> ContentType {
    let lower = content_type.to_ascii_lowercase();
    let whole = !lower.starts_with("multipart/") && !lower.starts_with("message/");
    let parsed = ContentType::parse(content_type).ok().filter(|_| whole && lower.is_ascii());
    parsed.or_else(|| ContentType::parse("application/octet-stream").ok()).unwrap_or(ContentType::TEXT_PLAIN)
}

/// An address as relays take it: the domain in ASCII (RFC 5891); a local part in other letters would need SMTPUTF8.
fn address(email: &EmailAddress) -> Result<Address, DeliveryError> {
    let (local, domain) = email.as_str().rsplit_once('@').ok_or_else(|| unusable("address"))?;
    let domain = url::Host::parse(domain).map_err(|_| unusable("address"))?.to_string();
    let address = Address::new(local, domain).map_err(|_| unusable("address"))?;
    if local.is_ascii() { Ok(address) } else { Err(unusable("address")) }
}

fn unusable(what: &str) -> DeliveryError {
    DeliveryError {
        code: "unusable".to_owned(),
        reason: format!("a mail cannot be written with this {what}"),
    }
}

/// People's words on one line. lettre panics on a line break in a display name.
fn words(text: Option<&str>) -> Option<String> {
    let spaced: String = text?.chars().map(|c| if is_odd(c) { ' ' } else { c }).take(LONGEST_WORDS).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// Controls, line ends of Unicode, and marks that turn the direction of what follows.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `<id>`, if it is one.
fn bracketed(id: &str) -> Option<String> {
    let visible = id.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
    (visible && !id.is_empty() && id.len() <= LONGEST_ID).then(|| format!("<{id}>"))
}

/// The first and the newest ids; folding is the writer's.
fn references(ids: &[String]) -> String {
    let usable: Vec<String> = ids.iter().filter_map(|id| bracketed(id)).collect();
    let dropped = usable.len().saturating_sub(MOST_REFERENCES);
    let kept = usable.iter().enumerate().filter(|(place, _)| *place == 0 || *place > dropped);
    kept.map(|(_, id)| id.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
