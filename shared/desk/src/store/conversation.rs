//! The messages of a customer on one channel of one inbox, and who wrote since.

use domain::{Message, MessageId, ProfileId, TicketId, event::TicketView};
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use uuid::Uuid;

use super::{
    Store, Tx,
    rows::{self, MESSAGE_COLUMNS},
};
use crate::DeskError;

/// Where a message stands in a conversation.
pub(crate) type Place = (i64, i64, String);

/// Where a customer's message stands.
pub(crate) async fn place(
    connection: &mut AnyConnection,
    profile: ProfileId,
    id: MessageId,
) -> Result<Option<Place>, DeskError> {
    let row = sqlx::query(
        "SELECT sent_at, COALESCE(seq, 0) AS seq, id FROM messages WHERE id = $1 AND profile_id = $2",
    )
    .bind(id.to_string())
    .bind(profile.to_string())
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((row.try_get("sent_at")?, row.try_get("seq")?, row.try_get("id")?))).transpose()
}

/// The newest messages of the ticket's customer on its channel and inbox, before a place, newest first.
pub(crate) async fn newest(
    store: &Store,
    connection: &mut AnyConnection,
    ticket: &TicketView,
    before: Option<Place>,
    limit: i64,
) -> Result<Vec<Message>, DeskError> {
    let (at, seq, id) = before.unwrap_or((i64::MAX, i64::MAX, String::new()));
    let statement = AssertSqlSafe(format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages WHERE profile_id = $1 AND channel = $2 AND inbox = $3 \
         AND sent_at <= $4 AND (sent_at, COALESCE(seq, 0), id) < ($4, $5, $6) \
         ORDER BY sent_at DESC, COALESCE(seq, 0) DESC, id DESC LIMIT $7"
    ));
    let found = sqlx::query(statement)
        .bind(ticket.profile.id.to_string())
        .bind(ticket.channel.as_str())
        .bind(&ticket.inbox)
        .bind(at)
        .bind(seq)
        .bind(id)
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    rows::messages(store, connection, &found, ticket.id).await
}

/// One message of a ticket.
pub(crate) async fn message(
    store: &Store,
    tx: &mut Tx,
    ticket: TicketId,
    id: MessageId,
) -> Result<Option<Message>, DeskError> {
    let statement = AssertSqlSafe(format!("SELECT {MESSAGE_COLUMNS} FROM messages WHERE id = $1"));
    let found = sqlx::query(statement).bind(id.to_string()).fetch_all(&mut **tx).await?;
    Ok(rows::messages(store, &mut **tx, &found, ticket).await?.pop())
}

/// Who wrote to a ticket after its version `seen` and did not take it back, other than `reader` and robots: `customer` or `agent`, and a name.
pub(crate) async fn wrote_since(
    tx: &mut Tx,
    ticket: TicketId,
    seen: i64,
    reader: Uuid,
) -> Result<Option<(String, Option<String>)>, DeskError> {
    let row = sqlx::query(
        "SELECT author_kind, author_name FROM messages WHERE ticket_id = $1 AND version > $2 AND \
         COALESCE(error_code, '') <> 'undone' AND \
         (author_kind = 'customer' OR (author_kind = 'agent' AND COALESCE(author_id, '') <> $3)) \
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(ticket.to_string())
    .bind(seen)
    .bind(reader.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((row.try_get("author_kind")?, row.try_get("author_name")?))).transpose()
}
