//! Users, sessions, sign-in links and API keys.

use domain::{EmailAddress, Role, Timestamp, UserId};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{
    DeskError,
    accounts::{Actor, ApiKey, User},
};

const USER: &str = "SELECT u.id, u.email, u.name, u.role, u.disabled_at, u.created_at, u.password_hash, \
    (SELECT count(*) FROM second_steps s WHERE s.user_id = u.id AND s.confirmed_at IS NOT NULL) AS second_step, \
    (SELECT count(*) FROM passkeys k WHERE k.user_id = u.id) AS passkeys \
    FROM users u";

pub(super) fn user_of(row: &AnyRow) -> Result<User, DeskError> {
    Ok(User {
        id: word(row.try_get("id")?)?,
        email: word::<EmailAddress>(row.try_get("email")?)?,
        name: row.try_get("name")?,
        role: word::<Role>(row.try_get("role")?)?,
        disabled: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
        second_step: row.try_get::<i64, _>("second_step")? > 0,
        passkeys: row.try_get("passkeys")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
    })
}

/// Adds a user; `false` when the address is taken.
pub(crate) async fn insert_user(tx: &mut Tx, user: &User, hash: Option<&str>) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO users (id, email, name, role, password_hash, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (email) DO NOTHING",
    )
    .bind(user.id.to_string())
    .bind(user.email.as_str())
    .bind(&user.name)
    .bind(user.role.as_str())
    .bind(hash)
    .bind(user.created_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everybody, by name.
pub(crate) async fn users(store: &Store) -> Result<Vec<User>, DeskError> {
    let statement = AssertSqlSafe(format!("{USER} ORDER BY lower(u.name), u.id"));
    sqlx::query(statement).fetch_all(store.reader()).await?.iter().map(user_of).collect()
}

/// Whether there is anybody at all.
pub(crate) async fn has_users(store: &Store) -> Result<bool, DeskError> {
    let one = sqlx::query("SELECT id FROM users LIMIT 1").fetch_optional(store.reader()).await?;
    Ok(one.is_some())
}

/// One user.
pub(crate) async fn user(store: &Store, id: UserId) -> Result<Option<User>, DeskError> {
    let statement = AssertSqlSafe(format!("{USER} WHERE u.id = $1"));
    let row = sqlx::query(statement).bind(id.to_string()).fetch_optional(store.reader()).await?;
    row.as_ref().map(user_of).transpose()
}

/// Whether somebody has that address.
pub(crate) async fn is_user(tx: &mut Tx, email: &EmailAddress) -> Result<bool, DeskError> {
    let query = sqlx::query("SELECT id FROM users WHERE email = $1").bind(email.as_str());
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

/// One user, as a transaction sees them.
pub(crate) async fn user_in(tx: &mut Tx, id: UserId) -> Result<Option<User>, DeskError> {
    let statement = AssertSqlSafe(format!("{USER} WHERE u.id = $1"));
    let row = sqlx::query(statement).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(user_of).transpose()
}

/// One user, locked until the transaction ends.
pub(crate) async fn lock_user(store: &Store, tx: &mut Tx, id: UserId) -> Result<Option<User>, DeskError> {
    let statement = AssertSqlSafe(format!("{USER} WHERE u.id = $1{}", store.dialect.for_update));
    let row = sqlx::query(statement).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(user_of).transpose()
}

/// The user of an address, locked until the transaction ends.
pub(crate) async fn lock_user_of(
    store: &Store,
    tx: &mut Tx,
    email: &EmailAddress,
) -> Result<Option<User>, DeskError> {
    let statement = AssertSqlSafe(format!("{USER} WHERE u.email = $1{}", store.dialect.for_update));
    let row = sqlx::query(statement).bind(email.as_str()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(user_of).transpose()
}

/// The hash of somebody's password, if they have one.
pub(crate) async fn password_hash(tx: &mut Tx, id: UserId) -> Result<Option<String>, DeskError> {
    let sql = "SELECT password_hash FROM users WHERE id = $1";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).fetch_one(&mut **tx).await?)
}

/// Every owner who may sign in, locked until the transaction ends.
pub(crate) async fn lock_owners(store: &Store, tx: &mut Tx) -> Result<Vec<UserId>, DeskError> {
    let statement = AssertSqlSafe(format!(
        "SELECT id FROM users WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id{}",
        store.dialect.for_update
    ));
    let rows = sqlx::query(statement).fetch_all(&mut **tx).await?;
    rows.iter().map(|row| word(row.try_get("id")?)).collect()
}

/// A user and their password's hash, by address.
pub(crate) async fn credentials(
    store: &Store,
    email: &str,
) -> Result<Option<(User, Option<String>)>, DeskError> {
    let statement = AssertSqlSafe(format!("{USER} WHERE u.email = $1"));
    let row = sqlx::query(statement).bind(email).fetch_optional(store.reader()).await?;
    row.map(|row| Ok((user_of(&row)?, row.try_get("password_hash")?))).transpose()
}

/// Writes name, role, being shut out and, if given, the password's hash.
pub(crate) async fn update_user(
    tx: &mut Tx,
    user: &User,
    hash: Option<&str>,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE users SET name = $1, role = $2, disabled_at = $3, updated_at = $4, \
         password_hash = COALESCE($5, password_hash) WHERE id = $6",
    )
    .bind(&user.name)
    .bind(user.role.as_str())
    .bind(user.disabled.then_some(now.millis()))
    .bind(now.millis())
    .bind(hash)
    .bind(user.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a sign-in link.
pub(crate) async fn insert_link(
    tx: &mut Tx,
    hash: &str,
    id: UserId,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO sign_in_links (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(hash)
    .bind(id.to_string())
    .bind(now.millis())
    .bind(until.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whose sign-in link that is, locked until the transaction ends; `None` when it is none, or was used.
pub(crate) async fn lock_owner_of_link(
    store: &Store,
    tx: &mut Tx,
    hash: &str,
) -> Result<Option<User>, DeskError> {
    let sql = "SELECT user_id FROM sign_in_links WHERE token_hash = $1";
    let owner: Option<String> = sqlx::query_scalar(sql).bind(hash).fetch_optional(&mut **tx).await?;
    match owner {
        Some(owner) => lock_user(store, tx, word(&owner)?).await,
        None => Ok(None),
    }
}

/// Uses a sign-in link up; `false` when it is none, used or too old. Its owner is locked before.
pub(crate) async fn use_link(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<bool, DeskError> {
    let row = sqlx::query("DELETE FROM sign_in_links WHERE token_hash = $1 RETURNING expires_at")
        .bind(hash)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(match row {
        Some(row) => row.try_get::<i64, _>("expires_at")? > now.millis(),
        None => false,
    })
}

/// Adds a key; `false` when its hash is there already.
pub(crate) async fn insert_key(tx: &mut Tx, key: &ApiKey, hash: &str) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO api_keys (id, name, role, key_hash, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (key_hash) DO NOTHING",
    )
    .bind(&key.id)
    .bind(&key.name)
    .bind(key.role.as_str())
    .bind(hash)
    .bind(key.created_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// All keys that are not revoked, oldest first.
pub(crate) async fn keys(store: &Store) -> Result<Vec<ApiKey>, DeskError> {
    let rows = sqlx::query(
        "SELECT id, name, role, created_at FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at, id",
    )
    .fetch_all(store.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ApiKey {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                role: word(row.try_get("role")?)?,
                created_at: Timestamp::from_millis(row.try_get("created_at")?),
            })
        })
        .collect()
}

/// Revokes a key; `false` when it was already.
pub(crate) async fn revoke_key(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, DeskError> {
    let done = sqlx::query("UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
        .bind(now.millis())
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Who has the key with that hash.
pub(crate) async fn actor_of_key(store: &Store, hash: &str) -> Result<Option<Actor>, DeskError> {
    let row = sqlx::query("SELECT id, name, role FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL")
        .bind(hash)
        .fetch_optional(store.reader())
        .await?;
    row.map(|row| {
        let id = word::<UserId>(row.try_get("id")?)?.0;
        Ok(Actor {
            id,
            name: row.try_get("name")?,
            role: word(row.try_get("role")?)?,
            user: None,
            from: None,
        })
    })
    .transpose()
}
