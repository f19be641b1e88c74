//! Who works here.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::{
    Actor,
    accounts::{NewUser, UserPatch, check_grant},
    sign_in::Ending,
};
use domain::{EmailAddress, Role, UserId, role::Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Json, Problem};

use super::Id;
use crate::{
    App, Shared,
    auth::{Admin, Agent},
    idempotent::KeepInstead,
    refusal::{Answer, Refusal},
    view::{
        Page,
        account::{AddedUser, OpenSession, SignInLink, User},
        word,
    },
};

/// A user to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    /// What they will sign in with.
    email: String,
    /// Name.
    name: Option<String>,
    /// What they may do.
    #[schema(value_type = word::Role)]
    role: Role,
    /// At least 10 characters; without one they come in by a sign-in link.
    password: Option<String>,
}

/// What changes about a user. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUser {
    /// Name.
    name: Option<String>,
    /// What they may do.
    #[schema(value_type = Option<word::Role>)]
    role: Option<Role>,
    /// Shut out.
    disabled: Option<bool>,
    /// New password; their sessions end.
    password: Option<String>,
}

/// Everybody, by name.
#[utoipa::path(get, path = "/users", tag = "accounts", responses((status = 200, body = Page<User>)))]
pub async fn list(State(app): State<Shared>, Agent(actor): Agent) -> Answer<Json<Page<User>>> {
    let mut page: Page<User> = Page::whole(app.desk.users().await?);
    if !actor.role.may(Permission::ManageOrganization) {
        // whose account is easiest to break into is not for everybody
        page.data.iter_mut().for_each(|user| (user.second_step, user.passkeys) = (None, None));
    }
    Ok(Json(page))
}

/// Adds a user. Without a password the answer holds a sign-in link for them.
#[utoipa::path(post, path = "/users", tag = "accounts", request_body = AddUser,
    responses((status = 201, body = AddedUser)))]
pub async fn add(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Json(add): Json<AddUser>,
) -> Answer<Response> {
    check_grant(&actor, add.role)?;
    let email =
        EmailAddress::parse(&add.email).map_err(|error| Problem::invalid(format!("email: {error}")))?;
    let by_link = add.password.is_none();
    let user = app
        .desk
        .create_user(NewUser { email, name: add.name, role: add.role, password: add.password }, &actor)
        .await?;
    let sign_in_link = if by_link { Some(link(&app, user.id, &actor).await?) } else { None };
    let user: User = user.into();
    secret(&AddedUser { user: user.clone(), sign_in_link }, &AddedUser { user, sign_in_link: None })
}

/// Changes a user. Only an owner may change an owner; the last owner stays.
#[utoipa::path(patch, path = "/users/{id}", tag = "accounts", request_body = ChangeUser,
    params(("id" = Uuid, Path, description = "User")), responses((status = 200, body = User)))]
pub async fn change(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<UserId>,
    Json(change): Json<ChangeUser>,
) -> Answer<Json<User>> {
    let ChangeUser { name, role, disabled, password } = change;
    let patch = UserPatch { name, role, disabled, password, keep_session: None };
    Ok(Json(app.desk.change_user(id, patch, &actor).await?.into()))
}

/// Shuts a user out for good: they stay in the history, disabled.
#[utoipa::path(delete, path = "/users/{id}", tag = "accounts",
    params(("id" = Uuid, Path, description = "User")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<UserId>,
) -> Answer<StatusCode> {
    let patch = UserPatch { disabled: Some(true), ..UserPatch::default() };
    app.desk.change_user(id, patch, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link that lets this user in once within 24 hours.
#[utoipa::path(post, path = "/users/{id}/sign-in-link", tag = "accounts",
    params(("id" = Uuid, Path, description = "User")), responses((status = 201, body = SignInLink)))]
pub async fn sign_in_link(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<UserId>,
) -> Answer<Response> {
    check_grant(&actor, app.desk.user(id).await?.role)?;
    let sign_in_link = Some(link(&app, id, &actor).await?);
    secret(&SignInLink { sign_in_link }, &SignInLink { sign_in_link: None })
}

/// Where a user is signed in, last used first.
#[utoipa::path(get, path = "/users/{id}/sessions", tag = "accounts",
    params(("id" = Uuid, Path, description = "User")), responses((status = 200, body = Page<OpenSession>)))]
pub async fn sessions(
    State(app): State<Shared>,
    _admin: Admin,
    Id(id): Id<UserId>,
) -> Answer<Json<Page<OpenSession>>> {
    Ok(Json(Page::whole(app.desk.open_sessions(id, None).await?)))
}

/// Signs a user out everywhere, at once. Only an owner may do that to an owner.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "accounts",
    params(("id" = Uuid, Path, description = "User")), responses((status = 204)))]
pub async fn end_sessions(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<UserId>,
) -> Answer<StatusCode> {
    app.desk.end_sessions(id, Ending::AllBut(None), &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn link(app: &App, id: UserId, actor: &Actor) -> Result<String, Refusal> {
    let token = app.desk.create_sign_in_link(id, actor).await?;
    Ok(format!("{}/#/welcome?token={token}", app.public_url.as_str().trim_end_matches('/')))
}

/// 201 with a secret that is shown now and never kept.
pub(super) fn secret<T: Serialize>(shown: &T, kept: &T) -> Answer<Response> {
    let kept = serde_json::to_string(kept).map_err(anyhow::Error::from)?;
    let mut response = (StatusCode::CREATED, Json(shown)).into_response();
    response.extensions_mut().insert(KeepInstead(kept));
    Ok(response)
}
