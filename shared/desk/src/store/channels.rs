//! Numbers, mailboxes and chat sites that are set up in the console.

use domain::Timestamp;
use sqlx::{Row, any::AnyRow};

use super::{Store, Tx};
use crate::{DeskError, channel_setups::ChannelSetup};

/// All of them, in an order that stays.
pub(crate) async fn all(store: &Store) -> Result<Vec<ChannelSetup>, DeskError> {
    let sql = "SELECT kind, name, sealed FROM channels ORDER BY kind, created_at, name";
    sqlx::query(sql).fetch_all(store.reader()).await?.iter().map(setup).collect()
}

/// How many there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DeskError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM channels").fetch_one(&mut **tx).await?)
}

/// Adds one; `false` if it is there.
pub(crate) async fn add(tx: &mut Tx, new: &ChannelSetup, now: Timestamp) -> Result<bool, DeskError> {
    let sql = "INSERT INTO channels (kind, name, sealed, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
        ON CONFLICT (kind, name) DO NOTHING";
    let query = sqlx::query(sql).bind(&new.kind).bind(&new.name).bind(&new.sealed).bind(now.millis());
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Changes one; `false` if it is not what it was `before`.
pub(crate) async fn change(
    tx: &mut Tx,
    before: &str,
    changed: &ChannelSetup,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let sql =
        "UPDATE channels SET sealed = $1, updated_at = $2 WHERE kind = $3 AND name = $4 AND sealed = $5";
    let query = sqlx::query(sql).bind(&changed.sealed).bind(now.millis()).bind(&changed.kind);
    Ok(query.bind(&changed.name).bind(before).execute(&mut **tx).await?.rows_affected() == 1)
}

/// Removes one; `false` if there is none.
pub(crate) async fn remove(tx: &mut Tx, kind: &str, name: &str) -> Result<bool, DeskError> {
    let query = sqlx::query("DELETE FROM channels WHERE kind = $1 AND name = $2").bind(kind).bind(name);
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

fn setup(row: &AnyRow) -> Result<ChannelSetup, DeskError> {
    Ok(ChannelSetup {
        kind: row.try_get("kind")?,
        name: row.try_get("name")?,
        sealed: row.try_get("sealed")?,
    })
}
