//! Timers: what is to happen at a time. A ticket is locked before its timer is touched.

use domain::Timestamp;
use sqlx::Row;

use super::{Store, Tx};
use crate::DeskError;

/// A timer whose time has come.
#[derive(Clone, Debug)]
pub struct DueTimer {
    /// Its key, such as `wake:{ticket}`.
    pub key: String,
    /// What is to happen: `wake`.
    pub kind: String,
    /// To what.
    pub subject_id: String,
}

/// Sets a timer, or sets it anew.
///
/// # Errors
/// The database refuses.
pub async fn set(tx: &mut Tx, key: &str, kind: &str, subject: &str, due: Timestamp) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO timers (key, kind, subject_id, due_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at",
    )
    .bind(key)
    .bind(kind)
    .bind(subject)
    .bind(due.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a timer away.
///
/// # Errors
/// The database refuses.
pub async fn clear(tx: &mut Tx, key: &str) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM timers WHERE key = $1").bind(key).execute(&mut **tx).await?;
    Ok(())
}

/// Takes a timer that is due by now; `false` if somebody else did, or it was set anew.
///
/// # Errors
/// The database refuses.
pub async fn take_due(tx: &mut Tx, key: &str, now: Timestamp) -> Result<bool, DeskError> {
    let taken = sqlx::query("DELETE FROM timers WHERE key = $1 AND due_at <= $2")
        .bind(key)
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    Ok(taken.rows_affected() > 0)
}

/// The timers that are due, longest overdue first, at most `limit`.
///
/// # Errors
/// The database cannot be read.
pub async fn due(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<DueTimer>, DeskError> {
    let rows = sqlx::query(
        "SELECT key, kind, subject_id FROM timers WHERE due_at <= $1 ORDER BY due_at, key LIMIT $2",
    )
    .bind(now.millis())
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(DueTimer {
                key: row.try_get("key")?,
                kind: row.try_get("kind")?,
                subject_id: row.try_get("subject_id")?,
            })
        })
        .collect()
}

/// When the next timer is due.
///
/// # Errors
/// The database cannot be read.
pub async fn next_due(store: &Store) -> Result<Option<Timestamp>, DeskError> {
    let next: Option<i64> =
        sqlx::query_scalar("SELECT min(due_at) FROM timers").fetch_one(store.reader()).await?;
    Ok(next.map(Timestamp::from_millis))
}
