//! Tickets and the badge.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use desk::{
    Actor, PageRequest,
    tickets::{Sort, TicketFilter, TicketPatch},
};
use domain::{Channel, Priority, TicketId, Timestamp, UserId, event::TicketView};
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
    /// `none`, or the id of a team.
    team: Option<String>,
    /// With or without the dot.
    unread: Option<bool>,
    /// With one of these tags, divided by commas.
    tag: Option<String>,
    /// Of this customer.
    profile: Option<String>,
    /// With a text attributed to the campaign or flow of this id.
    campaign: Option<String>,
    /// Attributed to any `campaign`, to any `flow`; divided by commas.
    attribution: Option<String>,
    /// Of a customer who is, or is not, blocked.
    blocked: Option<bool>,
    /// With a note that means, or with none that means, the one who asks.
    mentioned: Option<bool>,
    /// What a view shows: `mine`, `unassigned`, `mentions`, `snoozed`, `blocked`, `all`, or the id of a saved one. Other filters
    /// take the place of the view's.
    view: Option<String>,
    /// Words of messages, subject, the customer's name or addresses, "phrases", and `from:` `subject:` `tag:` `channel:`
    /// `is:` `assignee:` `team:` `before:` `after:`; or `#` and a ticket's number.
    q: Option<String>,
    /// Opened at or after this time.
    created_from: Option<String>,
    /// Opened before this time.
    created_to: Option<String>,
    /// Last changed at or after this time.
    updated_from: Option<String>,
    /// Last changed before this time.
    updated_to: Option<String>,
    /// `-last_message_at` (default), `last_message_at`, `-created_at`, `created_at`, or `waiting` (whose customer has
    /// waited longest for an answer first).
    sort: Option<String>,
    /// At most this many, up to 200.
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
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
    /// How urgent it is.
    #[schema(value_type = Option<word::Priority>)]
    priority: Option<Priority>,
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
    let filter = filter_of(&app, &query, &actor).await?;
    Ok(Json(Page::of(app.desk.tickets(&filter, &actor, &page).await?)))
}

/// How many tickets match.
#[derive(Serialize, ToSchema)]
pub struct TicketCount {
    /// 1001 stands for "more than 1000".
    count: i64,
}

/// How many tickets match, counted to 1000.
#[utoipa::path(get, path = "/tickets/count", tag = "tickets", params(TicketQuery),
    responses((status = 200, body = TicketCount)))]
pub async fn count(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Query(query): Query<TicketQuery>,
) -> Answer<Json<TicketCount>> {
    let filter = filter_of(&app, &query, &actor).await?;
    Ok(Json(TicketCount { count: app.desk.count_tickets(&filter, &actor).await? }))
}

/// What a query asks for, with its view.
pub(crate) async fn filter_of(app: &Shared, query: &TicketQuery, actor: &Actor) -> Answer<TicketFilter> {
    let filter = filter(query)?;
    let Some(view) = &query.view else { return Ok(filter) };
    Ok(filter.over(app.desk.filter_of_view(read("view", view)?, actor).await?))
}

fn filter(query: &TicketQuery) -> Result<TicketFilter, Problem> {
    let channels = words(query.channel.as_deref()).map(|word| read::<Channel>("channel", word));
    Ok(TicketFilter {
        status: owned(query.status.as_deref()),
        channel: channels.collect::<Result<_, _>>()?,
        assignee: query.assignee.as_deref().map(|text| read("assignee", text)).transpose()?,
        team: query.team.as_deref().map(|text| read("team", text)).transpose()?,
        unread: query.unread,
        tag: owned(query.tag.as_deref()),
        profile: query.profile.as_deref().map(|id| read("profile", id)).transpose()?,
        campaign: query.campaign.clone(),
        attribution: owned(query.attribution.as_deref()),
        blocked: query.blocked,
        mentioned: query.mentioned,
        q: query.q.clone(),
        created_from: time("created_from", query.created_from.as_deref())?,
        created_to: time("created_to", query.created_to.as_deref())?,
        updated_from: time("updated_from", query.updated_from.as_deref())?,
        updated_to: time("updated_to", query.updated_to.as_deref())?,
        sort: query.sort.as_deref().map(|sort| read::<Sort>("sort", sort)).transpose()?.unwrap_or_default(),
    })
}

fn owned(text: Option<&str>) -> Vec<String> {
    words(text).map(str::to_owned).collect()
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
        priority: change.priority,
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
