//! Plivo, with the signature it has for messages (V2): over the address and a nonce.

use serde_json::json;

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, digits, id, is_digits, path_of, sign, text_of,
    wire::Request,
};

const ACCOUNT: &str = "MAMAMAMAMAMAMAMAMAMA";
const TOKEN: &str = "plivo's token";

pub struct Plivo {
    number: String,
}

impl Plivo {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn error(status: u16, text: &str) -> Answer {
    (status, json!({"api_id": id(), "error": text}))
}

impl Manners for Plivo {
    fn provider(&self) -> &'static str {
        "plivo"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("auth_id", ACCOUNT.into()), ("auth_token", TOKEN.into())]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == sign::basic(ACCOUNT, TOKEN);
        right.then_some(()).ok_or_else(|| error(401, "authentication failed"))
    }

    fn account(&self) -> String {
        format!("/v1/Account/{ACCOUNT}/")
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        if request.path() != format!("/v1/Account/{ACCOUNT}/Message/") {
            return Err(error(404, "not found"));
        }
        let body = request.json();
        let (to, from, text) = (text_of(&body["dst"]), text_of(&body["src"]), text_of(&body["text"]));
        let pictures: Vec<_> = body["media_urls"].as_array().into_iter().flatten().map(text_of).collect();
        let kind = body["type"].as_str();
        match () {
            () if !is_digits(digits(&to)) => return Err(error(400, "dst parameter is not a valid number")),
            () if digits(&from) != digits(&self.number) => {
                return Err(error(400, "src parameter is not a valid number"));
            }
            () if text.is_empty() && pictures.is_empty() => return Err(error(400, "text parameter missing")),
            () if !pictures.is_empty() && kind != Some("mms") => return Err(error(400, "type must be mms")),
            () => {}
        }
        let uuid = id();
        let answer = json!({"api_id": id(), "message": "message(s) queued", "message_uuid": [uuid]});
        let callback = body["url"].as_str().map(str::to_owned);
        Ok((Taken { ids: vec![uuid], from, to, text, pictures, callback, reference: None }, (202, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => Some(error(400, "dst parameter is not a valid number")),
            Refusal::OptedOut => None,
            Refusal::SlowDown => Some(error(429, "too many requests")),
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let fields = [
            ("From", digits(text.from)),
            ("To", digits(&self.number)),
            ("MessageUUID", text.id),
            ("Text", text.body),
            ("Type", "sms"),
            ("Units", "1"),
            ("TotalRate", "0"),
            ("TotalAmount", "0"),
            ("MessageIntent", ""),
        ];
        Webhook::form("/webhooks/sms/plivo", &fields)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (status, code) = match word {
            Word::Sent => ("sent", "000"),
            Word::Delivered => ("delivered", "000"),
            Word::Failed => ("undelivered", "50"),
            Word::OptedOut => ("failed", "200"),
        };
        let fields = [
            ("From", taken.from.as_str()),
            ("To", &taken.to),
            ("MessageUUID", &taken.ids[0]),
            ("ParentMessageUUID", &taken.ids[0]),
            ("PartInfo", "1 of 1"),
            ("Status", status),
            ("ErrorCode", code),
            ("Units", "1"),
            ("Sequence", "1"),
        ];
        vec![Webhook::form(&path_of(callback), &fields)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let nonce = id();
        let url = webhook.url();
        let signed = format!("{}{nonce}", url.split('?').next().unwrap_or_default());
        let signature = sign::base64(&sign::hmac_sha256(TOKEN.as_bytes(), &signed));
        webhook
            .with("x-plivo-signature-v2", signature.clone())
            .with("x-plivo-signature-ma-v2", signature)
            .with("x-plivo-signature-v2-nonce", nonce)
    }

    /// The signature does not cover the body, so it is the nonce that was changed.
    fn tamper(&self, mut webhook: Webhook) -> Webhook {
        let nonce = webhook.headers.iter_mut().find(|(name, _)| *name == "x-plivo-signature-v2-nonce");
        nonce.expect("a proven webhook").1 = id();
        webhook
    }
}
