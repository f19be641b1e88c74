//! Answers at hand.

use domain::{QuickResponseId, Timestamp};
use sqlx::{Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{DeskError, quick_responses::QuickResponse};

fn response_of(row: &AnyRow) -> Result<QuickResponse, DeskError> {
    Ok(QuickResponse {
        id: word(row.try_get("id")?)?,
        title: row.try_get("title")?,
        text: row.try_get("text")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}

/// All of them, by title.
pub(crate) async fn all(store: &Store) -> Result<Vec<QuickResponse>, DeskError> {
    let rows = sqlx::query(
        "SELECT id, title, text, created_at, updated_at FROM quick_responses ORDER BY folded, id",
    )
    .fetch_all(store.reader())
    .await?;
    rows.iter().map(response_of).collect()
}

/// One of them, as a transaction sees it.
pub(crate) async fn one(tx: &mut Tx, id: QuickResponseId) -> Result<Option<QuickResponse>, DeskError> {
    let row =
        sqlx::query("SELECT id, title, text, created_at, updated_at FROM quick_responses WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut **tx)
            .await?;
    row.as_ref().map(response_of).transpose()
}

/// How many there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DeskError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM quick_responses").fetch_one(&mut **tx).await?)
}

/// Adds it; `false` when the title is taken.
pub(crate) async fn insert(tx: &mut Tx, new: &QuickResponse) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO quick_responses (id, title, folded, text, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (folded) DO NOTHING",
    )
    .bind(new.id.to_string())
    .bind(&new.title)
    .bind(new.title.to_lowercase())
    .bind(&new.text)
    .bind(new.created_at.millis())
    .bind(new.updated_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes title and text; `false` when the title is another's, or it is gone.
pub(crate) async fn update(tx: &mut Tx, changed: &QuickResponse) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "UPDATE quick_responses SET title = $1, folded = $2, text = $3, updated_at = $4 WHERE id = $5 \
         AND NOT EXISTS (SELECT 1 FROM quick_responses other WHERE other.folded = $2 AND other.id <> $5)",
    )
    .bind(&changed.title)
    .bind(changed.title.to_lowercase())
    .bind(&changed.text)
    .bind(changed.updated_at.millis())
    .bind(changed.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes it; `false` when it was not there.
pub(crate) async fn remove(tx: &mut Tx, id: QuickResponseId) -> Result<bool, DeskError> {
    let done = sqlx::query("DELETE FROM quick_responses WHERE id = $1")
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}
