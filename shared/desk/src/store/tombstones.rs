//! What must be known of what was erased, as keyed hashes: that it was here, and that somebody refused texts.

use std::collections::HashSet;

use domain::{Timestamp, consent::ConsentKind};
use sqlx::{AssertSqlSafe, Row};

use super::{Store, Tx};
use crate::DeskError;

/// Hashes of one statement.
const CHUNK: usize = 100;

/// What these hashes stand for was erased.
pub(crate) async fn add(
    store: &Store,
    tx: &mut Tx,
    hashes: &[String],
    now: Timestamp,
) -> Result<(), DeskError> {
    for chunk in hashes.chunks(CHUNK) {
        let values = store.values(chunk.len(), 2);
        let sql = format!("INSERT INTO tombstones (hash, at) VALUES {values} ON CONFLICT (hash) DO NOTHING");
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        chunk
            .iter()
            .fold(query, |query, hash| query.bind(hash).bind(now.millis()))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Those of these that stand for something erased.
pub(crate) async fn among(
    store: &Store,
    tx: &mut Tx,
    hashes: &[String],
) -> Result<HashSet<String>, DeskError> {
    let mut found = HashSet::new();
    for chunk in hashes.chunks(CHUNK) {
        let sql = format!("SELECT hash FROM tombstones WHERE hash IN {}", store.values(1, chunk.len()));
        let query =
            sqlx::query_scalar(AssertSqlSafe(sql)).persistent(chunk.len() == 1 || chunk.len() == CHUNK);
        found.extend(chunk.iter().fold(query, |query, hash| query.bind(hash)).fetch_all(&mut **tx).await?);
    }
    Ok(found)
}

/// Keeps in mind which kinds of texts a number refused when it was erased; an earlier word on it goes.
pub(crate) async fn remember_refusals(
    tx: &mut Tx,
    hash: &str,
    kinds: &[ConsentKind],
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM remembered_refusals WHERE hash = $1").bind(hash).execute(&mut **tx).await?;
    for kind in kinds {
        sqlx::query("INSERT INTO remembered_refusals (hash, kind, at) VALUES ($1, $2, $3)")
            .bind(hash)
            .bind(kind.as_str())
            .bind(now.millis())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// What a number had refused when it was erased, and when that was.
pub(crate) async fn refusals(tx: &mut Tx, hash: &str) -> Result<Vec<(ConsentKind, Timestamp)>, DeskError> {
    let sql = "SELECT kind, at FROM remembered_refusals WHERE hash = $1 ORDER BY kind";
    let rows = sqlx::query(sql).bind(hash).fetch_all(&mut **tx).await?;
    let kind = |word: &str| ConsentKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    let mut found = Vec::new();
    for row in rows {
        let at = Timestamp::from_millis(row.try_get("at")?);
        found.extend(kind(row.try_get("kind")?).map(|kind| (kind, at)));
    }
    Ok(found)
}

/// An address that asked for no more mails about chats is known by its hash from now on.
pub(crate) async fn hash_mail_opt_out(tx: &mut Tx, address: &str, hash: &str) -> Result<(), DeskError> {
    let sql = "INSERT INTO mail_opt_outs (address, at) SELECT $1, at FROM mail_opt_outs WHERE address = $2 \
        ON CONFLICT (address) DO NOTHING";
    sqlx::query(sql).bind(hash).bind(address).execute(&mut **tx).await?;
    sqlx::query("DELETE FROM mail_opt_outs WHERE address = $1").bind(address).execute(&mut **tx).await?;
    Ok(())
}
