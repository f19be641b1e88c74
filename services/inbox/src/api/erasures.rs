//! Erasing a person.

use axum::{extract::State, http::StatusCode};
use domain::{ErasureId, ProfileId};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::Admin,
    refusal::Answer,
    view::erasure::{Erasure, ErasurePlan},
};

/// That it is meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasePerson {
    /// `confirm` of the preview.
    confirm: String,
}

/// What erasing this person would take. Nothing is done.
#[utoipa::path(get, path = "/profiles/{id}/erase", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = ErasurePlan)))]
pub async fn plan(
    State(app): State<Shared>,
    _admin: Admin,
    Id(id): Id<ProfileId>,
) -> Answer<Json<ErasurePlan>> {
    Ok(Json(app.desk.erasure_plan(id).await?.into()))
}

/// Erases this person, whoever was merged into them included: tickets, messages, notes, files, mails, addresses, consent.
/// They are not seen any more from the answer on; what is erased does not come back when it is sent again, and a new
/// message is of somebody new. A number that refused texts is remembered by a keyed hash. It cannot be undone.
#[utoipa::path(post, path = "/profiles/{id}/erase", tag = "profiles", request_body = ErasePerson,
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 202, body = Erasure)))]
pub async fn begin(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<ProfileId>,
    Json(erase): Json<ErasePerson>,
) -> Answer<(StatusCode, Json<Erasure>)> {
    let begun = app.desk.begin_erasure(id, &erase.confirm, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(begun.into())))
}

/// How far an erasure is.
#[utoipa::path(get, path = "/erasures/{id}", tag = "profiles",
    params(("id" = Uuid, Path, description = "Erasure")), responses((status = 200, body = Erasure)))]
pub async fn show(State(app): State<Shared>, _admin: Admin, Id(id): Id<ErasureId>) -> Answer<Json<Erasure>> {
    Ok(Json(app.desk.erasure(id).await?.into()))
}
