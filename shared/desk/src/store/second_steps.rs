//! Second steps at sign-in, recovery codes, and people between the first step and the second.

use domain::{Timestamp, UserId};
use sqlx::Row;

use super::{Store, Tx, rows::word};
use crate::{
    DeskError,
    sign_in::{Needs, PendingOf},
};

/// Somebody's second step.
#[derive(Clone, Debug)]
pub(crate) struct SecondStep {
    /// The secret of their app, sealed.
    pub sealed: String,
    /// When its first code was given.
    pub confirmed_at: Option<Timestamp>,
    /// The last 30 seconds whose code was used.
    pub last_step: i64,
    /// Wrong codes.
    pub wrong: i64,
    /// Since when they are counted.
    pub wrong_since: Timestamp,
}

/// Somebody's second step, confirmed or not.
pub(crate) async fn find(tx: &mut Tx, id: UserId) -> Result<Option<SecondStep>, DeskError> {
    let sql =
        "SELECT sealed, confirmed_at, last_step, wrong, wrong_since FROM second_steps WHERE user_id = $1";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        Ok(SecondStep {
            sealed: row.try_get("sealed")?,
            confirmed_at: row.try_get::<Option<i64>, _>("confirmed_at")?.map(Timestamp::from_millis),
            last_step: row.try_get("last_step")?,
            wrong: row.try_get("wrong")?,
            wrong_since: Timestamp::from_millis(row.try_get("wrong_since")?),
        })
    })
    .transpose()
}

/// Keeps a secret that is not confirmed yet, instead of any that was not. Its owner is locked before, and has none that
/// is confirmed.
pub(crate) async fn begin(tx: &mut Tx, id: UserId, sealed: &str, now: Timestamp) -> Result<(), DeskError> {
    // the count of wrong codes stays: who begins again and again does not get more tries by it
    sqlx::query(
        "INSERT INTO second_steps (user_id, sealed, created_at, last_step, wrong, wrong_since) \
         VALUES ($1, $2, $3, 0, 0, $3) \
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at",
    )
    .bind(id.to_string())
    .bind(sealed)
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The code of these 30 seconds was used; wrong ones before it are forgiven.
pub(crate) async fn used(tx: &mut Tx, id: UserId, step: i64, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE second_steps SET last_step = $1, wrong = 0, confirmed_at = COALESCE(confirmed_at, $2) \
         WHERE user_id = $3",
    )
    .bind(step)
    .bind(now.millis())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts wrong codes.
pub(crate) async fn count_wrong(
    tx: &mut Tx,
    id: UserId,
    wrong: i64,
    since: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE second_steps SET wrong = $1, wrong_since = $2 WHERE user_id = $3")
        .bind(wrong)
        .bind(since.millis())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Takes the second step and its recovery codes away; `false` when none was confirmed.
pub(crate) async fn remove(tx: &mut Tx, id: UserId) -> Result<bool, DeskError> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1")
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    let sql = "DELETE FROM second_steps WHERE user_id = $1 RETURNING confirmed_at";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    Ok(match row {
        Some(row) => row.try_get::<Option<i64>, _>("confirmed_at")?.is_some(),
        None => false,
    })
}

/// Gives somebody other recovery codes.
pub(crate) async fn replace_codes(tx: &mut Tx, id: UserId, hashes: &[String]) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1")
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    for hash in hashes {
        sqlx::query("INSERT INTO recovery_codes (code_hash, user_id) VALUES ($1, $2)")
            .bind(hash)
            .bind(id.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Uses a recovery code up; `false` when it is none of theirs.
pub(crate) async fn take_code(tx: &mut Tx, id: UserId, hash: &str) -> Result<bool, DeskError> {
    let sql = "DELETE FROM recovery_codes WHERE code_hash = $1 AND user_id = $2";
    let done = sqlx::query(sql).bind(hash).bind(id.to_string()).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Recovery codes that somebody has left.
pub(crate) async fn codes_left(tx: &mut Tx, id: UserId) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM recovery_codes WHERE user_id = $1";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).fetch_one(&mut **tx).await?)
}

/// Somebody is between the steps.
pub(crate) async fn insert_pending(
    tx: &mut Tx,
    hash: &str,
    of: &PendingOf,
    until: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO pending_sign_ins (token_hash, user_id, began_with, needs, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(hash)
    .bind(of.user.to_string())
    .bind(&of.with)
    .bind(of.needs.as_str())
    .bind(until.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who is between the steps, locked until the transaction ends; `None` when the token is none, used or too old.
pub(crate) async fn lock_pending(
    store: &Store,
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
) -> Result<Option<PendingOf>, DeskError> {
    let Some(found) = pending(tx, hash, now).await? else { return Ok(None) };
    super::accounts::lock_user(store, tx, found.user).await?;
    // whoever held the lock before may have used it up
    pending(tx, hash, now).await
}

async fn pending(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<PendingOf>, DeskError> {
    let sql =
        "SELECT user_id, began_with, needs FROM pending_sign_ins WHERE token_hash = $1 AND expires_at > $2";
    let row = sqlx::query(sql).bind(hash).bind(now.millis()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        Ok(PendingOf {
            user: word(row.try_get("user_id")?)?,
            with: row.try_get("began_with")?,
            needs: Needs::of_word(row.try_get("needs")?),
        })
    })
    .transpose()
}

/// Somebody is between the steps no more, wherever they began.
pub(crate) async fn forget_pending(tx: &mut Tx, id: UserId) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM pending_sign_ins WHERE user_id = $1")
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
