//! Who somebody is at an identity provider, and sign-ins that went there.

use domain::{EmailAddress, Timestamp, UserId, identity::Identity};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{DeskError, sign_in::provider::LinkedIdentity};

const SELECT: &str = "SELECT user_id, issuer, email, created_at, used_at FROM identities";

/// Whose that is.
pub(crate) async fn owner(tx: &mut Tx, identity: &Identity) -> Result<Option<UserId>, DeskError> {
    let sql = "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2";
    let query = sqlx::query(sql).bind(&identity.issuer).bind(&identity.subject);
    let row = query.fetch_optional(&mut **tx).await?;
    row.map(|row| word(row.try_get("user_id")?)).transpose()
}

/// It is theirs from now on; `false` when they have another one at that provider, or it is somebody else's by now.
pub(crate) async fn insert(
    tx: &mut Tx,
    id: UserId,
    identity: &Identity,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO identities (issuer, subject, user_id, email, created_at, used_at) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
    )
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(id.to_string())
    .bind(identity.email.as_ref().map(EmailAddress::as_str))
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody came in by it, and has that address there now.
pub(crate) async fn used(tx: &mut Tx, identity: &Identity, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("UPDATE identities SET used_at = $1, email = $2 WHERE issuer = $3 AND subject = $4")
        .bind(now.millis())
        .bind(identity.email.as_ref().map(EmailAddress::as_str))
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// All of them, or those of one person.
pub(crate) async fn all(store: &Store, of: Option<UserId>) -> Result<Vec<LinkedIdentity>, DeskError> {
    let statement = AssertSqlSafe(format!("{SELECT} WHERE $1 = '' OR user_id = $1 ORDER BY user_id, issuer"));
    let query = sqlx::query(statement).bind(of.map(|id| id.to_string()).unwrap_or_default());
    query.fetch_all(store.reader()).await?.iter().map(linked).collect()
}

/// Somebody is nobody there any more; says how many that were.
pub(crate) async fn remove(tx: &mut Tx, id: UserId) -> Result<u64, DeskError> {
    let done = sqlx::query("DELETE FROM identities WHERE user_id = $1")
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// A sign-in goes to the provider.
pub(crate) async fn begin(tx: &mut Tx, state_hash: &str, until: Timestamp) -> Result<(), DeskError> {
    sqlx::query("INSERT INTO provider_sign_ins (state_hash, expires_at) VALUES ($1, $2)")
        .bind(state_hash)
        .bind(until.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A sign-in came back, which it does once; `false` when it is none, came before or took too long.
pub(crate) async fn take(tx: &mut Tx, state_hash: &str, now: Timestamp) -> Result<bool, DeskError> {
    let done = sqlx::query("DELETE FROM provider_sign_ins WHERE state_hash = $1 AND expires_at > $2")
        .bind(state_hash)
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets sign-ins that never came back.
pub(crate) async fn forget(tx: &mut Tx, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM provider_sign_ins WHERE expires_at <= $1")
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn linked(row: &AnyRow) -> Result<LinkedIdentity, DeskError> {
    Ok(LinkedIdentity {
        user: word(row.try_get("user_id")?)?,
        issuer: row.try_get("issuer")?,
        email: row.try_get("email")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        used_at: Timestamp::from_millis(row.try_get("used_at")?),
    })
}
