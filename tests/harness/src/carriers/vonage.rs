//! Vonage's SMS API: one entry and one receipt for each part, parameters signed as `sig` (HMAC-SHA256).

use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, digits, id, is_digits, now, path_of, sign, text_of,
    wire::Request,
};

const KEY: &str = "abcd1234";
const SECRET: &str = "vonage's secret";
const SIGNING_KEY: &str = "vonage's signing key";

pub struct Vonage {
    number: String,
}

impl Vonage {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }

    /// The Messages API, for pictures.
    fn take_picture(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        if request.header("authorization") != sign::basic(KEY, SECRET) {
            return Err((
                401,
                json!({"title": "Unauthorized", "detail": "You did not provide correct credentials."}),
            ));
        }
        let body = request.json();
        let (to, from) = (text_of(&body["to"]), text_of(&body["from"]));
        let kind = (body["channel"].as_str(), body["message_type"].as_str());
        if !is_digits(&to) || from != digits(&self.number) || kind != (Some("mms"), Some("image")) {
            return Err((
                422,
                json!({"title": "Invalid params", "detail": "The value of one or more parameters is invalid."}),
            ));
        }
        let uuid = id();
        let taken = Taken {
            ids: vec![uuid.clone()],
            from,
            to,
            text: text_of(&body["image"]["caption"]),
            pictures: vec![text_of(&body["image"]["url"])],
            callback: body["webhook_url"].as_str().map(str::to_owned),
            reference: body["client_ref"].as_str().map(str::to_owned),
        };
        Ok((taken, (202, json!({"message_uuid": uuid}))))
    }
}

/// 200, whatever happened.
fn error(status: &str, text: &str) -> Answer {
    (200, json!({"message-count": "1", "messages": [{"status": status, "error-text": text}]}))
}

fn parts(text: &str, unicode: bool) -> usize {
    let (single, part) = if unicode { (70, 67) } else { (160, 153) };
    let units = if unicode { text.encode_utf16().count() } else { text.chars().count() };
    if units <= single { 1 } else { units.div_ceil(part) }
}

impl Manners for Vonage {
    fn provider(&self) -> &'static str {
        "vonage"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![
            ("api_key", KEY.into()),
            ("api_secret", SECRET.into()),
            ("signing_key", SIGNING_KEY.into()),
            ("signature_method", "sha256".into()),
        ]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        if request.method == "POST" {
            return Ok(());
        }
        let right = request.header("authorization") == sign::basic(KEY, SECRET);
        right
            .then_some(())
            .ok_or_else(|| (401, json!({"error-code": "401", "error-code-label": "authentication failed"})))
    }

    fn account(&self) -> String {
        "/account/get-balance".into()
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        match request.path() {
            "/v1/messages" => return self.take_picture(request),
            "/sms/json" => {}
            _ => return Err((404, Value::Null)),
        }
        let form = request.form();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let text_of = |name: &str| field(name).unwrap_or_default();
        let (to, from, text) = (text_of("to"), text_of("from"), text_of("text"));
        match () {
            () if (text_of("api_key").as_str(), text_of("api_secret").as_str()) != (KEY, SECRET) => {
                return Err(error("4", "Bad Credentials"));
            }
            () if text.is_empty() => return Err(error("2", "Missing text")),
            () if !is_digits(&to) => return Err(error("3", "Invalid to")),
            () if from != digits(&self.number) => {
                return Err(error("15", "Illegal Sender Address - rejected"));
            }
            () if text_of("callback").len() > 100 => return Err(error("23", "Invalid callback url")),
            () => {}
        }
        let ids: Vec<_> =
            (0..parts(&text, text_of("type") == "unicode")).map(|_| id()[..16].to_uppercase()).collect();
        let each = |id: &String| {
            json!({"to": to, "message-id": id, "status": "0", "remaining-balance": "3.14", "message-price": "0.03",
                "network": "310090"})
        };
        let messages: Vec<_> = ids.iter().map(each).collect();
        let answer = json!({"message-count": ids.len().to_string(), "messages": messages});
        let (callback, reference) = (field("callback"), field("client-ref"));
        Ok((Taken { ids, from, to, text, pictures: Vec::new(), callback, reference }, (200, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        match why {
            Refusal::BadNumber => Some(error("6", "The message was invalid")),
            Refusal::OptedOut => None,
            Refusal::SlowDown => Some(error("1", "Throughput Rate Exceeded - please wait [ 250 ] and retry")),
        }
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let keyword = text.body.split(' ').next().unwrap_or_default().to_uppercase();
        let kind = if text.body.is_ascii() { "text" } else { "unicode" };
        let fields = [
            ("msisdn", digits(text.from)),
            ("to", digits(&self.number)),
            ("messageId", text.id),
            ("text", text.body),
            ("type", kind),
            ("keyword", &keyword),
            ("api-key", KEY),
            ("message-timestamp", "2026-11-21 08:00:00"),
        ];
        Webhook::form("/webhooks/sms/vonage", &fields)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let (status, code) = match word {
            Word::Sent => ("accepted", "0"),
            Word::Delivered => ("delivered", "0"),
            Word::Failed => ("failed", "3"),
            Word::OptedOut => return Vec::new(),
        };
        let path = taken.callback.as_deref().map_or_else(|| "/webhooks/sms/vonage".to_owned(), path_of);
        let each = |id: &String| {
            let mut fields = vec![
                ("msisdn", taken.to.as_str()),
                ("to", &taken.from),
                ("network-code", "310090"),
                ("messageId", id),
                ("price", "0.03"),
                ("status", status),
                ("scts", "2611210800"),
                ("err-code", code),
                ("api-key", KEY),
                ("message-timestamp", "2026-11-21 08:00:00"),
            ];
            fields.extend(taken.reference.as_deref().map(|reference| ("client-ref", reference)));
            Webhook::form(&path, &fields)
        };
        taken.ids.iter().map(each).collect()
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let mut fields = webhook.fields();
        fields.push(("timestamp".into(), now().to_string()));
        fields.push(("nonce".into(), id()));
        fields.sort();
        let safe = |text: &str| text.replace(['&', '='], "_");
        let signed: String = fields.iter().map(|(name, value)| format!("&{name}={}", safe(value))).collect();
        fields.push(("sig".into(), sign::hex(&sign::hmac_sha256(SIGNING_KEY.as_bytes(), &signed))));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Webhook::form(&webhook.path, &fields)
    }
}
