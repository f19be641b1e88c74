//! The settings document.

use domain::{Settings, Timestamp};
use sqlx::{Any, AssertSqlSafe, Executor, Row};

use super::Tx;
use crate::DeskError;

/// The name of the one row.
const NAME: &str = "organization";

/// The document, or the defaults while there is none. `lock` is empty or the dialect's `FOR UPDATE`.
pub(crate) async fn read<E>(executor: &mut E, lock: &str) -> Result<Settings, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let statement = AssertSqlSafe(format!("SELECT document FROM settings WHERE name = $1{lock}"));
    let Some(row) = sqlx::query(statement).bind(NAME).fetch_optional(&mut *executor).await? else {
        return Ok(Settings::default());
    };
    serde_json::from_str(row.try_get("document")?)
        .map_err(|error| DeskError::Unavailable(format!("the settings cannot be read: {error}")))
}

/// When the document was changed last; `None` while there is none.
pub(crate) async fn changed_at<E>(executor: &mut E) -> Result<Option<Timestamp>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let query = sqlx::query_scalar("SELECT updated_at FROM settings WHERE name = $1").bind(NAME);
    let at: Option<i64> = query.fetch_optional(&mut *executor).await?;
    Ok(at.map(Timestamp::from_millis))
}

/// Sees to it that there is a row to lock.
pub(crate) async fn ensure(tx: &mut Tx, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("INSERT INTO settings (name, document, updated_at) VALUES ($1, '{}', $2) ON CONFLICT (name) DO NOTHING")
        .bind(NAME)
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes the document.
pub(crate) async fn write(tx: &mut Tx, settings: &Settings, now: Timestamp) -> Result<(), DeskError> {
    let document = serde_json::to_string(settings)
        .map_err(|error| DeskError::Unavailable(format!("the settings cannot be written: {error}")))?;
    sqlx::query("UPDATE settings SET document = $1, updated_at = $2 WHERE name = $3")
        .bind(document)
        .bind(now.millis())
        .bind(NAME)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
