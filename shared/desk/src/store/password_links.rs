//! Links by which somebody chooses a new password.

use domain::{Timestamp, UserId};
use sqlx::Row;

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// How many of somebody were made since a moment and not used.
pub(crate) async fn since(tx: &mut Tx, id: UserId, moment: Timestamp) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM password_links WHERE user_id = $1 AND created_at > $2";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).bind(moment.millis()).fetch_one(&mut **tx).await?)
}

/// Adds one.
pub(crate) async fn insert(
    tx: &mut Tx,
    hash: &str,
    id: UserId,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO password_links (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(hash)
    .bind(id.to_string())
    .bind(now.millis())
    .bind(until.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whose one is; `None` when it is none, used or too old.
pub(crate) async fn owner(store: &Store, hash: &str, now: Timestamp) -> Result<Option<UserId>, DeskError> {
    let sql = "SELECT user_id FROM password_links WHERE token_hash = $1 AND expires_at > $2";
    let row = sqlx::query(sql).bind(hash).bind(now.millis()).fetch_optional(store.reader()).await?;
    row.map(|row| word(row.try_get("user_id")?)).transpose()
}

/// Uses one up; `false` when it is none, used or too old. Its owner is locked before: whoever changes them takes their
/// links away after that.
pub(crate) async fn take(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<bool, DeskError> {
    let sql = "DELETE FROM password_links WHERE token_hash = $1 AND expires_at > $2";
    let done = sqlx::query(sql).bind(hash).bind(now.millis()).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}
