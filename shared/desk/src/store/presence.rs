//! A chat session's presence and tickets.

use std::collections::HashMap;

use domain::{
    SessionId, TicketId, Timestamp,
    event::{ChatStanding, ChatTicket},
};
use sqlx::{AssertSqlSafe, Row};

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
    /// The newest `seq` that an agent has read (0 if none).
    pub read_seq: i64,
}

/// The tickets of a session, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn session(store: &Store, session: SessionId) -> Result<Vec<SessionTicket>, DeskError> {
    let sql =
        "SELECT id, status, last_seq, unread, read_seq FROM tickets WHERE session_id = $1 ORDER BY number";
    let rows: Vec<(String, String, i64, i64, i64)> =
        sqlx::query_as(sql).bind(session.to_string()).fetch_all(store.reader()).await?;
    let ticket = |(id, status, last_seq, unread, read): (String, String, i64, i64, i64)| {
        Ok(SessionTicket {
            id: word(&id)?,
            status,
            last_seq,
            read_seq: read_up_to(unread != 0, last_seq, read),
        })
    };
    rows.into_iter().map(ticket).collect()
}

/// A replica of an earlier version does not note how far was read when it marks a ticket as read.
fn read_up_to(unread: bool, last_seq: i64, read_seq: i64) -> i64 {
    if unread { read_seq } else { last_seq.max(read_seq) }
}

/// How far these sessions are, by their newest tickets, in no order.
///
/// # Errors
/// The database cannot be read.
pub async fn standing(store: &Store, sessions: &[SessionId]) -> Result<Vec<ChatStanding>, DeskError> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let list = store.values(1, sessions.len());
    let sql = AssertSqlSafe(format!(
        "SELECT session_id, id, number, version, status, unread, visitor_online, last_seq, read_seq FROM tickets \
         WHERE session_id IN {list} ORDER BY number"
    ));
    let query = sqlx::query(sql).persistent(false);
    let query = sessions.iter().fold(query, |query, session| query.bind(session.to_string()));
    let mut newest = HashMap::new();
    for row in query.fetch_all(store.reader()).await? {
        let session: SessionId = word(row.try_get("session_id")?)?;
        let ticket = ChatTicket {
            id: word(row.try_get("id")?)?,
            number: row.try_get("number")?,
            version: row.try_get("version")?,
            status: row.try_get("status")?,
            unread: row.try_get::<i64, _>("unread")? != 0,
            visitor_online: row.try_get::<i64, _>("visitor_online")? != 0,
        };
        let last_seq = row.try_get("last_seq")?;
        let read_seq = read_up_to(ticket.unread, last_seq, row.try_get("read_seq")?);
        newest.insert(session, ChatStanding { session, ticket, last_seq, read_seq });
    }
    Ok(newest.into_values().collect())
}
