//! The queue of a number: from when on it is free, until when its carrier wants rest, and the places given out.
//!
//! A number's row is locked last, after tickets and messages; who holds it may touch every timer of the number.

use domain::{Timestamp, pace::Pace};
use sqlx::{AssertSqlSafe, Row};

use super::{Store, Tx};
use crate::DeskError;

/// What is known of a number's queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    /// From when on it is free, in microseconds.
    pub free_at: i64,
    /// Until when its carrier does not want to hear of it.
    pub held_until: Timestamp,
}

/// Locks a number's queue until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, number: &str) -> Result<Queue, DeskError> {
    sqlx::query("INSERT INTO number_pace (number, free_at) VALUES ($1, 0) ON CONFLICT (number) DO NOTHING")
        .bind(number)
        .execute(&mut **tx)
        .await?;
    let sql =
        format!("SELECT free_at, held_until FROM number_pace WHERE number = $1{}", store.dialect.for_update);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(number).fetch_one(&mut **tx).await?;
    let held_until = Timestamp::from_millis(row.try_get("held_until")?);
    Ok(Queue { free_at: row.try_get("free_at")?, held_until })
}

/// Writes a locked queue back.
pub(crate) async fn save(tx: &mut Tx, number: &str, queue: Queue) -> Result<(), DeskError> {
    sqlx::query("UPDATE number_pace SET free_at = $1, held_until = $2 WHERE number = $3")
        .bind(queue.free_at)
        .bind(queue.held_until.millis())
        .bind(number)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A place in a number's queue for a text of that many segments; without a pace, the first moment its carrier wants to
/// hear of it again. The queue is locked until the transaction ends.
pub(crate) async fn reserve(
    store: &Store,
    tx: &mut Tx,
    number: &str,
    pace: Option<Pace>,
    segments: i64,
    now: Timestamp,
) -> Result<Timestamp, DeskError> {
    let queue = lock(store, tx, number).await?;
    let begin = now.max(queue.held_until);
    let Some(pace) = pace else { return Ok(begin) };
    let slot = pace.reserve(queue.free_at, begin, segments);
    save(tx, number, Queue { free_at: slot.free_at, ..queue }).await?;
    Ok(slot.at)
}

/// Until when a number's carrier does not want to hear of it; not locked.
pub(crate) async fn held_until(tx: &mut Tx, number: &str) -> Result<Option<Timestamp>, DeskError> {
    let held: Option<i64> = sqlx::query_scalar("SELECT held_until FROM number_pace WHERE number = $1")
        .bind(number)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(held.map(Timestamp::from_millis))
}

/// The first place given out in a locked queue.
pub(crate) async fn first_place(tx: &mut Tx, number: &str) -> Result<Option<Timestamp>, DeskError> {
    let first: Option<i64> = sqlx::query_scalar("SELECT min(due_at) FROM timers WHERE number = $1")
        .bind(number)
        .fetch_one(&mut **tx)
        .await?;
    Ok(first.map(Timestamp::from_millis))
}

/// Moves every place of a locked queue, in milliseconds: the order stays, and so does the distance between any two.
pub(crate) async fn shift(tx: &mut Tx, number: &str, by: i64) -> Result<(), DeskError> {
    for sql in [
        "UPDATE messages SET send_at = send_at + $1 WHERE id IN (SELECT subject_id FROM timers WHERE number = $2)",
        "UPDATE timers SET due_at = due_at + $1 WHERE number = $2",
        "UPDATE number_pace SET free_at = free_at + $1 * 1000 WHERE number = $2",
    ] {
        sqlx::query(sql).bind(by).bind(number).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Texts that wait, by number.
pub(crate) async fn waiting(store: &Store) -> Result<Vec<(String, i64)>, DeskError> {
    let rows = sqlx::query(
        "SELECT inbox, count(*) AS n FROM messages WHERE status = 'queued' AND channel = 'sms' GROUP BY inbox ORDER BY inbox",
    )
    .fetch_all(store.reader())
    .await?;
    rows.iter().map(|row| Ok((row.try_get("inbox")?, row.try_get("n")?))).collect()
}
