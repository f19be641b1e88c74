//! Telling a visitor that somebody is typing.

use axum::{extract::State, http::StatusCode};
use bus::topic::{CHAT_PUSH, TYPING};
use domain::{
    TicketId,
    event::{ChatPush, Typing},
};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::Id;
use crate::{Shared, auth::Agent, refusal::Answer};

/// Typing or not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypingSignal {
    /// Started or stopped.
    on: bool,
}

/// Tells the visitor of a chat, and colleagues, that you are typing. Never stored.
#[utoipa::path(post, path = "/tickets/{id}/typing", tag = "messages", request_body = TypingSignal,
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 204)))]
pub async fn signal(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    Json(typing): Json<TypingSignal>,
) -> Answer<StatusCode> {
    let session = app.desk.session_of(id).await?;
    if let Some(session) = session {
        let push = ChatPush::Typing { name: actor.name.clone(), on: typing.on };
        app.bus.signal_to(CHAT_PUSH, session.0, &push).await;
    }
    let signal = Typing { ticket_id: Some(id), session, name: actor.name, by_visitor: false, on: typing.on };
    app.bus.signal(TYPING, &signal).await;
    Ok(StatusCode::NO_CONTENT)
}
