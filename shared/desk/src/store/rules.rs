//! The rules, in order, and the number that counts their changes.

use domain::{Message, RuleId, TicketId, Timestamp, routing::Rule};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Executor, Row};

use super::{
    Store, Tx,
    rows::{self, MESSAGE_COLUMNS},
};
use crate::DeskError;

/// The number of the newest change. `lock` is empty or the dialect's `FOR UPDATE`: who changes rules holds it.
pub(crate) async fn version<E>(executor: &mut E, lock: &str) -> Result<i64, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let sql = AssertSqlSafe(format!("SELECT version FROM rules_version WHERE one = 1{lock}"));
    Ok(sqlx::query_scalar(sql).fetch_one(&mut *executor).await?)
}

/// Counts a change.
pub(crate) async fn count(tx: &mut Tx) -> Result<(), DeskError> {
    let sql = "UPDATE rules_version SET version = version + 1 WHERE one = 1";
    sqlx::query(sql).execute(&mut **tx).await?;
    Ok(())
}

/// Every rule, in order.
pub(crate) async fn all<E>(executor: &mut E) -> Result<Vec<Rule>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let sql = "SELECT document FROM rules ORDER BY position, id";
    let rows = sqlx::query(sql).fetch_all(&mut *executor).await?;
    let read = |document: &str| {
        serde_json::from_str(document)
            .map_err(|error| DeskError::Unavailable(format!("the database holds an odd rule: {error}")))
    };
    rows.iter().map(|row| read(row.try_get("document")?)).collect()
}

/// Writes a rule in its place, new or changed.
pub(crate) async fn save(tx: &mut Tx, rule: &Rule, position: usize, now: Timestamp) -> Result<(), DeskError> {
    let document = serde_json::to_string(rule)
        .map_err(|error| DeskError::Refused(format!("a rule cannot be written down: {error}")))?;
    sqlx::query(
        "INSERT INTO rules (id, position, document, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (id) DO UPDATE SET position = excluded.position, document = excluded.document, \
         updated_at = excluded.updated_at",
    )
    .bind(rule.id.to_string())
    .bind(i64::try_from(position).unwrap_or(i64::MAX))
    .bind(document)
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a rule away.
pub(crate) async fn delete(tx: &mut Tx, id: RuleId) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM rules WHERE id = $1").bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// The customer's first or newest message of a ticket.
pub(crate) async fn customers_words(
    store: &Store,
    connection: &mut AnyConnection,
    ticket: TicketId,
    first: bool,
) -> Result<Option<Message>, DeskError> {
    let direction = if first { "ASC" } else { "DESC" };
    let sql = AssertSqlSafe(format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages WHERE ticket_id = $1 AND author_kind = 'customer' \
         ORDER BY seq {direction} LIMIT 1"
    ));
    let found = sqlx::query(sql).bind(ticket.to_string()).fetch_all(&mut *connection).await?;
    Ok(rows::messages(store, connection, &found, ticket).await?.pop())
}
