//! The second step at sign-in: passing it, setting it up, taking it away.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::sign_in::{
    Passed,
    second_step::{Code, Proof},
};
use domain::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ClientIp, Json, Problem};

use super::{Id, session, users::secret};
use crate::{
    App, Shared,
    auth::{Admin, Caller, From},
    refusal::{Answer, Refusal},
    view::{
        account::Session,
        second_step::{EnrolledSession, Enrolment, RecoveryCodes, SecondStep},
    },
};

/// The second step of a sign-in: a code of the app, or a recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassSecondStep {
    /// The token that the first step answered.
    token: String,
    /// Six digits.
    code: Option<String>,
    /// A recovery code.
    recovery_code: Option<String>,
}

/// Where a sign-in stands.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PendingToken {
    /// The token that the first step answered.
    token: String,
}

/// The first code of a second step that was set up to come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPending {
    /// The token that the first step answered.
    token: String,
    /// Six digits.
    code: String,
}

/// Proves who sits at an open session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    /// The password; only who has none needs none.
    pub(super) password: Option<String>,
}

/// The first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstCode {
    /// Six digits.
    code: String,
}

/// Both steps once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BothSteps {
    /// The password; only who has none needs none.
    pub(super) password: Option<String>,
    /// Six digits.
    pub(super) code: Option<String>,
    /// A recovery code instead.
    pub(super) recovery_code: Option<String>,
}

/// Passes the second step: sets the cookie and returns the `x-csrf-token` for unsafe methods.
#[utoipa::path(post, path = "/session/second-step", tag = "session", security(()), request_body = PassSecondStep,
    responses((status = 201, body = Session)))]
pub async fn pass(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<PassSecondStep>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let code = one_of(given.code.as_deref(), given.recovery_code.as_deref())?;
    match app.desk.pass_second_step(&given.token, code, &origin).await? {
        Passed::In(new, _) => Ok(session::begun(&app, new)),
        refused => Err(not_passed(&refused)),
    }
}

/// Begins to set up the second step that everybody must have, to come in.
#[utoipa::path(post, path = "/session/second-step/enrolment", tag = "session", security(()),
    request_body = PendingToken, responses((status = 201, body = Enrolment)))]
pub async fn enrol_pending(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    Json(given): Json<PendingToken>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let enrolment = app.desk.enrol_pending(&given.token).await?;
    let enrolment = enrolment.ok_or_else(|| not_passed(&Passed::Spent))?;
    Ok((StatusCode::CREATED, Json(Enrolment::from(enrolment))).into_response())
}

/// The first code of a second step that was set up to come in: begins the session.
#[utoipa::path(put, path = "/session/second-step/enrolment", tag = "session", security(()),
    request_body = ConfirmPending, responses((status = 201, body = EnrolledSession)))]
pub async fn confirm_pending(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<ConfirmPending>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    match app.desk.confirm_pending(&given.token, &given.code, &origin).await? {
        Passed::In(new, recovery_codes) => {
            let headers = session::headers(&app, &new);
            let body = EnrolledSession { session: new.into(), recovery_codes };
            Ok((StatusCode::CREATED, headers, Json(body)).into_response())
        }
        refused => Err(not_passed(&refused)),
    }
}

/// How it stands with one's own second step.
#[utoipa::path(get, path = "/second-step", tag = "session", responses((status = 200, body = SecondStep)))]
pub async fn show(State(app): State<Shared>, caller: Caller) -> Answer<Json<SecondStep>> {
    let (user, _) = session::person(&caller)?;
    Ok(Json(app.desk.second_step(user).await?.into()))
}

/// Begins to set one up. Nothing changes before the first code is given.
#[utoipa::path(post, path = "/second-step", tag = "session", request_body = OwnPassword,
    responses((status = 201, body = Enrolment)))]
pub async fn enrol(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<OwnPassword>,
) -> Answer<Response> {
    let (user, session) = session::person(&caller)?;
    admit(&app, &caller)?;
    let proof = Proof { password: given.password.as_deref(), session };
    let enrolment = app.desk.enrol(user, proof).await?;
    secret(&Enrolment::from(enrolment), &Enrolment { secret: None, uri: None, qr_svg: None })
}

/// The first code of one's app: from now on a code is asked for, and other sessions end.
#[utoipa::path(post, path = "/second-step/confirm", tag = "session", request_body = FirstCode,
    responses((status = 201, body = RecoveryCodes)))]
pub async fn confirm(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<FirstCode>,
) -> Answer<Response> {
    let (user, session) = session::person(&caller)?;
    admit(&app, &caller)?;
    told(app.desk.confirm_second_step(user, &given.code, session, &caller.actor).await?)
}

/// Takes one's own second step away. Other sessions end.
#[utoipa::path(post, path = "/second-step/off", tag = "session", request_body = BothSteps,
    responses((status = 204)))]
pub async fn switch_off(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<BothSteps>,
) -> Answer<StatusCode> {
    let (user, session) = session::person(&caller)?;
    admit(&app, &caller)?;
    let code = one_of(given.code.as_deref(), given.recovery_code.as_deref())?;
    let proof = Proof { password: given.password.as_deref(), session };
    app.desk.drop_second_step(user, proof, code, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// New recovery codes; those before are good for nothing any more. Other sessions end.
#[utoipa::path(post, path = "/second-step/recovery-codes", tag = "session", request_body = BothSteps,
    responses((status = 201, body = RecoveryCodes)))]
pub async fn new_codes(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<BothSteps>,
) -> Answer<Response> {
    let (user, session) = session::person(&caller)?;
    admit(&app, &caller)?;
    let code = one_of(given.code.as_deref(), given.recovery_code.as_deref())?;
    let proof = Proof { password: given.password.as_deref(), session };
    told(app.desk.new_recovery_codes(user, proof, code, &caller.actor).await?)
}

/// Takes somebody's second step away who has lost it, and their passkeys with it. All their sessions end. Only an owner may do that to an owner.
#[utoipa::path(delete, path = "/users/{id}/second-step", tag = "accounts",
    params(("id" = Uuid, Path, description = "User")), responses((status = 204)))]
pub async fn reset(State(app): State<Shared>, Admin(actor): Admin, Id(id): Id<UserId>) -> Answer<StatusCode> {
    app.desk.reset_second_step(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Counts a try of a password or code at an open session like one at the door.
pub(super) fn admit(app: &App, caller: &Caller) -> Result<(), Problem> {
    match (caller.actor.from, &caller.session) {
        (Some(ip), Some((_, session))) => app.limits.admit(ip, Some(session.user.email.as_str())),
        _ => Ok(()),
    }
}

pub(super) fn one_of<'a>(code: Option<&'a str>, recovery: Option<&'a str>) -> Result<Code<'a>, Problem> {
    match (code, recovery) {
        (Some(code), None) => Ok(Code::App(code)),
        (None, Some(code)) => Ok(Code::Recovery(code)),
        _ => Err(Problem::invalid("give a code, or a recovery code")),
    }
}

fn told(recovery_codes: Vec<String>) -> Answer<Response> {
    secret(&RecoveryCodes { recovery_codes }, &RecoveryCodes { recovery_codes: Vec::new() })
}

fn not_passed(passed: &Passed) -> Refusal {
    let (code, detail) = match passed {
        Passed::Wrong => ("wrong_code", "the code is wrong, was used, or is too old: take the next one"),
        _ => ("sign_in_again", "this took too long, or something changed meanwhile: sign in again"),
    };
    Problem::new(StatusCode::UNAUTHORIZED, code).detail(detail).into()
}
