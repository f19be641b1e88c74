//! What was told to webhooks, and how each try went.

use domain::{DeliveryId, Timestamp, WebhookId, event::WebhookTried};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    Store, Tx,
    rows::{rows_of, word},
};
use crate::{
    DeskError,
    webhooks::{Delivery, Try},
};

const SELECT: &str = "SELECT id, webhook_id, event, body, state, tries, attempt, begun_at, next_at, created_at, \
    ticket_id FROM webhook_deliveries";

/// Writes a new delivery; `false` if it is there.
pub(crate) async fn insert(tx: &mut Tx, one: &Delivery) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO webhook_deliveries (id, webhook_id, event, body, state, tries, attempt, begun_at, next_at, created_at, ticket_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING",
    )
    .bind(one.id.to_string())
    .bind(one.webhook.to_string())
    .bind(&one.event)
    .bind(&one.body)
    .bind(one.state.as_str())
    .bind(one.tries)
    .bind(one.attempt)
    .bind(one.begun_at.millis())
    .bind(one.next_at.map(Timestamp::millis))
    .bind(one.created_at.millis())
    .bind(one.ticket.as_deref())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A delivery, held until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1{}", store.dialect.for_update));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(delivery).transpose()
}

/// Writes where a delivery is.
pub(crate) async fn save(tx: &mut Tx, one: &Delivery) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE webhook_deliveries SET state = $1, tries = $2, attempt = $3, begun_at = $4, next_at = $5 WHERE id = $6",
    )
    .bind(one.state.as_str())
    .bind(one.tries)
    .bind(one.attempt)
    .bind(one.begun_at.millis())
    .bind(one.next_at.map(Timestamp::millis))
    .bind(one.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes down how a try went; `false` if that is known.
pub(crate) async fn tried(tx: &mut Tx, tried: &WebhookTried) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO webhook_tries (delivery_id, attempt, status, said, millis, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (delivery_id, attempt) DO NOTHING",
    )
    .bind(tried.delivery_id.to_string())
    .bind(tried.attempt)
    .bind(tried.status.map(i64::from))
    .bind(&tried.said)
    .bind(tried.millis)
    .bind(tried.at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How often a delivery has failed since a time.
pub(crate) async fn failures(tx: &mut Tx, id: DeliveryId, since: Timestamp) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM webhook_tries WHERE delivery_id = $1 AND at >= $2";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).bind(since.millis()).fetch_one(&mut **tx).await?)
}

/// Whether the receiver of a webhook took anything since a time.
pub(crate) async fn took_any(tx: &mut Tx, webhook: WebhookId, since: Timestamp) -> Result<bool, DeskError> {
    let sql = "SELECT 1 FROM webhook_tries JOIN webhook_deliveries ON id = delivery_id \
        WHERE webhook_id = $1 AND at >= $2 AND status BETWEEN 200 AND 299 LIMIT 1";
    let found =
        sqlx::query(sql).bind(webhook.to_string()).bind(since.millis()).fetch_optional(&mut **tx).await?;
    Ok(found.is_some())
}

/// The day of everything that waits begins anew.
pub(crate) async fn begin_anew(tx: &mut Tx, webhook: WebhookId, now: Timestamp) -> Result<(), DeskError> {
    let sql = "UPDATE webhook_deliveries SET begun_at = $1 WHERE webhook_id = $2 AND state = 'pending'";
    sqlx::query(sql).bind(now.millis()).bind(webhook.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Deletes everything that was told to a webhook.
pub(crate) async fn delete_of(tx: &mut Tx, webhook: WebhookId) -> Result<(), DeskError> {
    let sql = "DELETE FROM webhook_deliveries WHERE webhook_id = $1";
    sqlx::query(sql).bind(webhook.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Deliveries of a webhook after a key, newest first, each with its tries.
pub(crate) async fn page(
    store: &Store,
    webhook: WebhookId,
    after: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<(Delivery, Vec<Try>)>, DeskError> {
    let (at, id) = after.unwrap_or((i64::MAX, String::new()));
    let sql = AssertSqlSafe(format!(
        "{SELECT} WHERE webhook_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4"
    ));
    let mut connection = store.reader().acquire().await?;
    let rows = sqlx::query(sql)
        .bind(webhook.to_string())
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    let mut found: Vec<(Delivery, Vec<Try>)> =
        rows.iter().map(|row| Ok((delivery(row)?, Vec::new()))).collect::<Result<_, DeskError>>()?;
    let ids: Vec<_> = found.iter().map(|(one, _)| one.id.to_string()).collect();
    let sql = "SELECT delivery_id, attempt, status, said, millis, at FROM webhook_tries WHERE delivery_id IN";
    for row in rows_of(store, &mut *connection, sql, "ORDER BY attempt", &ids).await? {
        let id: DeliveryId = word(row.try_get("delivery_id")?)?;
        let status: Option<i64> = row.try_get("status")?;
        let one = Try {
            attempt: row.try_get("attempt")?,
            status: status.and_then(|status| u16::try_from(status).ok()),
            said: row.try_get("said")?,
            millis: row.try_get("millis")?,
            at: Timestamp::from_millis(row.try_get("at")?),
        };
        if let Some((_, tries)) = found.iter_mut().find(|(delivery, _)| delivery.id == id) {
            tries.push(one);
        }
    }
    Ok(found)
}

/// Forgets some of what was told before a time; returns how much.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DeskError> {
    let sql = "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries \
        WHERE created_at < $1 AND state <> 'pending' ORDER BY created_at LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(&mut **tx).await?.rows_affected())
}

fn delivery(row: &AnyRow) -> Result<Delivery, DeskError> {
    Ok(Delivery {
        id: word(row.try_get("id")?)?,
        webhook: word(row.try_get("webhook_id")?)?,
        event: row.try_get("event")?,
        body: row.try_get("body")?,
        ticket: row.try_get("ticket_id")?,
        state: word(row.try_get("state")?)?,
        tries: row.try_get("tries")?,
        attempt: row.try_get("attempt")?,
        begun_at: Timestamp::from_millis(row.try_get("begun_at")?),
        next_at: row.try_get::<Option<i64>, _>("next_at")?.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
    })
}
