//! Answers kept for an `Idempotency-Key`; status 0 stands for one that is being made.

use domain::Timestamp;
use sqlx::Row;
use uuid::Uuid;

use super::{Tx, bulk};
use crate::{DeskError, bulk::KEPT_MILLIS, idempotency::KeptAnswer};

/// Takes a key; `false` when it is taken or answered. One taken before `stale` and never answered is taken over.
pub(crate) async fn take(
    tx: &mut Tx,
    actor: Uuid,
    key: &str,
    hash: &str,
    now: Timestamp,
    stale: Timestamp,
) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO idempotency (actor, key, request_hash, status, body, created_at) VALUES ($1, $2, $3, 0, '', $4) \
         ON CONFLICT (actor, key) DO UPDATE SET created_at = excluded.created_at \
         WHERE idempotency.status = 0 AND idempotency.request_hash = excluded.request_hash \
         AND idempotency.created_at < $5",
    )
    .bind(actor.to_string())
    .bind(key)
    .bind(hash)
    .bind(now.millis())
    .bind(stale.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The hash of the request that took a key, and its answer once there is one.
pub(crate) async fn answer(
    tx: &mut Tx,
    actor: Uuid,
    key: &str,
) -> Result<Option<(String, Option<KeptAnswer>)>, DeskError> {
    let row = sqlx::query("SELECT request_hash, status, body FROM idempotency WHERE actor = $1 AND key = $2")
        .bind(actor.to_string())
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| {
        let status = u16::try_from(row.try_get::<i64, _>("status")?).unwrap_or(0);
        let body = row.try_get("body")?;
        Ok((row.try_get("request_hash")?, (status != 0).then_some(KeptAnswer { status, body })))
    })
    .transpose()
}

/// Writes the answer.
pub(crate) async fn keep(
    tx: &mut Tx,
    actor: Uuid,
    key: &str,
    status: u16,
    body: &str,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE idempotency SET status = $1, body = $2 WHERE actor = $3 AND key = $4")
        .bind(i64::from(status))
        .bind(body)
        .bind(actor.to_string())
        .bind(key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives a key back that was taken and not answered.
pub(crate) async fn drop(tx: &mut Tx, actor: Uuid, key: &str) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM idempotency WHERE actor = $1 AND key = $2 AND status = 0")
        .bind(actor.to_string())
        .bind(key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Deletes answers from before `answers`, sessions and sign-in links that have ended, and what became of each ticket in
/// old changes of many.
pub(crate) async fn forget(tx: &mut Tx, now: Timestamp, answers: Timestamp) -> Result<(), DeskError> {
    for (sql, before) in [
        ("DELETE FROM idempotency WHERE created_at < $1", answers),
        ("DELETE FROM sessions WHERE expires_at < $1", now),
        ("DELETE FROM sign_in_links WHERE expires_at < $1", now),
        ("DELETE FROM password_links WHERE expires_at < $1", now),
        ("DELETE FROM pending_sign_ins WHERE expires_at < $1", now),
        ("DELETE FROM spent_challenges WHERE expires_at < $1", now),
    ] {
        sqlx::query(sql).bind(before.millis()).execute(&mut **tx).await?;
    }
    bulk::forget(tx, now.plus(-KEPT_MILLIS)).await
}
