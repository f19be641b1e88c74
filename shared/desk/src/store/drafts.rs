//! Drafts, by their author and ticket.

use domain::{MessageId, TicketId, Timestamp};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use uuid::Uuid;

use super::{Store, Tx, rows::word};
use crate::{
    DeskError,
    drafts::{DraftMark, StoredDraft},
};

/// Most drafts that are listed.
const LISTED: i64 = 1_000;

fn draft_of(row: &AnyRow) -> Result<StoredDraft, DeskError> {
    let document: String = row.try_get("document")?;
    Ok(StoredDraft {
        ticket: word(row.try_get("ticket_id")?)?,
        draft: serde_json::from_str(&document)
            .map_err(|e| DeskError::Unavailable(format!("a draft: {e}")))?,
        version: row.try_get("version")?,
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}

/// Locks somebody's draft of a ticket and reads it. Where there was none there is an empty one now, so that two devices
/// that begin at once see each other.
pub(crate) async fn lock(
    store: &Store,
    tx: &mut Tx,
    author: Uuid,
    ticket: TicketId,
) -> Result<StoredDraft, DeskError> {
    sqlx::query(
        "INSERT INTO drafts (author_id, ticket_id, document, version, updated_at) VALUES ($1, $2, '{}', 0, 0) \
         ON CONFLICT (author_id, ticket_id) DO NOTHING",
    )
    .bind(author.to_string())
    .bind(ticket.to_string())
    .execute(&mut **tx)
    .await?;
    let sql = format!(
        "SELECT ticket_id, document, version, updated_at FROM drafts WHERE author_id = $1 AND ticket_id = $2{}",
        store.dialect.for_update
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(author.to_string())
        .bind(ticket.to_string())
        .fetch_one(&mut **tx)
        .await?;
    draft_of(&row)
}

/// Writes a locked draft; an empty one goes.
pub(crate) async fn save(tx: &mut Tx, author: Uuid, stored: &StoredDraft) -> Result<(), DeskError> {
    let (author, ticket) = (author.to_string(), stored.ticket.to_string());
    sqlx::query("DELETE FROM draft_files WHERE author_id = $1 AND ticket_id = $2")
        .bind(&author)
        .bind(&ticket)
        .execute(&mut **tx)
        .await?;
    for file in &stored.draft.attachments {
        sqlx::query(
            "INSERT INTO draft_files (attachment_id, author_id, ticket_id) VALUES ($1, $2, $3) \
             ON CONFLICT (attachment_id, author_id, ticket_id) DO NOTHING",
        )
        .bind(file.to_string())
        .bind(&author)
        .bind(&ticket)
        .execute(&mut **tx)
        .await?;
    }
    if stored.draft.is_empty() {
        sqlx::query("DELETE FROM drafts WHERE author_id = $1 AND ticket_id = $2")
            .bind(author)
            .bind(ticket)
            .execute(&mut **tx)
            .await?;
        return Ok(());
    }
    let document = serde_json::to_string(&stored.draft).map_err(|e| DeskError::Refused(e.to_string()))?;
    sqlx::query(
        "UPDATE drafts SET document = $1, version = $2, updated_at = $3 WHERE author_id = $4 AND ticket_id = $5",
    )
    .bind(document)
    .bind(stored.version)
    .bind(stored.updated_at.millis())
    .bind(author)
    .bind(ticket)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Somebody's draft of a ticket.
pub(crate) async fn one(
    store: &Store,
    author: Uuid,
    ticket: TicketId,
) -> Result<Option<StoredDraft>, DeskError> {
    let row = sqlx::query(
        "SELECT ticket_id, document, version, updated_at FROM drafts WHERE author_id = $1 AND ticket_id = $2",
    )
    .bind(author.to_string())
    .bind(ticket.to_string())
    .fetch_optional(store.reader())
    .await?;
    row.as_ref().map(draft_of).transpose()
}

/// Where somebody's newest drafts are, without what they say.
pub(crate) async fn marks(store: &Store, author: Uuid) -> Result<Vec<DraftMark>, DeskError> {
    let rows = sqlx::query(
        "SELECT ticket_id, version, updated_at FROM drafts WHERE author_id = $1 \
         ORDER BY updated_at DESC, ticket_id LIMIT $2",
    )
    .bind(author.to_string())
    .bind(LISTED)
    .fetch_all(store.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(DraftMark {
                ticket: word(row.try_get("ticket_id")?)?,
                version: row.try_get("version")?,
                updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
            })
        })
        .collect()
}

/// Takes the files of a message that is not sent after all off it, so that another one may have them.
pub(crate) async fn free_files(tx: &mut Tx, message: MessageId) -> Result<(), DeskError> {
    sqlx::query("UPDATE attachments SET message_id = NULL WHERE message_id = $1")
        .bind(message.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
