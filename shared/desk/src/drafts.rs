//! What agents have written and not sent, kept here: nobody else's change touches it, and it is there on every device. Of
//! two devices the newer wins, and is told what it replaced.

use std::collections::HashMap;

use domain::{AttachmentId, TicketId, Timestamp, draft::Draft, message::Attachment};

use crate::{
    Actor, Desk, DeskError,
    store::{Connection, Tx, drafts as rows, files, rows::ticket_by_id},
    text::clean,
};

/// A draft as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDraft {
    /// Of which ticket.
    pub ticket: TicketId,
    /// What was written.
    pub draft: Draft,
    /// Grows with every change, also over a draft that was gone meanwhile.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl StoredDraft {
    fn none(ticket: TicketId) -> Self {
        Self { ticket, draft: Draft::default(), version: 0, updated_at: Timestamp::from_millis(0) }
    }

    /// The same with other words, at `now`.
    pub(crate) fn changed(self, draft: Draft, now: Timestamp) -> Self {
        let version = now.millis().max(self.version + 1);
        Self { ticket: self.ticket, draft, version, updated_at: now }
    }
}

/// That there is a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftMark {
    /// Of which ticket.
    pub ticket: TicketId,
    /// Its version.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A draft with its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownDraft {
    /// The draft.
    pub stored: StoredDraft,
    /// Its files, without those that another message has by now.
    pub files: Vec<Attachment>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedDraft {
    /// The draft as it is now.
    pub now: ShownDraft,
    /// What it took the place of, where that was not what its writer had seen.
    pub replaced: Option<ShownDraft>,
}

impl Desk {
    /// Somebody's draft of a ticket; an empty one where there is none.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn draft(&self, ticket: TicketId, actor: &Actor) -> Result<ShownDraft, DeskError> {
        self.ticket(ticket).await?;
        let stored = rows::one(&self.store, actor.id, ticket).await?;
        let mut connection = self.store.reader().acquire().await?;
        self.shown(&mut connection, stored.unwrap_or_else(|| StoredDraft::none(ticket))).await
    }

    /// Where somebody's newest drafts are, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn drafts(&self, actor: &Actor) -> Result<Vec<DraftMark>, DeskError> {
        rows::marks(&self.store, actor.id).await
    }

    /// Keeps what somebody wrote. `seen` is the version they wrote on; a draft that is not that one is replaced too, and
    /// given back.
    ///
    /// # Errors
    /// There is no such ticket; it is too long; a file that is not there.
    pub async fn save_draft(
        &self,
        ticket: TicketId,
        draft: Draft,
        seen: Option<i64>,
        actor: &Actor,
    ) -> Result<SavedDraft, DeskError> {
        let draft = Draft { text: clean(&draft.text), note: clean(&draft.note), ..draft };
        draft.check().map_err(|(field, reason)| DeskError::invalid(field, reason))?;
        let mut tx = self.store.begin().await?;
        if ticket_by_id(&self.store, &mut *tx, ticket).await?.is_none() {
            return Err(DeskError::NotFound("ticket"));
        }
        let before = rows::lock(&self.store, &mut tx, actor.id, ticket).await?;
        let differs =
            seen.unwrap_or(0) != before.version && !before.draft.is_empty() && before.draft != draft;
        let replaced = if differs { Some(self.shown(&mut tx, before.clone()).await?) } else { None };
        let now = before.changed(draft, self.now());
        rows::save(&mut tx, actor.id, &now).await?;
        let now = self.shown(&mut tx, now).await?;
        tx.commit().await?;
        Ok(SavedDraft { now, replaced })
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn remove_draft(&self, ticket: TicketId, actor: &Actor) -> Result<(), DeskError> {
        self.save_draft(ticket, Draft::default(), None, actor).await.map(|_| ())
    }

    /// With those of its files that are still nobody's.
    pub(crate) async fn shown(
        &self,
        connection: &mut Connection,
        mut stored: StoredDraft,
    ) -> Result<ShownDraft, DeskError> {
        let found = files::still_unused(&self.store, connection, &stored.draft.attachments).await?;
        let mut by_id: HashMap<AttachmentId, Attachment> =
            found.into_iter().map(|file| (file.id, file)).collect();
        let files: Vec<_> = stored.draft.attachments.iter().filter_map(|id| by_id.remove(id)).collect();
        stored.draft.attachments = files.iter().map(|file| file.id).collect();
        Ok(ShownDraft { stored, files })
    }

    /// The answer of a draft was sent; what was written after `version` stays, and so does a note.
    pub(crate) async fn draft_was_sent(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        version: i64,
        actor: &Actor,
    ) -> Result<(), DeskError> {
        let before = rows::lock(&self.store, tx, actor.id, ticket).await?;
        let now = if before.version <= version {
            // The same version: its writer has seen this change.
            StoredDraft { draft: before.draft.without_answer(), ..before }
        } else {
            before
        };
        rows::save(tx, actor.id, &now).await
    }
}
