//! A password that was forgotten.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;
use web::{ClientIp, Json, Problem};

use crate::{Shared, auth::From, refusal::Answer};

/// An answer takes this long, whether anybody has the address or not.
const ANSWER_AFTER: Duration = Duration::from_millis(400);

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// What they sign in with.
    email: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChosenPassword {
    /// The token of the link.
    token: String,
    /// At least 10 characters, and none of the common ones.
    password: String,
}

/// Sends whoever has that address a link to choose a new password: at most three an hour. The answer is the same when
/// nobody has it.
#[utoipa::path(post, path = "/session/forgotten", tag = "session", security(()), request_body = Forgotten,
    responses((status = 202)))]
pub async fn forgotten(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<Forgotten>,
) -> Answer<StatusCode> {
    app.limits.admit(ip, Some(&given.email))?;
    let answer_at = Instant::now() + ANSWER_AFTER;
    app.desk.forgot_password(&given.email, &origin).await?;
    sleep_until(answer_at).await;
    Ok(StatusCode::ACCEPTED)
}

/// Gives whoever has the token a new password. Every session of theirs ends; they sign in with the new one.
#[utoipa::path(put, path = "/session/forgotten", tag = "session", security(()), request_body = ChosenPassword,
    responses((status = 204)))]
pub async fn choose(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<ChosenPassword>,
) -> Answer<StatusCode> {
    app.limits.admit(ip, None)?;
    if app.desk.reset_password(&given.token, &given.password, &origin).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "this link was used or is too old: ask for a new one";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "link_spent").detail(detail).into())
}
