//! Answers at hand (H5).

use axum::{
    extract::{Query, State},
    http::StatusCode,
};
use desk::quick_responses::QuickResponsePatch;
use domain::{QuickResponseId, TicketId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::{
        Page,
        quick_response::{FilledResponse, QuickResponse},
    },
};

/// Which ones.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Words that all stand in title or text.
    q: Option<String>,
}

/// An answer to keep at hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddQuickResponse {
    /// What agents find it by; 1 to 100 characters, no two alike.
    title: String,
    /// The answer. Variables: `name`, `first_name`, `phone`, `email`, `ticket_number`, `agent_name`,
    /// `organization_name`, `organization_prefix`, `support_email`, `sender_email`; `{{first_name|there}}` says what
    /// stands where nothing is known.
    text: String,
}

/// What changes. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeQuickResponse {
    /// Title.
    title: Option<String>,
    /// Text.
    text: Option<String>,
}

/// Where it is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FillQuickResponse {
    /// The ticket.
    ticket_id: Uuid,
}

/// All by title, or those with every word of `q`.
#[utoipa::path(get, path = "/quick-responses", tag = "quick responses", params(Which),
    responses((status = 200, body = Page<QuickResponse>)))]
pub async fn list(
    State(app): State<Shared>,
    _agent: Agent,
    Query(which): Query<Which>,
) -> Answer<Json<Page<QuickResponse>>> {
    Ok(Json(Page::whole(app.desk.quick_responses(which.q.as_deref().unwrap_or_default()).await?)))
}

/// Adds an answer to those at hand.
#[utoipa::path(post, path = "/quick-responses", tag = "quick responses", request_body = AddQuickResponse,
    responses((status = 201, body = QuickResponse)))]
pub async fn add(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(add): Json<AddQuickResponse>,
) -> Answer<(StatusCode, Json<QuickResponse>)> {
    let added = app.desk.add_quick_response(&add.title, &add.text, &actor).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Changes an answer at hand.
#[utoipa::path(patch, path = "/quick-responses/{id}", tag = "quick responses", request_body = ChangeQuickResponse,
    params(("id" = Uuid, Path, description = "Quick response")), responses((status = 200, body = QuickResponse)))]
pub async fn change(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<QuickResponseId>,
    Json(change): Json<ChangeQuickResponse>,
) -> Answer<Json<QuickResponse>> {
    let patch = QuickResponsePatch { title: change.title, text: change.text };
    Ok(Json(app.desk.change_quick_response(id, patch, &actor).await?.into()))
}

/// Removes an answer from those at hand.
#[utoipa::path(delete, path = "/quick-responses/{id}", tag = "quick responses",
    params(("id" = Uuid, Path, description = "Quick response")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<QuickResponseId>,
) -> Answer<StatusCode> {
    app.desk.remove_quick_response(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What one says in a ticket, with its variables filled in. Nothing is sent.
#[utoipa::path(post, path = "/quick-responses/{id}/fill", tag = "quick responses", request_body = FillQuickResponse,
    params(("id" = Uuid, Path, description = "Quick response")), responses((status = 200, body = FilledResponse)))]
pub async fn fill(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<QuickResponseId>,
    Json(fill): Json<FillQuickResponse>,
) -> Answer<Json<FilledResponse>> {
    let text = app.desk.fill_quick_response(id, TicketId(fill.ticket_id), &actor).await?;
    Ok(Json(FilledResponse { text }))
}
