//! Telnyx: JSON events signed with Ed25519.

use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, id, is_e164, now, path_of, sign, text_of,
    wire::Request,
};

const KEY: &str = "KEY0123456789";

pub struct Telnyx {
    number: String,
    signs: Ed25519KeyPair,
}

impl Telnyx {
    pub fn new(_api_base: &str, number: &str) -> Self {
        let signs = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes");
        Self { number: number.to_owned(), signs }
    }
}

fn error(status: u16, code: &str, title: &str) -> Answer {
    let url = format!("https://developers.telnyx.com/docs/overview/errors/{code}");
    (status, json!({"errors": [{"code": code, "title": title, "detail": title, "meta": {"url": url}}]}))
}

fn event(kind: &str, path: &str, payload: &Value) -> Webhook {
    let event = json!({
        "data": {"event_type": kind, "id": id(), "occurred_at": "2026-11-21T08:00:00.000+00:00", "payload": payload,
            "record_type": "event"},
        "meta": {"attempt": 1, "delivered_to": "https://desk.example.test"},
    });
    Webhook::json(path, &event)
}

impl Manners for Telnyx {
    fn provider(&self) -> &'static str {
        "telnyx"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("api_key", KEY.into()), ("public_key", sign::base64(self.signs.public_key().as_ref()))]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == format!("Bearer {KEY}");
        right.then_some(()).ok_or_else(|| error(401, "10009", "Authentication failed"))
    }

    fn account(&self) -> String {
        "/v2/balance".into()
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        if request.path() != "/v2/messages" {
            return Err(error(404, "10005", "Resource not found"));
        }
        let body = request.json();
        let (to, from, text) = (text_of(&body["to"]), text_of(&body["from"]), text_of(&body["text"]));
        let pictures: Vec<_> = body["media_urls"].as_array().into_iter().flatten().map(text_of).collect();
        match () {
            () if !is_e164(&to) => return Err(error(400, "40310", "Invalid 'to' address")),
            () if from != self.number => return Err(error(400, "40305", "Invalid 'from' address")),
            () if text.is_empty() && pictures.is_empty() => {
                return Err(error(400, "40316", "No content provided"));
            }
            () => {}
        }
        let id = id();
        let answer = json!({"data": {"record_type": "message", "direction": "outbound", "id": id,
            "type": if pictures.is_empty() { "SMS" } else { "MMS" }, "organization_id": "o1",
            "messaging_profile_id": "p1", "from": {"phone_number": from}, "text": text,
            "to": [{"phone_number": to, "status": "queued"}], "errors": [], "parts": 1}});
        let callback = body["webhook_url"].as_str().map(str::to_owned);
        Ok((Taken { ids: vec![id], from, to, text, pictures, callback, reference: None }, (200, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        Some(match why {
            Refusal::BadNumber => error(400, "40310", "Invalid 'to' address"),
            Refusal::OptedOut => error(400, "40300", "Blocked due to STOP message"),
            Refusal::SlowDown => error(429, "10011", "Too many requests"),
        })
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let payload = json!({
            "direction": "inbound", "encoding": "GSM-7", "errors": [], "id": text.id, "media": [],
            "from": {"carrier": "T-Mobile", "line_type": "Wireless", "phone_number": text.from},
            "messaging_profile_id": "p1", "organization_id": "o1", "parts": 1, "record_type": "message",
            "received_at": "2026-11-21T08:00:00.000+00:00", "text": text.body,
            "to": [{"carrier": "Telnyx", "phone_number": self.number, "status": "webhook_delivered"}], "type": "SMS",
        });
        event("message.received", "/webhooks/sms/telnyx", &payload)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (kind, status, errors) = match word {
            Word::Sent => ("message.sent", "sent", json!([])),
            Word::Delivered => ("message.finalized", "delivered", json!([])),
            Word::Failed => (
                "message.finalized",
                "delivery_failed",
                json!([{"code": "40001", "title": "Not routable", "detail": "The destination is a landline"}]),
            ),
            Word::OptedOut => (
                "message.finalized",
                "sending_failed",
                json!([{"code": "40300", "title": "Blocked due to STOP message", "detail": "Blocked"}]),
            ),
        };
        let payload = json!({
            "direction": "outbound", "errors": errors, "from": {"phone_number": taken.from}, "id": taken.ids[0],
            "messaging_profile_id": "p1", "organization_id": "o1", "record_type": "message", "text": taken.text,
            "to": [{"phone_number": taken.to, "status": status}], "type": "SMS",
        });
        vec![event(kind, &path_of(callback), &payload)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let time = now();
        let signature = self.signs.sign(format!("{time}|{}", webhook.body).as_bytes());
        webhook
            .with("telnyx-signature-ed25519", sign::base64(signature.as_ref()))
            .with("telnyx-timestamp", time.to_string())
    }
}
