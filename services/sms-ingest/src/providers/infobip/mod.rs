//! Infobip: batches of JSON, proven by a secret address or basic authorization.
//!
//! Source: Infobip's "Receive inbound SMS", "Receive MMS" (`MO_MMS_2`) and "Delivery reports" pages. Its times are no
//! RFC 3339 (`+0000` without a colon); the time of receipt counts, so they are not read. Its HMAC is described nowhere
//! in public, so it is not offered.

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, InboundSms, SmsReceipt},
};
use host::config::Provider;
use serde_json::Value;

use super::{
    Accepted, Carrier, Lines, Refusal, Request, Thanks, batch, external_id, inbound, json, our_id,
    proof::{self, Proven},
    receipt,
};

mod reasons;

/// Infobip's door.
pub struct Infobip;

impl Carrier for Infobip {
    fn provider(&self) -> Provider {
        Provider::Infobip
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = json::read(request.body);
        let items: &[Value] = call.as_ref().ok().and_then(items).unwrap_or_default();
        let id = items.first().and_then(|item| json::text(item, "/messageId"));
        let proven = proof::proven(request, lines, id)?;
        if items.is_empty() && !call.clone()?["results"].is_array() {
            return Err(json::missing("results"));
        }
        batch::each(items, "/messageId", |item| Item(item).read(&proven, request, now))
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "application/json", body: "{}" }
    }
}

/// The items of a batch; a single one may come without it.
fn items(call: &Value) -> Option<&[Value]> {
    let single = || call.get("messageId").map(|_| std::slice::from_ref(call));
    call["results"].as_array().map(Vec::as_slice).or_else(single)
}

struct Item<'a>(&'a Value);

impl Item<'_> {
    fn text(&self, path: &str) -> Option<String> {
        json::text(self.0, path)
    }

    fn read(&self, proven: &Proven<'_>, request: &Request<'_>, now: Timestamp) -> Result<Accepted, Refusal> {
        let id = external_id(&self.text("/messageId").unwrap_or_default())?;
        let has = |name| self.0.get(name).is_some();
        if has("status") {
            return Ok(Accepted::Receipt(self.receipt(id, proven, request, now)?));
        }
        if ["text", "cleanText", "message", "receivedAt"].into_iter().any(has) {
            return Ok(Accepted::Message(self.message(id, proven, now)?));
        }
        Err(Refusal::Unreadable("it is neither a text nor a receipt".to_owned()))
    }

    fn message(&self, id: String, proven: &Proven<'_>, now: Timestamp) -> Result<InboundSms, Refusal> {
        let to = self.text("/to").ok_or_else(|| json::missing("recipient"))?;
        let line = proven.line(&to, Some(&id))?;
        let from = self.text("/from").ok_or_else(|| json::missing("sender"))?;
        let parts = self.0["message"].as_array().map(Vec::as_slice).unwrap_or_default();
        let written = parts.iter().filter_map(|part| json::text(part, "/value"));
        let text = self.text("/text").or_else(|| self.text("/cleanText"));
        let text = text.unwrap_or_else(|| written.collect::<Vec<_>>().join("\n"));
        let media = parts.iter().filter_map(file).collect();
        Ok(InboundSms { text, media, ..inbound(line, id, &from, now) })
    }

    fn receipt(
        &self,
        id: String,
        proven: &Proven<'_>,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<SmsReceipt, Refusal> {
        let group = ["/status/groupName", "/status/groupId"].into_iter().find_map(|path| self.text(path));
        let word = self.text("/status/name").or_else(|| group.clone());
        let word = word.ok_or_else(|| json::missing("status"))?;
        let sender = self.text("/sender").or_else(|| self.text("/from"));
        let line = proven.line_or_any(sender.as_deref());
        let status = meaning(group.as_deref().unwrap_or_default(), &word);
        let error = self.text("/error/name").filter(|name| name != "NO_ERROR");
        let said = error.as_ref().map_or("/status/description", |_| "/error/description");
        let code = error.unwrap_or_else(|| word.clone());
        let opted_out = reasons::is_opt_out(&code) || reasons::is_opt_out(&word);
        let failed = status == Some(MessageStatus::Failed);
        Ok(SmsReceipt {
            message_id: our_id(self.text("/callbackData").into_iter().chain([id.clone()]), request),
            status,
            error: failed.then(|| reasons::error(&code, self.text(said))),
            opted_out,
            ..receipt(line, id, word, now)
        })
    }
}

/// A file of an MMS; its layout (SMIL) is none.
fn file(part: &Value) -> Option<CarrierMedia> {
    let url = json::text(part, "/url")?;
    let content_type = json::text(part, "/contentType").unwrap_or_default();
    (content_type != "application/smil").then_some(CarrierMedia { url, content_type })
}

/// The group counts, but for words that promise more than is known: what the operator has may not be on the phone, and
/// what the operator never reported may be.
fn meaning(group: &str, word: &str) -> Option<MessageStatus> {
    match (group, word) {
        (_, "DELIVERED_TO_OPERATOR" | "PENDING_WAITING_DELIVERY") => Some(MessageStatus::Sent),
        (_, "EXPIRED_UNKNOWN" | "EXPIRED_DLR_UNKNOWN") => Some(MessageStatus::Sent),
        ("PENDING" | "1", _) => Some(MessageStatus::Queued),
        ("DELIVERED" | "3", _) => Some(MessageStatus::Delivered),
        ("UNDELIVERABLE" | "2" | "EXPIRED" | "4" | "REJECTED" | "5", _) => Some(MessageStatus::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
