//! Notes.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// What an agent told the others about a ticket; no customer ever sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Note {
    /// Id.
    pub id: Uuid,
    /// Its ticket.
    pub ticket_id: Uuid,
    /// Who wrote it.
    pub author: NoteAuthor,
    /// The text; names behind `@` are meant for their bearers.
    pub text: String,
    /// Users who are meant.
    pub mentions: Vec<Uuid>,
    /// When.
    pub created_at: Time,
}

/// Who wrote a note: a person, or an API key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteAuthor {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
}

impl From<domain::event::Note> for Note {
    fn from(note: domain::event::Note) -> Self {
        Self {
            id: note.id.0,
            ticket_id: note.ticket_id.0,
            author: NoteAuthor { id: note.author.id.0, name: note.author.name },
            text: note.text,
            mentions: note.mentions.into_iter().map(|user| user.0).collect(),
            created_at: note.created_at.into(),
        }
    }
}
