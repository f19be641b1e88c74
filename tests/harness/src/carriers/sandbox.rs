//! The sandbox's carrier, somewhere else than in the product's own process.

use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, id, is_e164, path_of, sign, text_of, wire::Request,
};

const SECRET: &str = "the sandbox's secret";

pub struct Sandbox {
    number: String,
}

impl Sandbox {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn error(status: u16, detail: &str) -> Answer {
    (status, json!({"status": status, "detail": detail}))
}

impl Manners for Sandbox {
    fn provider(&self) -> &'static str {
        "sandbox"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("secret", SECRET.into())]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.method == "GET" || request.header("authorization") == format!("Bearer {SECRET}");
        right.then_some(()).ok_or_else(|| error(401, "this is not the secret of that number"))
    }

    fn account(&self) -> String {
        "/".into()
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        let body = request.json();
        let (to, from, text) = (text_of(&body["to"]), text_of(&body["from"]), text_of(&body["text"]));
        if request.path() != "/messages" || !is_e164(&to) || from != self.number {
            return Err(error(404, "no such number"));
        }
        let pictures =
            body["media"].as_array().into_iter().flatten().map(|one| text_of(&one["url"])).collect();
        let callback = body["status_callback"].as_str().map(str::to_owned);
        let id = id();
        let taken = Taken { ids: vec![id.clone()], from, to, text, pictures, callback, reference: None };
        Ok((taken, (201, json!({"id": id}))))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => Some(error(404, "no such number")),
            Refusal::OptedOut => None,
            Refusal::SlowDown => Some(error(429, "slow down")),
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let message = json!({"type": "message", "id": text.id, "from": text.from, "to": self.number, "text": text.body});
        Webhook::json("/webhooks/sms/sandbox", &message)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (status, error) = match word {
            Word::Sent => ("sent", Value::Null),
            Word::Delivered => ("delivered", Value::Null),
            Word::Failed => ("failed", json!({"code": "landline", "reason": "this is a landline"})),
            Word::OptedOut => return Vec::new(),
        };
        let receipt = json!({"type": "status", "id": taken.ids[0], "status": status, "error": error});
        vec![Webhook::json(&path_of(callback), &receipt)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let signature = sign::hex(&sign::hmac_sha256(SECRET.as_bytes(), &webhook.body));
        webhook.with("x-sandbox-signature", signature)
    }
}
