//! The settings: one document.

use axum::extract::State;
use domain::{Settings, role::Permission};
use serde_json::Value;
use web::{Json, Problem};

use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::document,
};

/// The settings.
#[utoipa::path(get, path = "/settings", tag = "settings", responses((status = 200, body = document::Settings)))]
pub async fn show(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Settings>> {
    Ok(Json(app.desk.settings().await?))
}

/// Merges a part of the document in (RFC 7396): objects merge, `null` restores the default.
#[utoipa::path(patch, path = "/settings", tag = "settings",
    request_body(content = Object, description = "Any part of the settings document"),
    responses((status = 200, body = document::Settings)))]
pub async fn change(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(patch): Json<Value>,
) -> Answer<Json<Settings>> {
    if !patch.is_object() {
        return Err(Problem::invalid("settings: a patch must be an object").into());
    }
    let is_for_admins = ["privacy", "security"].iter().any(|part| patch.get(part).is_some());
    if is_for_admins && !actor.role.may(Permission::ManageOrganization) {
        let detail = "how long things are kept and how people sign in is decided by owners and admins";
        return Err(Problem::forbidden(detail).into());
    }
    Ok(Json(app.desk.patch_settings(&patch, &actor).await?))
}
