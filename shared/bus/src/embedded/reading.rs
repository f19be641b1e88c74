//! Reading the log beside the writer.

use std::path::Path;

use domain::Timestamp;
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::log::{BUSY, key, signed, unsigned};
use crate::{Span, Stored, Stream};

/// Connections that read beside the writer.
const READERS: u32 = 4;

/// Connections for reading, made when needed.
pub(super) fn readers(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(BUSY);
    SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options)
}

/// Events after a sequence, and the last sequence looked at. One that cannot be read is left out.
pub(super) async fn page(
    readers: &SqlitePool,
    stream: Stream,
    after: u64,
    limit: i64,
) -> Result<(Vec<Stored>, Option<u64>), sqlx::Error> {
    let page = "SELECT seq, subject, envelope FROM events WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?";
    let rows = sqlx::query(page).bind(key(stream)).bind(signed(after)).bind(limit).fetch_all(readers).await?;
    let (mut events, mut seen) = (vec![], None);
    for row in rows {
        let seq = unsigned(row.try_get(0)?);
        seen = Some(seq);
        match serde_json::from_str(row.try_get(2)?) {
            Ok(envelope) => events.push(Stored { seq, subject: row.try_get(1)?, envelope }),
            Err(error) => tracing::error!(stream = stream.name(), seq, %error, "an event cannot be read"),
        }
    }
    Ok((events, seen))
}

pub(super) async fn span(readers: &SqlitePool, stream: Stream) -> Result<Span, sqlx::Error> {
    let span = "SELECT COALESCE((SELECT last FROM streams WHERE stream = ?1), 0),
         (SELECT MIN(seq) FROM events WHERE stream = ?1)";
    let row = sqlx::query(span).bind(key(stream)).fetch_one(readers).await?;
    let (last, first): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Span { first: unsigned(first.unwrap_or(last + 1)), last: unsigned(last) })
}

pub(super) async fn backlog(readers: &SqlitePool, stream: Stream) -> Result<u64, sqlx::Error> {
    let count = "SELECT COUNT(*) FROM events WHERE stream = ?";
    Ok(unsigned(sqlx::query_scalar(count).bind(key(stream)).fetch_one(readers).await?))
}

pub(super) async fn oldest(readers: &SqlitePool, stream: Stream) -> Result<Option<Timestamp>, sqlx::Error> {
    let first = "SELECT at FROM events WHERE stream = ? ORDER BY seq LIMIT 1";
    let at: Option<i64> = sqlx::query_scalar(first).bind(key(stream)).fetch_optional(readers).await?;
    Ok(at.map(Timestamp::from_millis))
}
