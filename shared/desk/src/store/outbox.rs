//! The outbox: packets written with the change that causes them, deleted once the bus has them.

use bus::{Packet, PublishError, Topic, pack};
use domain::{Timestamp, event::DeadLetter};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Row};

use super::{Store, Tx, ledger};
use crate::{DeskError, live};

/// Rows of one statement.
const CHUNK: usize = 100;

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

/// Adds packets inside the transaction of their causes, in few statements. Refused if one of that id waits already.
///
/// # Errors
/// The database refuses.
pub async fn add_all(
    store: &Store,
    tx: &mut Tx,
    packets: &[Packet],
    now: Timestamp,
) -> Result<(), DeskError> {
    if packets.is_empty() {
        return Ok(());
    }
    let mut position: i64 =
        sqlx::query_scalar("SELECT COALESCE(max(position), 0) FROM outbox").fetch_one(&mut **tx).await?;
    for chunk in packets.chunks(CHUNK) {
        let values = store.values(chunk.len(), 5);
        let sql = format!("INSERT INTO outbox (id, position, subject, envelope, created_at) VALUES {values}");
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(chunk.len() == 1 || chunk.len() == CHUNK);
        for packet in chunk {
            position += 1;
            let envelope = serde_json::to_string(&packet.envelope)
                .map_err(|error| DeskError::Refused(format!("an event cannot be written: {error}")))?;
            query = query
                .bind(&packet.envelope.id)
                .bind(position)
                .bind(&packet.subject)
                .bind(envelope)
                .bind(now.millis());
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
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
            let envelope = serde_json::from_str(row.try_get::<&str, _>("envelope")?).map_err(|error| {
                DeskError::Unavailable(format!("an event of the outbox cannot be read: {error}"))
            })?;
            Ok(Packet { subject: row.try_get("subject")?, envelope })
        })
        .collect()
}

/// Pushes packets to the visitors they are for, publishes them, and deletes those the bus has. What is not published stays for the sweeper; what the bus will
/// never take goes to the ledger as dead. Returns how many the bus has now.
///
/// # Errors
/// The database cannot be written. The packets stay, and are published again with the same ids.
pub async fn publish(store: &Store, bus: &bus::Bus, packets: Vec<Packet>) -> Result<usize, DeskError> {
    if packets.is_empty() {
        return Ok(0);
    }
    // who waits for it live does not wait for the disk of the bus: the change is committed
    live::push(bus, &packets).await;
    let results = bus.publish_all(packets.clone()).await;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for (packet, result) in packets.into_iter().zip(results) {
        let id = packet.envelope.id.clone();
        match result {
            Ok(_) => done.push(id),
            Err(PublishError::Unavailable(reason)) => tracing::debug!(%id, %reason, "left in the outbox"),
            Err(PublishError::Refused(reason)) => refused.push((packet, reason)),
        }
    }
    let published = done.len();
    let mut tx = store.begin().await?;
    for (packet, reason) in refused {
        tracing::error!(
            id = packet.envelope.id,
            reason,
            "the bus refuses an event; it is in the ledger as dead"
        );
        done.push(packet.envelope.id.clone());
        ledger::add(store, &mut tx, &[crate::ledger::dead(&letter(&packet, reason), packet.envelope.at)])
            .await?;
    }
    delete(store, &mut tx, &done).await?;
    tx.commit().await?;
    Ok(published)
}

async fn delete(store: &Store, tx: &mut Tx, ids: &[String]) -> Result<(), DeskError> {
    for chunk in ids.chunks(CHUNK) {
        let list = store.values(1, chunk.len());
        let sql = AssertSqlSafe(format!("DELETE FROM outbox WHERE id IN {list}"));
        let query = sqlx::query(sql).persistent(chunk.len() == 1 || chunk.len() == CHUNK);
        chunk.iter().fold(query, sqlx::query::Query::bind).execute(&mut **tx).await?;
    }
    Ok(())
}

fn letter(packet: &Packet, reason: String) -> DeadLetter {
    DeadLetter {
        consumer: "outbox".into(),
        subject: packet.subject.clone(),
        envelope: serde_json::to_string(&packet.envelope).unwrap_or_default(),
        reason,
        attempts: 1,
        at: packet.envelope.at,
    }
}
