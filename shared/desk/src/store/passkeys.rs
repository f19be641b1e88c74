//! Passkeys, and challenges that were answered.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{PasskeyId, Timestamp, UserId};
use sqlx::{Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{
    DeskError,
    sign_in::passkeys::{Kept, Passkey},
};

const PASSKEY: &str = "SELECT id, user_id, name, public_key, sign_count, may_be_backed_up, created_at, used_at \
    FROM passkeys";

fn passkey_of(row: &AnyRow) -> Result<Passkey, DeskError> {
    Ok(Passkey {
        id: word(row.try_get("id")?)?,
        name: row.try_get("name")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        used_at: row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp::from_millis),
    })
}

fn kept_of(row: &AnyRow) -> Result<Kept, DeskError> {
    let broken = |what: &str| DeskError::Refused(format!("a passkey has no {what} that can be read"));
    let key: String = row.try_get("public_key")?;
    Ok(Kept {
        passkey: passkey_of(row)?,
        user: word::<UserId>(row.try_get("user_id")?)?,
        key: URL_SAFE_NO_PAD.decode(key).map_err(|_| broken("key"))?,
        sign_count: u32::try_from(row.try_get::<i64, _>("sign_count")?).map_err(|_| broken("counter"))?,
        may_be_backed_up: row.try_get::<i64, _>("may_be_backed_up")? != 0,
    })
}

fn sql(rest: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{PASSKEY} {rest}"))
}

/// Somebody's passkeys, oldest first.
pub(crate) async fn of_user(store: &Store, id: UserId) -> Result<Vec<Passkey>, DeskError> {
    let query = sqlx::query(sql("WHERE user_id = $1 ORDER BY created_at, id")).bind(id.to_string());
    query.fetch_all(store.reader()).await?.iter().map(passkey_of).collect()
}

/// One of somebody's passkeys, who is locked before.
pub(crate) async fn find(tx: &mut Tx, id: PasskeyId, user: UserId) -> Result<Option<Passkey>, DeskError> {
    let query =
        sqlx::query(sql("WHERE id = $1 AND user_id = $2")).bind(id.to_string()).bind(user.to_string());
    query.fetch_optional(&mut **tx).await?.as_ref().map(passkey_of).transpose()
}

/// The passkey whose authenticator gave it that id.
pub(crate) async fn by_credential(store: &Store, credential: &[u8]) -> Result<Option<Kept>, DeskError> {
    let query = sqlx::query(sql("WHERE credential_id = $1")).bind(URL_SAFE_NO_PAD.encode(credential));
    query.fetch_optional(store.reader()).await?.as_ref().map(kept_of).transpose()
}

/// A passkey as it is now, whose owner is locked before.
pub(crate) async fn find_kept(tx: &mut Tx, id: PasskeyId) -> Result<Option<Kept>, DeskError> {
    let query = sqlx::query(sql("WHERE id = $1")).bind(id.to_string());
    query.fetch_optional(&mut **tx).await?.as_ref().map(kept_of).transpose()
}

/// The ids that their authenticators gave somebody's passkeys, in base64url.
pub(crate) async fn credentials(tx: &mut Tx, id: UserId) -> Result<Vec<String>, DeskError> {
    let sql = "SELECT credential_id FROM passkeys WHERE user_id = $1 ORDER BY created_at, id";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).fetch_all(&mut **tx).await?)
}

/// Adds a passkey; `false` when its authenticator's id is there already.
pub(crate) async fn insert(tx: &mut Tx, kept: &Kept, credential: &[u8]) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO passkeys (id, user_id, credential_id, name, public_key, sign_count, may_be_backed_up, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING",
    )
    .bind(kept.passkey.id.to_string())
    .bind(kept.user.to_string())
    .bind(URL_SAFE_NO_PAD.encode(credential))
    .bind(&kept.passkey.name)
    .bind(URL_SAFE_NO_PAD.encode(&kept.key))
    .bind(i64::from(kept.sign_count))
    .bind(i64::from(kept.may_be_backed_up))
    .bind(kept.passkey.created_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A passkey was used.
pub(crate) async fn used(
    tx: &mut Tx,
    id: PasskeyId,
    sign_count: u32,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE passkeys SET sign_count = $1, used_at = $2 WHERE id = $3")
        .bind(i64::from(sign_count))
        .bind(now.millis())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives a passkey another name.
pub(crate) async fn rename(tx: &mut Tx, id: PasskeyId, name: &str) -> Result<(), DeskError> {
    sqlx::query("UPDATE passkeys SET name = $1 WHERE id = $2")
        .bind(name)
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes a passkey.
pub(crate) async fn remove(tx: &mut Tx, id: PasskeyId) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM passkeys WHERE id = $1").bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Removes all of somebody's passkeys.
pub(crate) async fn remove_all(tx: &mut Tx, id: UserId) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM passkeys WHERE user_id = $1").bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// A challenge was answered; `false` when it was before. It is kept as long as it would be good.
pub(crate) async fn spend(tx: &mut Tx, hash: &str, until: Timestamp) -> Result<bool, DeskError> {
    let sql = "INSERT INTO spent_challenges (challenge_hash, expires_at) VALUES ($1, $2) \
        ON CONFLICT (challenge_hash) DO NOTHING";
    let done = sqlx::query(sql).bind(hash).bind(until.millis()).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}
