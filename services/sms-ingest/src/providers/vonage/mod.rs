//! Vonage, by either of its interfaces: the SMS API (query, form or JSON with a `sig`, long texts in parts) and the
//! Messages API (JSON with a bearer token).
//!
//! Sources: Vonage's "Inbound SMS", "Delivery receipts", "Concatenation and encoding" and "Signed webhooks" pages, and
//! the OpenAPI definitions of both interfaces.
//!
//! Vonage says that an error of its own can send a callback without its signature, and asks for a 5xx so that it comes
//! again signed. It sends again after every answer but 200 and 204, so it gets the 403 that any unsigned call gets.

use domain::Timestamp;
use host::config::Provider;

use super::{Accepted, Carrier, Lines, Refusal, Request, Thanks, json};

mod messages_api;
mod reasons;
mod signature;
mod sms_api;

/// Vonage's door.
pub struct Vonage;

impl Carrier for Vonage {
    fn provider(&self) -> Provider {
        Provider::Vonage
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let body = json::read(request.body).ok();
        let accepted = match &body {
            Some(body) if body.get("message_uuid").is_some() => messages_api::read(request, body, lines, now),
            _ => sms_api::read(request, body.as_ref(), lines, now),
        };
        accepted.map(|one| vec![one])
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "application/json", body: "{}" }
    }
}

#[cfg(test)]
mod tests;
