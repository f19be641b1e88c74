//! The outbox: packets written with the change that causes them, deleted once the bus has them.

use bus::{Packet, PublishError, Topic, pack};
use domain::Timestamp;
use serde::Serialize;
use sqlx::Row;

use super::{Store, Tx};
use crate::DeskError;

/// Adds a packet inside the transaction of its cause.
///
/// # Errors
/// The database refuses.
pub async fn add<T: Serialize>(
    tx: &mut Tx,
    topic: Topic<T>,
    id: &str,
    now: Timestamp,
    event: &T,
) -> Result<Packet, DeskError> {
    let packet = pack(topic, id, now, event).map_err(|error| DeskError::Unavailable(error.to_string()))?;
    let envelope = serde_json::to_string(&packet.envelope)
        .map_err(|error| DeskError::Unavailable(format!("an event cannot be written: {error}")))?;
    sqlx::query(
        "INSERT INTO outbox (id, position, subject, envelope, created_at) \
         VALUES ($1, (SELECT COALESCE(max(position), 0) + 1 FROM outbox), $2, $3, $4)",
    )
    .bind(id)
    .bind(&packet.subject)
    .bind(envelope)
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(packet)
}

/// Packets left over since before `older_than`, oldest first, at most `limit`.
///
/// # Errors
/// The database cannot be read.
pub async fn left_over(store: &Store, older_than: Timestamp, limit: i64) -> Result<Vec<Packet>, DeskError> {
    let rows = sqlx::query(
        "SELECT subject, envelope FROM outbox WHERE created_at <= $1 ORDER BY position, id LIMIT $2",
    )
    .bind(older_than.millis())
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    rows.iter()
        .map(|row| {
            let envelope = serde_json::from_str(row.try_get::<&str, _>("envelope")?)
                .map_err(|error| DeskError::Unavailable(format!("an event of the outbox cannot be read: {error}")))?;
            Ok(Packet { subject: row.try_get("subject")?, envelope })
        })
        .collect()
}

/// Publishes packets and deletes those the bus has. What is not published stays for the sweeper. Returns how many
/// the bus has now.
///
/// # Errors
/// The database cannot be written. The packets stay, and are published again with the same ids.
pub async fn publish(store: &Store, bus: &bus::Bus, packets: Vec<Packet>) -> Result<usize, DeskError> {
    if packets.is_empty() {
        return Ok(0);
    }
    let ids: Vec<String> = packets.iter().map(|packet| packet.envelope.id.clone()).collect();
    let results = bus.publish_all(packets).await;
    let mut done = Vec::new();
    for (id, result) in ids.into_iter().zip(results) {
        match result {
            Ok(_) => done.push(id),
            Err(PublishError::Unavailable(reason)) => tracing::debug!(%id, %reason, "left in the outbox"),
            Err(PublishError::Refused(reason)) => tracing::error!(%id, %reason, "the bus refuses an event"),
        }
    }
    for chunk in done.chunks(200) {
        let list = store.values(1, chunk.len());
        let statement = sqlx::AssertSqlSafe(format!("DELETE FROM outbox WHERE id IN {list}"));
        let query = chunk.iter().fold(sqlx::query(statement), sqlx::query::Query::bind);
        let mut tx = store.begin().await?;
        query.execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(done.len())
}
