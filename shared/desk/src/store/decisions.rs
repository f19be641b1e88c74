//! What was decided about tickets without a person, and why.

use domain::{MessageId, RuleId, TicketId, Timestamp};
use sqlx::Row;
use uuid::Uuid;

use super::{Store, Tx, rows::word};
use crate::{DeskError, availability::Decided, entropy};

/// Keeps a decision.
pub(crate) async fn add(
    tx: &mut Tx,
    ticket: TicketId,
    message: Option<MessageId>,
    decided: &Decided,
) -> Result<(), DeskError> {
    let did = serde_json::to_string(&decided.did)
        .map_err(|error| DeskError::Refused(format!("a decision cannot be written down: {error}")))?;
    sqlx::query(
        "INSERT INTO ticket_decisions (id, ticket_id, message_id, rule_id, rule_name, why, did, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(MessageId::new(decided.at, &entropy()).to_string())
    .bind(ticket.to_string())
    .bind(message.map(|id| id.to_string()))
    .bind(decided.rule.as_ref().map(|(id, _)| id.to_string()))
    .bind(decided.rule.as_ref().map(|(_, name)| name.as_str()))
    .bind(&decided.why)
    .bind(did)
    .bind(decided.at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The newest decisions about a ticket, newest first.
pub(crate) async fn of_ticket(
    store: &Store,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<Decided>, DeskError> {
    let rows = sqlx::query(
        "SELECT rule_id, rule_name, why, did, at FROM ticket_decisions WHERE ticket_id = $1 \
         ORDER BY at DESC, id DESC LIMIT $2",
    )
    .bind(ticket.to_string())
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    let decided = rows.iter().map(|row| {
        let odd = |error| DeskError::Unavailable(format!("the database holds an odd decision: {error}"));
        let rule = row.try_get::<Option<&str>, _>("rule_id")?.map(word::<Uuid>).transpose()?.map(RuleId);
        let name: Option<String> = row.try_get("rule_name")?;
        Ok(Decided {
            rule: rule.zip(name),
            why: row.try_get("why")?,
            did: serde_json::from_str(row.try_get("did")?).map_err(odd)?,
            at: Timestamp::from_millis(row.try_get("at")?),
        })
    });
    decided.collect()
}
