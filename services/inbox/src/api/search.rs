//! The search box.

use axum::extract::State;
use desk::PageRequest;
use web::{Json, Query};

use super::{
    PAGE,
    tickets::{TicketQuery, filter_of},
};
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, search::Found},
};

/// Tickets as the list gives them, with where the words of `q` stand. `q` takes words, "phrases", and the operators
/// `from:` `subject:` `tag:` `channel:` `is:` `assignee:` `team:` `before:` `after:`; the last word may be the beginning
/// of one.
#[utoipa::path(get, path = "/search", tag = "tickets", params(TicketQuery),
    responses((status = 200, body = Page<Found>)))]
pub async fn list(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Query(query): Query<TicketQuery>,
) -> Answer<Json<Page<Found>>> {
    let page = PageRequest::new(query.limit.unwrap_or(PAGE), query.cursor.clone());
    let filter = filter_of(&app, &query, &actor).await?;
    Ok(Json(Page::of(app.desk.search(&filter, &actor, &page).await?)))
}
