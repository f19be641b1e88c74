//! Telling colleagues that you are at a ticket.

use axum::{extract::State, http::StatusCode};
use bus::topic::AGENT_PRESENCE;
use domain::{TicketId, UserId, event};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{Shared, auth::Agent, refusal::Answer, view::word};

/// What you do there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceSignal {
    /// Which of your windows, by an id it made up.
    window: Uuid,
    /// It is in sight, you write in it, or neither any more.
    #[schema(value_type = word::PresenceState)]
    state: event::PresenceState,
}

/// Tells colleagues that you look at a ticket or write in it; to be repeated every 15 seconds. Never stored.
#[utoipa::path(post, path = "/tickets/{id}/presence", tag = "messages", request_body = PresenceSignal,
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 204)))]
pub async fn signal(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    Json(signal): Json<PresenceSignal>,
) -> Answer<StatusCode> {
    let PresenceSignal { window, state } = signal;
    app.desk.ticket(id).await?;
    let told =
        event::AgentPresence { ticket_id: id, user_id: UserId(actor.id), name: actor.name, window, state };
    app.bus.signal(AGENT_PRESENCE, &told).await;
    Ok(StatusCode::NO_CONTENT)
}
