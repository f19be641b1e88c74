//! Refresh tokens that providers gave, sealed.

use domain::{Timestamp, event::RefreshTokenGiven};

use super::{Connection, Tx};
use crate::DeskError;

/// The last one of a grant.
pub(crate) async fn last(connection: &mut Connection, grant: &str) -> Result<Option<String>, DeskError> {
    let found = sqlx::query_scalar("SELECT sealed FROM refresh_tokens WHERE grant_id = $1");
    Ok(found.bind(grant).fetch_optional(connection).await?)
}

/// From now on this one.
pub(crate) async fn keep(tx: &mut Tx, given: &RefreshTokenGiven, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO refresh_tokens (grant_id, sealed, given_at) VALUES ($1, $2, $3) \
         ON CONFLICT (grant_id) DO UPDATE SET sealed = excluded.sealed, given_at = excluded.given_at",
    )
    .bind(&given.grant)
    .bind(&given.sealed)
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those of grants that nobody was given anything for since then.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM refresh_tokens WHERE given_at < $1")
        .bind(before.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
