//! How a provider of OAuth 2 is asked, and how it answers (RFC 6749 §5), whether for mail servers ([`oauth`](crate::oauth)) or
//! for sign-in ([`oidc`](crate::oidc)).

use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};
use serde::Deserialize;

/// Longest words of a provider that are shown, in characters.
const LONGEST: usize = 200;

/// What a provider answered.
pub(crate) enum Answer {
    /// This, in full.
    Given(Vec<u8>),
    /// Something else than success, with its reason where it gave one.
    Refused(StatusCode, Option<String>),
}

/// RFC 6749 §5.2.
#[derive(Deserialize)]
struct Said {
    error: String,
    error_description: Option<String>,
}

/// Who asks: it follows no redirects, and waits no longer than that.
///
/// # Errors
/// TLS cannot be set up.
pub(crate) fn client(within: Duration) -> anyhow::Result<Client> {
    let client = Client::builder()
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .timeout(within)
        .redirect(Policy::none());
    client.build().context("TLS cannot be used")
}

/// Asks, and reads no more than so many bytes.
///
/// # Errors
/// Why there is no answer, without the address.
pub(crate) async fn ask(request: RequestBuilder, largest: usize) -> Result<Answer, String> {
    let away = |error: reqwest::Error| chain(&error.without_url());
    let mut answer = request.header("accept", "application/json").send().await.map_err(away)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(away)? {
        if body.len() + more.len() > largest {
            return Err("its answer is too long".into());
        }
        body.extend_from_slice(&more);
    }
    if status.is_success() {
        return Ok(Answer::Given(body));
    }
    let said = serde_json::from_slice::<Said>(&body).ok();
    Ok(Answer::Refused(status, said.map(|said| words(&said))))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    one_line(&told)
}

/// `invalid_grant: the token was revoked`, on one line.
fn words(said: &Said) -> String {
    let more = said.error_description.iter().map(|more| format!(": {more}"));
    one_line(&std::iter::once(said.error.clone()).chain(more).collect::<String>())
}

/// Words of somebody else, for a log: on one line, and not too many.
pub fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST).collect::<String>().trim_end().to_owned()
}
