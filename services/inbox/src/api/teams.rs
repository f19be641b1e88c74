//! Teams: people who share tickets.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::teams::TeamPatch;
use domain::{TeamId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::{Page, team::Team},
};

/// A team to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTeam {
    /// Name, at most 60 characters.
    name: String,
    /// Ids of users.
    #[serde(default)]
    members: Vec<Uuid>,
}

/// What changes about a team. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTeam {
    /// Name.
    name: Option<String>,
    /// Ids of all its members.
    members: Option<Vec<Uuid>>,
}

/// Every team, by name.
#[utoipa::path(get, path = "/teams", tag = "routing", responses((status = 200, body = Page<Team>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Team>>> {
    Ok(Json(Page::whole(app.desk.teams().await?)))
}

/// Makes a team; `team_name_taken` if there is one of that name.
#[utoipa::path(post, path = "/teams", tag = "routing", request_body = AddTeam,
    responses((status = 201, body = Team)))]
pub async fn add(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(add): Json<AddTeam>,
) -> Answer<Response> {
    let members = add.members.into_iter().map(UserId).collect();
    let team = app.desk.create_team(&add.name, members, &actor).await?;
    Ok((StatusCode::CREATED, Json(Team::from(team))).into_response())
}

/// Changes a team.
#[utoipa::path(patch, path = "/teams/{id}", tag = "routing", request_body = ChangeTeam,
    params(("id" = Uuid, Path, description = "Team")), responses((status = 200, body = Team)))]
pub async fn change(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<TeamId>,
    Json(change): Json<ChangeTeam>,
) -> Answer<Json<Team>> {
    let members = change.members.map(|members| members.into_iter().map(UserId).collect());
    let patch = TeamPatch { name: change.name, members };
    Ok(Json(app.desk.change_team(id, patch, &actor).await?.into()))
}

/// Deletes a team. Its tickets stay, without a team.
#[utoipa::path(delete, path = "/teams/{id}", tag = "routing",
    params(("id" = Uuid, Path, description = "Team")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<TeamId>,
) -> Answer<StatusCode> {
    app.desk.delete_team(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
