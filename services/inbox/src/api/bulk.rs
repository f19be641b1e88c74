//! One change of many tickets (E6), and undo.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::bulk::{Action, Which};
use domain::{BulkId, TicketId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Json, Problem};

use super::{Id, nullable};
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Time, bulk::Bulk, filters::Filters, word},
};

/// What to do to many tickets: either those of `ids`, or all that match `filter` at this moment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkChange {
    /// These, at most 5,000.
    ids: Option<Vec<Uuid>>,
    /// All that match now, at most 100,000.
    filter: Option<Filters>,
    /// What is done to each.
    #[schema(value_type = word::BulkAction)]
    action: String,
    /// With `snooze`: when they come back; must lie ahead.
    snoozed_until: Option<Time>,
    /// With `assign`: id of a user, or `null` for nobody.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    /// With `tag` and `untag`.
    tags: Option<Vec<String>>,
}

/// Begins a change of many tickets, which goes on by itself whatever happens: look at it again, or listen to
/// `bulk.changed`. Tickets that cannot be changed so are counted with the reason.
#[utoipa::path(post, path = "/tickets/bulk", tag = "tickets", request_body = BulkChange,
    responses((status = 202, body = Bulk)))]
pub async fn begin(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Json(change): Json<BulkChange>,
) -> Answer<Response> {
    let action = action(&change)?;
    let which = match (change.ids, change.filter) {
        (Some(ids), None) => Which::Ids(ids.into_iter().map(TicketId).collect()),
        (None, Some(filter)) => Which::Matching(Box::new(filter.into())),
        _ => return Err(Problem::invalid("give either ids or a filter").into()),
    };
    let job = app.desk.begin_bulk(which, action, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(Bulk::of(job, Vec::new()))).into_response())
}

/// What is needed for an action must be there, and nothing else.
fn action(change: &BulkChange) -> Result<Action, Problem> {
    let name = change.action.as_str();
    for (field, given, goes_with) in [
        ("snoozed_until", change.snoozed_until.is_some(), &["snooze"][..]),
        ("assignee_id", change.assignee_id.is_some(), &["assign"]),
        ("tags", change.tags.is_some(), &["tag", "untag"]),
    ] {
        match (given, goes_with.contains(&name)) {
            (true, false) => return Err(Problem::invalid(format!("{field} does not go with {name:?}"))),
            (false, true) => return Err(Problem::invalid(format!("{name:?} needs {field}"))),
            _ => {}
        }
    }
    let tags = || change.tags.clone().unwrap_or_default();
    Ok(match (name, change.snoozed_until) {
        ("close", _) => Action::Close,
        ("reopen", _) => Action::Reopen,
        ("snooze", Some(until)) => Action::Snooze { until: until.0 },
        ("assign", _) => Action::Assign { assignee: change.assignee_id.flatten().map(UserId) },
        ("tag", _) => Action::Tag { tags: tags() },
        ("untag", _) => Action::Untag { tags: tags() },
        ("read", _) => Action::Read,
        ("unread", _) => Action::Unread,
        _ => {
            let known = "close, reopen, snooze, assign, tag, untag, read, unread";
            return Err(Problem::invalid(format!("action: {name:?} is none of: {known}")));
        }
    })
}

/// How far a change of many tickets is.
#[utoipa::path(get, path = "/bulk/{id}", tag = "tickets",
    params(("id" = Uuid, Path, description = "Change")), responses((status = 200, body = Bulk)))]
pub async fn show(State(app): State<Shared>, _agent: Agent, Id(id): Id<BulkId>) -> Answer<Json<Bulk>> {
    let (job, refusals) = app.desk.bulk(id).await?;
    Ok(Json(Bulk::of(job, refusals)))
}

/// Takes a change of many tickets back, within five minutes of its end or while it goes on. Tickets that somebody
/// changed since are left alone, and counted.
#[utoipa::path(post, path = "/undo/{token}", tag = "tickets",
    params(("token" = Uuid, Path, description = "`undo.token` of a change")), responses((status = 202, body = Bulk)))]
pub async fn undo(State(app): State<Shared>, Agent(actor): Agent, Id(id): Id<BulkId>) -> Answer<Response> {
    let job = app.desk.undo_bulk(id, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(Bulk::of(job, Vec::new()))).into_response())
}
