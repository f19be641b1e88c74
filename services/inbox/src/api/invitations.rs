//! Inviting people, and coming in by an invitation.

use axum::{extract::State, http::StatusCode, response::Response};
use desk::accounts::NewInvitation;
use domain::{EmailAddress, InvitationId, Role};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ClientIp, Json, Problem};

use super::{Id, session};
use crate::{
    Shared,
    auth::{Admin, From},
    refusal::Answer,
    view::{
        Page,
        account::{self, Invitation, Welcome},
        word,
    },
};

/// Somebody to ask.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Where the mail goes, and what they will sign in with.
    email: String,
    /// Name, where it is known.
    name: Option<String>,
    /// What they will be allowed to do.
    #[schema(value_type = word::Role)]
    role: Role,
}

/// The token of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    /// The token.
    token: String,
}

/// Coming in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The token of the invitation.
    token: String,
    /// Name, shown to customers and colleagues.
    name: String,
    /// At least 10 characters, and none of the common ones.
    password: String,
}

/// Who was asked to work here and has not come yet, newest first.
#[utoipa::path(get, path = "/invitations", tag = "accounts", responses((status = 200, body = Page<Invitation>)))]
pub async fn list(State(app): State<Shared>, _admin: Admin) -> Answer<Json<Page<Invitation>>> {
    Ok(Json(Page::whole(app.desk.invitations().await?)))
}

/// Asks somebody by mail to work here; the link in it works once, for a week. 409 `email_taken`, `already_invited`,
/// `no_sender`.
#[utoipa::path(post, path = "/invitations", tag = "accounts", request_body = Invite,
    responses((status = 201, body = Invitation)))]
pub async fn add(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Json(invite): Json<Invite>,
) -> Answer<(StatusCode, Json<Invitation>)> {
    let email =
        EmailAddress::parse(&invite.email).map_err(|error| Problem::invalid(format!("email: {error}")))?;
    let new = NewInvitation { email, name: invite.name, role: invite.role };
    Ok((StatusCode::CREATED, Json(app.desk.invite(new, &actor).await?.into())))
}

/// Sends an invitation again, with another link and another week. 409 `sent_just_now`, `no_sender`.
#[utoipa::path(post, path = "/invitations/{id}/resend", tag = "accounts",
    params(("id" = Uuid, Path, description = "Invitation")), responses((status = 200, body = Invitation)))]
pub async fn resend(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<InvitationId>,
) -> Answer<Json<Invitation>> {
    Ok(Json(app.desk.invite_again(id, &actor).await?.into()))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "accounts",
    params(("id" = Uuid, Path, description = "Invitation")), responses((status = 204)))]
pub async fn revoke(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<InvitationId>,
) -> Answer<StatusCode> {
    app.desk.revoke_invitation(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whom an invitation is for. Looking does not use it up.
#[utoipa::path(post, path = "/session/invitation/show", tag = "session", security(()),
    request_body = InvitationToken, responses((status = 200, body = Welcome)))]
pub async fn show(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    Json(given): Json<InvitationToken>,
) -> Answer<Json<Welcome>> {
    app.limits.admit(ip, None)?;
    let invitation = app.desk.invitation_of(&given.token).await?.ok_or_else(spent)?;
    let organization = app.desk.settings().await?.organization.name;
    let desk::accounts::Invitation { email, name, role, invited_by, .. } = invitation;
    Ok(Json(Welcome { email: email.to_string(), name, role, invited_by, organization }))
}

/// Makes whoever has the token a user and begins a session; the token is used up by that.
#[utoipa::path(post, path = "/session/invitation", tag = "session", security(()), request_body = Accept,
    responses((status = 201, body = account::Session)))]
pub async fn accept(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    From(origin): From,
    Json(given): Json<Accept>,
) -> Answer<Response> {
    app.limits.admit(ip, None)?;
    let Accept { token, name, password } = given;
    let found = app.desk.accept_invitation(&token, &name, &password, &origin).await?;
    session::entered(&app, Some(found.ok_or_else(spent)?))
}

fn spent() -> Problem {
    let detail = "this invitation was used or taken back, or is too old: ask for a new one";
    Problem::new(StatusCode::UNAUTHORIZED, "link_spent").detail(detail)
}
