//! A stand-in for Twilio: takes messages over its API as Twilio does, and posts texts and status callbacks with
//! Twilio's signature, computed here on its own, so that a mistake in the product cannot hide.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::carriers::{
    sign,
    wire::{self, End, Request},
};

/// One call of the messages API.
#[derive(Clone, Debug)]
pub struct Call {
    /// Such as `/2010-04-01/Accounts/AC1/Messages.json`.
    pub path: String,
    /// User of the basic authorization.
    pub user: String,
    /// Password of the basic authorization.
    pub password: String,
    /// The form, in its order.
    pub form: Vec<(String, String)>,
    /// The id given to the message; `None` when it was not taken.
    pub sid: Option<String>,
    /// When it came.
    pub at: tokio::time::Instant,
}

impl Call {
    /// A field of the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// Refused with this status and Twilio error code; nothing is stored.
    Refuse {
        /// Status of the answer.
        status: u16,
        /// Twilio's error code.
        code: u32,
        /// `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// The call is read and nothing is ever answered; nothing is stored.
    Hang,
    /// The message is stored, then the connection is cut without an answer.
    DropAfterStoring,
}

/// The stand-in. It ends when this is dropped.
pub struct Twilio {
    account_sid: String,
    auth_token: String,
    api_base: String,
    shared: Arc<Shared>,
    client: reqwest::Client,
    _server: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<Call>>,
    mishaps: Mutex<VecDeque<Mishap>>,
}

impl Twilio {
    /// Listens on a free port for one account.
    pub async fn start(account_sid: &str, auth_token: &str) -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api_base = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let account = (account_sid.to_owned(), auth_token.to_owned());
        let to = shared.clone();
        let answer = Arc::new(move |request| answer(&request, &account, &to));
        let server = tokio::spawn(wire::serve(listener, answer));
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(15)).build()?;
        Ok(Self {
            account_sid: account_sid.to_owned(),
            auth_token: auth_token.to_owned(),
            api_base,
            shared,
            client,
            _server: AbortOnDropHandle::new(server),
        })
    }

    /// For `api_base` of the configuration.
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// The next call not yet spoken for goes wrong so. Several wait in a row.
    pub fn next(&self, mishap: Mishap) {
        self.shared.mishaps.lock().expect("not poisoned").push_back(mishap);
    }

    /// Every call so far, refused ones too.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().expect("not poisoned").clone()
    }

    /// The messages taken so far.
    pub fn messages(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.sid.is_some()).collect()
    }

    /// The first message taken whose text contains `text`, waiting for it up to `within`.
    pub async fn message_with(&self, text: &str, within: Duration) -> Option<Call> {
        let found = |call: &Call| call.field("Body").is_some_and(|body| body.contains(text));
        let deadline = tokio::time::Instant::now() + within;
        loop {
            if let Some(call) = self.messages().into_iter().find(found) {
                return Some(call);
            }
            if tokio::time::Instant::now() >= deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A customer texts: posted to the product at `base_url`, signed for the address configured as `public_url`.
    pub async fn text(
        &self,
        base_url: &str,
        public_url: &str,
        from: &str,
        to: &str,
        body: &str,
        sid: &str,
    ) -> anyhow::Result<StatusCode> {
        let form = text_form(&self.account_sid, from, to, body, sid);
        self.post(base_url, public_url, "/webhooks/sms/twilio", &form).await
    }

    /// A word on a message taken here, posted to its `StatusCallback` (its origin replaced by `base_url`).
    pub async fn status_callback(
        &self,
        base_url: &str,
        message: &Call,
        status: &str,
        error_code: Option<&str>,
    ) -> anyhow::Result<StatusCode> {
        let sid = message.sid.as_deref().ok_or_else(|| anyhow::anyhow!("that message was not taken"))?;
        let callback =
            message.field("StatusCallback").ok_or_else(|| anyhow::anyhow!("it names no StatusCallback"))?;
        let host = callback.find("://").map_or(0, |at| at + 3);
        let (public_url, path) = callback.split_at(host + callback[host..].find('/').unwrap_or_default());
        let form = status_form(&self.account_sid, message, sid, status, error_code);
        self.post(base_url, public_url, path, &form).await
    }

    /// Posts any form as Twilio does: signed for `public_url` + `path`, sent to `base_url` + `path`.
    pub async fn post(
        &self,
        base_url: &str,
        public_url: &str,
        path: &str,
        form: &[(String, String)],
    ) -> anyhow::Result<StatusCode> {
        let signed_url = format!("{}{path}", public_url.trim_end_matches('/'));
        let answer = self
            .client
            .post(format!("{}{path}", base_url.trim_end_matches('/')))
            .header("x-twilio-signature", signature(&self.auth_token, &signed_url, form))
            .header("user-agent", "TwilioProxy/1.1")
            .form(form)
            .send()
            .await?;
        Ok(answer.status())
    }
}

/// The form of a text, as Twilio posts it.
pub fn text_form(account_sid: &str, from: &str, to: &str, body: &str, sid: &str) -> Vec<(String, String)> {
    let fields = [
        ("ToCountry", "US"),
        ("SmsMessageSid", sid),
        ("NumMedia", "0"),
        ("SmsSid", sid),
        ("SmsStatus", "received"),
        ("Body", body),
        ("FromCountry", "US"),
        ("To", to),
        ("NumSegments", "1"),
        ("MessageSid", sid),
        ("AccountSid", account_sid),
        ("From", from),
        ("ApiVersion", "2010-04-01"),
    ];
    fields.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()
}

fn status_form(
    account_sid: &str,
    message: &Call,
    sid: &str,
    status: &str,
    error_code: Option<&str>,
) -> Vec<(String, String)> {
    let field = |name| message.field(name).unwrap_or_default();
    let mut fields = vec![
        ("SmsSid", sid),
        ("SmsStatus", status),
        ("MessageStatus", status),
        ("To", field("To")),
        ("MessageSid", sid),
        ("AccountSid", account_sid),
        ("From", field("From")),
        ("ApiVersion", "2010-04-01"),
    ];
    fields.extend(error_code.map(|code| ("ErrorCode", code)));
    fields.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// base64(HMAC-SHA1(token, address + names and values, sorted by name)). The forms made here repeat no name.
pub fn signature(auth_token: &str, url: &str, form: &[(String, String)]) -> String {
    let mut sorted = form.to_vec();
    sorted.sort();
    let pairs: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    sign::base64(&sign::hmac_sha1(auth_token, &format!("{url}{pairs}")))
}

fn answer(request: &Request, account: &(String, String), shared: &Shared) -> End {
    let mut call = read(request);
    if request.method == "GET" {
        let status = whose(&call, account);
        return End::Answer(status, Vec::new(), json!({"sid": account.0}).to_string());
    }
    let mishap = shared.mishaps.lock().expect("not poisoned").pop_front();
    let (status, retry_after, answer) = match &mishap {
        Some(Mishap::Refuse { status, code, retry_after }) => (*status, *retry_after, error(*status, *code)),
        Some(Mishap::Hang) => (0, None, Value::Null),
        Some(Mishap::DropAfterStoring) | None => take(&mut call, account),
    };
    shared.calls.lock().expect("not poisoned").push(call);
    match mishap {
        Some(Mishap::Hang) => End::Silence,
        Some(Mishap::DropAfterStoring) => End::Cut,
        Some(Mishap::Refuse { .. }) | None => {
            let headers = retry_after.map(|seconds| ("Retry-After", seconds.to_string()));
            End::Answer(status, headers.into_iter().collect(), answer.to_string())
        }
    }
}

/// The account itself, which answers whether the credentials are right.
fn whose(call: &Call, (account_sid, auth_token): &(String, String)) -> u16 {
    match (&call.user, &call.password) == (account_sid, auth_token) {
        true if call.path == format!("/2010-04-01/Accounts/{account_sid}.json") => 200,
        true => 404,
        false => 401,
    }
}

fn read(request: &Request) -> Call {
    let authorization = request.header("authorization").trim_start_matches("Basic ");
    let basic = String::from_utf8(STANDARD.decode(authorization).unwrap_or_default()).unwrap_or_default();
    let (user, password) = basic.split_once(':').unwrap_or_default();
    Call {
        path: request.target.clone(),
        user: user.to_owned(),
        password: password.to_owned(),
        form: request.form(),
        sid: None,
        at: tokio::time::Instant::now(),
    }
}

fn take(call: &mut Call, (account_sid, auth_token): &(String, String)) -> (u16, Option<u32>, Value) {
    let refuse = |status, code| (status, None, error(status, code));
    if (&call.user, &call.password) != (account_sid, auth_token) {
        return refuse(401, 20003);
    }
    if call.path != format!("/2010-04-01/Accounts/{account_sid}/Messages.json") {
        return refuse(404, 20404);
    }
    let sender = call.field("From").or_else(|| call.field("MessagingServiceSid"));
    match (call.field("To"), sender, call.field("Body")) {
        (None, _, _) => return refuse(400, 21604),
        (_, None, _) => return refuse(400, 21603),
        (_, _, None | Some("")) => return refuse(400, 21602),
        (_, _, Some(body)) if body.chars().count() > 1600 => return refuse(400, 21617),
        _ => {}
    }
    let sid = format!("SM{}", uuid::Uuid::new_v4().simple());
    call.sid = Some(sid.clone());
    let field = |name| call.field(name);
    let answer = json!({
        "account_sid": account_sid, "api_version": "2010-04-01", "body": field("Body"),
        "date_created": "Fri, 21 Nov 2025 04:40:00 +0000", "date_sent": null,
        "date_updated": "Fri, 21 Nov 2025 04:40:00 +0000", "direction": "outbound-api", "error_code": null,
        "error_message": null, "from": field("From"), "messaging_service_sid": field("MessagingServiceSid"),
        "num_media": "0", "num_segments": "1", "price": null, "price_unit": "USD", "sid": sid, "status": "queued",
        "subresource_uris": {"media": format!("/2010-04-01/Accounts/{account_sid}/Messages/{sid}/Media.json")},
        "to": field("To"), "uri": format!("/2010-04-01/Accounts/{account_sid}/Messages/{sid}.json"),
    });
    (201, None, answer)
}

fn error(status: u16, code: u32) -> Value {
    json!({
        "code": code, "message": format!("stand-in error {code}"),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"), "status": status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_twilios_documentation() {
        let form = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
            ("Caller", "+14158675309"),
        ];
        let form = form.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let found = signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", &form);
        assert_eq!(found, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[tokio::test]
    async fn it_takes_messages_and_goes_wrong_when_told() {
        let twilio = Twilio::start("AC1", "secret").await.unwrap();
        let url = format!("{}/2010-04-01/Accounts/AC1/Messages.json", twilio.api_base());
        let form = [("To", "+15557654321"), ("From", "+15550001111"), ("Body", "hé & co")];
        let send = || twilio.client.post(&url).basic_auth("AC1", Some("secret")).form(&form).send();
        twilio.next(Mishap::Refuse { status: 429, code: 20429, retry_after: Some(3) });
        twilio.next(Mishap::DropAfterStoring);
        let refused = send().await.unwrap();
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()),
            (429, "3")
        );
        assert!(send().await.is_err());
        let taken: Value = send().await.unwrap().json().await.unwrap();
        let messages = twilio.messages();
        assert_eq!((twilio.calls().len(), messages.len()), (3, 2));
        assert_eq!(messages[1].sid.as_deref(), taken["sid"].as_str());
        assert_eq!(messages[1].field("Body"), Some("hé & co"));
        let nobody =
            twilio.client.post(&url).basic_auth("AC1", Some("wrong")).form(&form).send().await.unwrap();
        assert_eq!(nobody.status(), 401);
    }
}
