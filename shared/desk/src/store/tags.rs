//! Tags of tickets.

use domain::TicketId;
use sqlx::AssertSqlSafe;

use super::{Store, Tx};
use crate::DeskError;

/// Gives a ticket exactly these tags.
pub(crate) async fn replace(
    store: &Store,
    tx: &mut Tx,
    id: TicketId,
    tags: &[String],
) -> Result<(), DeskError> {
    let id = id.to_string();
    sqlx::query("DELETE FROM ticket_tags WHERE ticket_id = $1").bind(&id).execute(&mut **tx).await?;
    if tags.is_empty() {
        return Ok(());
    }
    let values = store.values(tags.len(), 2);
    let statement = AssertSqlSafe(format!("INSERT INTO ticket_tags (ticket_id, tag) VALUES {values}"));
    let query = tags.iter().fold(sqlx::query(statement), |query, tag| query.bind(&id).bind(tag));
    query.execute(&mut **tx).await?;
    Ok(())
}
