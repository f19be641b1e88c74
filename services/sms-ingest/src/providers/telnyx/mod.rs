//! Telnyx: JSON events, signed with the account's Ed25519 key.
//!
//! Sources: Telnyx's "Receiving webhooks for messaging", "Inbound message" and "Webhook signature verification" pages,
//! and the event types of its own libraries. It waits two seconds for an answer.

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, SmsReceipt},
    keyword::KeywordFamily,
};
use host::config::{Provider, SmsNumber};
use serde_json::Value;

use super::{
    Accepted, Carrier, Lines, NOBODY, Refusal, Request, Thanks, external_id, inbound, json, our_id,
    proof::Proven, receipt, signed,
};

mod reasons;
mod signature;

/// More files than any text has.
const MOST_MEDIA: usize = 20;

/// Telnyx's door.
pub struct Telnyx;

impl Carrier for Telnyx {
    fn provider(&self) -> Provider {
        Provider::Telnyx
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let body = json::read(request.body);
        let id = body.as_ref().ok().and_then(|body| json::text(body, "/data/payload/id"));
        let proven = signed::by(request, lines, id, |_, key| signature::check(request, key, now))?;
        let body = body?;
        let event = json::text(&body, "/data/event_type").ok_or_else(|| json::missing("event_type"))?;
        let Some(call) = body.pointer("/data/payload").map(Call) else {
            return Err(json::missing("payload"));
        };
        match event.as_str() {
            "message.received" => Ok(vec![call.message(lines, &proven, now)?]),
            "message.sent" | "message.finalized" => call.receipts(request, &proven, now),
            _ => Ok(vec![Accepted::Ignored]),
        }
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "application/json", body: "{}" }
    }
}

/// The payload of an event.
struct Call<'a>(&'a Value);

impl Call<'_> {
    fn text(&self, path: &str) -> Option<String> {
        json::text(self.0, path)
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten()
    }

    fn id(&self) -> Result<String, Refusal> {
        external_id(&self.text("/id").unwrap_or_default())
    }

    fn message(&self, lines: &Lines, proven: &Proven<'_>, now: Timestamp) -> Result<Accepted, Refusal> {
        let id = self.id()?;
        let line = self.line(lines, proven, &id)?;
        let from = self.text("/from/phone_number").or_else(|| self.text("/from"));
        let media = self.list("media").take(MOST_MEDIA).filter_map(|file| {
            let content_type = json::text(file, "/content_type").unwrap_or_default();
            Some(CarrierMedia { url: json::text(file, "/url")?, content_type })
        });
        let mut sms = inbound(line, id, from.as_deref().unwrap_or(NOBODY), now);
        sms.media = media.collect();
        sms.text = self.text("/text").unwrap_or_default();
        sms.carrier_keyword = self.text("/autoresponse_type").as_deref().and_then(keyword);
        Ok(Accepted::Message(sms))
    }

    /// Which of our numbers it came for: a group's text names others as well. Else the one that stands for its profile.
    fn line<'a>(&self, lines: &'a Lines, proven: &Proven<'a>, id: &str) -> Result<&'a SmsNumber, Refusal> {
        let named: Vec<_> =
            self.list("to").chain(self.list("cc")).filter_map(|to| json::text(to, "/phone_number")).collect();
        let by_number = named.iter().find_map(|number| proven.line(number, None).ok());
        let by_profile = || {
            let profile = self.text("/messaging_profile_id")?;
            let has = |number: &&SmsNumber| {
                number.credentials.get("messaging_profile_id").is_some_and(|own| own.expose() == profile)
            };
            proven.line(lines.numbers.iter().find(has)?.number.as_str(), None).ok()
        };
        let first = named.first().map_or("", String::as_str);
        by_number.or_else(by_profile).map_or_else(|| proven.line(first, Some(id)), Ok)
    }

    /// One for each recipient. A text of ours has one.
    fn receipts(
        &self,
        request: &Request<'_>,
        proven: &Proven<'_>,
        now: Timestamp,
    ) -> Result<Vec<Accepted>, Refusal> {
        let id = self.id()?;
        let line = proven.line_or_any(self.text("/from/phone_number").as_deref());
        let message_id = our_id(self.list("tags").filter_map(Value::as_str).map(str::to_owned), request);
        let errors: Vec<_> = self.list("errors").collect();
        let each = self.list("to").filter_map(|to| json::text(to, "/status")).map(|status| {
            let meaning = meaning(&status);
            let failed = meaning == Some(MessageStatus::Failed);
            let error = failed.then(|| reasons::error(errors.first().copied(), &status));
            let opted_out =
                errors.iter().any(|error| json::text(error, "/code").as_deref() == Some(reasons::OPTED_OUT));
            let receipt = receipt(line, id.clone(), status, now);
            Accepted::Receipt(SmsReceipt { message_id, status: meaning, error, opted_out, ..receipt })
        });
        let each: Vec<_> = each.collect();
        Ok(if each.is_empty() { vec![Accepted::Ignored] } else { each })
    }
}

fn keyword(word: &str) -> Option<KeywordFamily> {
    match word.to_ascii_uppercase().as_str() {
        "STOP" => Some(KeywordFamily::Stop),
        "START" => Some(KeywordFamily::Start),
        "HELP" | "INFO" => Some(KeywordFamily::Help),
        _ => None,
    }
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "queued" => Some(MessageStatus::Queued),
        "sending" => Some(MessageStatus::Sending),
        // Nobody said that it failed: the network sends no receipts.
        "sent" | "delivery_unconfirmed" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "expired" | "sending_failed" | "delivery_failed" => Some(MessageStatus::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
