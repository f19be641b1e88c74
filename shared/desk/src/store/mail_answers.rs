//! To whom mails of ours go, where their writer chose, and who wrote them.

use domain::{MessageId, mail_answer::Recipients};
use sqlx::Row;
use uuid::Uuid;

use super::{Store, Tx};
use crate::DeskError;

/// Writes down to whom a mail goes.
///
/// # Errors
/// The database refuses.
pub(crate) async fn set_recipients(
    tx: &mut Tx,
    id: MessageId,
    recipients: &Recipients,
) -> Result<(), DeskError> {
    let document = serde_json::to_string(recipients).map_err(|e| DeskError::Refused(e.to_string()))?;
    sqlx::query("UPDATE messages SET recipients = $1 WHERE id = $2")
        .bind(document)
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// To whom a mail goes, where its writer chose.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn recipients(tx: &mut Tx, id: MessageId) -> Result<Option<Recipients>, DeskError> {
    let row = sqlx::query("SELECT recipients FROM messages WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let document: Option<String> = row.map(|row| row.try_get("recipients")).transpose()?.flatten();
    read(document.as_deref())
}

/// The recipients in their column.
///
/// # Errors
/// The column holds something else.
pub(crate) fn read(document: Option<&str>) -> Result<Option<Recipients>, DeskError> {
    let read =
        |text| serde_json::from_str(text).map_err(|e| DeskError::Unavailable(format!("recipients: {e}")));
    document.map(read).transpose()
}

/// The HTML of a mail.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn html(store: &Store, id: MessageId) -> Result<Option<String>, DeskError> {
    let sql = "SELECT html FROM messages WHERE id = $1 AND html IS NOT NULL";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(store.reader()).await?;
    Ok(row.map(|row| row.try_get("html")).transpose()?)
}

/// Whether an author is a person with an account, and not a program with a key.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn is_person(tx: &mut Tx, author: Uuid) -> Result<bool, DeskError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM users WHERE id = $1")
        .bind(author.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.is_some())
}
