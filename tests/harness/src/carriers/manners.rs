//! What one carrier does in its own way, and the words for it.

use std::time::SystemTime;

use reqwest::Method;
use serde_json::Value;

use super::wire::Request;
use crate::frontdesk::PUBLIC_URL;

/// A text that a carrier took.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The ids it was given, one for each part where the carrier does so.
    pub ids: Vec<String>,
    /// The sender, as the call wrote it.
    pub from: String,
    /// The recipient, as the call wrote it.
    pub to: String,
    /// The text.
    pub text: String,
    /// The addresses of its pictures.
    pub pictures: Vec<String>,
    /// Where the call asks to be told what becomes of it.
    pub callback: Option<String>,
    /// What the call wants to be named again.
    pub reference: Option<String>,
}

/// What a carrier answers: status and body.
pub type Answer = (u16, Value);

/// Why a carrier refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The recipient's number is none.
    BadNumber,
    /// The recipient has opted out there.
    OptedOut,
    /// Too many calls.
    SlowDown,
}

/// What becomes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The network has it.
    Sent,
    /// The phone has it.
    Delivered,
    /// It never arrives: the number is none that can get it.
    Failed,
    /// It never arrives: the customer opted out at the carrier.
    OptedOut,
}

/// A text from a customer.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// In E.164.
    pub from: &'a str,
    /// What they wrote.
    pub body: &'a str,
    /// The carrier's id of it.
    pub id: &'a str,
}

/// What a carrier posts, or asks for by GET.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// GET or POST.
    pub method: Method,
    /// Path and query below our public address.
    pub path: String,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
}

impl Webhook {
    /// A form.
    pub fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let mut url = reqwest::Url::parse("form:").expect("an address");
        url.query_pairs_mut().extend_pairs(fields);
        let body = url.query().unwrap_or_default().to_owned();
        Self::post(path, "application/x-www-form-urlencoded; charset=UTF-8", body)
    }

    /// JSON.
    pub fn json(path: &str, body: &Value) -> Self {
        Self::post(path, "application/json", body.to_string())
    }

    fn post(path: &str, kind: &str, body: String) -> Self {
        let headers = vec![("content-type", kind.to_owned())];
        Self { method: Method::POST, path: path.to_owned(), headers, body }
    }

    /// The address that was configured at the carrier, which is what it signs.
    pub fn url(&self) -> String {
        format!("{PUBLIC_URL}{}", self.path)
    }

    /// The fields of its form, in their order.
    pub fn fields(&self) -> Vec<(String, String)> {
        Request { body: self.body.clone(), ..Request::default() }.form()
    }

    /// With a header more.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What one carrier does in its own way.
pub trait Manners: Send + Sync + 'static {
    /// As in the configuration.
    fn provider(&self) -> &'static str;

    /// What the configuration of a number needs to know.
    fn credentials(&self) -> Vec<(&'static str, String)>;

    /// Whether the call is of our account, and the answer if not.
    fn authorize(&self, request: &Request) -> Result<(), Answer>;

    /// The address that answers whether the credentials are right.
    fn account(&self) -> String;

    /// Takes a text, if the call is as documented.
    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer>;

    /// The documented refusal; `None` where this carrier never refuses so at once.
    fn refusal(&self, why: Refusal) -> Option<Answer>;

    /// What it sends once, when our address is entered there.
    fn greeting(&self) -> Option<Webhook> {
        None
    }

    /// Anything else that may be asked for by GET.
    fn get(&self, _request: &Request) -> Option<String> {
        None
    }

    /// The webhook of a text, without proof.
    fn text(&self, text: Text<'_>) -> Webhook;

    /// The webhooks of what becomes of a text, without proof; none where this carrier has no such word.
    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook>;

    /// Adds the proof.
    fn prove(&self, webhook: Webhook) -> Webhook;

    /// Changes a proven webhook so that the proof no longer holds.
    fn tamper(&self, webhook: Webhook) -> Webhook {
        let body = webhook.body.replacen("my", "thy", 1);
        assert_ne!(body, webhook.body, "there is nothing to tamper with");
        Webhook { body, ..webhook }
    }
}

/// An id of 32 digits.
pub fn id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Without `+`.
pub fn digits(number: &str) -> &str {
    number.trim_start_matches('+')
}

/// Whether it is a number without `+`.
pub fn is_digits(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is a number in E.164.
pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(is_digits)
}

/// Path and query of an address.
pub fn path_of(url: &str) -> String {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or_else(String::new, |at| url[host + at..].to_owned())
}

/// A member of JSON as text.
pub fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
