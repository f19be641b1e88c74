//! Twilio, with the signature over address and form.

use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, id, is_e164, path_of, sign, wire::Request,
};
use crate::twilio;

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "twilio's token";

pub struct Twilio {
    number: String,
}

impl Twilio {
    pub fn new(_api_base: &str, number: &str) -> Self {
        Self { number: number.to_owned() }
    }
}

fn error(status: u16, code: u32) -> Answer {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    (
        status,
        json!({"code": code, "message": format!("stand-in error {code}"), "more_info": more, "status": status}),
    )
}

impl Manners for Twilio {
    fn provider(&self) -> &'static str {
        "twilio"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("account_sid", ACCOUNT.into()), ("auth_token", TOKEN.into())]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let right = request.header("authorization") == sign::basic(ACCOUNT, TOKEN);
        right.then_some(()).ok_or_else(|| error(401, 20003))
    }

    fn account(&self) -> String {
        format!("/2010-04-01/Accounts/{ACCOUNT}.json")
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        if request.path() != format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json") {
            return Err(error(404, 20404));
        }
        let form = request.form();
        let all = |name: &str| {
            form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let field = |name: &str| all(name).pop();
        let (to, from) = (field("To").unwrap_or_default(), field("From").unwrap_or_default());
        let (text, pictures) = (field("Body").unwrap_or_default(), all("MediaUrl"));
        match () {
            () if !is_e164(&to) => return Err(error(400, 21211)),
            () if from != self.number => return Err(error(400, 21606)),
            () if text.is_empty() && pictures.is_empty() => return Err(error(400, 21602)),
            () if text.chars().count() > 1600 => return Err(error(400, 21617)),
            () => {}
        }
        let sid = format!("SM{}", id());
        let answer = json!({"sid": sid, "account_sid": ACCOUNT, "body": text, "from": from, "to": to,
            "status": "queued", "error_code": Value::Null, "num_segments": "1"});
        let callback = field("StatusCallback");
        Ok((Taken { ids: vec![sid], from, to, text, pictures, callback, reference: None }, (201, answer)))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        Some(match why {
            Refusal::BadNumber => error(400, 21211),
            Refusal::OptedOut => error(400, 21610),
            Refusal::SlowDown => error(429, 20429),
        })
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let form = twilio::text_form(ACCOUNT, text.from, &self.number, text.body, text.id);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Webhook::form("/webhooks/sms/twilio", &form)
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let Some(callback) = &taken.callback else { return Vec::new() };
        let (status, code) = match word {
            Word::Sent => ("sent", None),
            Word::Delivered => ("delivered", None),
            Word::Failed => ("undelivered", Some("30006")),
            Word::OptedOut => ("failed", Some("21610")),
        };
        let sid = taken.ids[0].as_str();
        let mut form = vec![
            ("SmsSid", sid),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", &taken.to),
            ("MessageSid", sid),
            ("AccountSid", ACCOUNT),
            ("From", &taken.from),
            ("ApiVersion", "2010-04-01"),
        ];
        form.extend(code.map(|code| ("ErrorCode", code)));
        vec![Webhook::form(&path_of(callback), &form)]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let signature = twilio::signature(TOKEN, &webhook.url(), &webhook.fields());
        webhook.with("x-twilio-signature", signature)
    }
}
