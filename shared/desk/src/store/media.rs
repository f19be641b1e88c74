//! Files of texts that still lie at the carrier (D5).

use domain::{MessageId, TicketId, Timestamp, message::Attachment};
use sqlx::Row;

use super::{Tx, rows::word, search_index};
use crate::DeskError;

/// A text that waits for files.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    /// Its words so far.
    pub text: String,
    /// How many files it waits for.
    pub files: i64,
}

/// A text that is there already waits for files.
pub(crate) async fn expect(tx: &mut Tx, message: MessageId, files: i64) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET files_pending = $1 WHERE id = $2")
        .bind(files)
        .bind(message.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The ticket of a text, if there is such a text; `Some(None)` for one without a ticket.
pub(crate) async fn ticket_of(
    tx: &mut Tx,
    message: MessageId,
) -> Result<Option<Option<TicketId>>, DeskError> {
    let row = sqlx::query("SELECT ticket_id FROM messages WHERE id = $1 AND direction = 'in'")
        .bind(message.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| row.try_get::<Option<&str>, _>("ticket_id")?.map(word).transpose()).transpose()
}

/// What a text waits for, whose ticket is locked; `None` once it waits for nothing. From here on it waits for nothing:
/// of two who bring its files one finds it so.
pub(crate) async fn take(tx: &mut Tx, message: MessageId) -> Result<Option<Waiting>, DeskError> {
    let id = message.to_string();
    let row = sqlx::query("SELECT body, files_pending FROM messages WHERE id = $1 AND files_pending > 0")
        .bind(&id)
        .fetch_optional(&mut **tx)
        .await?;
    let done = sqlx::query("UPDATE messages SET files_pending = 0 WHERE id = $1 AND files_pending > 0")
        .bind(&id)
        .execute(&mut **tx)
        .await?;
    row.filter(|_| done.rows_affected() == 1)
        .map(|row| Ok(Waiting { text: row.try_get("body")?, files: row.try_get("files_pending")? }))
        .transpose()
}

/// Adds the files of a text, and what its words are now.
pub(crate) async fn add(
    tx: &mut Tx,
    message: MessageId,
    text: &str,
    files: &[Attachment],
    now: Timestamp,
) -> Result<(), DeskError> {
    for (position, file) in (0_i64..).zip(files) {
        sqlx::query(
            "INSERT INTO attachments (id, message_id, position, name, content_type, size, blob, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        )
        .bind(file.id.to_string())
        .bind(message.to_string())
        .bind(position)
        .bind(&file.name)
        .bind(&file.content_type)
        .bind(i64::try_from(file.size).unwrap_or(i64::MAX))
        .bind(file.blob.as_deref().unwrap_or_default())
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    }
    sqlx::query("UPDATE messages SET body = $1, updated_at = $2 WHERE id = $3")
        .bind(text)
        .bind(now.millis())
        .bind(message.to_string())
        .execute(&mut **tx)
        .await?;
    search_index::text_changed(tx, message, text).await
}
