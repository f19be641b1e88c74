//! The conversation, and answering.

use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use desk::{
    recipients::MailWishes,
    reply::{NewReply, Then},
};
use domain::{AttachmentId, EmailAddress, MessageId, TicketId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Json, Problem, Query};

use super::{Id, Ids, PAGE, if_match, read};
use crate::{
    Shared,
    auth::Agent,
    idempotent::RequestKey,
    refusal::Answer,
    view::{
        Page, Time,
        draft::Draft,
        message::{Message, ReplyRecipients},
        word,
    },
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
    /// Not before then: in the future, at most a year ahead. Not for chats.
    send_at: Option<Time>,
    /// Let it wait so many seconds, 0 to 60, so that it can be taken back; at once unless asked. A chat never waits.
    #[serde(default)]
    undo_seconds: u32,
    /// What becomes of the ticket with the answer: `open`, `snoozed`, `closed`.
    #[schema(value_type = Option<word::TicketStatus>)]
    status: Option<String>,
    /// With `snoozed`: when it comes back.
    snoozed_until: Option<Time>,
    /// The version of your draft that this was: it goes with the answer.
    draft_version: Option<i64>,
    /// `To` of a mail; the ticket's customer where there is none.
    #[serde(default)]
    to: Vec<String>,
    /// `Cc` of a mail.
    #[serde(default)]
    cc: Vec<String>,
    /// Who gets a mail without standing in it.
    #[serde(default)]
    bcc: Vec<String>,
    /// Another subject than that of the mail that is answered.
    subject: Option<String>,
    /// Leave the signature out of this mail.
    #[serde(default)]
    without_signature: bool,
    /// Send in the customer's quiet hours all the same; recorded in the message's `why`.
    #[serde(default)]
    quiet_hours_override: bool,
}

/// How a message that waits is sent now.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SendNow {
    /// In the customer's quiet hours all the same; recorded in the message's `why`.
    quiet_hours_override: bool,
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

/// Answers the customer. To a text goes with up to 10 pictures (JPEG, PNG, GIF) of at most 5 MB each; others: 422
/// `attachment_type`, `attachment_too_large`. 409: `sms_no_consent`, `profile_blocked`, `chat_closed`, `unreachable`,
/// `someone_replied`, and `quiet_hours` with `send_at` (when it would be taken), `local_time` and `time_zone` of the
/// customer.
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
    let mail = MailWishes {
        to: addresses("to", &reply.to)?,
        cc: addresses("cc", &reply.cc)?,
        bcc: addresses("bcc", &reply.bcc)?,
        subject: reply.subject,
        without_signature: reply.without_signature,
    };
    let new = NewReply {
        mail,
        text: reply.text,
        attachments: reply.attachments.into_iter().map(AttachmentId).collect(),
        seen_version: reply.seen_version.or(if_match(&headers)?),
        send_at: reply.send_at.map(|time| time.0),
        quiet_hours_override: reply.quiet_hours_override,
        undo_seconds: reply.undo_seconds,
        then: Then { status: reply.status, snoozed_until: reply.snoozed_until.map(|time| time.0) },
        draft_version: reply.draft_version,
        key: key.map(|Extension(RequestKey(key))| key),
    };
    let message = app.desk.reply(id, new, &actor).await?;
    Ok((StatusCode::CREATED, Json(message.into())))
}

fn addresses(field: &str, list: &[String]) -> Result<Vec<EmailAddress>, Problem> {
    let one = |text: &String| text.parse().map_err(|error| Problem::invalid(format!("{field}: {error}")));
    list.iter().map(one).collect()
}

/// To whom "reply all" goes, and under which subject: where the writer of the newest mail wants answers, in copy whoever
/// else was in it, never ourselves; and the signature that will stand under it. Only for tickets of mail.
#[utoipa::path(get, path = "/tickets/{id}/reply-recipients", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket")),
    responses((status = 200, body = ReplyRecipients)))]
pub async fn recipients(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<ReplyRecipients>> {
    Ok(Json(app.desk.reply_recipients(id, &actor).await?.into()))
}

/// Takes back a message that has not left yet: it is `failed` with the error code `canceled`. Doing so again changes
/// nothing. 409: `already_sent`.
#[utoipa::path(post, path = "/tickets/{id}/messages/{message}/cancel", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket"), ("message" = Uuid, Path, description = "Message")),
    responses((status = 200, body = Message)))]
pub async fn cancel(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Ids(ticket, message): Ids<TicketId, MessageId>,
) -> Answer<Json<Message>> {
    Ok(Json(app.desk.cancel_message(ticket, message, &actor).await?.into()))
}

/// Takes back an answer of yours that has not left yet: it goes nowhere (`failed`, error code `undone`), its ticket is as
/// it was as far as nobody changed it since, and its words and files are your draft again, which is the answer. Doing so
/// again changes nothing. 403 for somebody else's; 409: `already_sent`.
#[utoipa::path(post, path = "/tickets/{id}/messages/{message}/undo", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket"), ("message" = Uuid, Path, description = "Message")),
    responses((status = 200, body = Draft)))]
pub async fn undo(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Ids(ticket, message): Ids<TicketId, MessageId>,
) -> Answer<Json<Draft>> {
    Ok(Json(app.desk.undo_message(ticket, message, &actor).await?.into()))
}

/// Sends a message now that waits for its `send_at`. The body may be left out. 409: `already_sent`, `quiet_hours`.
#[utoipa::path(post, path = "/tickets/{id}/messages/{message}/send-now", tag = "messages",
    request_body = Option<SendNow>,
    params(("id" = Uuid, Path, description = "Ticket"), ("message" = Uuid, Path, description = "Message")),
    responses((status = 200, body = Message)))]
pub async fn send_now(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Ids(ticket, message): Ids<TicketId, MessageId>,
    body: Bytes,
) -> Answer<Json<Message>> {
    let how = if body.trim_ascii().is_empty() {
        SendNow::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request("unreadable_json", error.to_string()))?
    };
    let sent = app.desk.send_message_now(ticket, message, how.quiet_hours_override, &actor).await?;
    Ok(Json(sent.into()))
}
