//! Files of messages, and files that wait for one.

use std::collections::HashMap;

use domain::{AttachmentId, MessageId, Timestamp, message::Attachment};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::{Connection, Store, Tx, rows};
use crate::DeskError;

const FILE: &str = "SELECT id, name, content_type, size, blob FROM attachments";

/// Adds a file that belongs to no message yet.
pub(crate) async fn insert(
    tx: &mut Tx,
    file: &Attachment,
    by: Uuid,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO attachments (id, name, content_type, size, blob, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(file.id.to_string())
    .bind(&file.name)
    .bind(&file.content_type)
    .bind(i64::try_from(file.size).unwrap_or(i64::MAX))
    .bind(file.blob.as_deref().unwrap_or_default())
    .bind(by.to_string())
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One file.
pub(crate) async fn file(store: &Store, id: AttachmentId) -> Result<Option<Attachment>, DeskError> {
    let statement = AssertSqlSafe(format!("{FILE} WHERE id = $1"));
    let row = sqlx::query(statement).bind(id.to_string()).fetch_optional(store.reader()).await?;
    row.as_ref().map(rows::attachment).transpose()
}

/// These files, in this order, none of which belongs to a message yet.
pub(crate) async fn unused(
    store: &Store,
    tx: &mut Tx,
    ids: &[AttachmentId],
) -> Result<Vec<Attachment>, DeskError> {
    let found = still_unused(store, tx, ids).await?;
    let mut files: HashMap<AttachmentId, Attachment> =
        found.into_iter().map(|file| (file.id, file)).collect();
    let missing = || DeskError::invalid("attachments", "a file is not there, or belongs to another message");
    ids.iter().map(|id| files.remove(id).ok_or_else(missing)).collect()
}

/// Those of these files that belong to no message, in no order.
pub(crate) async fn still_unused(
    store: &Store,
    connection: &mut Connection,
    ids: &[AttachmentId],
) -> Result<Vec<Attachment>, DeskError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let list = store.values(1, ids.len());
    let statement = AssertSqlSafe(format!("{FILE} WHERE message_id IS NULL AND id IN {list}"));
    let query = ids.iter().fold(sqlx::query(statement), |query, id| query.bind(id.to_string()));
    query.fetch_all(connection).await?.iter().map(rows::attachment).collect()
}

/// The raw mail of a message: its blob key and its subject. `None` where there is none.
pub(crate) async fn original(
    store: &Store,
    id: MessageId,
) -> Result<Option<(String, Option<String>)>, DeskError> {
    let sql = "SELECT raw_blob, subject FROM messages WHERE id = $1 AND raw_blob IS NOT NULL";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(store.reader()).await?;
    row.map(|row| Ok((row.try_get("raw_blob")?, row.try_get("subject")?))).transpose()
}
