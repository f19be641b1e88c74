//! Customers.

use axum::extract::State;
use desk::{PageRequest, profiles::ProfilePatch};
use domain::ProfileId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{Json, Query};

use super::{Id, PAGE, nullable};
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, profile::Profile},
};

/// Which customers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProfileQuery {
    /// Words in names and addresses.
    q: Option<String>,
    /// At most this many, up to 200.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What changes about a customer. What is not named stays; `null` forgets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    /// Name.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// IANA time zone.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// Place.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    location: Option<Option<String>>,
}

/// Customers, newest first, in pages.
#[utoipa::path(get, path = "/profiles", tag = "profiles", params(ProfileQuery),
    responses((status = 200, body = Page<Profile>)))]
pub async fn list(
    State(app): State<Shared>,
    _agent: Agent,
    Query(query): Query<ProfileQuery>,
) -> Answer<Json<Page<Profile>>> {
    let page = PageRequest::new(query.limit.unwrap_or(PAGE), query.cursor);
    Ok(Json(Page::of(app.desk.profiles(query.q.as_deref(), &page).await?)))
}

/// One customer.
#[utoipa::path(get, path = "/profiles/{id}", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = Profile)))]
pub async fn show(State(app): State<Shared>, _agent: Agent, Id(id): Id<ProfileId>) -> Answer<Json<Profile>> {
    Ok(Json(app.desk.profile(id).await?.into()))
}

/// Changes what is known of a customer.
#[utoipa::path(patch, path = "/profiles/{id}", tag = "profiles", request_body = ChangeProfile,
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = Profile)))]
pub async fn change(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ProfileId>,
    Json(change): Json<ChangeProfile>,
) -> Answer<Json<Profile>> {
    let ChangeProfile { name, time_zone, location } = change;
    let patch = ProfilePatch { name, time_zone, location };
    Ok(Json(app.desk.change_profile(id, patch, &actor).await?.into()))
}

/// Blocks a customer: their open tickets close, what they write from now on waits in quarantine (G2).
#[utoipa::path(post, path = "/profiles/{id}/block", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = Profile)))]
pub async fn block(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ProfileId>,
) -> Answer<Json<Profile>> {
    Ok(Json(app.desk.block(id, &actor).await?.into()))
}

/// Unblocks a customer and takes in what waited in quarantine.
#[utoipa::path(post, path = "/profiles/{id}/unblock", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = Profile)))]
pub async fn unblock(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ProfileId>,
) -> Answer<Json<Profile>> {
    Ok(Json(app.desk.unblock(id, &actor).await?.into()))
}
