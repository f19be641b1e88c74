//! Saved views of lists.

use domain::{Timestamp, ViewId};
use sqlx::{Row, any::AnyRow};
use uuid::Uuid;

use super::{Store, Tx, rows::word};
use crate::{DeskError, views::View};

const SELECT: &str = "SELECT id, owner_id, scope, name, filters, position, created_at, updated_at FROM views";
/// The scope of what everybody sees.
const SHARED: &str = "shared";

fn scope(view: &View) -> String {
    if view.shared { SHARED.to_owned() } else { view.owner.to_string() }
}

/// What one person sees: the shared ones and their own.
pub(crate) async fn seen_by(store: &Store, actor: Uuid) -> Result<Vec<View>, DeskError> {
    let sql = format!("{SELECT} WHERE scope IN ('{SHARED}', $1) ORDER BY scope <> '{SHARED}', position, id");
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(actor.to_string()).fetch_all(store.reader()).await?;
    rows.iter().map(view).collect()
}

/// Every view, whoever's.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<View>, DeskError> {
    let sql = format!("{SELECT} ORDER BY id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut **tx).await?;
    rows.iter().map(view).collect()
}

/// A view, whoever's, held until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: ViewId) -> Result<Option<View>, DeskError> {
    let sql = format!("{SELECT} WHERE id = $1{}", store.dialect.for_update);
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(view).transpose()
}

/// A view, whoever's.
pub(crate) async fn find(store: &Store, id: ViewId) -> Result<Option<View>, DeskError> {
    let sql = format!("{SELECT} WHERE id = $1");
    let row =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(store.reader()).await?;
    row.as_ref().map(view).transpose()
}

/// How many views are beside this one, and the place after the last of them.
pub(crate) async fn beside(tx: &mut Tx, new: &View) -> Result<(i64, i64), DeskError> {
    let sql = "SELECT count(*) AS n, COALESCE(max(position), 0) + 1 AS next FROM views WHERE scope = $1";
    let row = sqlx::query(sql).bind(scope(new)).fetch_one(&mut **tx).await?;
    Ok((row.try_get("n")?, row.try_get("next")?))
}

/// Writes a view, new or changed; `false` if its name is taken.
pub(crate) async fn save(tx: &mut Tx, view: &View, name_key: &str) -> Result<bool, DeskError> {
    let filters = serde_json::to_string(&view.filters)
        .map_err(|error| DeskError::Refused(format!("a view cannot be written down: {error}")))?;
    let taken = "SELECT id FROM views WHERE scope = $1 AND name_key = $2 AND id <> $3";
    let taken = sqlx::query(taken).bind(scope(view)).bind(name_key).bind(view.id.to_string());
    if taken.fetch_optional(&mut **tx).await?.is_some() {
        return Ok(false);
    }
    let done = sqlx::query(
        "INSERT INTO views (id, owner_id, scope, name, name_key, filters, position, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, \
         name = excluded.name, name_key = excluded.name_key, filters = excluded.filters, \
         position = excluded.position, updated_at = excluded.updated_at",
    )
    .bind(view.id.to_string())
    .bind(view.owner.to_string())
    .bind(scope(view))
    .bind(&view.name)
    .bind(name_key)
    .bind(filters)
    .bind(view.position)
    .bind(view.created_at.millis())
    .bind(view.updated_at.millis())
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => Ok(true),
        // somebody took the name between the two statements
        Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Takes a view away.
pub(crate) async fn delete(tx: &mut Tx, id: ViewId) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM views WHERE id = $1").bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

fn view(row: &AnyRow) -> Result<View, DeskError> {
    let filters = serde_json::from_str(row.try_get("filters")?).map_err(|error| {
        DeskError::Unavailable(format!("the database holds a view that makes no sense: {error}"))
    })?;
    Ok(View {
        id: word(row.try_get("id")?)?,
        owner: word(row.try_get("owner_id")?)?,
        shared: row.try_get::<&str, _>("scope")? == SHARED,
        name: row.try_get("name")?,
        filters,
        position: row.try_get("position")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}
