//! What was written and not sent, kept for its author on every device.

use axum::{extract::State, http::StatusCode};
use domain::{AttachmentId, TicketId, draft};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{
        Page,
        draft::{Draft, DraftMail, DraftMark, SavedDraft},
    },
};

/// A draft to keep, whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveDraft {
    /// The answer.
    #[serde(default)]
    text: String,
    /// Ids of files put up before.
    #[serde(default)]
    attachments: Vec<Uuid>,
    /// To whom a mail goes, where that was changed.
    mail: Option<DraftMail>,
    /// A note to colleagues.
    #[serde(default)]
    note: String,
    /// The version it was written on; 0 where there was none.
    version: Option<i64>,
}

/// The tickets in which you have written and not sent, newest first, at most 1,000.
#[utoipa::path(get, path = "/drafts", tag = "messages", responses((status = 200, body = Page<DraftMark>)))]
pub async fn list(State(app): State<Shared>, Agent(actor): Agent) -> Answer<Json<Page<DraftMark>>> {
    Ok(Json(Page::whole(app.desk.drafts(&actor).await?)))
}

/// Your draft of a ticket; an empty one where there is none.
#[utoipa::path(get, path = "/tickets/{id}/draft", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = Draft)))]
pub async fn show(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<Draft>> {
    Ok(Json(app.desk.draft(id, &actor).await?.into()))
}

/// Keeps your draft of a ticket; an empty one is no draft. The newest wins: what it took the place of without your having
/// seen it comes back as `replaced`.
#[utoipa::path(put, path = "/tickets/{id}/draft", tag = "messages", request_body = SaveDraft,
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = SavedDraft)))]
pub async fn save(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
    Json(save): Json<SaveDraft>,
) -> Answer<Json<SavedDraft>> {
    let draft = draft::Draft {
        text: save.text,
        attachments: save.attachments.into_iter().map(AttachmentId).collect(),
        mail: save.mail.map(Into::into),
        note: save.note,
    };
    Ok(Json(app.desk.save_draft(id, draft, save.version, &actor).await?.into()))
}

/// Throws your draft of a ticket away.
#[utoipa::path(delete, path = "/tickets/{id}/draft", tag = "messages",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<TicketId>,
) -> Answer<StatusCode> {
    app.desk.remove_draft(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
