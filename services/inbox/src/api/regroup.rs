//! Mails that are in the wrong ticket.

use axum::{extract::State, http::StatusCode};
use domain::{MessageId, TicketId};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{message::Message, ticket::Ticket},
};

/// Which mail becomes a ticket of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// A mail of this ticket that came in.
    message_id: Uuid,
}

/// Where a mail goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Another ticket of the same mailbox.
    ticket_id: Uuid,
}

/// Makes a new ticket out of one mail; answers to it follow. 409 `only_message`: it is the only one of its ticket.
#[utoipa::path(post, path = "/tickets/{id}/split", tag = "tickets", request_body = Split,
    params(("id" = Uuid, Path, description = "Ticket"),
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeat harmless")),
    responses((status = 201, body = Ticket)))]
pub async fn split(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    Json(split): Json<Split>,
) -> Answer<(StatusCode, Json<Ticket>)> {
    let ticket = app.desk.split_ticket(id, MessageId(split.message_id), &actor).await?;
    Ok((StatusCode::CREATED, Json(ticket.into())))
}

/// Puts a mail into another ticket of the same mailbox; answers to it follow. A ticket that has no message left is
/// closed.
#[utoipa::path(post, path = "/messages/{id}/move", tag = "messages", request_body = Move,
    params(("id" = Uuid, Path, description = "Message"),
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeat harmless")),
    responses((status = 200, body = Message)))]
pub async fn move_message(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<MessageId>,
    Json(to): Json<Move>,
) -> Answer<Json<Message>> {
    Ok(Json(app.desk.move_message(id, TicketId(to.ticket_id), &actor).await?.into()))
}
