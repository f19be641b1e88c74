//! Webhooks.

use domain::{Timestamp, WebhookId, webhook::Health};
use sqlx::{Any, AssertSqlSafe, Executor, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{DeskError, webhooks::Webhook};

const SELECT: &str = "SELECT id, name, kind, url, secret, events, active, disabled_why, created_at, updated_at, \
    failures, failed_at, rests_until, old_secret, old_secret_until FROM webhooks";

/// Every webhook, oldest first.
pub(crate) async fn all<E>(executor: &mut E) -> Result<Vec<Webhook>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let sql = AssertSqlSafe(format!("{SELECT} ORDER BY created_at, id"));
    sqlx::query(sql).fetch_all(&mut *executor).await?.iter().map(webhook).collect()
}

/// A webhook, held until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1{}", store.dialect.for_update));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(webhook).transpose()
}

/// Writes a webhook, new or changed.
pub(crate) async fn save(tx: &mut Tx, one: &Webhook) -> Result<(), DeskError> {
    let events: Vec<_> = one.events.iter().map(|event| event.as_str()).collect();
    sqlx::query(
        "INSERT INTO webhooks (id, name, kind, url, secret, events, active, disabled_why, created_at, updated_at, \
         failures, failed_at, rests_until, old_secret, old_secret_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, secret = excluded.secret, \
         events = excluded.events, active = excluded.active, disabled_why = excluded.disabled_why, \
         updated_at = excluded.updated_at, failures = excluded.failures, failed_at = excluded.failed_at, \
         rests_until = excluded.rests_until, old_secret = excluded.old_secret, \
         old_secret_until = excluded.old_secret_until",
    )
    .bind(one.id.to_string())
    .bind(&one.name)
    .bind(one.kind.as_str())
    .bind(&one.url)
    .bind(&one.secret)
    .bind(events.join(" "))
    .bind(i64::from(one.active))
    .bind(&one.disabled_why)
    .bind(one.created_at.millis())
    .bind(one.updated_at.millis())
    .bind(one.health.failures)
    .bind(one.health.failed_at.map(Timestamp::millis))
    .bind(one.health.rests_until.map(Timestamp::millis))
    .bind(one.old_secret.as_ref().map(|(secret, _)| secret))
    .bind(one.old_secret.as_ref().map(|(_, until)| until.millis()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a webhook away, with its deliveries; `false` if there is none.
pub(crate) async fn delete(tx: &mut Tx, id: WebhookId) -> Result<bool, DeskError> {
    let sql = "DELETE FROM webhooks WHERE id = $1";
    Ok(sqlx::query(sql).bind(id.to_string()).execute(&mut **tx).await?.rows_affected() == 1)
}

fn webhook(row: &AnyRow) -> Result<Webhook, DeskError> {
    let events: &str = row.try_get("events")?;
    let time =
        |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis));
    let old: Option<String> = row.try_get("old_secret")?;
    Ok(Webhook {
        id: word(row.try_get("id")?)?,
        name: row.try_get("name")?,
        kind: word(row.try_get("kind")?)?,
        url: row.try_get("url")?,
        secret: row.try_get("secret")?,
        events: events.split_whitespace().map(word).collect::<Result<_, _>>()?,
        active: row.try_get::<i64, _>("active")? != 0,
        disabled_why: row.try_get("disabled_why")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
        health: Health {
            failures: row.try_get("failures")?,
            failed_at: time("failed_at")?,
            rests_until: time("rests_until")?,
        },
        old_secret: old.zip(time("old_secret_until")?),
    })
}
