//! Signing in and out.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use desk::{accounts::UserPatch, sign_in::NewSession};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ClientIp, Json, Problem};

use crate::{
    App, Shared,
    auth::{self, Caller},
    refusal::Answer,
    view::{Time, account},
};

/// How to come in: with address and password, or with the token of a sign-in link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Address.
    email: Option<String>,
    /// Password.
    password: Option<String>,
    /// Token of a sign-in link.
    token: Option<String>,
}

/// A sign-in link's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInToken {
    /// The token.
    token: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// At least 10 characters.
    password: String,
}

/// Begins a session: sets the cookie and returns the `x-csrf-token` for unsafe methods.
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn,
    responses((status = 201, body = account::Session)))]
pub async fn sign_in(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    Json(given): Json<SignIn>,
) -> Answer<Response> {
    app.limits.admit(ip, given.email.as_deref())?;
    let found = match (given.email, given.password, given.token) {
        (Some(email), Some(password), None) => app.desk.sign_in(&email, &password).await?,
        (None, None, Some(token)) => app.desk.sign_in_with_link(&token).await?,
        _ => return Err(Problem::invalid("give email and password, or the token of a sign-in link").into()),
    };
    entered(&app, found)
}

/// Begins a session with a sign-in link, which is used up by that.
#[utoipa::path(post, path = "/session/link", tag = "session", security(()), request_body = SignInToken,
    responses((status = 201, body = account::Session)))]
pub async fn sign_in_with_link(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    Json(given): Json<SignInToken>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let found = app.desk.sign_in_with_link(&given.token).await?;
    entered(&app, found)
}

fn entered(app: &App, found: Option<NewSession>) -> Answer<Response> {
    let detail = "the address or the password is wrong, or the link was used or is too old";
    let found =
        found.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials").detail(detail))?;
    let cookie = auth::set_cookie(Some(&found.token), app.is_secure());
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::HeaderName::from_static(auth::CSRF_HEADER), found.csrf.clone()),
    ];
    let view = account::Session {
        user: found.user.into(),
        csrf_token: found.csrf,
        expires_at: Time(found.expires_at),
    };
    Ok((StatusCode::CREATED, headers, Json(view)).into_response())
}

/// The session of the cookie.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = account::Session)))]
pub async fn show(caller: Caller) -> Answer<Json<account::Session>> {
    let (_, session) = caller.session.ok_or_else(|| Problem::not_found("an API key has no session"))?;
    Ok(Json(account::Session {
        user: session.user.into(),
        csrf_token: session.csrf,
        expires_at: Time(session.expires_at),
    }))
}

/// Ends the session of the cookie, if there is one.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
pub async fn sign_out(State(app): State<Shared>, caller: Caller) -> Answer<Response> {
    if let Some((token, _)) = caller.session {
        app.desk.sign_out(&token).await?;
    }
    let cookie = auth::set_cookie(None, app.is_secure());
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Gives the one who is signed in a new password. Their other sessions end.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = NewPassword,
    responses((status = 204)))]
pub async fn set_password(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Json(given): Json<NewPassword>,
) -> Answer<StatusCode> {
    let user = caller.actor.user.ok_or_else(|| Problem::forbidden("an API key has no password"))?;
    let keep_session = auth::cookie(&headers).map(str::to_owned);
    let patch = UserPatch { password: Some(given.password), keep_session, ..UserPatch::default() };
    app.desk.change_user(user, patch, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
