//! Bandwidth: arrays of JSON events, proven by a secret address or basic authorization.
//!
//! Source: Bandwidth's "Webhooks" page. At least once, so duplicates come; a group text is one event with an id of its
//! own for each number of ours in it.

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, InboundSms, SmsReceipt},
};
use host::config::{Provider, SmsNumber};
use serde_json::Value;

use super::{
    Accepted, Carrier, Lines, Refusal, Request, Thanks, batch, external_id, inbound, json, our_id,
    proof::{self, Proven},
    receipt,
};

mod reasons;

/// Bandwidth's door.
pub struct Bandwidth;

impl Carrier for Bandwidth {
    fn provider(&self) -> Provider {
        Provider::Bandwidth
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = json::read(request.body);
        let id = call.as_ref().ok().and_then(|call| {
            ["/0/message/id", "/message/id"].into_iter().find_map(|path| json::text(call, path))
        });
        let proven = proof::proven(request, lines, id)?;
        let call = call?;
        let events = match &call {
            Value::Array(events) => events.as_slice(),
            Value::Object(_) => std::slice::from_ref(&call),
            _ => return Err(Refusal::Unreadable("it is no list of events".to_owned())),
        };
        batch::each(events, "/message/id", |event| Event(event).read(&proven, request, now))
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "application/json", body: "{}" }
    }
}

struct Event<'a>(&'a Value);

impl Event<'_> {
    fn text(&self, path: &str) -> Option<String> {
        json::text(self.0, path)
    }

    fn read(&self, proven: &Proven<'_>, request: &Request<'_>, now: Timestamp) -> Result<Accepted, Refusal> {
        let kind = self.text("/type").ok_or_else(|| json::missing("type"))?;
        let id = || external_id(&self.text("/message/id").unwrap_or_default());
        match kind.as_str() {
            "message-received" => Ok(Accepted::Message(self.message(id()?, proven, now)?)),
            word if word.starts_with("message-") => {
                Ok(Accepted::Receipt(self.receipt(id()?, kind, proven, request, now)))
            }
            _ => Ok(Accepted::Ignored),
        }
    }

    fn message(&self, id: String, proven: &Proven<'_>, now: Timestamp) -> Result<InboundSms, Refusal> {
        let line = self.our_line(&id, proven)?;
        let from = self.text("/message/from").ok_or_else(|| json::missing("sender"))?;
        let text = self.text("/message/text").unwrap_or_default();
        let media = self.0.pointer("/message/media").and_then(Value::as_array).map(Vec::as_slice);
        let files = media.unwrap_or_default().iter().filter_map(file).collect();
        Ok(InboundSms { text, media: files, ..inbound(line, id, &from, now) })
    }

    /// The event names the number it is for; older ones only in the message.
    fn our_line<'a>(&self, id: &str, proven: &Proven<'a>) -> Result<&'a SmsNumber, Refusal> {
        let group = self.0.pointer("/message/to").and_then(Value::as_array);
        let group = group.into_iter().flatten().filter_map(|to| json::text(to, ""));
        let named = [self.text("/to"), self.text("/message/owner")].into_iter().flatten();
        let mut refusal = json::missing("recipient");
        for number in named.chain(group) {
            match proven.line(&number, Some(id)) {
                Ok(line) => return Ok(line),
                Err(unknown) if matches!(refusal, Refusal::Unreadable(_)) => refusal = unknown,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    fn receipt(
        &self,
        id: String,
        word: String,
        proven: &Proven<'_>,
        request: &Request<'_>,
        now: Timestamp,
    ) -> SmsReceipt {
        let sender = self.text("/message/owner").or_else(|| self.text("/message/from"));
        let code = self.text("/errorCode");
        let status = meaning(&word, code.as_deref());
        let failed = status == Some(MessageStatus::Failed);
        let said = self.text("/description");
        SmsReceipt {
            message_id: our_id(self.text("/message/tag"), request),
            status,
            error: failed.then(|| reasons::error(code.as_deref().unwrap_or(&word), said)),
            opted_out: code.as_deref() == Some(reasons::OPTED_OUT),
            ..receipt(proven.line_or_any(sender.as_deref()), id, word, now)
        }
    }
}

/// A file; the layout of an MMS (SMIL) is none.
fn file(url: &Value) -> Option<CarrierMedia> {
    let url = json::text(url, "")?;
    (!url.ends_with(".smil")).then(|| CarrierMedia { url, content_type: String::new() })
}

/// A failure for want of a network's receipt says nothing about the text: it was handed over.
fn meaning(word: &str, code: Option<&str>) -> Option<MessageStatus> {
    match (word, code) {
        ("message-failed", Some(reasons::NO_RECEIPT)) => Some(MessageStatus::Sent),
        ("message-sending", _) => Some(MessageStatus::Sending),
        ("message-sent", _) => Some(MessageStatus::Sent),
        ("message-delivered", _) => Some(MessageStatus::Delivered),
        ("message-read", _) => Some(MessageStatus::Read),
        ("message-failed", _) => Some(MessageStatus::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
