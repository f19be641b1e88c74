//! A chat session's presence and tickets.

use domain::{SessionId, TicketId, Timestamp};

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// Notes whether the visitor has the widget open; `false` if a newer word is known. The ticket is locked already.
///
/// # Errors
/// The database refuses.
pub async fn set(tx: &mut Tx, ticket: TicketId, online: bool, at: Timestamp) -> Result<bool, DeskError> {
    let noted = sqlx::query(
        "UPDATE tickets SET visitor_online = $1, visitor_at = $2 WHERE id = $3 AND visitor_at <= $2",
    )
    .bind(i64::from(online))
    .bind(at.millis())
    .bind(ticket.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// The tickets of a session, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn tickets_of(tx: &mut Tx, session: SessionId) -> Result<Vec<TicketId>, DeskError> {
    let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM tickets WHERE session_id = $1 ORDER BY number")
        .bind(session.to_string())
        .fetch_all(&mut **tx)
        .await?;
    ids.iter().map(|id| word(id)).collect()
}

/// A ticket of a session.
pub struct SessionTicket {
    /// The ticket.
    pub id: TicketId,
    /// Its status.
    pub status: String,
    /// Its newest `seq`.
    pub last_seq: i64,
    /// Nobody has read the newest messages.
    pub unread: bool,
}

/// The tickets of a session, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn session(store: &Store, session: SessionId) -> Result<Vec<SessionTicket>, DeskError> {
    let sql = "SELECT id, status, last_seq, unread FROM tickets WHERE session_id = $1 ORDER BY number";
    let rows: Vec<(String, String, i64, i64)> =
        sqlx::query_as(sql).bind(session.to_string()).fetch_all(store.reader()).await?;
    let ticket = |(id, status, last_seq, unread): (String, String, i64, i64)| {
        Ok(SessionTicket { id: word(&id)?, status, last_seq, unread: unread != 0 })
    };
    rows.into_iter().map(ticket).collect()
}
