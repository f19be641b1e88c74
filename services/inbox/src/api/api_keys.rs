//! Keys for programs.

use axum::{extract::State, http::StatusCode, response::Response};
use desk::accounts::check_grant;
use domain::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::{Id, users};
use crate::{
    Shared,
    auth::Admin,
    refusal::Answer,
    view::{
        Page,
        account::{AddedKey, ApiKey},
        word,
    },
};

/// A key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddKey {
    /// Name; shown with what the program writes.
    name: String,
    /// What it may do.
    #[schema(value_type = word::Role)]
    role: Role,
}

/// All keys that are not revoked, oldest first.
#[utoipa::path(get, path = "/api-keys", tag = "accounts", responses((status = 200, body = Page<ApiKey>)))]
pub async fn list(State(app): State<Shared>, _admin: Admin) -> Answer<Json<Page<ApiKey>>> {
    Ok(Json(Page::whole(app.desk.keys().await?)))
}

/// Makes a key. The answer is the only place where it is shown.
#[utoipa::path(post, path = "/api-keys", tag = "accounts", request_body = AddKey,
    responses((status = 201, body = AddedKey)))]
pub async fn add(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Json(add): Json<AddKey>,
) -> Answer<Response> {
    check_grant(&actor, add.role)?;
    let added: AddedKey = app.desk.create_key(&add.name, add.role, None, &actor).await?.into();
    users::secret(&added, &AddedKey { facts: added.facts.clone(), key: None })
}

/// Revokes a key, for ever.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "accounts",
    params(("id" = String, Path, description = "API key")), responses((status = 204)))]
pub async fn revoke(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<String>,
) -> Answer<StatusCode> {
    app.desk.revoke_key(&id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
