//! Sinch: JSON, signed with the service plan's webhook secret, else proven by a secret address or basic authorization.
//!
//! Source: Sinch's "SMS webhooks" pages and the callback types of its own libraries. A callback names no account, so
//! the number whose secret proved it does.

use domain::{
    MessageStatus, Timestamp,
    event::{InboundSms, SmsReceipt},
};
use host::config::Provider;
use serde_json::Value;

use super::{
    Accepted, Carrier, Lines, NOBODY, Refusal, Request, Thanks, batch, external_id, inbound, json, our_id,
    proof::Proven, receipt, signed,
};

mod content;
mod reasons;
mod signature;

/// Sinch's door.
pub struct Sinch;

impl Carrier for Sinch {
    fn provider(&self) -> Provider {
        Provider::Sinch
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = json::read(request.body);
        let id = call
            .as_ref()
            .ok()
            .and_then(|call| json::text(call, "/id").or_else(|| json::text(call, "/batch_id")));
        let proven = signed::by(request, lines, id, |number, key| signature::check(request, number, key))?;
        let call = Call { body: &call?, request, now };
        match call.text("/type").as_deref() {
            // One that cannot be understood is held: after a 400 Sinch would not bring it again.
            Some("mo_text" | "mo_binary" | "mo_media") => {
                batch::each(std::slice::from_ref(call.body), "/id", |_| {
                    call.message(&proven).map(Accepted::Message)
                })
            }
            Some("delivery_report_sms" | "delivery_report_mms") => call.summary(&proven),
            Some("recipient_delivery_report_sms" | "recipient_delivery_report_mms") => {
                Ok(vec![Accepted::Receipt(call.receipt(call.body, &proven)?)])
            }
            _ => Ok(vec![Accepted::Ignored]),
        }
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "application/json", body: "{}" }
    }
}

struct Call<'a> {
    body: &'a Value,
    request: &'a Request<'a>,
    now: Timestamp,
}

impl Call<'_> {
    fn text(&self, path: &str) -> Option<String> {
        json::text(self.body, path)
    }

    fn message(&self, proven: &Proven<'_>) -> Result<InboundSms, Refusal> {
        let id = external_id(&self.text("/id").unwrap_or_default())?;
        let to = self.text("/to").ok_or_else(|| json::missing("recipient"))?;
        let line = proven.line(&to, Some(&id))?;
        let from = self.text("/from").unwrap_or_else(|| NOBODY.to_owned());
        let part = self.text("/udh").as_deref().and_then(content::part);
        let text = match self.text("/type").as_deref() {
            Some("mo_binary") => content::of_binary(&self.text("/body").unwrap_or_default()),
            Some("mo_media") => content::of_media(self.body),
            _ => self.text("/body").unwrap_or_default(),
        };
        let media = content::files(self.body);
        Ok(InboundSms { text, media, part, ..inbound(line, id, &from, self.now) })
    }

    /// The report of a whole batch. Ours have one recipient, but the batch may pass through several words.
    fn summary(&self, proven: &Proven<'_>) -> Result<Vec<Accepted>, Refusal> {
        let statuses = self.body["statuses"].as_array().ok_or_else(|| json::missing("statuses"))?;
        statuses.iter().map(|status| self.receipt(status, proven).map(Accepted::Receipt)).collect()
    }

    fn receipt(&self, of: &Value, proven: &Proven<'_>) -> Result<SmsReceipt, Refusal> {
        let id = external_id(&self.text("/batch_id").unwrap_or_default())?;
        let word = json::text(of, "/status").ok_or_else(|| json::missing("status"))?;
        let status = meaning(&word);
        let code = json::text(of, "/code").filter(|code| code != "0");
        let failed = status == Some(MessageStatus::Failed);
        Ok(SmsReceipt {
            message_id: our_id(self.text("/client_reference"), self.request),
            status,
            error: failed.then(|| reasons::error(code.as_deref().unwrap_or(&word))),
            ..receipt(proven.any(), id, word, self.now)
        })
    }
}

/// `Unknown`: the network has it, and never said more.
fn meaning(word: &str) -> Option<MessageStatus> {
    match word {
        "Queued" => Some(MessageStatus::Queued),
        "Dispatched" | "Unknown" => Some(MessageStatus::Sent),
        "Delivered" => Some(MessageStatus::Delivered),
        "Aborted" | "Cancelled" | "Rejected" | "Deleted" | "Failed" | "Expired" => {
            Some(MessageStatus::Failed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
