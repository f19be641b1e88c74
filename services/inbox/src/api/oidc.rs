//! Signing in through the identity provider. Both addresses are visited by a browser, so whatever comes of it is a way to the
//! console, which says it in words; the ways are fixed, nobody is led anywhere else.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use desk::sign_in::{self, NewSession, Origin};
use domain::{EmailAddress, identity::Identity};
use serde::Serialize;
use utoipa::ToSchema;
use web::{
    ClientIp, Json, Problem,
    oidc::{Attempt, Claims, Failed, one_line},
};

use crate::{
    App, ProviderDoor, Shared,
    auth::{self, From},
    provider::below,
    refusal::{Answer, Refusal},
};

/// What the browser keeps while somebody is at the provider.
const COOKIE: &str = "frontdesk_oidc";
/// Only sent to these addresses.
const PLACE: &str = "/api/v1/session/oidc";
/// As long as somebody may stay there, in seconds.
const KEPT: u32 = 10 * 60;

/// How people sign in here.
#[derive(Serialize, ToSchema)]
pub struct SignInOptions {
    /// What people call the identity provider; `null` where there is none.
    #[schema(required = true)]
    provider: Option<String>,
    /// Only owners sign in with a password.
    passwords_for_owners_only: bool,
}

/// Why nobody is in, as a code for the console.
struct Outcome(&'static str);

impl std::convert::From<desk::DeskError> for Outcome {
    fn from(error: desk::DeskError) -> Self {
        let Refusal(problem) = error.into();
        tracing::warn!(code = problem.code(), "a sign-in through the identity provider failed");
        Self(if problem.status() == StatusCode::CONFLICT { "begin_again" } else { "unavailable" })
    }
}

/// How people sign in here.
#[utoipa::path(get, path = "/session/options", tag = "session", security(()),
    responses((status = 200, body = SignInOptions)))]
pub async fn options(State(app): State<Shared>) -> Json<SignInOptions> {
    Json(SignInOptions {
        provider: app.provider.as_ref().map(|door| door.name.clone()),
        passwords_for_owners_only: !app.desk.takes_password_of(domain::Role::Support),
    })
}

/// Leads a browser to the identity provider.
#[utoipa::path(get, path = "/session/oidc", tag = "session", security(()),
    responses((status = 303, description = "To the provider, or to the console with `problem`")))]
pub async fn begin(State(app): State<Shared>, ClientIp(ip): ClientIp) -> Answer<Response> {
    let door = door(&app)?;
    if app.limits.admit_by_provider(ip).is_err() {
        return Ok(told(&app, &Outcome("too_many_tries")));
    }
    let attempt = Attempt::of(sign_in::token());
    let to = match door.provider.door(&attempt).await {
        Ok(to) => to,
        Err(failed) => return Ok(told(&app, &failure(&failed))),
    };
    if let Err(error) = app.desk.begin_provider_sign_in(&attempt.state()).await {
        return Ok(told(&app, &error.into()));
    }
    Ok(led(to.as_str(), vec![kept(&app, Some(attempt.secret()))]))
}

/// Where the identity provider sends a browser back to: begins the session and leads to the console.
#[utoipa::path(get, path = "/session/oidc/callback", tag = "session", security(()),
    params(("code" = Option<String>, Query, description = "As RFC 6749 has it"),
        ("state" = Option<String>, Query, description = "As RFC 6749 has it"),
        ("error" = Option<String>, Query, description = "As RFC 6749 has it"),
        ("iss" = Option<String>, Query, description = "As RFC 9207 has it")),
    responses((status = 303, description = "To the console, with `problem` where nobody is in")))]
pub async fn come_back(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let door = door(&app)?;
    if app.limits.admit_by_provider(ip).is_err() {
        return Ok(told(&app, &Outcome("too_many_tries")));
    }
    let secret = auth::cookie_named(&headers, COOKIE);
    let said = Said::of(query.as_deref().unwrap_or_default());
    Ok(match entered(&app, door, secret, &said, &origin).await {
        Ok(new) => {
            let session = auth::set_cookie(Some(&new.token), app.is_secure());
            led(&below(&app.public_url, "/"), vec![session, kept(&app, None)])
        }
        Err(outcome) => told(&app, &outcome),
    })
}

async fn entered(
    app: &App,
    door: &ProviderDoor,
    secret: Option<&str>,
    said: &Said,
    origin: &Origin,
) -> Result<NewSession, Outcome> {
    let begin_again = || Outcome("begin_again");
    let attempt = Attempt::of(secret.ok_or_else(begin_again)?);
    let state = said.state.as_deref().filter(|state| attempt.is_answered_by(state));
    let state = state.ok_or_else(begin_again)?;
    let now = app.desk.end_provider_sign_in(state).await?.ok_or_else(begin_again)?;
    if let Some(error) = &said.error {
        tracing::warn!(error = one_line(error), "the identity provider let nobody in");
        return Err(Outcome(if error == "access_denied" { "access_denied" } else { "provider_refused" }));
    }
    let code = said.code.as_deref().ok_or_else(begin_again)?;
    let seconds = now.millis().div_euclid(1000);
    let claims = door.provider.recognise(code, said.iss.as_deref(), &attempt, seconds).await;
    let claims = claims.map_err(|failed| failure(&failed))?;
    let identity = identity(door.provider.issuer(), claims);
    let entry = app.desk.sign_in_through_provider(&identity, origin).await?;
    entry.map_err(|why| Outcome(why.as_str()))
}

fn identity(issuer: &str, claims: Claims) -> Identity {
    let Claims { subject, email, email_verified, name, hosted_domain, .. } = claims;
    let email = email.and_then(|email| EmailAddress::parse(&email).ok());
    Identity { issuer: issuer.to_owned(), subject, email, email_verified, hosted_domain, name }
}

/// What the provider gives a browser to bring back; whatever else stands there is its own.
#[derive(Default)]
struct Said {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

impl Said {
    fn of(query: &str) -> Self {
        let mut said = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "code" => &mut said.code,
                "state" => &mut said.state,
                "error" => &mut said.error,
                "iss" => &mut said.iss,
                _ => continue,
            };
            *place = Some(value.into_owned());
        }
        said
    }
}

fn door(app: &App) -> Result<&ProviderDoor, Problem> {
    let none =
        || Problem::new(StatusCode::NOT_FOUND, "no_provider").detail("there is no identity provider here");
    app.provider.as_ref().ok_or_else(none)
}

fn failure(failed: &Failed) -> Outcome {
    tracing::warn!(%failed, "nobody came in through the identity provider");
    Outcome(match failed {
        Failed::Away(_) => "provider_away",
        Failed::Refused(_) => "provider_refused",
        Failed::Untrusted(_) => "provider_not_trusted",
    })
}

/// To the console, which says what was wrong.
fn told(app: &App, outcome: &Outcome) -> Response {
    let to = below(&app.public_url, &format!("/#/sign-in?problem={}", outcome.0));
    led(&to, vec![kept(app, None)])
}

fn led(to: &str, cookies: Vec<String>) -> Response {
    let cookies = AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)], cookies).into_response(),
        Err(_) => Problem::internal().into_response(),
    }
}

/// `Set-Cookie` for what the browser keeps; `None` forgets it. `Lax`: it must come along when the provider sends somebody back.
fn kept(app: &App, secret: Option<&str>) -> String {
    let seconds = if secret.is_some() { KEPT } else { 0 };
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let secret = secret.unwrap_or_default();
    format!("{COOKIE}={secret}; Path={PLACE}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_comes_back_only_what_is_known_counts() {
        let said = Said::of("code=a%20b&state=s&session_state=x&iss=https%3A%2F%2Fid.example.com&state=t&=");
        assert_eq!((said.code.as_deref(), said.state.as_deref()), (Some("a b"), Some("t")));
        assert_eq!((said.iss.as_deref(), said.error), (Some("https://id.example.com"), None));
    }
}
