//! Bandwidth: arrays of events with basic authorization.

use serde_json::json;

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, id, is_e164, sign, text_of, wire::Request,
};

const ACCOUNT: &str = "9900000";
const APPLICATION: &str = "93de2206-9669-4e07-948d-329f4b722ee2";

pub struct Bandwidth {
    number: String,
}

impl Bandwidth {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn error(status: u16, kind: &str, description: &str, field: &str) -> Answer {
    let fields = json!([{"fieldName": field, "description": description}]);
    (status, json!({"type": kind, "description": description, "fieldErrors": fields}))
}

impl Manners for Bandwidth {
    fn provider(&self) -> &'static str {
        "bandwidth"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![
            ("account_id", ACCOUNT.into()),
            ("api_user", "api user".into()),
            ("api_password", "api password".into()),
            ("application_id", APPLICATION.into()),
            ("webhook_user", "callback user".into()),
            ("webhook_password", "callback password".into()),
        ]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == sign::basic("api user", "api password");
        right
            .then_some(())
            .ok_or_else(|| (401, json!({"type": "unauthorized", "description": "Authentication Failed"})))
    }

    fn account(&self) -> String {
        format!("/api/v2/users/{ACCOUNT}/media")
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        if request.path() != format!("/api/v2/users/{ACCOUNT}/messages") {
            return Err((404, json!({"type": "not-found", "description": "Not found"})));
        }
        let body = request.json();
        let (to, from, text) = (text_of(&body["to"][0]), text_of(&body["from"]), text_of(&body["text"]));
        let pictures: Vec<_> = body["media"].as_array().into_iter().flatten().map(text_of).collect();
        let invalid = |field: &str| error(400, "request-validation", &format!("'{field}' is invalid"), field);
        match () {
            () if body["applicationId"] != APPLICATION => return Err(invalid("applicationId")),
            () if !is_e164(&to) => return Err(invalid("to")),
            () if from != self.number => return Err(invalid("from")),
            () if text.is_empty() && pictures.is_empty() => return Err(invalid("text")),
            () => {}
        }
        let id = id();
        let answer = json!({"id": id, "owner": from, "applicationId": APPLICATION, "time": "2026-11-21T08:00:00.000Z",
            "segmentCount": 1, "direction": "out", "to": [to], "from": from, "text": text, "media": pictures,
            "tag": body["tag"]});
        let reference = body["tag"].as_str().map(str::to_owned);
        Ok((Taken { ids: vec![id], from, to, text, pictures, callback: None, reference }, (202, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => Some(error(400, "request-validation", "'to' is invalid", "to")),
            Refusal::OptedOut => None,
            Refusal::SlowDown => {
                Some((403, json!({"type": "message-rate-limit-forbidden", "description": "Too fast"})))
            }
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let event = json!([{
            "type": "message-received", "time": "2026-11-21T08:00:00.000Z", "description": "Incoming message received",
            "to": self.number,
            "message": {"id": text.id, "owner": self.number, "applicationId": APPLICATION, "segmentCount": 1,
                "time": "2026-11-21T08:00:00.000Z", "direction": "in", "to": [self.number], "from": text.from,
                "text": text.body, "tag": "", "media": [], "priority": "default"},
        }]);
        Webhook::json("/webhooks/sms/bandwidth", &event)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let (kind, code) = match word {
            Word::Sent => ("message-sent", None),
            Word::Delivered => ("message-delivered", None),
            Word::Failed => ("message-failed", Some(4720)),
            Word::OptedOut => ("message-failed", Some(4775)),
        };
        let mut event = json!([{
            "type": kind, "time": "2026-11-21T08:00:01.000Z", "description": "stand-in", "to": taken.to,
            "message": {"id": taken.ids[0], "owner": taken.from, "applicationId": APPLICATION, "segmentCount": 1,
                "time": "2026-11-21T08:00:00.000Z", "direction": "out", "to": [taken.to], "from": taken.from,
                "text": "", "tag": taken.reference, "media": []},
        }]);
        if let Some(code) = code {
            event[0]["errorCode"] = json!(code);
        }
        vec![Webhook::json("/webhooks/sms/bandwidth", &event)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        webhook.with("authorization", sign::basic("callback user", "callback password"))
    }

    /// Nothing is signed, so it is the password that was guessed wrong.
    fn tamper(&self, mut webhook: Webhook) -> Webhook {
        webhook.headers.retain(|(name, _)| *name != "authorization");
        webhook.with("authorization", sign::basic("callback user", "guessed"))
    }
}
