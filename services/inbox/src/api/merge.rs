//! Two profiles turn out to be one person.

use axum::extract::State;
use domain::{MergeId, ProfileId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Json, Query};

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{
        Page,
        merge::{Merge, MergePlan},
        profile::Profile,
    },
};

/// With whom.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MergeWith {
    /// The other profile.
    with: Uuid,
}

/// The profile that becomes part of this one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeProfile {
    /// Its id.
    profile_id: Uuid,
}

/// The merge to take back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmerge {
    /// Its id.
    merge_id: Uuid,
}

/// What merging another profile into this one would do. Nothing is done.
#[utoipa::path(get, path = "/profiles/{id}/merge", tag = "profiles",
    params(("id" = Uuid, Path, description = "The profile that stays"), MergeWith),
    responses((status = 200, body = MergePlan)))]
pub async fn plan(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<ProfileId>,
    Query(query): Query<MergeWith>,
) -> Answer<Json<MergePlan>> {
    Ok(Json(app.desk.merge_plan(id, ProfileId(query.with)).await?.into()))
}

/// Merges another profile into this one: addresses, tickets, messages and the history of consent go here; the id of the
/// other leads here. Where one refused a kind of texts that the other agreed to, it is refused. `blocked_differs` if one
/// of the two is blocked. `unmerge` takes it back.
#[utoipa::path(post, path = "/profiles/{id}/merge", tag = "profiles", request_body = MergeProfile,
    params(("id" = Uuid, Path, description = "The profile that stays")), responses((status = 200, body = Merge)))]
pub async fn merge(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ProfileId>,
    Json(other): Json<MergeProfile>,
) -> Answer<Json<Merge>> {
    let other = app.desk.profile(ProfileId(other.profile_id)).await?;
    let merge = app.desk.merge_profiles(id, other.id, &actor).await?;
    Ok(Json((merge, other.name).into()))
}

/// The newest merges into this profile, newest first; those that were undone too.
#[utoipa::path(get, path = "/profiles/{id}/merges", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = Page<Merge>)))]
pub async fn list(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<ProfileId>,
) -> Answer<Json<Page<Merge>>> {
    Ok(Json(Page::whole(app.desk.merges(id).await?)))
}

/// Takes a merge back, whenever: exactly what moved goes back, with what was written since in the tickets that go back.
/// What came since otherwise stays. Whoever refused texts since has refused them as both. `merged_since` if this profile
/// was merged into another after it: undo that first. Answers the other profile.
#[utoipa::path(post, path = "/profiles/{id}/unmerge", tag = "profiles", request_body = Unmerge,
    params(("id" = Uuid, Path, description = "The profile that stayed")), responses((status = 200, body = Profile)))]
pub async fn unmerge(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ProfileId>,
    Json(which): Json<Unmerge>,
) -> Answer<Json<Profile>> {
    let merge = app.desk.unmerge(id, MergeId(which.merge_id), &actor).await?;
    Ok(Json(app.desk.profile(merge.gone).await?.into()))
}
