//! Timers: what is to happen at a time. A ticket is locked before its timer is touched.

use domain::Timestamp;
use sqlx::Row;

use super::{Store, Tx};
use crate::DeskError;

/// A timer to set.
#[derive(Clone, Copy, Debug)]
pub struct Timer<'a> {
    /// Its key, such as `wake:{ticket}`.
    pub key: &'a str,
    /// What is to happen: `wake`, `send`.
    pub kind: &'a str,
    /// To what.
    pub subject: &'a str,
    /// When.
    pub due: Timestamp,
    /// The number of ours in whose queue this is a place.
    pub number: Option<&'a str>,
}

/// A timer whose time has come.
#[derive(Clone, Debug)]
pub struct DueTimer {
    /// Its key, such as `wake:{ticket}`, `join:{text}`.
    pub key: String,
    /// What is to happen: `wake`, `send`, `join`.
    pub kind: String,
    /// To what.
    pub subject_id: String,
    /// The number of ours in whose queue this is a place.
    pub number: Option<String>,
}

/// Sets a timer, or sets it anew.
///
/// # Errors
/// The database refuses.
pub async fn set(tx: &mut Tx, timer: Timer<'_>) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO timers (key, kind, subject_id, due_at, number) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at, number = excluded.number",
    )
    .bind(timer.key)
    .bind(timer.kind)
    .bind(timer.subject)
    .bind(timer.due.millis())
    .bind(timer.number)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Sets a timer, unless it is set.
///
/// # Errors
/// The database refuses.
pub async fn set_if_none(tx: &mut Tx, timer: Timer<'_>) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO timers (key, kind, subject_id, due_at, number) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(timer.key)
    .bind(timer.kind)
    .bind(timer.subject)
    .bind(timer.due.millis())
    .bind(timer.number)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps with a timer what would undo what it waits for.
///
/// # Errors
/// The database refuses.
pub async fn set_undo(tx: &mut Tx, key: &str, undo: &str) -> Result<(), DeskError> {
    sqlx::query("UPDATE timers SET undo = $1 WHERE key = $2").bind(undo).bind(key).execute(&mut **tx).await?;
    Ok(())
}

/// What would undo what a timer waits for, if that is known.
///
/// # Errors
/// The database cannot be read.
pub async fn undo(tx: &mut Tx, key: &str) -> Result<Option<String>, DeskError> {
    let sql = "SELECT undo FROM timers WHERE key = $1 AND undo IS NOT NULL";
    Ok(sqlx::query_scalar(sql).bind(key).fetch_optional(&mut **tx).await?)
}

/// Takes a timer away.
///
/// # Errors
/// The database refuses.
pub async fn clear(tx: &mut Tx, key: &str) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM timers WHERE key = $1").bind(key).execute(&mut **tx).await?;
    Ok(())
}

/// Takes a timer that is due by now and tells when it was due; `None` if somebody else took it, or it was set anew.
///
/// # Errors
/// The database refuses.
pub async fn take_due(tx: &mut Tx, key: &str, now: Timestamp) -> Result<Option<Timestamp>, DeskError> {
    let due: Option<i64> =
        sqlx::query_scalar("DELETE FROM timers WHERE key = $1 AND due_at <= $2 RETURNING due_at")
            .bind(key)
            .bind(now.millis())
            .fetch_optional(&mut **tx)
            .await?;
    Ok(due.map(Timestamp::from_millis))
}

/// The number in whose queue a timer is a place, if it is one.
///
/// # Errors
/// The database cannot be read.
pub async fn number_of(tx: &mut Tx, key: &str) -> Result<Option<String>, DeskError> {
    let sql = "SELECT number FROM timers WHERE key = $1 AND number IS NOT NULL";
    Ok(sqlx::query_scalar(sql).bind(key).fetch_optional(&mut **tx).await?)
}

/// The timers that are due, longest overdue first, at most `limit`.
///
/// # Errors
/// The database cannot be read.
pub async fn due(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<DueTimer>, DeskError> {
    let rows = sqlx::query(
        "SELECT key, kind, subject_id, number FROM timers WHERE due_at <= $1 ORDER BY due_at, key LIMIT $2",
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
                number: row.try_get("number")?,
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
