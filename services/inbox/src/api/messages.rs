//! The conversation, and answering.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use desk::reply::NewReply;
use domain::{AttachmentId, MessageId, TicketId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Json, Query};

use super::{Id, PAGE, if_match, read};
use crate::{
    Shared,
    auth::Agent,
    idempotent::RequestKey,
    refusal::Answer,
    view::{Page, message::Message},
};

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// At most this many, up to 200; 50 unless given.
    limit: Option<i64>,
    /// Only those before the message of this id.
    before: Option<String>,
    /// The same as `before`: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The text; may be empty beside files.
    #[serde(default)]
    text: String,
    /// Ids of files put up before.
    #[serde(default)]
    attachments: Vec<Uuid>,
    /// The ticket's version you saw: if the customer or a colleague wrote since, nothing is sent.
    seen_version: Option<i64>,
}

/// The newest messages of the ticket's customer on this channel, campaign and automatic ones too, oldest first.
/// `next_cursor` is the `before` of the page with older ones.
#[utoipa::path(get, path = "/tickets/{id}/messages", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket"), MessageQuery),
    responses((status = 200, body = Page<Message>)))]
pub async fn list(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<TicketId>,
    Query(query): Query<MessageQuery>,
) -> Answer<Json<Page<Message>>> {
    let before = query.before.or(query.cursor);
    let before = before.as_deref().map(|id| read::<MessageId>("before", id)).transpose()?;
    Ok(Json(Page::of(app.desk.messages(id, query.limit.unwrap_or(PAGE), before).await?)))
}

/// Answers the customer. 409: `sms_no_consent`, `profile_blocked`, `chat_closed`, `unreachable`, `someone_replied`.
#[utoipa::path(post, path = "/tickets/{id}/messages", tag = "messages", request_body = Reply,
    params(("id" = Uuid, Path, description = "Ticket"),
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeat harmless")),
    responses((status = 201, body = Message)))]
pub async fn reply(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    key: Option<Extension<RequestKey>>,
    headers: HeaderMap,
    Json(reply): Json<Reply>,
) -> Answer<(StatusCode, Json<Message>)> {
    let new = NewReply {
        text: reply.text,
        attachments: reply.attachments.into_iter().map(AttachmentId).collect(),
        seen_version: reply.seen_version.or(if_match(&headers)?),
        key: key.map(|Extension(RequestKey(key))| key),
    };
    let message = app.desk.reply(id, new, &actor).await?;
    Ok((StatusCode::CREATED, Json(message.into())))
}
