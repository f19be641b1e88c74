//! Plivo: forms, signed with the token of the account or of a sub-account. There is no time in them: the time of receipt
//! counts. Its `Sequence` of receipts is not needed, as receipts may be taken in any order.
//!
//! Sources: Plivo's "Handle incoming messages", "Message status callbacks" and "Signature validation" pages. It waits
//! eight seconds.

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, SmsReceipt},
    keyword::KeywordFamily,
};
use host::config::Provider;

use super::{
    Accepted, Carrier, Lines, NOBODY, Refusal, Request, Thanks, external_id, inbound, our_id,
    params::Params,
    proof::{self, Proven},
    receipt, signed,
};

mod nonces;
mod reasons;
mod signature;

use nonces::Nonces;
use signature::Covers;

/// Plivo sends at most ten files with a text.
const MOST_MEDIA: usize = 20;

/// The one door of this process: what it has seen is remembered for all requests.
pub static PLIVO: Plivo = Plivo::new();

/// Plivo's door.
pub struct Plivo {
    nonces: Nonces,
}

impl Plivo {
    /// Nothing seen yet.
    const fn new() -> Self {
        Self { nonces: Nonces::new() }
    }
}

impl Carrier for Plivo {
    fn provider(&self) -> Provider {
        Provider::Plivo
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = Call::of(request);
        let proven = call.verify(request, lines, &self.nonces, now)?;
        let id = call.text("MessageUUID").ok_or_else(|| unreadable("it names no MessageUUID"))?;
        let accepted = match call.text("Status") {
            Some(status) => call.receipt(request, &proven, &id, status, now)?,
            None => call.message(&proven, &id, now)?,
        };
        Ok(vec![accepted])
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "text/xml", body: "<Response/>" }
    }
}

fn unreadable(why: &str) -> Refusal {
    Refusal::Unreadable(why.to_owned())
}

/// A request's parameters: those of a form, and those of the address (all of them with GET).
struct Call {
    form: Params,
    query: Params,
}

impl Call {
    fn of(request: &Request<'_>) -> Self {
        Self { form: Params::parse(request.body), query: Params::parse(request.query().as_bytes()) }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.form.text(name).or_else(|| self.query.text(name))
    }

    /// A signature that covers the address alone proves a call only together with what it does not cover: the number's
    /// secret address, where one is configured, and the first call that came with its nonce.
    fn verify<'a>(
        &self,
        request: &Request<'_>,
        lines: &'a Lines,
        nonces: &Nonces,
        now: Timestamp,
    ) -> Result<Proven<'a>, Refusal> {
        let covers = signature::covers(request);
        let proven = signed::by(request, lines, self.text("MessageUUID"), |number, token| {
            signature::check(request, &self.form, &self.query, token)?;
            let secret = number.credentials.get("webhook_secret").is_some();
            if covers == Covers::Address && secret && !proof::is_given(request, number) {
                return Err("the signature covers the address alone, and it is not the number's secret one");
            }
            Ok(())
        })?;
        match signature::nonce(request).filter(|_| covers == Covers::Address) {
            Some(nonce) if !nonces.admit(nonce, &[self.form.sorted(), self.query.sorted()], now) => {
                let reason = "the nonce of its signature came before with another call: somebody replays it";
                Err(Refusal::Unproven { reason: reason.to_owned(), external_id: self.text("MessageUUID") })
            }
            _ => Ok(proven),
        }
    }

    fn message(&self, proven: &Proven<'_>, id: &str, now: Timestamp) -> Result<Accepted, Refusal> {
        let id = external_id(id)?;
        let line = proven.line(&self.text("To").unwrap_or_default(), Some(&id))?;
        let from = self.text("From").unwrap_or_else(|| NOBODY.to_owned());
        let kind = self.text("Type").unwrap_or_else(|| "sms".to_owned());
        if !matches!(kind.to_ascii_lowercase().as_str(), "sms" | "mms") {
            let reason = format!("a message of type {kind:?} from {from} is no text");
            return Ok(Accepted::Unusable { reason, external_id: Some(id) });
        }
        let media = (0..=MOST_MEDIA).filter_map(|i| self.text(&format!("Media{i}")));
        let mut sms = inbound(line, id, &from, now);
        sms.media = media.map(|url| CarrierMedia { url, content_type: String::new() }).collect();
        sms.text = self.text("Text").or_else(|| self.text("Body")).unwrap_or_default();
        sms.carrier_keyword = self.text("MessageIntent").as_deref().and_then(keyword);
        Ok(Accepted::Message(sms))
    }

    /// Receipts of a text in parts name the part and, as the parent, the text that we know.
    fn receipt(
        &self,
        request: &Request<'_>,
        proven: &Proven<'_>,
        id: &str,
        status: String,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let id = external_id(&self.text("ParentMessageUUID").unwrap_or_else(|| id.to_owned()))?;
        let line = proven.line_or_any(self.text("From").as_deref());
        let code = self.text("ErrorCode").filter(|code| code.bytes().any(|b| b != b'0'));
        let meaning = meaning(&status);
        let failed = meaning == Some(MessageStatus::Failed);
        Ok(Accepted::Receipt(SmsReceipt {
            message_id: our_id(None, request),
            status: meaning,
            error: failed.then(|| reasons::error(code.as_deref().unwrap_or(&status))),
            opted_out: code.as_deref() == Some(reasons::OPTED_OUT),
            ..receipt(line, id, status, now)
        }))
    }
}

fn keyword(intent: &str) -> Option<KeywordFamily> {
    match intent.to_ascii_lowercase().as_str() {
        "optout" => Some(KeywordFamily::Stop),
        "optin" => Some(KeywordFamily::Start),
        "help" => Some(KeywordFamily::Help),
        _ => None,
    }
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "queued" => Some(MessageStatus::Queued),
        "sent" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "read" => Some(MessageStatus::Read),
        "undelivered" | "failed" | "rejected" => Some(MessageStatus::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
