//! Who can be given tickets.

use axum::extract::{Path, State};
use desk::availability::AvailabilityPatch;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Json, Problem};

use super::nullable;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, availability::Availability},
};

/// What somebody says of themselves.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Takes tickets.
    Available,
    /// Takes none for now.
    Away,
}

/// What changes. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAvailability {
    /// Whether they take tickets; lasts until it is changed again.
    status: Option<Says>,
    /// Open tickets that rules give them at most, or `null` for as many as come; for managers only.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    capacity: Option<Option<i64>>,
}

/// Everybody who may sign in, by name, and whether they can be given tickets.
#[utoipa::path(get, path = "/availability", tag = "routing", responses((status = 200, body = Page<Availability>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Availability>>> {
    Ok(Json(Page::whole(app.desk.availabilities().await?)))
}

/// Changes whether somebody takes tickets (one's own, `me`, or as a manager anybody's) and how many at most. Who becomes
/// available gets what waits for their teams.
#[utoipa::path(patch, path = "/users/{id}/availability", tag = "routing", request_body = ChangeAvailability,
    params(("id" = String, Path, description = "User, or `me`")), responses((status = 200, body = Availability)))]
pub async fn change(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Path(id): Path<String>,
    Json(change): Json<ChangeAvailability>,
) -> Answer<Json<Availability>> {
    let user = match id.as_str() {
        "me" => actor.user.ok_or_else(|| Problem::not_found("an API key is nobody who could be away"))?,
        id => id.parse().map_err(|_| Problem::not_found("there is nothing of that id"))?,
    };
    let away = change.status.map(|says| says == Says::Away);
    let patch = AvailabilityPatch { away, capacity: change.capacity };
    Ok(Json(app.desk.change_availability(user, patch, &actor).await?.into()))
}
