//! Sinch: JSON, signed with a nonce and a time.

use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, digits, id, is_digits, now, path_of, sign, text_of,
    wire::Request,
};

const PLAN: &str = "plan0123456789";
const TOKEN: &str = "sinch's token";
const SIGNING_KEY: &str = "sinch's webhook secret";

pub struct Sinch {
    number: String,
}

impl Sinch {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn error(status: u16, code: &str, text: &str) -> Answer {
    (status, json!({"code": code, "text": text}))
}

impl Manners for Sinch {
    fn provider(&self) -> &'static str {
        "sinch"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![
            ("service_plan_id", PLAN.into()),
            ("api_token", TOKEN.into()),
            ("signing_key", SIGNING_KEY.into()),
        ]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == format!("Bearer {TOKEN}");
        right.then_some(()).ok_or((401, Value::Null))
    }

    fn account(&self) -> String {
        format!("/xms/v1/{PLAN}/batches?page_size=1")
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        if request.path() != format!("/xms/v1/{PLAN}/batches") {
            return Err((404, Value::Null));
        }
        let body = request.json();
        let (to, from) = (text_of(&body["to"][0]), text_of(&body["from"]));
        let is_media = body["type"] == "mt_media";
        let (text, pictures) = match is_media {
            true => (text_of(&body["body"]["message"]), vec![text_of(&body["body"]["url"])]),
            false => (text_of(&body["body"]), Vec::new()),
        };
        match () {
            () if !is_digits(digits(&to)) => {
                return Err(error(400, "syntax_invalid_parameter_format", "Invalid recipient number"));
            }
            () if digits(&from) != digits(&self.number) => {
                return Err(error(403, "unsupported_originator", "The originator is not yours"));
            }
            () if text.is_empty() && pictures.is_empty() => {
                return Err(error(400, "syntax_constraint_violation", "body must not be empty"));
            }
            () => {}
        }
        let id = id();
        let answer = json!({"id": id, "to": [to], "from": from, "canceled": false, "body": body["body"],
            "type": body["type"], "created_at": "2026-11-21T08:00:00.000Z", "client_reference": body["client_reference"]});
        let callback = body["callback_url"].as_str().map(str::to_owned);
        let reference = body["client_reference"].as_str().map(str::to_owned);
        Ok((Taken { ids: vec![id], from, to, text, pictures, callback, reference }, (201, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => {
                Some(error(400, "syntax_invalid_parameter_format", "Invalid recipient number"))
            }
            Refusal::OptedOut => None,
            Refusal::SlowDown => Some(error(429, "too_many_requests", "Slow down")),
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let message = json!({"type": "mo_text", "id": text.id, "from": digits(text.from), "to": digits(&self.number),
            "body": text.body, "operator_id": "35000", "received_at": "2026-11-21T08:00:00.000Z"});
        Webhook::json("/webhooks/sms/sinch", &message)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (status, code) = match word {
            Word::Sent => ("Dispatched", 401),
            Word::Delivered => ("Delivered", 0),
            Word::Failed => ("Failed", 402),
            Word::OptedOut => return Vec::new(),
        };
        let report = json!({"type": "recipient_delivery_report_sms", "batch_id": taken.ids[0], "recipient": taken.to,
            "code": code, "status": status, "at": "2026-11-21T08:00:01.000Z", "client_reference": taken.reference,
            "operator_status_at": "2026-11-21T08:00:01.000Z", "number_of_message_parts": 1});
        vec![Webhook::json(&path_of(callback), &report)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let (nonce, time) = (id(), now());
        let signed = format!("{}.{nonce}.{time}", webhook.body);
        let signature = sign::base64(&sign::hmac_sha256(SIGNING_KEY.as_bytes(), &signed));
        webhook
            .with("x-sinch-webhook-signature", signature)
            .with("x-sinch-webhook-signature-nonce", nonce)
            .with("x-sinch-webhook-signature-timestamp", time.to_string())
            .with("x-sinch-webhook-signature-algorithm", "HmacSHA256".into())
    }
}
