//! What was kept long enough: closed tickets, messages in no ticket, lines of the ledger that hold a message.

use domain::{ProfileId, TicketId, Timestamp, message::Channel};
use sqlx::{AssertSqlSafe, Row};

use super::{
    Store, Tx,
    erase_ticket::STEP,
    erasures::{ENTRY, Entry, WHOLE, entry},
    rows::word,
};
use crate::DeskError;

/// A ticket of channel `$1` that was closed, and in which nobody wrote, since `$2`, and from which nothing is to leave.
const OVER: &str = "channel = $1 AND status = 'closed' AND last_message_at < $2 AND COALESCE(closed_at, 0) < $2 \
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.ticket_id = tickets.id AND m.status = 'queued')";

/// How many tickets of a channel are over since then.
pub(crate) async fn count(store: &Store, channel: Channel, before: Timestamp) -> Result<i64, DeskError> {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM tickets WHERE {OVER}"));
    let query = sqlx::query_scalar(sql).bind(channel.as_str()).bind(before.millis());
    Ok(query.fetch_one(store.reader()).await?)
}

/// The ticket of a channel that is over for longest, held until the transaction ends, and whose it is; one that somebody
/// else holds is passed over.
pub(crate) async fn next_ticket(
    store: &Store,
    tx: &mut Tx,
    channel: Channel,
    before: Timestamp,
) -> Result<Option<(TicketId, ProfileId)>, DeskError> {
    let sql = format!(
        "SELECT id, profile_id FROM tickets WHERE {OVER} ORDER BY last_message_at, id LIMIT 1{}",
        store.dialect.skip_locked
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(channel.as_str()).bind(before.millis());
    let Some(row) = query.fetch_optional(&mut **tx).await? else { return Ok(None) };
    Ok(Some((word(row.try_get("id")?)?, word(row.try_get("profile_id")?)?)))
}

/// Some lines of the ledger about a ticket of a person.
pub(crate) async fn lines_of(
    tx: &mut Tx,
    ticket: TicketId,
    profile: ProfileId,
) -> Result<Vec<Entry>, DeskError> {
    let sql = AssertSqlSafe(format!("{ENTRY} WHERE profile_id IN {WHOLE} AND ticket_id = $2 LIMIT $3"));
    let query = sqlx::query(sql).bind(profile.to_string()).bind(ticket.to_string()).bind(STEP);
    query.fetch_all(&mut **tx).await?.iter().map(entry).collect()
}

/// Some messages of a channel that are in no ticket, of before then.
pub(crate) async fn loose_messages(
    tx: &mut Tx,
    channel: Channel,
    before: Timestamp,
) -> Result<Vec<String>, DeskError> {
    let sql = "SELECT id FROM messages WHERE ticket_id IS NULL AND channel = $1 AND sent_at < $2 \
        AND status <> 'queued' LIMIT $3";
    let query = sqlx::query_scalar(sql).bind(channel.as_str()).bind(before.millis()).bind(STEP);
    Ok(query.fetch_all(&mut **tx).await?)
}

/// Some lines of the ledger that hold a message of a channel which became none, of before then.
pub(crate) async fn kept_lines(
    tx: &mut Tx,
    channel: Channel,
    before: Timestamp,
) -> Result<Vec<Entry>, DeskError> {
    let mut found = Vec::new();
    for state in ["dead", "held", "robot", "blocked"] {
        let sql = AssertSqlSafe(format!(
            "{ENTRY} WHERE state = $1 AND received_at < $2 AND channel = $3 ORDER BY received_at LIMIT $4"
        ));
        let query = sqlx::query(sql).bind(state).bind(before.millis()).bind(channel.as_str()).bind(STEP);
        for row in query.fetch_all(&mut **tx).await? {
            found.push(entry(&row)?);
        }
    }
    Ok(found)
}
