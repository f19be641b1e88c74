//! Passkeys: signing in by one, and one's own.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use desk::sign_in::{
    passkeys::{MadePasskey, PasskeyProof},
    second_step::{Code, Proof},
};
use domain::PasskeyId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ClientIp, Json, Problem};

use super::{
    Id,
    second_step::{BothSteps, OwnPassword, admit, one_of},
    session,
};
use crate::{
    Shared,
    auth::{Caller, From},
    refusal::Answer,
    view::{
        Page,
        account::Session,
        passkey::{Passkey, PasskeyChallenge, PasskeyRequest},
    },
};

/// What a browser gives to sign in (`AuthenticatorAssertionResponse`), all in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsePasskey {
    /// Id of the credential (`rawId`).
    id: String,
    /// `clientDataJSON`.
    client_data: String,
    /// `authenticatorData`.
    authenticator_data: String,
    /// `signature`.
    signature: String,
    /// `userHandle`.
    user_handle: String,
}

/// A passkey that a browser made (`AuthenticatorAttestationResponse`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPasskey {
    /// What to call it: 1 to 60 characters.
    name: String,
    /// `clientDataJSON`, in base64url.
    client_data: String,
    /// `attestationObject`, in base64url.
    attestation: String,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePasskey {
    /// 1 to 60 characters.
    name: String,
}

/// What a browser is asked to sign in with. It says nothing about who has an account here.
#[utoipa::path(post, path = "/session/passkey/challenge", tag = "session", security(()),
    responses((status = 201, body = PasskeyChallenge)))]
pub async fn ask(State(app): State<Shared>, ClientIp(ip): ClientIp) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let question = PasskeyChallenge::from(app.desk.ask_for_passkey()?);
    Ok((StatusCode::CREATED, Json(question)).into_response())
}

/// Begins a session with a passkey, which counts for both steps: sets the cookie and returns the `x-csrf-token` for unsafe
/// methods.
#[utoipa::path(post, path = "/session/passkey", tag = "session", security(()), request_body = UsePasskey,
    responses((status = 201, body = Session)))]
pub async fn sign_in(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<UsePasskey>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let UsePasskey { id, client_data, authenticator_data, signature, user_handle } = given;
    let proof = PasskeyProof {
        credential: bytes("id", &id)?,
        client_data: bytes("client_data", &client_data)?,
        authenticator_data: bytes("authenticator_data", &authenticator_data)?,
        signature: bytes("signature", &signature)?,
        user_handle: bytes("user_handle", &user_handle)?,
    };
    let Some(new) = app.desk.sign_in_by_passkey(&proof, &origin).await? else {
        let detail =
            "this passkey lets nobody in here, or it took too long: try again, or sign in another way";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong_passkey").detail(detail).into());
    };
    Ok(session::begun(&app, new))
}

/// One's own passkeys, oldest first.
#[utoipa::path(get, path = "/passkeys", tag = "session", responses((status = 200, body = Page<Passkey>)))]
pub async fn list(State(app): State<Shared>, caller: Caller) -> Answer<Json<Page<Passkey>>> {
    let (user, _) = session::person(&caller)?;
    Ok(Json(Page::whole(app.desk.passkeys(user).await?)))
}

/// Begins to add a passkey. Who has a second step gives a code of it, too: a passkey signs in without it.
#[utoipa::path(post, path = "/passkeys/challenge", tag = "session", request_body = BothSteps,
    responses((status = 201, body = PasskeyRequest)))]
pub async fn request(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<BothSteps>,
) -> Answer<Response> {
    let (user, session) = session::person(&caller)?;
    admit(&app, &caller)?;
    let code: Option<Code<'_>> = match (&given.code, &given.recovery_code) {
        (None, None) => None,
        (code, recovery) => Some(one_of(code.as_deref(), recovery.as_deref())?),
    };
    let proof = Proof { password: given.password.as_deref(), session };
    let request = PasskeyRequest::from(app.desk.request_passkey(user, proof, code).await?);
    Ok((StatusCode::CREATED, Json(request)).into_response())
}

/// Adds the passkey that a browser made. Other sessions end.
#[utoipa::path(post, path = "/passkeys", tag = "session", request_body = AddPasskey,
    responses((status = 201, body = Passkey)))]
pub async fn add(
    State(app): State<Shared>,
    caller: Caller,
    Json(given): Json<AddPasskey>,
) -> Answer<Response> {
    let (user, session) = session::person(&caller)?;
    let made = MadePasskey {
        client_data: bytes("client_data", &given.client_data)?,
        attestation: bytes("attestation", &given.attestation)?,
    };
    let added = app.desk.add_passkey(user, &given.name, &made, session, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(Passkey::from(added))).into_response())
}

/// Gives a passkey another name.
#[utoipa::path(patch, path = "/passkeys/{id}", tag = "session", request_body = RenamePasskey,
    params(("id" = Uuid, Path, description = "Passkey")), responses((status = 200, body = Passkey)))]
pub async fn rename(
    State(app): State<Shared>,
    caller: Caller,
    Id(id): Id<PasskeyId>,
    Json(given): Json<RenamePasskey>,
) -> Answer<Json<Passkey>> {
    let (user, _) = session::person(&caller)?;
    Ok(Json(app.desk.rename_passkey(user, id, &given.name, &caller.actor).await?.into()))
}

/// Removes a passkey. Other sessions end.
#[utoipa::path(post, path = "/passkeys/{id}/remove", tag = "session", request_body = OwnPassword,
    params(("id" = Uuid, Path, description = "Passkey")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    caller: Caller,
    Id(id): Id<PasskeyId>,
    Json(given): Json<OwnPassword>,
) -> Answer<StatusCode> {
    let (user, session) = session::person(&caller)?;
    admit(&app, &caller)?;
    let proof = Proof { password: given.password.as_deref(), session };
    app.desk.remove_passkey(user, id, proof, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn bytes(name: &str, text: &str) -> Result<Vec<u8>, Problem> {
    let decoded = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    decoded.map_err(|_| Problem::invalid(format!("{name} is not base64url")))
}
