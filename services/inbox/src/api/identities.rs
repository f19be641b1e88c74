//! Who people are at the identity provider, and taking that apart.

use axum::{extract::State, http::StatusCode};
use domain::UserId;
use web::Json;

use super::{Id, session};
use crate::{
    Shared,
    auth::{Admin, Caller},
    refusal::Answer,
    view::{Page, account::Identity},
};

/// Who the one who asks is at the identity provider.
#[utoipa::path(get, path = "/session/identities", tag = "session",
    responses((status = 200, body = Page<Identity>)))]
pub async fn own(State(app): State<Shared>, caller: Caller) -> Answer<Json<Page<Identity>>> {
    let (user, _) = session::person(&caller)?;
    Ok(Json(Page::whole(app.desk.identities(Some(user)).await?)))
}

/// Takes one's own tie to the identity provider away. Other sessions end. 409 `only_way_in` without a password.
#[utoipa::path(delete, path = "/session/identities", tag = "session", responses((status = 204)))]
pub async fn unlink_own(State(app): State<Shared>, caller: Caller) -> Answer<StatusCode> {
    let (user, session) = session::person(&caller)?;
    app.desk.unlink_identity(user, Some(session), &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who people are at the identity provider.
#[utoipa::path(get, path = "/identities", tag = "accounts", responses((status = 200, body = Page<Identity>)))]
pub async fn list(State(app): State<Shared>, _admin: Admin) -> Answer<Json<Page<Identity>>> {
    Ok(Json(Page::whole(app.desk.identities(None).await?)))
}

/// Takes somebody's tie to the identity provider away; all their sessions end. Only an owner may do that to an owner.
#[utoipa::path(delete, path = "/users/{id}/identity", tag = "accounts",
    params(("id" = Uuid, Path, description = "User")), responses((status = 204)))]
pub async fn unlink(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<UserId>,
) -> Answer<StatusCode> {
    app.desk.unlink_identity(id, None, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
