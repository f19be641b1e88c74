//! MessageBird: forms and queries, with a token over the address and the body.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, digits, id, is_digits, now, path_of, sign, text_of,
    wire::Request,
};

const KEY: &str = "live_0123456789";
const SIGNING_KEY: &str = "messagebird's signing key";

pub struct MessageBird {
    number: String,
}

impl MessageBird {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn error(status: u16, code: u32, description: &str, parameter: &str) -> Answer {
    (status, json!({"errors": [{"code": code, "description": description, "parameter": parameter}]}))
}

impl Manners for MessageBird {
    fn provider(&self) -> &'static str {
        "messagebird"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("api_key", KEY.into()), ("signing_key", SIGNING_KEY.into())]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == format!("AccessKey {KEY}");
        right
            .then_some(())
            .ok_or_else(|| error(401, 2, "Request not allowed (incorrect access_key)", "access_key"))
    }

    fn account(&self) -> String {
        "/balance".into()
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        let is_mms = request.path() == "/mms";
        if !is_mms && request.path() != "/messages" {
            return Err(error(404, 20, "not found", ""));
        }
        let body = request.json();
        let (to, from, text) =
            (text_of(&body["recipients"][0]), text_of(&body["originator"]), text_of(&body["body"]));
        let pictures: Vec<_> = body["mediaUrls"].as_array().into_iter().flatten().map(text_of).collect();
        match () {
            () if !is_digits(&to) => return Err(error(422, 10, "recipient is invalid", "recipients")),
            () if from != digits(&self.number) => {
                return Err(error(422, 10, "originator is invalid", "originator"));
            }
            () if text.is_empty() && pictures.is_empty() => {
                return Err(error(422, 9, "body is required", "body"));
            }
            () if is_mms == pictures.is_empty() => {
                return Err(error(422, 10, "mediaUrls is invalid", "mediaUrls"));
            }
            () => {}
        }
        let id = id();
        let answer = json!({"id": id, "href": format!("https://rest.messagebird.com/messages/{id}"),
            "direction": "mt", "originator": from, "body": text, "reference": body["reference"],
            "recipients": {"totalCount": 1, "totalSentCount": 1, "items": [{"recipient": to, "status": "sent"}]}});
        let callback = body["reportUrl"].as_str().map(str::to_owned);
        let reference = body["reference"].as_str().map(str::to_owned);
        Ok((Taken { ids: vec![id], from, to, text, pictures, callback, reference }, (201, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => Some(error(422, 10, "no (correct) recipients found", "recipients")),
            Refusal::OptedOut => None,
            Refusal::SlowDown => Some(error(429, 21, "too many requests", "")),
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let fields = [
            ("id", text.id),
            ("recipient", digits(&self.number)),
            ("originator", digits(text.from)),
            ("body", text.body),
            ("createdDatetime", "2026-11-21T08:00:00+00:00"),
        ];
        Webhook::form("/webhooks/sms/messagebird", &fields)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (status, reason, code) = match word {
            Word::Sent => ("sent", "", None),
            Word::Delivered => ("delivered", "successfully delivered", None),
            Word::Failed => ("delivery_failed", "unknown subscriber", Some("1")),
            Word::OptedOut => ("delivery_failed", "opted out", Some("103")),
        };
        let mut url = reqwest::Url::parse(callback).expect("an address");
        url.query_pairs_mut().extend_pairs([
            ("id", taken.ids[0].as_str()),
            ("mccmnc", "31008"),
            ("recipient", &taken.to),
            ("reference", taken.reference.as_deref().unwrap_or_default()),
            ("status", status),
            ("statusDatetime", "2026-11-21T08:00:01+00:00"),
            ("statusReason", reason),
        ]);
        if let Some(code) = code {
            url.query_pairs_mut().append_pair("statusErrorCode", code);
        }
        vec![Webhook {
            method: Method::GET,
            path: path_of(url.as_str()),
            headers: Vec::new(),
            body: String::new(),
        }]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let mut claims = json!({"iss": "MessageBird", "nbf": now(), "exp": now() + 60, "jti": id(),
            "url_hash": sign::sha256(&webhook.url())});
        if !webhook.body.is_empty() {
            claims["payload_hash"] = json!(sign::sha256(&webhook.body));
        }
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let header = json!({"alg": "HS256", "typ": "JWT"});
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(sign::hmac_sha256(SIGNING_KEY.as_bytes(), &signed));
        webhook.with("messagebird-signature-jwt", format!("{signed}.{signature}"))
    }
}
