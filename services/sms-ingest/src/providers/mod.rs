//! One file per carrier, all pure: a request as it came in, and the numbers this carrier has here, become what was
//! accepted or a refusal. A new carrier is a file with its [`Carrier`] and a line in [`carrier`].

use axum::http::HeaderMap;
use domain::{
    Timestamp,
    event::{InboundSms, SmsReceipt},
};
use host::config::{Provider, Secret, SmsNumber};

mod params;
mod sandbox;
mod twilio;

/// Longest id a carrier may give, in bytes.
const LONGEST_ID: usize = 128;

/// A request, nothing in it rebuilt: signatures cover bytes.
pub struct Request<'a> {
    /// `POST`, `GET`.
    pub method: &'a str,
    /// The configured public address, then path and query as received. The `Host` header has no say.
    pub url: &'a str,
    /// As received.
    pub headers: &'a HeaderMap,
    /// As received.
    pub body: &'a [u8],
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn query(&self) -> &str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }
}

/// The organisation's numbers with one carrier.
pub struct Lines {
    /// The numbers with their credentials.
    pub numbers: Vec<SmsNumber>,
    /// What numbers of the sandbox share unless they name a secret of their own.
    pub house_secret: Secret,
}

/// Something taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A text.
    Message(InboundSms),
    /// A word on a text of ours.
    Receipt(SmsReceipt),
    /// In order, but of no use here.
    Ignored,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody knows who sent it: 403, held.
    Unproven {
        /// Why, in one sentence.
        reason: String,
        /// The carrier's id, where the request names one.
        external_id: Option<String>,
    },
    /// The carrier sent it, but for a number that is not configured: 404, held.
    UnknownNumber {
        /// The number it names.
        number: String,
        /// The carrier's id.
        external_id: Option<String>,
    },
    /// The carrier sent it, but it cannot be understood: 400. Why, in one sentence.
    Unreadable(String),
}

/// What a carrier wants to hear when everything is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thanks {
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

/// A carrier's way to hand over texts and receipts.
pub trait Carrier: Send + Sync {
    /// Which one.
    fn provider(&self) -> Provider;

    /// Verifies the request first, then reads it.
    ///
    /// # Errors
    /// Why it is refused.
    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal>;

    /// The body of the 200.
    fn thanks(&self) -> Thanks;
}

/// The carrier of an address `/webhooks/sms/{name}`.
pub fn carrier(name: &str) -> Option<&'static dyn Carrier> {
    [&twilio::Twilio as &dyn Carrier, &sandbox::Sandbox]
        .into_iter()
        .find(|known| known.provider().as_str() == name)
}

/// A carrier's id: it becomes part of the dedup id, so it is short and visible ASCII.
fn external_id(text: &str) -> Result<String, Refusal> {
    let fits = (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Refusal::Unreadable("the message id is missing or odd".to_owned()))
    }
}

/// What a customer wrote, without the NULs that databases refuse.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_visible() {
        assert!(external_id("SM0123").is_ok());
        for odd in ["", "a b", "a\r\nNats-Msg-Id: x", "ä", &"x".repeat(LONGEST_ID + 1)] {
            assert!(matches!(external_id(odd), Err(Refusal::Unreadable(_))), "{odd:?}");
        }
    }

    #[test]
    fn carriers_are_found_by_their_name_in_the_address() {
        assert!(carrier("twilio").is_some() && carrier("sandbox").is_some());
        assert!(carrier("Twilio").is_none() && carrier("").is_none());
    }
}
