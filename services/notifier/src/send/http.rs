//! One HTTP exchange with a carrier, and what is known after it.

use std::time::Duration;

use bytes::Bytes;
use host::Secret;
use reqwest::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::Value;
use url::Url;

use super::{Attempt, LONGEST_WAIT, shown};

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A call to make.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where. Always POST.
    pub url: Url,
    /// Who we are.
    pub auth: Auth,
    /// Headers besides those of `auth` and `body`.
    pub headers: Vec<(&'static str, String)>,
    /// What.
    pub body: Body,
}

impl Call {
    /// A call without headers of its own.
    pub fn new(url: Url, auth: Auth, body: Body) -> Self {
        Self { url, auth, headers: Vec::new(), body }
    }
}

/// Who we are.
#[derive(Clone, Debug)]
pub enum Auth {
    /// User and password.
    Basic(String, Secret),
    /// A token.
    Bearer(Secret),
    /// A scheme of the carrier's own: `Authorization: {scheme} {secret}`.
    Scheme(&'static str, Secret),
    /// Nobody, or what the headers of the call say.
    None,
}

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(&'static str, String)>),
    /// `application/json`.
    Json(Value),
    /// Bytes of this media type, sent exactly so.
    Bytes(&'static str, Bytes),
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// How long it asks us to wait: `Retry-After`, or `x-ratelimit-reset`, both in seconds.
    pub retry_after: Option<Duration>,
    /// Its body, the first 64 KiB.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Surely not processed: come back later.
    pub fn later(&self, reason: impl Into<String>) -> Attempt {
        Attempt::NotTaken { reason: reason.into(), after: self.retry_after }
    }

    /// What a status says by itself, whoever answers; `None` where the body has to be read: success, and refusals.
    pub fn verdict(&self) -> Option<Attempt> {
        match self.status.as_u16() {
            408 => Some(self.later("it did not get all of it in time (408)")),
            429 => Some(self.later("it asks us to slow down (429)")),
            503 => Some(self.later("it is not available (503)")),
            status @ 300..=399 => {
                let reason =
                    format!("the carrier's address answers with a redirect ({status}): check api_base");
                Some(Attempt::failed(format!("http_{status}"), reason))
            }
            200..=299 | 400..=499 => None,
            // anything else may have come after the message was taken
            _ => Some(Attempt::uncertain()),
        }
    }
}

/// A client for carriers: never follows redirects (they would get our credentials) and knows no proxies.
///
/// # Errors
/// TLS cannot be set up.
pub fn client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(15))
        // shorter than carriers keep theirs: a connection they close just now makes a send uncertain
        .pool_idle_timeout(Duration::from_secs(10))
        .redirect(Policy::none())
        .no_proxy();
    Ok(client.build()?)
}

/// Makes the call.
///
/// # Errors
/// There is no answer to judge: what is known instead.
pub async fn exchange(client: &reqwest::Client, call: Call) -> Result<Answer, Attempt> {
    let request = client.post(call.url);
    let request = match call.auth {
        Auth::Basic(user, password) => request.basic_auth(user, Some(password.expose())),
        Auth::Bearer(token) => request.bearer_auth(token.expose()),
        Auth::Scheme(scheme, secret) => {
            request.header(AUTHORIZATION, format!("{scheme} {}", secret.expose()))
        }
        Auth::None => request,
    };
    let request =
        call.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    let request = match call.body {
        Body::Form(fields) => request.form(&fields),
        Body::Json(value) => request.json(&value),
        Body::Bytes(kind, bytes) => request.header(CONTENT_TYPE, kind).body(bytes),
    };
    let mut response = request.send().await.map_err(unanswered)?;
    let status = response.status();
    let retry_after = wait(response.headers());
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            // the status is known, and only a refusal can be judged without its body
            Err(error) if status.is_success() => return Err(unanswered(error)),
            Err(_) => break,
        }
    }
    Ok(Answer { status, retry_after, body: body.into() })
}

/// `Retry-After`, else `x-ratelimit-reset` (Telnyx, Vonage), where they are a number of seconds from now.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let reset = || seconds("x-ratelimit-reset").filter(|seconds| *seconds <= LONGEST_WAIT.as_secs());
    let seconds = seconds(RETRY_AFTER.as_str()).or_else(reset)?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Without a connection nothing was taken; with one, nobody knows.
fn unanswered(error: reqwest::Error) -> Attempt {
    let error = error.without_url();
    let not_sent = error.is_connect() || error.is_builder();
    let reason = shown(&format!("{:#}", anyhow::Error::new(error)));
    if not_sent {
        return Attempt::not_taken(format!("it cannot be reached: {reason}"));
    }
    tracing::warn!(reason, "no answer after a message was handed over: nobody knows whether it was taken");
    Attempt::uncertain()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_surely_not_processed_is_tried_again() {
        let verdict = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Answer { status, retry_after: Some(Duration::from_secs(7)), body: Bytes::new() }.verdict()
        };
        for status in [408, 429, 503] {
            assert!(
                matches!(verdict(status), Some(Attempt::NotTaken { after: Some(after), .. }) if after.as_secs() == 7)
            );
        }
        for status in [500, 502, 504] {
            assert_eq!(verdict(status), Some(Attempt::uncertain()), "{status}");
        }
        for status in [200, 201, 400, 401, 404] {
            assert_eq!(verdict(status), None, "{status}");
        }
        assert!(matches!(verdict(307), Some(Attempt::Done(_))));
    }

    #[test]
    fn a_wait_is_understood_in_seconds_and_bounded() {
        for (name, value, expected) in [
            ("retry-after", "7", Some(7)),
            ("retry-after", "999999", Some(LONGEST_WAIT.as_secs())),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("x-ratelimit-reset", "42", Some(42)),
            // a moment, not a number of seconds
            ("x-ratelimit-reset", "1795000000", None),
            ("x-other", "5", None),
        ] {
            let headers = [(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect();
            assert_eq!(wait(&headers).map(|wait| wait.as_secs()), expected, "{name}: {value}");
        }
        let both = [("retry-after", "3"), ("x-ratelimit-reset", "9")];
        let both = both.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        assert_eq!(wait(&both.into_iter().collect()), Some(Duration::from_secs(3)));
    }
}
