//! The log's SQL. Whatever concerns many rows travels as one JSON parameter, so that the number of statements does
//! not grow with the number of events.

use std::{collections::HashMap, path::Path, time::Duration};

use serde::Serialize;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};

use super::KEPT;
use crate::{Delivery, Stream, topic};

/// Rows removed by one statement of [`prune`].
const CHUNK: u64 = 1000;

/// Waiting for another connection's lock; there is one writer, so it is about checkpoints only.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// The number a stream has in the log.
pub(super) fn number(stream: Stream) -> usize {
    match stream {
        Stream::Inbound => 0,
        Stream::Outbound => 1,
        Stream::Events => 2,
        Stream::Dead => 3,
    }
}

pub(super) fn key(stream: Stream) -> i64 {
    number(stream) as i64
}

/// Sequences and times are far below 2^63.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn json(rows: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Opens the writer's connection and makes the tables. `durable`: syncs at every commit.
pub(super) async fn connect(
    file: &Path,
    durable: bool,
    max_bytes: Option<u64>,
) -> Result<SqliteConnection, sqlx::Error> {
    let synchronous = if durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off };
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(BUSY)
        .pragma("wal_autocheckpoint", "4000");
    let mut connection = options.connect().await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&mut connection).await?;
    if let Some(bytes) = max_bytes {
        let page: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut connection).await?;
        let pages = signed(bytes) / page.max(1);
        let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::raw_sql(limit).execute(&mut connection).await?;
    }
    Ok(connection)
}

/// The newest sequence of each stream ever given, and the latest time in the log.
pub(super) async fn ends(connection: &mut SqliteConnection) -> Result<([u64; 4], i64), sqlx::Error> {
    let mut last = [0; 4];
    for row in sqlx::query("SELECT stream, last FROM streams").fetch_all(&mut *connection).await? {
        if let Some(place) = last.get_mut(row.try_get::<i64, _>(0)? as usize) {
            *place = unsigned(row.try_get(1)?);
        }
    }
    let mut stamp = 0;
    for stream in Stream::ALL {
        let newest =
            sqlx::query_scalar("SELECT COALESCE(MAX(at), 0) FROM ids WHERE stream = ?").bind(key(stream));
        stamp = stamp.max(newest.fetch_one(&mut *connection).await?);
    }
    Ok((last, stamp))
}

/// A durable consumer as the log knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consumer {
    pub(super) stream: Stream,
    pub(super) name: String,
    pub(super) subjects: Vec<String>,
}

impl Consumer {
    pub(super) fn wants(&self, subject: &str) -> bool {
        self.subjects.iter().any(|pattern| topic::matches(pattern, subject))
    }
}

pub(super) async fn consumers(connection: &mut SqliteConnection) -> Result<Vec<Consumer>, sqlx::Error> {
    let rows = sqlx::query("SELECT stream, name, subjects FROM consumers").fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let stream: i64 = row.try_get(0)?;
            let stream =
                Stream::ALL.into_iter().find(|s| key(*s) == stream).ok_or(sqlx::Error::RowNotFound)?;
            let subjects =
                serde_json::from_str(row.try_get(2)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok(Consumer { stream, name: row.try_get(1)?, subjects })
        })
        .collect()
}

/// Gives back what the last process had in its hands; its tries count. Nothing is due later than `latest`, should the
/// clock have been wrong.
pub(super) async fn recover(
    connection: &mut SqliteConnection,
    now: i64,
    latest: i64,
) -> Result<(), sqlx::Error> {
    let recover = "UPDATE pending SET held = 0, due_at = MIN(due_at, CASE WHEN held = 1 OR attempt = 0 THEN ?1 ELSE ?2 END)
         WHERE held = 1 OR due_at > ?1";
    sqlx::query(recover).bind(now).bind(latest).execute(connection).await?;
    Ok(())
}

/// Adds a consumer or changes its subjects, and gives it what is there already.
pub(super) async fn register(
    connection: &mut SqliteConnection,
    consumer: &Consumer,
    new: bool,
) -> Result<(), sqlx::Error> {
    let stream = key(consumer.stream);
    let save = "INSERT INTO consumers (stream, name, subjects) VALUES (?, ?, ?)
         ON CONFLICT (stream, name) DO UPDATE SET subjects = excluded.subjects";
    let subjects = json(&consumer.subjects)?;
    sqlx::query(save).bind(stream).bind(&consumer.name).bind(subjects).execute(&mut *connection).await?;
    let kept: Vec<String> = sqlx::query_scalar("SELECT DISTINCT subject FROM events WHERE stream = ?")
        .bind(stream)
        .fetch_all(&mut *connection)
        .await?;
    let (wanted, unwanted): (Vec<_>, Vec<_>) = kept.into_iter().partition(|subject| consumer.wants(subject));
    // A work queue keeps nothing that was handled; of EVENTS nobody knows what the consumer had handled.
    if new || consumer.stream.is_work_queue() {
        let fill = "INSERT OR IGNORE INTO pending (stream, consumer, seq, attempt, due_at, held)
             SELECT stream, ?, seq, 0, at, 0 FROM events
             WHERE stream = ? AND subject IN (SELECT value FROM json_each(?))";
        sqlx::query(fill)
            .bind(&consumer.name)
            .bind(stream)
            .bind(json(&wanted)?)
            .execute(&mut *connection)
            .await?;
    }
    let trim = "DELETE FROM pending WHERE stream = ?1 AND consumer = ?2 AND seq IN
         (SELECT seq FROM events WHERE stream = ?1 AND subject IN (SELECT value FROM json_each(?3)))";
    sqlx::query(trim).bind(stream).bind(&consumer.name).bind(json(&unwanted)?).execute(connection).await?;
    Ok(())
}

/// Which of these ids were there before, with their sequences.
pub(super) async fn known(
    connection: &mut SqliteConnection,
    ids: &[(Stream, &str)],
) -> Result<Vec<(i64, String, u64)>, sqlx::Error> {
    let ids: Vec<_> = ids.iter().map(|(stream, id)| (key(*stream), id)).collect();
    let known = "SELECT i.stream, i.id, i.seq FROM json_each(?) AS j
         CROSS JOIN ids AS i ON i.stream = j.value ->> 0 AND i.id = j.value ->> 1";
    let rows = sqlx::query(known).bind(json(&ids)?).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, unsigned(row.try_get(2)?)))).collect()
}

/// An event to append.
pub(super) struct Fresh<'a> {
    pub(super) stream: Stream,
    pub(super) seq: u64,
    pub(super) id: &'a str,
    pub(super) subject: &'a str,
    pub(super) envelope: &'a str,
}

/// Appends events, all at the time `at`, for these consumers.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    events: &[Fresh<'_>],
    consumers: &[Consumer],
    at: i64,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> =
        events.iter().map(|e| (key(e.stream), signed(e.seq), e.subject, e.envelope, e.id)).collect();
    let rows = json(&rows)?;
    let insert = "INSERT INTO events (stream, seq, subject, envelope, at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ? FROM json_each(?)";
    sqlx::query(insert).bind(at).bind(&rows).execute(&mut *connection).await?;
    let remember = "INSERT INTO ids (stream, id, seq, at)
         SELECT value ->> 0, value ->> 4, value ->> 1, ? FROM json_each(?) WHERE true
         ON CONFLICT (stream, id) DO UPDATE SET seq = excluded.seq, at = excluded.at";
    sqlx::query(remember).bind(at).bind(&rows).execute(&mut *connection).await?;
    let mut pending = vec![];
    for event in events {
        let theirs = consumers.iter().filter(|c| c.stream == event.stream && c.wants(event.subject));
        pending.extend(theirs.map(|c| (key(event.stream), &c.name, signed(event.seq))));
    }
    let hand = "INSERT INTO pending (stream, consumer, seq, attempt, due_at, held)
         SELECT value ->> 0, value ->> 1, value ->> 2, 0, ?, 0 FROM json_each(?)";
    sqlx::query(hand).bind(at).bind(json(&pending)?).execute(connection).await?;
    Ok(())
}

/// Keeps the newest sequence of each stream.
pub(super) async fn set_ends(connection: &mut SqliteConnection, last: &[u64; 4]) -> Result<(), sqlx::Error> {
    let save = "INSERT INTO streams (stream, last) SELECT key, value FROM json_each(?) WHERE true
         ON CONFLICT (stream) DO UPDATE SET last = excluded.last";
    sqlx::query(save).bind(json(last)?).execute(connection).await?;
    Ok(())
}

/// What becomes of an event that was handed out.
pub(super) struct Returned<'a> {
    pub(super) stream: Stream,
    pub(super) consumer: &'a str,
    pub(super) seq: u64,
    /// When it is due again; `None`: it is done with.
    pub(super) due_at: Option<i64>,
    /// It never reached its handler: the try does not count.
    pub(super) untried: bool,
}

/// Takes events back.
pub(super) async fn settle(
    connection: &mut SqliteConnection,
    returned: &[Returned<'_>],
) -> Result<(), sqlx::Error> {
    let again: Vec<_> = returned
        .iter()
        .filter_map(|r| Some((key(r.stream), r.consumer, signed(r.seq), r.due_at?, i64::from(r.untried))))
        .collect();
    if !again.is_empty() {
        let retry = "UPDATE pending SET held = 0, due_at = j.value ->> 3, attempt = attempt - (j.value ->> 4)
             FROM json_each(?) AS j
             WHERE stream = j.value ->> 0 AND consumer = j.value ->> 1 AND seq = j.value ->> 2";
        sqlx::query(retry).bind(json(&again)?).execute(&mut *connection).await?;
    }
    let mut done: HashMap<(Stream, &str), Vec<u64>> = HashMap::new();
    for r in returned.iter().filter(|r| r.due_at.is_none()) {
        done.entry((r.stream, r.consumer)).or_default().push(r.seq);
    }
    for ((stream, consumer), seqs) in done {
        let seqs = json(&seqs)?;
        let finish = "DELETE FROM pending
             WHERE stream = ? AND consumer = ? AND seq IN (SELECT value FROM json_each(?))";
        sqlx::query(finish).bind(key(stream)).bind(consumer).bind(&seqs).execute(&mut *connection).await?;
        if stream.is_work_queue() {
            let remove = "DELETE FROM events WHERE stream = ? AND seq IN (SELECT value FROM json_each(?))";
            sqlx::query(remove).bind(key(stream)).bind(&seqs).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// An event handed out, with its envelope as it was stored.
pub(super) struct Handed {
    pub(super) seq: u64,
    pub(super) attempt: u32,
    pub(super) subject: String,
    pub(super) envelope: String,
}

impl Handed {
    pub(super) fn delivery(&self) -> Result<Delivery, serde_json::Error> {
        let envelope = serde_json::from_str(&self.envelope)?;
        Ok(Delivery { subject: self.subject.clone(), seq: self.seq, attempt: self.attempt, envelope })
    }
}

/// Hands out what is due, oldest first, and counts the tries.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    stream: Stream,
    consumer: &str,
    limit: usize,
    now: i64,
) -> Result<Vec<Handed>, sqlx::Error> {
    let due = "SELECT p.seq, p.attempt + 1, e.subject, e.envelope
         FROM pending AS p CROSS JOIN events AS e ON e.stream = p.stream AND e.seq = p.seq
         WHERE p.stream = ? AND p.consumer = ? AND p.held = 0 AND p.due_at <= ?
         ORDER BY p.due_at, p.seq LIMIT ?";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let query = sqlx::query(due).bind(key(stream)).bind(consumer).bind(now).bind(limit);
    let handed =
        query.fetch_all(&mut *connection).await?.iter().map(handed).collect::<Result<Vec<_>, _>>()?;
    if !handed.is_empty() {
        let seqs: Vec<u64> = handed.iter().map(|h| h.seq).collect();
        let hold = "UPDATE pending SET held = 1, attempt = attempt + 1
             WHERE stream = ? AND consumer = ? AND seq IN (SELECT value FROM json_each(?))";
        sqlx::query(hold).bind(key(stream)).bind(consumer).bind(json(&seqs)?).execute(connection).await?;
    }
    Ok(handed)
}

fn handed(row: &SqliteRow) -> Result<Handed, sqlx::Error> {
    let attempt: i64 = row.try_get(1)?;
    Ok(Handed {
        seq: unsigned(row.try_get(0)?),
        attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        subject: row.try_get(2)?,
        envelope: row.try_get(3)?,
    })
}

/// When the next event of a consumer is due.
pub(super) async fn next_due(
    connection: &mut SqliteConnection,
    stream: Stream,
    consumer: &str,
) -> Result<Option<i64>, sqlx::Error> {
    let next = "SELECT MIN(due_at) FROM pending WHERE stream = ? AND consumer = ? AND held = 0";
    sqlx::query_scalar(next).bind(key(stream)).bind(consumer).fetch_one(connection).await
}

/// Forgets EVENTS stored before `events` and ids stored before `ids`, a chunk at a time; whether there is more.
pub(super) async fn prune(
    connection: &mut SqliteConnection,
    events: i64,
    ids: i64,
) -> Result<bool, sqlx::Error> {
    let stream = key(Stream::Events);
    let old = "DELETE FROM events WHERE stream = ?1 AND at < ?2 AND seq IN
         (SELECT seq FROM events WHERE stream = ?1 ORDER BY seq LIMIT ?3)";
    let old =
        sqlx::query(old).bind(stream).bind(events).bind(signed(CHUNK)).execute(&mut *connection).await?;
    if old.rows_affected() > 0 {
        let orphans = "DELETE FROM pending WHERE stream = ?1 AND seq <
             COALESCE((SELECT MIN(seq) FROM events WHERE stream = ?1), 9223372036854775807)";
        sqlx::query(orphans).bind(stream).execute(&mut *connection).await?;
    }
    let mut more = old.rows_affected() == CHUNK;
    let forget = "DELETE FROM ids WHERE stream = ?1 AND id IN
         (SELECT id FROM ids WHERE stream = ?1 AND at < ?2 ORDER BY at LIMIT ?3)";
    for stream in Stream::ALL.map(key) {
        let query = sqlx::query(forget).bind(stream).bind(ids).bind(signed(CHUNK));
        more |= query.execute(&mut *connection).await?.rows_affected() == CHUNK;
    }
    Ok(more)
}

/// The times before which [`prune`] forgets.
pub(super) fn horizons(now: i64) -> (i64, i64) {
    let before = |age: Duration| now - signed(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    (before(KEPT), before(super::REMEMBERED))
}

/// A write that changes nothing, to see whether it can be written.
pub(super) async fn touch(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE streams SET last = last").execute(connection).await?;
    Ok(())
}

/// Brings the journal into the log and closes.
pub(super) async fn close(mut connection: SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await
}
