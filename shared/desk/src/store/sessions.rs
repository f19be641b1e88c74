//! Sessions of people who are signed in.

use domain::{Timestamp, UserId};
use sqlx::{Row, any::AnyRow};

use super::{Store, Tx, accounts::user_of, rows::word};
use crate::{
    DeskError,
    sign_in::{NewSession, OpenSession, Origin, Session},
};

/// Adds a session.
pub(crate) async fn insert(
    tx: &mut Tx,
    hash: &str,
    new: &NewSession,
    began_with: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO sessions (token_hash, user_id, csrf, created_at, expires_at, used_at, browser, address, \
         began_with) VALUES ($1, $2, $3, $4, $5, $4, $6, $7, $8)",
    )
    .bind(hash)
    .bind(new.user.id.to_string())
    .bind(&new.csrf)
    .bind(now.millis())
    .bind(new.expires_at.millis())
    .bind(&origin.browser)
    .bind(origin.address.map(|address| address.to_canonical().to_string()))
    .bind(began_with)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A session that is good now, of somebody who may sign in.
pub(crate) async fn find(store: &Store, hash: &str, now: Timestamp) -> Result<Option<Session>, DeskError> {
    let row = sqlx::query(
        "SELECT u.id, u.email, u.name, u.role, u.disabled_at, u.created_at, s.csrf, s.expires_at, s.used_at, \
         (SELECT count(*) FROM second_steps x WHERE x.user_id = u.id AND x.confirmed_at IS NOT NULL) AS second_step, \
         (SELECT count(*) FROM passkeys k WHERE k.user_id = u.id) AS passkeys \
         FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL",
    )
    .bind(hash)
    .bind(now.millis())
    .fetch_optional(store.reader())
    .await?;
    row.map(|row| {
        Ok(Session {
            user: user_of(&row)?,
            csrf: row.try_get("csrf")?,
            expires_at: Timestamp::from_millis(row.try_get("expires_at")?),
            used_at: row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp::from_millis),
        })
    })
    .transpose()
}

/// A session is used, and lasts until then.
pub(crate) async fn used(tx: &mut Tx, hash: &str, now: Timestamp, until: Timestamp) -> Result<(), DeskError> {
    sqlx::query("UPDATE sessions SET expires_at = $1, used_at = $2 WHERE token_hash = $3")
        .bind(until.millis())
        .bind(now.millis())
        .bind(hash)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The sessions of somebody that are good now, by the hashes of their tokens, last used first.
pub(crate) async fn of_user(
    store: &Store,
    id: UserId,
    now: Timestamp,
) -> Result<Vec<(String, OpenSession)>, DeskError> {
    let sql = "SELECT token_hash, browser, address, created_at, used_at FROM sessions \
        WHERE user_id = $1 AND expires_at > $2 ORDER BY COALESCE(used_at, created_at) DESC, token_hash LIMIT 200";
    let query = sqlx::query(sql).bind(id.to_string()).bind(now.millis());
    query.fetch_all(store.reader()).await?.iter().map(open).collect()
}

fn open(row: &AnyRow) -> Result<(String, OpenSession), DeskError> {
    let created_at = Timestamp::from_millis(row.try_get("created_at")?);
    let used_at = row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp::from_millis);
    let hash: String = row.try_get("token_hash")?;
    let session = OpenSession {
        id: crate::sign_in::session_id(&hash),
        browser: row.try_get::<Option<String>, _>("browser")?.unwrap_or_default(),
        address: row.try_get("address")?,
        created_at,
        used_at: used_at.unwrap_or(created_at),
        current: false,
    };
    Ok((hash, session))
}

/// Ends a session and says whose it was.
pub(crate) async fn end(tx: &mut Tx, hash: &str) -> Result<Option<UserId>, DeskError> {
    let sql = "DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id";
    let row = sqlx::query(sql).bind(hash).fetch_optional(&mut **tx).await?;
    row.map(|row| word(row.try_get("user_id")?)).transpose()
}

/// Ends somebody's sessions, but for one, and says how many.
pub(crate) async fn end_all(tx: &mut Tx, id: UserId, but: Option<&str>) -> Result<u64, DeskError> {
    let done = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
        .bind(id.to_string())
        .bind(but.unwrap_or_default())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// Whether somebody's session began by a sign-in link, after that moment.
pub(crate) async fn began_by_link(
    tx: &mut Tx,
    hash: &str,
    id: UserId,
    after: Timestamp,
) -> Result<bool, DeskError> {
    let sql = "SELECT user_id FROM sessions \
        WHERE token_hash = $1 AND user_id = $2 AND created_at > $3 AND began_with = 'sign_in_link'";
    let query = sqlx::query(sql).bind(hash).bind(id.to_string()).bind(after.millis());
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

/// Makes everything useless by which somebody could come in: links, and a first step without its second.
pub(crate) async fn forget_links(tx: &mut Tx, id: UserId) -> Result<(), DeskError> {
    for sql in [
        "DELETE FROM sign_in_links WHERE user_id = $1",
        "DELETE FROM password_links WHERE user_id = $1",
        "DELETE FROM pending_sign_ins WHERE user_id = $1",
    ] {
        sqlx::query(sql).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}
