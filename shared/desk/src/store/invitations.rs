//! People who were asked to work here and have not come yet.

use domain::{EmailAddress, InvitationId, Timestamp};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{DeskError, accounts::Invitation};

const SELECT: &str =
    "SELECT id, email, name, role, invited_by, created_at, sent_at, expires_at FROM invitations";

/// Adds one; `false` when that address has one.
pub(crate) async fn insert(tx: &mut Tx, new: &Invitation, hash: &str) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO invitations (id, email, name, role, token_hash, invited_by, created_at, sent_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email) DO NOTHING",
    )
    .bind(new.id.to_string())
    .bind(new.email.as_str())
    .bind(new.name.as_deref())
    .bind(new.role.as_str())
    .bind(hash)
    .bind(&new.invited_by)
    .bind(new.created_at.millis())
    .bind(new.sent_at.millis())
    .bind(new.expires_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives one another link and more time.
pub(crate) async fn renew(tx: &mut Tx, one: &Invitation, hash: &str) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE invitations SET token_hash = $1, invited_by = $2, sent_at = $3, expires_at = $4 WHERE id = $5",
    )
    .bind(hash)
    .bind(&one.invited_by)
    .bind(one.sent_at.millis())
    .bind(one.expires_at.millis())
    .bind(one.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DeskError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM invitations").fetch_one(&mut **tx).await?)
}

/// All of them, newest first.
pub(crate) async fn all(store: &Store) -> Result<Vec<Invitation>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} ORDER BY created_at DESC, id DESC"));
    sqlx::query(sql).fetch_all(store.reader()).await?.iter().map(invitation).collect()
}

/// One, held until the transaction ends.
pub(crate) async fn lock(
    store: &Store,
    tx: &mut Tx,
    id: InvitationId,
) -> Result<Option<Invitation>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1{}", store.dialect.for_update));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(invitation).transpose()
}

/// The one of a link that is still good.
pub(crate) async fn by_token(
    store: &Store,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Invitation>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE token_hash = $1 AND expires_at > $2"));
    let row = sqlx::query(sql).bind(hash).bind(now.millis()).fetch_optional(store.reader()).await?;
    row.as_ref().map(invitation).transpose()
}

/// The one of an address that is still good.
pub(crate) async fn of_email(
    tx: &mut Tx,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<Option<Invitation>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE email = $1 AND expires_at > $2"));
    let row = sqlx::query(sql).bind(email.as_str()).bind(now.millis()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(invitation).transpose()
}

/// Uses a link up; `false` when it is none, used or too old.
pub(crate) async fn take(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<bool, DeskError> {
    let sql = "DELETE FROM invitations WHERE token_hash = $1 AND expires_at > $2";
    let done = sqlx::query(sql).bind(hash).bind(now.millis()).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the one of an address.
pub(crate) async fn forget(tx: &mut Tx, email: &EmailAddress) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM invitations WHERE email = $1").bind(email.as_str()).execute(&mut **tx).await?;
    Ok(())
}

fn invitation(row: &AnyRow) -> Result<Invitation, DeskError> {
    let time = |column: &str| Ok::<_, DeskError>(Timestamp::from_millis(row.try_get(column)?));
    Ok(Invitation {
        id: word(row.try_get("id")?)?,
        email: word(row.try_get("email")?)?,
        name: row.try_get("name")?,
        role: word(row.try_get("role")?)?,
        invited_by: row.try_get("invited_by")?,
        created_at: time("created_at")?,
        sent_at: time("sent_at")?,
        expires_at: time("expires_at")?,
    })
}
