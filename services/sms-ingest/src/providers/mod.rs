//! One folder per carrier, all pure (but for the nonces that [`plivo`] remembers): a request as it came in, and the
//! numbers this carrier has here, become what was accepted or a refusal. A new carrier is a folder with its [`Carrier`]
//! and a line in [`carrier`].

use axum::http::HeaderMap;
use domain::{
    MessageId, PhoneNumber, Timestamp,
    event::{InboundSms, SmsReceipt},
};
use host::config::{Provider, Secret, SmsNumber};
use url::Url;

mod aws_sns;
mod bandwidth;
mod batch;
#[cfg(test)]
mod fixtures;
mod infobip;
mod json;
mod jwt;
mod messagebird;
mod params;
mod plivo;
mod proof;
mod sandbox;
mod signed;
mod sinch;
mod telnyx;
mod twilio;
#[cfg(test)]
mod vectors;
mod vonage;

/// A sender that the carrier does not name. No text is refused for its sender.
const NOBODY: &str = "unknown";
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
    /// The last segment of `/webhooks/sms/{provider}/{secret}`, for carriers without a signature.
    pub path_secret: Option<&'a str>,
    /// The bytes that lie at [`Carrier::certificate`].
    pub certificate: Option<&'a [u8]>,
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

impl Lines {
    /// Our number as a carrier writes it.
    fn by_number(&self, given: &str) -> Option<&SmsNumber> {
        by_number(&self.numbers, given)
    }
}

/// Our number as a carrier writes it: with `+`, without, or with the space that a form makes of one.
fn by_number<'a>(numbers: impl IntoIterator<Item = &'a SmsNumber>, given: &str) -> Option<&'a SmsNumber> {
    let digits = given.trim().trim_start_matches('+');
    let ways = [given.to_owned(), format!("+{digits}"), digits.to_owned()];
    let wanted: Vec<_> = ways.iter().filter_map(|way| PhoneNumber::parse(way).ok()).collect();
    numbers.into_iter().find(|line| wanted.contains(&line.number))
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
    /// One item of a batch that cannot be understood: held, while the rest of the batch goes its way.
    Unusable {
        /// Why, in one sentence.
        reason: String,
        /// The carrier's id, where the item names one.
        external_id: Option<String>,
    },
    /// The carrier asks us to call an address of its own to confirm that webhooks may come (AWS SNS).
    Confirm(Url),
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

    /// Where the certificate lies that this request claims to be signed with, for carriers that sign so. Only an
    /// address of the carrier itself, and only for a request that concerns one of `lines`.
    ///
    /// # Errors
    /// Why the request is refused without looking further.
    fn certificate(&self, _request: &Request<'_>, _lines: &Lines) -> Result<Option<Url>, Refusal> {
        Ok(None)
    }

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
    let all: [&dyn Carrier; 10] = [
        &twilio::Twilio,
        &vonage::Vonage,
        &telnyx::Telnyx,
        &plivo::PLIVO,
        &messagebird::Messagebird,
        &infobip::Infobip,
        &sinch::Sinch,
        &bandwidth::Bandwidth,
        &aws_sns::AwsSns,
        &sandbox::Sandbox,
    ];
    all.into_iter().find(|known| known.provider().as_str() == name)
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

/// A text to one of our numbers, so far without words.
fn inbound(line: &SmsNumber, external_id: String, from: &str, now: Timestamp) -> InboundSms {
    InboundSms {
        provider: line.provider.as_str().to_owned(),
        account: line.account().to_owned(),
        external_id,
        from: sender(from),
        to: line.number.clone(),
        text: String::new(),
        media: Vec::new(),
        carrier_keyword: None,
        part: None,
        received_at: now,
    }
}

/// A word on a text of ours, so far without a meaning.
fn receipt(line: &SmsNumber, external_id: String, raw_status: String, now: Timestamp) -> SmsReceipt {
    SmsReceipt {
        provider: line.provider.as_str().to_owned(),
        account: line.account().to_owned(),
        external_id,
        message_id: None,
        raw_status,
        status: None,
        error: None,
        opted_out: false,
        received_at: now,
    }
}

/// Our id of a message: as the carrier echoes it, or in the address it was told to call.
fn our_id(echoed: impl IntoIterator<Item = String>, request: &Request<'_>) -> Option<MessageId> {
    let in_address = params::Params::parse(request.query().as_bytes()).text("message_id");
    echoed.into_iter().chain(in_address).find_map(|text| text.trim().parse().ok())
}

/// What a customer wrote, without the NULs that databases refuse.
fn clean(text: &str) -> String {
    text.replace('\0', "")
}

/// A sender as the desk knows it: international numbers that a carrier writes without their `+` get it. Up to eight
/// digits may be a short code, and a name stays a name.
fn sender(given: &str) -> String {
    let given = clean(given.trim());
    let is_international = (9..=15).contains(&given.len())
        && given.bytes().all(|b| b.is_ascii_digit())
        && !given.starts_with('0');
    if is_international { format!("+{given}") } else { given }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_number_is_known_however_a_carrier_writes_it() {
        let numbers = serde_json::json!([
            {"number": "+15550001111", "provider": "twilio"}, {"number": "70770", "provider": "twilio"},
        ]);
        let numbers = serde_json::from_value(numbers).unwrap();
        let lines = Lines { numbers, house_secret: Secret::new("") };
        let found = |given: &str| lines.by_number(given).map(|line| line.number.as_str());
        for given in ["+15550001111", "15550001111", " 15550001111", "0015550001111", "+1 (555) 000-1111"] {
            assert_eq!(found(given), Some("+15550001111"), "{given}");
        }
        assert_eq!((found("70770"), found("+70770")), (Some("70770"), Some("70770")));
        assert_eq!((found(""), found("+"), found("ACME"), found("5550001111")), (None, None, None, None));
    }

    #[test]
    fn a_sender_gets_its_plus_and_keeps_its_name() {
        for (given, known) in [
            ("15557654321", "+15557654321"),
            (" 15557654321", "+15557654321"),
            ("+15557654321", "+15557654321"),
            ("70770", "70770"),
            ("07911123456", "07911123456"),
            ("AC\0ME", "ACME"),
            ("", ""),
        ] {
            assert_eq!(sender(given), known);
        }
    }

    #[test]
    fn an_id_is_short_and_visible() {
        assert!(external_id("SM0123").is_ok());
        for odd in ["", "a b", "a\r\nNats-Msg-Id: x", "ä", &"x".repeat(LONGEST_ID + 1)] {
            assert!(matches!(external_id(odd), Err(Refusal::Unreadable(_))), "{odd:?}");
        }
    }

    #[test]
    fn carriers_are_found_by_their_name_in_the_address() {
        for name in Provider::ALL.map(Provider::as_str) {
            assert_eq!(carrier(name).map(|known| known.provider().as_str()), Some(name));
        }
        assert!(carrier("Twilio").is_none() && carrier("").is_none());
    }
}
