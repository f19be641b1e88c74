//! A mail that cannot be understood, taken in with what its headers show.

use domain::event::{InboundEmail, MailKind};
use mail_parser::Message;

use super::{Arrival, MAX_SUBJECT, Understood, body, clean, digest, fit, people, sender::Origin};
use crate::{headers::Headers, spam, thread::Thread};

/// What can be said without parsing: the addresses, the ids, the subject as it stands, and the first of the body.
pub fn understand(raw: &[u8], arrival: &Arrival<'_>) -> Understood {
    let headers = Headers::read(raw);
    let mut event = skeleton(raw, &headers, None, arrival);
    event.subject = clean::line(headers.get("subject").unwrap_or_default(), MAX_SUBJECT);
    // Where no line is a header, all of it is what somebody wrote.
    let body = if headers.is_empty() { raw } else { &raw[headers.body_at()..] };
    let start = &body[..body.len().min(body::MAX_TEXT)];
    event.text = clean::text(&String::from_utf8_lossy(start), body::MAX_TEXT);
    if arrival.envelope_from == Some("") {
        event.kind = MailKind::System;
    }
    Understood { event: fit(event), blobs: Vec::new() }
}

/// The same, with why nothing more was read.
pub fn in_part(raw: &[u8], arrival: &Arrival<'_>, why: &str) -> Understood {
    let mut understood = understand(raw, arrival);
    understood.event.unreadable = Some(why.to_owned());
    understood
}

/// The part of the event that comes from the envelope and from headers alone.
pub(super) fn skeleton(
    raw: &[u8],
    headers: &Headers<'_>,
    message: Option<&Message<'_>>,
    arrival: &Arrival<'_>,
) -> InboundEmail {
    let origin = Origin::read(headers, message);
    let customer = origin.customer(arrival.envelope_from, arrival.routes);
    let thread = Thread::read(headers);
    InboundEmail {
        mailbox: arrival.mailbox.clone(),
        recipient: arrival.recipient.to_owned(),
        envelope_from: arrival.envelope_from.map_or_else(|| origin.envelope_from(), str::to_owned),
        client: None,
        digest: digest(arrival.mailbox.as_str(), thread.message_id.as_deref(), raw, headers),
        message_id: thread.message_id,
        refers_to: thread.refers_to,
        references: thread.references,
        from: customer.address,
        from_name: customer.name,
        to: people::read(headers, message, "to"),
        cc: people::read(headers, message, "cc"),
        reply_to: people::read(headers, message, "reply-to"),
        subject: String::new(),
        text: String::new(),
        reply_text: None,
        html: None,
        forwarded: None,
        undelivered: Vec::new(),
        attachments: Vec::new(),
        kind: MailKind::Human,
        security: Vec::new(),
        unreadable: None,
        appointments: Vec::new(),
        confirmation: None,
        spam: spam::called(headers),
        raw: String::new(),
        sent_at: None,
        received_at: arrival.now,
    }
}
