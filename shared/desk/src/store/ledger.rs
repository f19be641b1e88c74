//! The ledger's rows. `dedup_key` is the guarantee that nothing happens twice: whoever inserts it first handles the
//! event, everybody else finds it there.

use std::collections::{HashMap, HashSet};

use domain::{MessageId, ProfileId, TicketId, Timestamp};
use sqlx::{Any, AssertSqlSafe, Row, any::AnyRow, query::Query};

use super::{Store, Tx, rows::word};
use crate::{DeskError, ledger::LedgerState};

/// Rows of one statement: far below what both databases take, and few statements a batch.
const CHUNK: usize = 100;

/// One line to write.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// Once-only key.
    pub dedup_key: String,
    /// The event's subject.
    pub subject: String,
    /// `sms`, `email`, `chat`.
    pub channel: String,
    /// The sender's id of it.
    pub external_id: String,
    /// What became of it.
    pub state: LedgerState,
    /// Why, in one sentence.
    pub reason: String,
    /// Where it went.
    pub ticket: Option<TicketId>,
    /// As what.
    pub message: Option<MessageId>,
    /// Whose it is.
    pub profile: Option<ProfileId>,
    /// The event's envelope, where it may be wanted again.
    pub envelope: Option<String>,
    /// Where the raw bytes of a mail lie that the envelope names: they are not deleted.
    pub raw_blob: Option<String>,
    /// The bus's number of the event.
    pub stream_seq: i64,
    /// When it was taken in.
    pub received_at: Timestamp,
}

/// A line that was there before.
#[derive(Clone, Debug)]
pub struct Before {
    /// What had become of it.
    pub state: LedgerState,
    /// The bus's number of the event that made it.
    pub stream_seq: i64,
}

const COLUMNS: &str = "(id, dedup_key, subject, channel, external_id, state, reason, ticket_id, message_id, \
    profile_id, envelope, raw_blob, stream_seq, received_at)";
const WIDTH: usize = 14;

fn bound<'q>(
    query: Query<'q, Any, sqlx::any::AnyArguments>,
    line: &Line,
) -> Query<'q, Any, sqlx::any::AnyArguments> {
    query
        .bind(line.id.clone())
        .bind(line.dedup_key.clone())
        .bind(line.subject.clone())
        .bind(line.channel.clone())
        .bind(line.external_id.clone())
        .bind(line.state.as_str())
        .bind(line.reason.clone())
        .bind(line.ticket.map(|id| id.to_string()))
        .bind(line.message.map(|id| id.to_string()))
        .bind(line.profile.map(|id| id.to_string()))
        .bind(line.envelope.clone())
        .bind(line.raw_blob.clone())
        .bind(line.stream_seq)
        .bind(line.received_at.millis())
}

async fn write(
    store: &Store,
    tx: &mut Tx,
    lines: &[Line],
    on_conflict: &str,
) -> Result<Vec<AnyRow>, DeskError> {
    let mut rows = Vec::new();
    for chunk in lines.chunks(CHUNK) {
        let values = store.values(chunk.len(), WIDTH);
        let sql =
            format!("INSERT INTO ledger {COLUMNS} VALUES {values} ON CONFLICT (dedup_key) {on_conflict}");
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(chunk.len() == 1 || chunk.len() == CHUNK);
        rows.extend(chunk.iter().fold(query, bound).fetch_all(&mut **tx).await?);
    }
    Ok(rows)
}

/// Enters lines sorted by key; those whose key was there already stay as they are. Returns the keys that are new. A
/// key that another transaction is entering is waited for.
///
/// # Errors
/// The database refuses.
pub async fn enter(store: &Store, tx: &mut Tx, lines: &[Line]) -> Result<HashSet<String>, DeskError> {
    let rows = write(store, tx, lines, "DO NOTHING RETURNING dedup_key").await?;
    rows.iter().map(|row| Ok(row.try_get("dedup_key")?)).collect()
}

/// Writes what became of lines that [`enter`] entered, or that were there and are taken up again.
///
/// # Errors
/// The database refuses.
pub async fn settle(store: &Store, tx: &mut Tx, lines: &[Line]) -> Result<(), DeskError> {
    let set = "DO UPDATE SET state = excluded.state, reason = excluded.reason, ticket_id = excluded.ticket_id, \
        message_id = excluded.message_id, profile_id = excluded.profile_id, envelope = excluded.envelope, \
        raw_blob = excluded.raw_blob, \
        stream_seq = excluded.stream_seq";
    write(store, tx, lines, set).await.map(drop)
}

/// Writes what became of a line that was held until now. Only a line in quarantine keeps its event.
///
/// # Errors
/// The database refuses.
pub async fn restate(
    tx: &mut Tx,
    dedup_key: &str,
    state: LedgerState,
    reason: &str,
    ticket: Option<TicketId>,
    message: Option<MessageId>,
    profile: Option<ProfileId>,
) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE ledger SET state = $1, reason = $2, ticket_id = $3, message_id = $4, profile_id = $5, \
         envelope = CASE WHEN $6 = 'blocked' THEN envelope ELSE NULL END \
         WHERE dedup_key = $7 AND state = 'held'",
    )
    .bind(state.as_str())
    .bind(reason)
    .bind(ticket.map(|id| id.to_string()))
    .bind(message.map(|id| id.to_string()))
    .bind(profile.map(|id| id.to_string()))
    .bind(state.as_str())
    .bind(dedup_key)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The event that a line keeps.
pub(crate) async fn envelope_of(tx: &mut Tx, dedup_key: &str) -> Result<Option<String>, DeskError> {
    let sql = "SELECT envelope FROM ledger WHERE dedup_key = $1 AND envelope IS NOT NULL";
    Ok(sqlx::query_scalar(sql).bind(dedup_key).fetch_optional(&mut **tx).await?)
}

/// Takes a line back that was entered.
pub(crate) async fn take_back(tx: &mut Tx, dedup_key: &str) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM ledger WHERE dedup_key = $1").bind(dedup_key).execute(&mut **tx).await?;
    Ok(())
}

/// Adds lines that may be there already.
///
/// # Errors
/// The database refuses.
pub async fn add(store: &Store, tx: &mut Tx, lines: &[Line]) -> Result<(), DeskError> {
    write(store, tx, lines, "DO NOTHING").await.map(drop)
}

/// What is known of these keys, locked until the transaction ends.
///
/// # Errors
/// The database cannot be read.
pub async fn before(store: &Store, tx: &mut Tx, keys: &[&str]) -> Result<HashMap<String, Before>, DeskError> {
    let mut found = HashMap::new();
    for chunk in keys.chunks(CHUNK) {
        let list = store.values(1, chunk.len());
        let sql = format!(
            "SELECT dedup_key, state, stream_seq FROM ledger WHERE dedup_key IN {list} ORDER BY dedup_key{}",
            store.dialect.for_update
        );
        let query = chunk.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, key| query.bind(*key));
        for row in query.fetch_all(&mut **tx).await? {
            let line = Before { state: word(row.try_get("state")?)?, stream_seq: row.try_get("stream_seq")? };
            found.insert(row.try_get("dedup_key")?, line);
        }
    }
    Ok(found)
}

/// A line as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its id.
    pub id: String,
    /// The event's subject.
    pub subject: String,
    /// `sms`, `email`, `chat`.
    pub channel: String,
    /// The sender's id of it.
    pub external_id: String,
    /// What became of it.
    pub state: LedgerState,
    /// Why.
    pub reason: String,
    /// Where it went.
    pub ticket: Option<TicketId>,
    /// The event, where it was kept.
    pub envelope: Option<String>,
    /// How often it was sent through again.
    pub replays: i64,
    /// When it was taken in.
    pub received_at: Timestamp,
}

const READ: &str = "SELECT id, subject, channel, external_id, state, reason, ticket_id, envelope, replays, received_at \
    FROM ledger";

fn read(row: &AnyRow) -> Result<Read, DeskError> {
    Ok(Read {
        id: row.try_get("id")?,
        subject: row.try_get("subject")?,
        channel: row.try_get("channel")?,
        external_id: row.try_get("external_id")?,
        state: word(row.try_get("state")?)?,
        reason: row.try_get("reason")?,
        ticket: row.try_get::<Option<&str>, _>("ticket_id")?.map(word).transpose()?,
        envelope: row.try_get("envelope")?,
        replays: row.try_get("replays")?,
        received_at: Timestamp::from_millis(row.try_get("received_at")?),
    })
}

/// A page of lines, newest first, one more than `limit`.
///
/// # Errors
/// The database cannot be read.
pub async fn page(
    store: &Store,
    state: Option<LedgerState>,
    channel: Option<&str>,
    after: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<Read>, DeskError> {
    let (at, id) = after.unwrap_or((i64::MAX, String::new()));
    let by_state = if state.is_some() { "state = $1" } else { "$1 = ''" };
    let by_channel = if channel.is_some() { "channel = $2" } else { "$2 = ''" };
    let sql = format!(
        "{READ} WHERE {by_state} AND {by_channel} AND (received_at, id) < ($3, $4) \
         ORDER BY received_at DESC, id DESC LIMIT $5"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(state.map(LedgerState::as_str).unwrap_or_default())
        .bind(channel.unwrap_or_default())
        .bind(at)
        .bind(id)
        .bind(limit + 1)
        .fetch_all(store.reader())
        .await?;
    rows.iter().map(read).collect()
}

/// Counts a replay of a line and locks it; `None` if there is no such line.
///
/// # Errors
/// The database refuses.
pub async fn count_replay(tx: &mut Tx, id: &str) -> Result<Option<Read>, DeskError> {
    let sql = "UPDATE ledger SET replays = replays + 1 WHERE id = $1 RETURNING id, subject, channel, external_id, \
        state, reason, ticket_id, envelope, replays, received_at";
    let row = sqlx::query(sql).bind(id).fetch_optional(&mut **tx).await?;
    row.as_ref().map(read).transpose()
}

/// The lines that a block holds back, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn blocked_of(store: &Store, profile: ProfileId, limit: i64) -> Result<Vec<String>, DeskError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM ledger WHERE profile_id = $1 AND state = 'blocked' \
         ORDER BY received_at, id LIMIT $2",
    )
    .bind(profile.to_string())
    .bind(limit)
    .fetch_all(store.reader())
    .await?)
}
