//! Preferences, by their owner.

use domain::{Timestamp, preferences::Preferences};
use uuid::Uuid;

use super::{Connection, Tx};
use crate::DeskError;

/// Somebody's; the defaults where they changed nothing.
pub(crate) async fn of(connection: &mut Connection, owner: Uuid) -> Result<Preferences, DeskError> {
    let found: Option<String> = sqlx::query_scalar("SELECT document FROM preferences WHERE owner_id = $1")
        .bind(owner.to_string())
        .fetch_optional(connection)
        .await?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|e| DeskError::Unavailable(format!("preferences: {e}")))
    };
    Ok(found.map(read).transpose()?.unwrap_or_default())
}

/// Writes somebody's.
pub(crate) async fn save(
    tx: &mut Tx,
    owner: Uuid,
    preferences: &Preferences,
    now: Timestamp,
) -> Result<(), DeskError> {
    let document = serde_json::to_string(preferences).map_err(|e| DeskError::Refused(e.to_string()))?;
    sqlx::query(
        "INSERT INTO preferences (owner_id, document, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (owner_id) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at",
    )
    .bind(owner.to_string())
    .bind(document)
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
