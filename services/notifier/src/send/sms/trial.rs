//! A text, a number and an installation for the tests of carriers.

use bytes::Bytes;
use domain::{
    MessageId, Timestamp,
    event::{DeliveryOutcome, OutboundSms, SmsMedia},
    message::DeliveryError,
};
use host::{Secret, config::SmsNumber};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier, Here,
    text::Text,
};

/// Our id of the text in every test.
pub fn message_id() -> MessageId {
    "0199e0aa-0000-7000-8000-000000000001".parse().unwrap()
}

/// What a test of a carrier changes as it likes.
pub struct Trial {
    pub line: SmsNumber,
    pub here: Here,
    pub sms: OutboundSms,
}

impl Trial {
    pub fn new(provider: &str, credentials: &[(&str, &str)]) -> Self {
        let credentials: serde_json::Map<_, _> =
            credentials.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let line = json!({"number": "+15550001111", "provider": provider, "credentials": credentials});
        Self {
            line: serde_json::from_value(line).unwrap(),
            here: Here {
                public_url: "https://desk.example.com/".parse().unwrap(),
                local_url: "http://127.0.0.1:4711".parse().unwrap(),
                house_secret: Secret::new("house"),
            },
            sms: OutboundSms {
                message_id: message_id(),
                from: "+15550001111".parse().unwrap(),
                to: "+15557654321".parse().unwrap(),
                text: "Grüße & bis bald".into(),
                media: Vec::new(),
            },
        }
    }

    pub fn at(mut self, api_base: &str) -> Self {
        self.line.api_base = Some(api_base.parse().unwrap());
        self
    }

    pub fn saying(mut self, text: &str) -> Self {
        self.sms.text = text.to_owned();
        self
    }

    pub fn with_pictures(mut self, kinds: &[&str]) -> Self {
        let picture = |(number, kind): (usize, &&str)| SmsMedia {
            url: format!("https://desk.example.com/media/{number}"),
            content_type: (*kind).to_owned(),
        };
        self.sms.media = kinds.iter().enumerate().map(picture).collect();
        self
    }

    pub fn text(&self) -> Text<'_> {
        // 2015-08-30T12:36:00Z, the moment of Amazon's own examples
        let now = Timestamp::from_millis(1_440_938_160_000);
        Text { sms: &self.sms, line: &self.line, here: &self.here, now }
    }

    pub fn call(&self, carrier: &dyn Carrier) -> Call {
        carrier.call(&self.text()).unwrap()
    }

    pub fn refusal(&self, carrier: &dyn Carrier) -> DeliveryError {
        carrier.call(&self.text()).unwrap_err()
    }

    pub fn read(&self, carrier: &dyn Carrier, status: u16, body: &Value) -> Attempt {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, retry_after: None, body: Bytes::from(body.to_string()) };
        carrier.read(&self.text(), &answer)
    }

    /// What a refusal says: code, reason, and whether it counts as an opt-out.
    pub fn refused(&self, carrier: &dyn Carrier, status: u16, body: &Value) -> (String, String, bool) {
        match self.read(carrier, status, body) {
            Attempt::Done(DeliveryOutcome::Failed { error, opted_out }) => {
                (error.code, error.reason, opted_out)
            }
            other => panic!("not refused: {other:?}"),
        }
    }
}

pub fn json_of(call: &Call) -> &Value {
    match &call.body {
        Body::Json(value) => value,
        other => panic!("no JSON: {other:?}"),
    }
}

pub fn field<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    fields(call, name).first().copied()
}

pub fn fields<'a>(call: &'a Call, name: &str) -> Vec<&'a str> {
    let Body::Form(form) = &call.body else { panic!("no form: {:?}", call.body) };
    form.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.as_str()).collect()
}

pub fn basic(call: &Call) -> (&str, &str) {
    match &call.auth {
        Auth::Basic(user, password) => (user, password.expose()),
        other => panic!("no basic authorization: {other:?}"),
    }
}

pub fn sent_as(attempt: Attempt) -> (String, Vec<String>, String, String) {
    match attempt {
        Attempt::Done(DeliveryOutcome::Sent { external_id, more_ids, account, provider }) => {
            (external_id, more_ids, account, provider)
        }
        other => panic!("not sent: {other:?}"),
    }
}
