//! What became of everything taken in.

use axum::extract::State;
use desk::{PageRequest, ledger::LedgerFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Json, Query};

use super::{Id, PAGE, read};
use crate::{
    Shared,
    auth::Manager,
    refusal::Answer,
    view::{Page, ledger::LedgerEntry},
};

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// `ticket`, `keyword`, `receipt`, `duplicate`, `blocked`, `robot`, `held` or `dead`.
    state: Option<String>,
    /// `sms`, `email` or `chat`.
    channel: Option<String>,
    /// At most this many, up to 200.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What became of everything taken in, newest first, in pages.
#[utoipa::path(get, path = "/ledger", tag = "ledger", params(LedgerQuery),
    responses((status = 200, body = Page<LedgerEntry>)))]
pub async fn list(
    State(app): State<Shared>,
    _manager: Manager,
    Query(query): Query<LedgerQuery>,
) -> Answer<Json<Page<LedgerEntry>>> {
    let filter = LedgerFilter {
        state: query.state.as_deref().map(|state| read("state", state)).transpose()?,
        channel: query.channel.as_deref().map(|channel| read("channel", channel)).transpose()?,
    };
    let page = PageRequest::new(query.limit.unwrap_or(PAGE), query.cursor);
    Ok(Json(Page::of(app.desk.ledger(&filter, &page).await?)))
}

/// Sends something through again that was quarantined, or could not be handled. 409 `not_replayable`.
#[utoipa::path(post, path = "/ledger/{id}/replay", tag = "ledger",
    params(("id" = String, Path, description = "Line of the ledger")), responses((status = 200, body = LedgerEntry)))]
pub async fn replay(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<String>,
) -> Answer<Json<LedgerEntry>> {
    Ok(Json(app.desk.replay(&id, &actor).await?.into()))
}
