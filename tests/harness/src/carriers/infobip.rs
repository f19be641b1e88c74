//! Infobip: batches at an address with a secret.

use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, digits, is_digits, path_of, text_of, wire::Request,
};

const KEY: &str = "infobip's key";
const SECRET: &str = "infobips-secret-address";

pub struct Infobip {
    number: String,
}

impl Infobip {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn rejected(id: u32, name: &str) -> Answer {
    let status =
        json!({"groupId": 5, "groupName": "REJECTED", "id": id, "name": name, "description": "stand-in"});
    (200, json!({"bulkId": "b1", "messages": [{"messageId": "x", "status": status}]}))
}

fn error(status: u16, code: &str, description: &str) -> Answer {
    (
        status,
        json!({"errorCode": code, "description": description, "action": "Check it", "violations": [], "resources": []}),
    )
}

impl Manners for Infobip {
    fn provider(&self) -> &'static str {
        "infobip"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("api_key", KEY.into()), ("webhook_secret", SECRET.into())]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == format!("App {KEY}");
        right.then_some(()).ok_or_else(|| error(401, "E401", "Invalid authentication details."))
    }

    fn account(&self) -> String {
        "/account/1/balance".into()
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        let is_mms = request.path() == "/mms/2/messages";
        if !is_mms && request.path() != "/sms/3/messages" {
            return Err(error(404, "E404", "Requested URL not found."));
        }
        let body = request.json();
        let message = &body["messages"][0];
        let destination = &message["destinations"][0];
        let (to, from) = (text_of(&destination["to"]), text_of(&message["sender"]));
        let segments = message["content"]["messageSegments"].as_array().into_iter().flatten();
        let part = |kind: &str, name: &str| -> Vec<String> {
            let of_kind = segments.clone().filter(|segment| segment["type"] == kind);
            of_kind.map(|segment| text_of(&segment[name])).collect()
        };
        let (text, pictures) = match is_mms {
            true => (part("TEXT", "text").join(""), part("LINK", "contentUrl")),
            false => (text_of(&message["content"]["text"]), Vec::new()),
        };
        match () {
            () if !is_digits(&to) => return Err(rejected(52, "REJECTED_DESTINATION")),
            () if from != digits(&self.number) => return Err(rejected(11, "REJECTED_SOURCE")),
            () if text.is_empty() && pictures.is_empty() => {
                return Err(error(400, "E400", "Request cannot be processed."));
            }
            () => {}
        }
        let id = text_of(&destination["messageId"]);
        let status = json!({"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED",
            "description": "Message sent to next instance"});
        let answer = json!({"bulkId": "b1", "messages": [{"messageId": id, "status": status, "destination": to,
            "details": {"messageCount": 1}}]});
        let webhooks = &message["webhooks"];
        let callback = webhooks["delivery"]["url"].as_str().map(str::to_owned);
        let reference = webhooks["callbackData"].as_str().map(str::to_owned);
        Ok((Taken { ids: vec![id], from, to, text, pictures, callback, reference }, (200, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => Some(rejected(52, "REJECTED_DESTINATION")),
            Refusal::OptedOut => None,
            Refusal::SlowDown => Some(error(429, "E429", "Too many requests.")),
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let batch = json!({"results": [{
            "messageId": text.id, "from": digits(text.from), "to": digits(&self.number), "text": text.body,
            "cleanText": text.body, "keyword": "", "receivedAt": "2026-11-21T08:00:00.000+0000", "smsCount": 1,
            "price": {"pricePerMessage": 0, "currency": "EUR"}, "callbackData": Value::Null,
        }], "messageCount": 1, "pendingMessageCount": 0});
        Webhook::json(&format!("/webhooks/sms/infobip/{SECRET}"), &batch)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (status, error) = match word {
            Word::Sent => ((1, "PENDING", 3, "PENDING_WAITING_DELIVERY"), (0, "NO_ERROR")),
            Word::Delivered => ((3, "DELIVERED", 5, "DELIVERED_TO_HANDSET"), (0, "NO_ERROR")),
            Word::Failed => {
                ((2, "UNDELIVERABLE", 9, "UNDELIVERABLE_NOT_DELIVERED"), (1, "EC_UNKNOWN_SUBSCRIBER"))
            }
            Word::OptedOut => return Vec::new(),
        };
        let (group, group_name, id, name) = status;
        let batch = json!({"results": [{
            "bulkId": "b1", "messageId": taken.ids[0], "to": taken.to, "sender": taken.from, "smsCount": 1,
            "sentAt": "2026-11-21T08:00:00.000+0000", "doneAt": "2026-11-21T08:00:01.000+0000",
            "callbackData": taken.reference,
            "status": {"groupId": group, "groupName": group_name, "id": id, "name": name, "description": "stand-in"},
            "error": {"groupId": 0, "groupName": "OK", "id": error.0, "name": error.1, "description": "stand-in",
                "permanent": error.0 != 0},
        }]});
        vec![Webhook::json(&path_of(callback), &batch)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        webhook
    }

    /// Nothing is signed, so it is the address that was guessed wrong.
    fn tamper(&self, webhook: Webhook) -> Webhook {
        Webhook { path: webhook.path.replace(SECRET, "guessed"), ..webhook }
    }
}
