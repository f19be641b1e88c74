//! Where a customer's next message belongs: `sms:{our number}:{sender}`, `chat:{session}`.

use domain::{TicketId, Timestamp};

use super::{Tx, rows::word};
use crate::DeskError;

/// The ticket of a thread, locked until the transaction ends; `candidate` becomes it if there is none.
///
/// # Errors
/// The database refuses.
pub async fn claim(
    tx: &mut Tx,
    key: &str,
    candidate: TicketId,
    now: Timestamp,
) -> Result<TicketId, DeskError> {
    let ticket: String = sqlx::query_scalar(
        "INSERT INTO threads (key, ticket_id, touched_at) VALUES ($1, $2, $3) \
         ON CONFLICT (key) DO UPDATE SET touched_at = excluded.touched_at RETURNING ticket_id",
    )
    .bind(key)
    .bind(candidate.to_string())
    .bind(now.millis())
    .fetch_one(&mut **tx)
    .await?;
    word(&ticket)
}

/// The ticket of a thread, if there is one.
///
/// # Errors
/// The database cannot be read.
pub async fn find(tx: &mut Tx, key: &str) -> Result<Option<TicketId>, DeskError> {
    let ticket: Option<String> = sqlx::query_scalar("SELECT ticket_id FROM threads WHERE key = $1")
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    ticket.as_deref().map(word).transpose()
}

/// From now on the thread goes on in another ticket (C-W).
///
/// # Errors
/// The database refuses.
pub async fn point(tx: &mut Tx, key: &str, ticket: TicketId) -> Result<(), DeskError> {
    sqlx::query("UPDATE threads SET ticket_id = $1 WHERE key = $2")
        .bind(ticket.to_string())
        .bind(key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
