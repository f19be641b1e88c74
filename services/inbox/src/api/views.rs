//! Saved views of the list of tickets (E4).

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::views::{NewView, ViewPatch};
use domain::ViewId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{
        Page,
        filters::Filters,
        views::{View, ViewCounts},
    },
};

/// A view to save.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveView {
    /// Name, at most 60 characters.
    name: String,
    /// Everybody sees it; for managers only.
    #[serde(default)]
    shared: bool,
    /// What it shows.
    filters: Filters,
    /// Its place; after the last one where there is none.
    position: Option<i64>,
}

/// What changes about a view. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeView {
    /// Name.
    name: Option<String>,
    /// Everybody sees it; for managers only.
    shared: Option<bool>,
    /// What it shows, all of it.
    filters: Option<Filters>,
    /// Its place.
    position: Option<i64>,
}

/// The shared views and one's own, in order.
#[utoipa::path(get, path = "/views", tag = "tickets", responses((status = 200, body = Page<View>)))]
pub async fn list(State(app): State<Shared>, Agent(actor): Agent) -> Answer<Json<Page<View>>> {
    Ok(Json(Page::whole(app.desk.views(&actor).await?)))
}

/// Saves filters as a view; `view_name_taken` if there is one of that name.
#[utoipa::path(post, path = "/views", tag = "tickets", request_body = SaveView,
    responses((status = 201, body = View)))]
pub async fn add(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Json(new): Json<SaveView>,
) -> Answer<Response> {
    let SaveView { name, shared, filters, position } = new;
    let new = NewView { name, shared, filters: filters.into(), position };
    let view = app.desk.create_view(new, &actor).await?;
    Ok((StatusCode::CREATED, Json(View::from(view))).into_response())
}

/// Changes a view: one's own, or as a manager a shared one.
#[utoipa::path(patch, path = "/views/{id}", tag = "tickets", request_body = ChangeView,
    params(("id" = Uuid, Path, description = "View")), responses((status = 200, body = View)))]
pub async fn change(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ViewId>,
    Json(change): Json<ChangeView>,
) -> Answer<Json<View>> {
    let ChangeView { name, shared, filters, position } = change;
    let patch = ViewPatch { name, shared, filters: filters.map(Into::into), position };
    Ok(Json(app.desk.change_view(id, patch, &actor).await?.into()))
}

/// Deletes a view: one's own, or as a manager a shared one. Its tickets stay.
#[utoipa::path(delete, path = "/views/{id}", tag = "tickets",
    params(("id" = Uuid, Path, description = "View")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ViewId>,
) -> Answer<StatusCode> {
    app.desk.delete_view(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many tickets each view has.
#[utoipa::path(get, path = "/views/counts", tag = "tickets", responses((status = 200, body = ViewCounts)))]
pub async fn counts(State(app): State<Shared>, Agent(actor): Agent) -> Answer<Json<ViewCounts>> {
    Ok(Json(app.desk.view_counts(&actor).await?.into()))
}
