//! Tickets and the badge.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use desk::{
    PageRequest,
    tickets::{AssigneeFilter, Sort, TicketFilter, TicketPatch},
};
use domain::{Channel, TicketId, Timestamp, UserId, event::TicketView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Json, Problem, Query};

use super::{Id, PAGE, if_match, nullable, read, words};
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, Time, ticket::Ticket, word},
};

/// Which tickets.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TicketQuery {
    /// `open`, `snoozed`, `closed`, divided by commas.
    status: Option<String>,
    /// `sms`, `email`, `chat`, divided by commas.
    channel: Option<String>,
    /// `me`, `none`, or the id of a user.
    assignee: Option<String>,
    /// With or without the dot.
    unread: Option<bool>,
    /// With this tag.
    tag: Option<String>,
    /// Of this customer.
    profile: Option<String>,
    /// Words in the subject, the messages, the customer's name or addresses; or `#` and a ticket's number.
    q: Option<String>,
    /// Opened at or after this time.
    created_from: Option<String>,
    /// Opened before this time.
    created_to: Option<String>,
    /// Last changed at or after this time.
    updated_from: Option<String>,
    /// Last changed before this time.
    updated_to: Option<String>,
    /// `-last_message_at` (default), `last_message_at`, `-created_at` or `created_at`.
    sort: Option<String>,
    /// At most this many, up to 200.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What changes about a ticket. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTicket {
    /// Status.
    #[schema(value_type = Option<word::TicketStatus>)]
    status: Option<String>,
    /// With `snoozed`: when it comes back; must lie ahead.
    snoozed_until: Option<Time>,
    /// Id of a user, or `null` for nobody.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    /// Id of a team, or `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    team_id: Option<Option<String>>,
    /// All tags, at most 20.
    tags: Option<Vec<String>>,
    /// The dot.
    unread: Option<bool>,
    /// Only if this is still its version; the same as `If-Match`.
    version: Option<i64>,
}

/// The badge.
#[derive(Serialize, ToSchema)]
pub struct Badge {
    /// Customers with unread tickets.
    unread_profiles: i64,
}

/// Tickets, newest message first, in pages.
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(TicketQuery),
    responses((status = 200, body = Page<Ticket>)))]
pub async fn list(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Query(query): Query<TicketQuery>,
) -> Answer<Json<Page<Ticket>>> {
    let page = PageRequest::new(query.limit.unwrap_or(PAGE), query.cursor.clone());
    let filter = filter(&query)?;
    Ok(Json(Page::of(app.desk.tickets(&filter, &actor, &page).await?)))
}

fn filter(query: &TicketQuery) -> Result<TicketFilter, Problem> {
    let channels = words(query.channel.as_deref()).map(|word| read::<Channel>("channel", word));
    let assignee = match query.assignee.as_deref() {
        None => None,
        Some("me") => Some(AssigneeFilter::Me),
        Some("none") => Some(AssigneeFilter::None),
        Some(id) => Some(AssigneeFilter::User(read::<UserId>("assignee", id)?)),
    };
    Ok(TicketFilter {
        status: words(query.status.as_deref()).map(str::to_owned).collect(),
        channel: channels.collect::<Result<_, _>>()?,
        assignee,
        unread: query.unread,
        tag: query.tag.clone(),
        profile: query.profile.as_deref().map(|id| read("profile", id)).transpose()?,
        q: query.q.clone(),
        created_from: time("created_from", query.created_from.as_deref())?,
        created_to: time("created_to", query.created_to.as_deref())?,
        updated_from: time("updated_from", query.updated_from.as_deref())?,
        updated_to: time("updated_to", query.updated_to.as_deref())?,
        sort: query.sort.as_deref().map(|sort| read::<Sort>("sort", sort)).transpose()?.unwrap_or_default(),
    })
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let bad =
        |text: &str| Problem::bad_request("bad_query", format!("{name}: {text:?} is not an RFC 3339 time"));
    text.map(|text| Timestamp::parse(text).map_err(|_| bad(text))).transpose()
}

/// One ticket; its version is the `ETag`.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = Uuid, Path, description = "Ticket")),
    responses((status = 200, body = Ticket, headers(("etag" = String, description = "The ticket's version")))))]
pub async fn show(State(app): State<Shared>, _agent: Agent, Id(id): Id<TicketId>) -> Answer<Response> {
    Ok(tagged(app.desk.ticket(id).await?))
}

/// Changes a ticket; with `If-Match` only if it is still the version you saw (412 `version_mismatch`).
#[utoipa::path(patch, path = "/tickets/{id}", tag = "tickets", request_body = ChangeTicket,
    params(("id" = Uuid, Path, description = "Ticket"), ("if-match" = Option<String>, Header, description = "ETag you saw")),
    responses((status = 200, body = Ticket, headers(("etag" = String, description = "The ticket's version")))))]
pub async fn change(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    headers: HeaderMap,
    Json(change): Json<ChangeTicket>,
) -> Answer<Response> {
    let patch = TicketPatch {
        status: change.status,
        snoozed_until: change.snoozed_until.map(|time| time.0),
        assignee_id: change.assignee_id.map(|id| id.map(UserId)),
        team_id: change.team_id,
        tags: change.tags,
        unread: change.unread,
        version: if_match(&headers)?.or(change.version),
    };
    Ok(tagged(app.desk.change_ticket(id, patch, &actor).await?))
}

fn tagged(view: TicketView) -> Response {
    let tag = format!("\"{}\"", view.version);
    ([(header::ETAG, tag)], Json(Ticket::from(view))).into_response()
}

/// Number of customers with unread tickets (E2).
#[utoipa::path(get, path = "/badge", tag = "tickets", responses((status = 200, body = Badge)))]
pub async fn badge(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Badge>> {
    Ok(Json(Badge { unread_profiles: app.desk.badge().await? }))
}
