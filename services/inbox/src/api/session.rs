//! Signing in and out.

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use desk::sign_in::{Ending, Entrance, NewSession, second_step::Proof};
use domain::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ClientIp, Json, Problem};

use super::{Id, second_step};
use crate::{
    App, Shared,
    auth::{self, Caller, From},
    refusal::Answer,
    view::{Page, Time, account, second_step::PendingSignIn},
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
    /// The password before; only who has none, or came in by a sign-in link within the last hour, needs none.
    current: Option<String>,
}

/// Begins a session: sets the cookie and returns the `x-csrf-token` for unsafe methods. Where a second step is needed, it
/// answers 202 and nobody is in yet.
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn,
    responses((status = 201, body = account::Session), (status = 202, body = PendingSignIn)))]
pub async fn sign_in(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<SignIn>,
) -> Answer<Response> {
    app.limits.admit(ip, given.email.as_deref())?;
    let found = match (given.email, given.password, given.token) {
        (Some(email), Some(password), None) => app.desk.sign_in(&email, &password, &origin).await?,
        (None, None, Some(token)) => app.desk.sign_in_with_link(&token, &origin).await?,
        _ => return Err(Problem::invalid("give email and password, or the token of a sign-in link").into()),
    };
    entered(&app, found)
}

/// Begins a session with a sign-in link, which is used up by that. Where a second step is needed, it answers 202 and
/// nobody is in yet.
#[utoipa::path(post, path = "/session/link", tag = "session", security(()), request_body = SignInToken,
    responses((status = 201, body = account::Session), (status = 202, body = PendingSignIn)))]
pub async fn sign_in_with_link(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<SignInToken>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let found = app.desk.sign_in_with_link(&given.token, &origin).await?;
    entered(&app, found)
}

pub(super) fn entered(app: &App, found: Option<Entrance>) -> Answer<Response> {
    let detail = "the address or the password is wrong, or the link was used or is too old";
    match found {
        Some(Entrance::In(new)) => Ok(begun(app, new)),
        Some(Entrance::Pending(pending)) => {
            Ok((StatusCode::ACCEPTED, Json(PendingSignIn::from(pending))).into_response())
        }
        None => Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials").detail(detail).into()),
    }
}

pub(super) fn begun(app: &App, new: NewSession) -> Response {
    (StatusCode::CREATED, headers(app, &new), Json(account::Session::from(new))).into_response()
}

pub(super) fn headers(app: &App, new: &NewSession) -> [(HeaderName, String); 2] {
    let cookie = auth::set_cookie(Some(&new.token), app.is_secure());
    [(header::SET_COOKIE, cookie), (HeaderName::from_static(auth::CSRF_HEADER), new.csrf.clone())]
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
        app.desk.sign_out(&token, &caller.actor).await?;
    }
    let cookie = auth::set_cookie(None, app.is_secure());
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Where the one who asks is signed in, last used first.
#[utoipa::path(get, path = "/session/all", tag = "session",
    responses((status = 200, body = Page<account::OpenSession>)))]
pub async fn list(State(app): State<Shared>, caller: Caller) -> Answer<Json<Page<account::OpenSession>>> {
    let (user, token) = person(&caller)?;
    Ok(Json(Page::whole(app.desk.open_sessions(user, Some(token)).await?)))
}

/// Ends every other session of the one who asks.
#[utoipa::path(delete, path = "/session/others", tag = "session", responses((status = 204)))]
pub async fn end_others(State(app): State<Shared>, caller: Caller) -> Answer<StatusCode> {
    let (user, token) = person(&caller)?;
    app.desk.end_sessions(user, Ending::AllBut(Some(token)), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one session of the one who asks.
#[utoipa::path(delete, path = "/session/all/{id}", tag = "session",
    params(("id" = String, Path, description = "Session")), responses((status = 204)))]
pub async fn end_one(State(app): State<Shared>, caller: Caller, Id(id): Id<String>) -> Answer<StatusCode> {
    let (user, _) = person(&caller)?;
    app.desk.end_sessions(user, Ending::One(&id), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in, and the token of their session.
pub(super) fn person(caller: &Caller) -> Result<(UserId, &str), Problem> {
    let session = caller.session.as_ref().ok_or_else(|| Problem::not_found("an API key has no session"))?;
    Ok((session.1.user.id, &session.0))
}

/// Gives the one who is signed in a new password. Their other sessions end.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = NewPassword,
    responses((status = 204)))]
pub async fn set_password(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<NewPassword>,
) -> Answer<StatusCode> {
    let (user, session) = person(&caller)?;
    second_step::admit(&app, &caller)?;
    let proof = Proof { password: given.current.as_deref(), session };
    app.desk.choose_password(user, proof, given.password, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
