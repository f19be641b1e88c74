//! What the customer's clocks show (D6).

use axum::extract::State;
use domain::TicketId;
use web::Json;

use super::Id;
use crate::{Shared, auth::Agent, refusal::Answer, view::recipient_time::RecipientTime};

/// The time where the customer is, and whether a text would wake them up.
#[utoipa::path(get, path = "/tickets/{id}/recipient-time", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = RecipientTime)))]
pub async fn show(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<RecipientTime>> {
    Ok(Json(app.desk.recipient_time(id).await?.into()))
}
