//! Files that were put up and that no message has named yet, and bytes that are to go.

use domain::Timestamp;
use sqlx::AssertSqlSafe;

use super::{Store, Tx};
use crate::DeskError;

/// A visitor put a file up. Its message may have been heard of before.
///
/// # Errors
/// The database refuses.
pub(crate) async fn put_up(tx: &mut Tx, blob: &str, at: Timestamp) -> Result<(), DeskError> {
    let sql =
        "INSERT INTO uploads (blob, taken, created_at) VALUES ($1, 0, $2) ON CONFLICT (blob) DO NOTHING";
    sqlx::query(sql).bind(blob).bind(at.millis()).execute(&mut **tx).await?;
    Ok(())
}

/// A message names these files.
///
/// # Errors
/// The database refuses.
pub(crate) async fn take<'a>(
    tx: &mut Tx,
    blobs: impl Iterator<Item = &'a str>,
    at: Timestamp,
) -> Result<(), DeskError> {
    for blob in blobs {
        let sql = "INSERT INTO uploads (blob, taken, created_at) VALUES ($1, 1, $2) \
                   ON CONFLICT (blob) DO UPDATE SET taken = 1";
        sqlx::query(sql).bind(blob).bind(at.millis()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Gives up what visitors put up before `before` and no message took, at most `limit` files, and forgets what was taken.
///
/// # Errors
/// The database refuses.
pub(crate) async fn give_up_visitors(
    tx: &mut Tx,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<String>, DeskError> {
    let sql = "DELETE FROM uploads WHERE blob IN \
               (SELECT blob FROM uploads WHERE created_at < $1 ORDER BY created_at LIMIT $2) \
               RETURNING blob, taken";
    let rows: Vec<(String, i64)> =
        sqlx::query_as(sql).bind(before.millis()).bind(limit).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().filter(|(_, taken)| *taken == 0).map(|(blob, _)| blob).collect())
}

/// Gives up what agents put up before `before` and no message took, at most `limit` files.
///
/// # Errors
/// The database refuses.
pub(crate) async fn give_up_agents(
    tx: &mut Tx,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<String>, DeskError> {
    let sql = "DELETE FROM attachments WHERE message_id IS NULL AND id IN \
               (SELECT id FROM attachments WHERE message_id IS NULL AND created_at < $1 \
               AND NOT EXISTS (SELECT 1 FROM draft_files d WHERE d.attachment_id = attachments.id) LIMIT $2) \
               RETURNING blob";
    Ok(sqlx::query_scalar(sql).bind(before.millis()).bind(limit).fetch_all(&mut **tx).await?)
}

/// These bytes are to go, once the transaction is committed.
///
/// # Errors
/// The database refuses.
pub(crate) async fn doom(tx: &mut Tx, blobs: &[String], now: Timestamp) -> Result<(), DeskError> {
    for blob in blobs {
        let sql = "INSERT INTO doomed_blobs (blob, created_at) VALUES ($1, $2) ON CONFLICT (blob) DO NOTHING";
        sqlx::query(sql).bind(blob).bind(now.millis()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Bytes whose time has come to go, oldest first.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn doomed(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<String>, DeskError> {
    let sql = "SELECT blob FROM doomed_blobs WHERE created_at <= $1 ORDER BY created_at, blob LIMIT $2";
    Ok(sqlx::query_scalar(sql).bind(now.millis()).bind(limit).fetch_all(store.reader()).await?)
}

/// Whether a message names these bytes, or a mail that may be sent through again.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn is_named(store: &Store, blob: &str) -> Result<bool, DeskError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM attachments WHERE blob = $1 \
        UNION ALL SELECT 1 FROM messages WHERE raw_blob = $1 \
        UNION ALL SELECT 1 FROM ledger WHERE raw_blob = $1 AND envelope IS NOT NULL) AS one";
    let named: i64 = sqlx::query_scalar(sql).bind(blob).fetch_one(store.reader()).await?;
    Ok(named > 0)
}

/// These bytes are gone, or stay after all.
///
/// # Errors
/// The database refuses.
pub(crate) async fn settled(store: &Store, blobs: &[String]) -> Result<(), DeskError> {
    if blobs.is_empty() {
        return Ok(());
    }
    let list = store.values(1, blobs.len());
    let sql = AssertSqlSafe(format!("DELETE FROM doomed_blobs WHERE blob IN {list}"));
    let mut tx = store.begin().await?;
    blobs.iter().fold(sqlx::query(sql).persistent(false), sqlx::query::Query::bind).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}
