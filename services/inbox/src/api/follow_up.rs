//! The mail after a left chat (H8), while it is pending.

use axum::extract::State;
use domain::TicketId;
use web::Json;

use super::Id;
use crate::{Shared, auth::Agent, refusal::Answer, view::ticket::Ticket};

/// Takes back the mail that is pending; 409 `no_follow_up` if none is. A later answer is another matter.
#[utoipa::path(post, path = "/tickets/{id}/follow-up/cancel", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = Ticket)))]
pub async fn cancel(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<Ticket>> {
    Ok(Json(app.desk.cancel_follow_up(id, &actor).await?.into()))
}

/// Sends the mail that is pending now; 409 `no_follow_up` if none is.
#[utoipa::path(post, path = "/tickets/{id}/follow-up/send-now", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = Ticket)))]
pub async fn send_now(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<Ticket>> {
    Ok(Json(app.desk.send_follow_up_now(id, &actor).await?.into()))
}
