//! Tickets while they change. A ticket's row is locked before anything that belongs to it, so that writers never wait
//! for each other in a circle.

use bus::{Packet, topic::TICKET_CHANGED};
use domain::{
    TicketId, Timestamp, event::TicketChanged, event::TicketView, filter::NOBODY_WAITS, ticket::State,
};
use sqlx::AssertSqlSafe;

use super::{Store, Tx, outbox, rows, rows::TicketRow, search_index};
use crate::DeskError;

/// Locks a ticket until the transaction ends and reads it.
///
/// # Errors
/// The database cannot be read.
pub async fn lock(store: &Store, tx: &mut Tx, id: TicketId) -> Result<Option<TicketRow>, DeskError> {
    let sql = format!(
        "{} WHERE t.id = $1 AND p.erasing = 0{}",
        rows::TICKET_SELECT,
        store.dialect.for_update_of_ticket
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    Ok(match row {
        Some(row) => rows::tickets(store, &mut **tx, &[row]).await?.pop(),
        None => None,
    })
}

/// Writes a changed ticket back: everything but its tags. Counts the change.
///
/// # Errors
/// The database cannot be written.
pub async fn save(tx: &mut Tx, row: &mut TicketRow, now: Timestamp) -> Result<(), DeskError> {
    row.view.version += 1;
    row.view.updated_at = now;
    let view = &row.view;
    sqlx::query(
        "UPDATE tickets SET status = $1, snoozed_until = $2, closed_at = $3, subject = $4, preview = $5, \
         assignee_id = $6, team_id = $7, unread = $8, visitor_online = $9, last_seq = $10, version = $11, \
         updated_at = $12, last_message_at = $13, first_response_at = $14, waiting_at = $15, \
         priority = $16, placed = $17, read_seq = CASE WHEN $8 = 0 THEN $10 ELSE read_seq END WHERE id = $18",
    )
    .bind(&view.status)
    .bind(view.snoozed_until.map(Timestamp::millis))
    .bind(view.closed_at.map(Timestamp::millis))
    .bind(&view.subject)
    .bind(&view.preview)
    .bind(view.assignee.as_ref().map(|assignee| assignee.id.to_string()))
    .bind(&view.team)
    .bind(i64::from(view.unread))
    .bind(i64::from(view.visitor_online))
    .bind(row.last_seq)
    .bind(view.version)
    .bind(view.updated_at.millis())
    .bind(view.last_message_at.millis())
    .bind(view.first_response_at.map(Timestamp::millis))
    .bind(waiting_at(view))
    .bind(view.priority.as_str())
    .bind(row.placed.as_str())
    .bind(view.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a new ticket; its view says everything about it.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(tx: &mut Tx, row: &TicketRow) -> Result<(), DeskError> {
    let view = &row.view;
    sqlx::query(
        "INSERT INTO tickets (id, number, channel, inbox, profile_id, address, reachable, session_id, status, subject, \
         preview, unread, visitor_online, last_seq, version, created_at, updated_at, last_message_at, waiting_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    )
    .bind(view.id.to_string())
    .bind(view.number)
    .bind(view.channel.as_str())
    .bind(&view.inbox)
    .bind(view.profile.id.to_string())
    .bind(&view.profile.address)
    .bind(i64::from(row.reachable))
    .bind(row.session.map(|session| session.to_string()))
    .bind(State::Open.as_str())
    .bind(&view.subject)
    .bind(&view.preview)
    .bind(i64::from(view.unread))
    .bind(i64::from(view.visitor_online))
    .bind(row.last_seq)
    .bind(view.version)
    .bind(view.created_at.millis())
    .bind(view.updated_at.millis())
    .bind(view.last_message_at.millis())
    .bind(waiting_at(view))
    .execute(&mut **tx)
    .await?;
    match &view.subject {
        Some(subject) => search_index::subject(tx, view.id, subject).await,
        None => Ok(()),
    }
}

fn waiting_at(view: &TicketView) -> i64 {
    view.waiting_since.map_or(NOBODY_WAITS, Timestamp::millis)
}

/// The next ticket number. A transaction that is rolled back leaves a gap on PostgreSQL.
///
/// # Errors
/// The database cannot be written.
pub async fn next_number(store: &Store, tx: &mut Tx) -> Result<i64, DeskError> {
    Ok(sqlx::query_scalar(store.dialect.next_ticket_number).fetch_one(&mut **tx).await?)
}

/// Puts "this ticket changed" into the outbox; once per version.
///
/// # Errors
/// The database cannot be written.
pub async fn changed(tx: &mut Tx, row: &TicketRow, now: Timestamp) -> Result<Packet, DeskError> {
    let TicketView { id, version, .. } = &row.view;
    let event = TicketChanged { ticket: row.view.clone(), session: row.session };
    outbox::add(tx, TICKET_CHANGED, &format!("changed:{id}:{version}"), now, &event).await
}
