//! What agents tell each other about a ticket.

use axum::{extract::State, http::StatusCode};
use domain::{NoteId, TicketId};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, note::Note},
};

/// A note to write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The text; `@Name` means a colleague.
    text: String,
}

/// The newest 200 notes about this customer on this channel, oldest first.
#[utoipa::path(get, path = "/tickets/{id}/notes", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = Page<Note>)))]
pub async fn list(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<Page<Note>>> {
    Ok(Json(Page::whole(app.desk.notes(id).await?)))
}

/// Writes a note. No customer ever sees it.
#[utoipa::path(post, path = "/tickets/{id}/notes", tag = "tickets", request_body = AddNote,
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 201, body = Note)))]
pub async fn add(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    Json(add): Json<AddNote>,
) -> Answer<(StatusCode, Json<Note>)> {
    let note = app.desk.add_note(id, &add.text, &actor).await?;
    Ok((StatusCode::CREATED, Json(note.into())))
}

/// Takes a note back: one's own, or anybody's for who manages the inbox.
#[utoipa::path(delete, path = "/notes/{id}", tag = "tickets",
    params(("id" = Uuid, Path, description = "Note")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<NoteId>,
) -> Answer<StatusCode> {
    app.desk.remove_note(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
