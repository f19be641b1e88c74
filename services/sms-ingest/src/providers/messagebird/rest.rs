//! MessageBird's own interface: flat parameters in a form, a query or a JSON object. Neither texts nor receipts name an
//! account, and receipts do not even name our number.

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, SmsReceipt},
};
use serde_json::Value;

use super::{
    super::{
        Accepted, Lines, NOBODY, Refusal, Request, external_id, inbound, json, our_id, params::Params,
        proof::Proven, receipt, signed,
    },
    reasons, signature,
};

/// More files than any text has.
const MOST_MEDIA: usize = 20;

/// Verifies and reads a call; `body` is there where it came as JSON.
pub fn read(
    request: &Request<'_>,
    body: Option<&Value>,
    lines: &Lines,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    let call = Call::of(request, body);
    let id = call.either("id", "mid");
    let proven = signed::by(request, lines, id.clone(), |_, key| signature::check(request, key, now))?;
    let id = external_id(&id.unwrap_or_default())?;
    match call.text("status") {
        Some(status) => Ok(call.receipt(request, &proven, id, status, now)),
        None => call.message(&proven, id, now),
    }
}

struct Call(Params);

impl Call {
    fn of(request: &Request<'_>, body: Option<&Value>) -> Self {
        let query = Params::parse(request.query().as_bytes());
        let Some(members) = body.and_then(Value::as_object) else {
            return Self(Params::parse(request.body).and(query));
        };
        let pairs = members.iter().flat_map(|(name, value)| match value {
            Value::Array(values) => values.iter().map(|value| (name, value)).collect(),
            value => vec![(name, value)],
        });
        let text = |value: &Value| json::text(value, "").unwrap_or_default().into_bytes();
        Self(Params::of(pairs.map(|(name, value)| (name.clone().into_bytes(), text(value)))).and(query))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.text(name)
    }

    /// What numbers call one thing, short codes call another.
    fn either(&self, one: &str, other: &str) -> Option<String> {
        self.text(one).or_else(|| self.text(other))
    }

    fn message(&self, proven: &Proven<'_>, id: String, now: Timestamp) -> Result<Accepted, Refusal> {
        let to = self.either("recipient", "shortcode").unwrap_or_default();
        let line = proven.line(&to, Some(&id))?;
        let from = self.text("originator").unwrap_or_else(|| NOBODY.to_owned());
        let mut sms = inbound(line, id, &from, now);
        sms.text = self.either("body", "message").unwrap_or_default();
        sms.media = self.media();
        Ok(Accepted::Message(sms))
    }

    /// `mediaUrls`, `mediaUrls[]` or `mediaUrls[0]`, each an address or a JSON list of them.
    fn media(&self) -> Vec<CarrierMedia> {
        let named = self.0.pairs().filter(|(name, _)| name.starts_with(b"mediaUrls"));
        let urls = named.flat_map(|(_, value)| {
            serde_json::from_slice::<Vec<String>>(value)
                .unwrap_or_else(|_| vec![String::from_utf8_lossy(value).into_owned()])
        });
        let urls = urls.filter(|url| !url.is_empty()).take(MOST_MEDIA);
        urls.map(|url| CarrierMedia { url, content_type: String::new() }).collect()
    }

    fn receipt(
        &self,
        request: &Request<'_>,
        proven: &Proven<'_>,
        id: String,
        status: String,
        now: Timestamp,
    ) -> Accepted {
        let meaning = meaning(&status);
        let code = self.text("statusErrorCode").filter(|code| code != "0");
        let failed = meaning == Some(MessageStatus::Failed);
        Accepted::Receipt(SmsReceipt {
            message_id: our_id(self.text("reference"), request),
            status: meaning,
            error: failed
                .then(|| reasons::error(code.as_deref().unwrap_or(&status), self.text("statusReason"))),
            opted_out: code.as_deref() == Some(reasons::OPTED_OUT),
            ..receipt(proven.any(), id, status, now)
        })
    }
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "scheduled" => Some(MessageStatus::Queued),
        "sent" | "buffered" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "expired" | "delivery_failed" => Some(MessageStatus::Failed),
        _ => None,
    }
}
