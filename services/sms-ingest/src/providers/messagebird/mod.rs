//! MessageBird, and Bird, as it calls itself now: texts to numbers and to short codes (forms), receipts (the query of a
//! GET), and the events of Bird's channels (JSON).
//!
//! Sources: MessageBird's "Receive SMS" and "Handle status reports" pages and "Verifying HTTP requests"; Bird's "Receiving
//! messages", "Message status" and "Verifying a webhook" pages.

use domain::Timestamp;
use host::config::Provider;

use super::{Accepted, Carrier, Lines, Refusal, Request, Thanks, json};

mod bird;
mod reasons;
mod rest;
mod signature;

/// MessageBird's door.
pub struct Messagebird;

impl Carrier for Messagebird {
    fn provider(&self) -> Provider {
        Provider::Messagebird
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let body = json::read(request.body).ok().filter(serde_json::Value::is_object);
        let accepted = match &body {
            Some(body) if body.get("event").is_some() => bird::read(request, body, lines, now),
            _ => rest::read(request, body.as_ref(), lines, now),
        };
        accepted.map(|one| vec![one])
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "text/plain", body: "OK" }
    }
}

#[cfg(test)]
mod tests;
