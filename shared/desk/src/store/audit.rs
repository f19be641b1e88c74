//! The audit log.

use std::net::IpAddr;

use domain::{
    Timestamp,
    audit::{AuditAction, AuditNoun, MOST_STRANGERS},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{
    DeskError,
    audit::{AuditEntry, AuditFilter, By},
};

/// Adds a line.
pub(crate) async fn insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), DeskError> {
    let changes = serde_json::to_string(&entry.changes)
        .map_err(|error| DeskError::Unavailable(format!("a line of the log cannot be written: {error}")))?;
    sqlx::query(
        "INSERT INTO audit (id, at, actor_kind, actor_id, actor_name, address, action, object_kind, object_id, \
         object_name, changes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(entry.id.to_string())
    .bind(entry.at.millis())
    .bind(entry.by.kind.as_str())
    .bind(&entry.by.id)
    .bind(&entry.by.name)
    .bind(entry.address.as_deref())
    .bind(entry.action.as_str())
    .bind(entry.noun.as_str())
    .bind(&entry.object_id)
    .bind(entry.object_name.as_deref().unwrap_or_default())
    .bind(changes)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Where strangers were who did that since a moment, as far as they need be counted.
pub(crate) async fn strangers_since(
    store: &Store,
    action: AuditAction,
    since: Timestamp,
) -> Result<Vec<Option<IpAddr>>, DeskError> {
    let sql = "SELECT address FROM audit WHERE action = $1 AND at > $2 AND actor_kind = 'nobody' LIMIT $3";
    let found: Vec<Option<String>> = sqlx::query_scalar(sql)
        .bind(action.as_str())
        .bind(since.millis())
        .bind(i64::try_from(MOST_STRANGERS).unwrap_or(i64::MAX))
        .fetch_all(store.reader())
        .await?;
    Ok(found.into_iter().map(|address| address.and_then(|address| address.parse().ok())).collect())
}

/// A page of lines, newest first, from behind `after`.
pub(crate) async fn page(
    store: &Store,
    filter: &AuditFilter,
    after: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<AuditEntry>, DeskError> {
    let (at, id) = after.unwrap_or((i64::MAX, String::new()));
    let words = [
        ("a.actor_id", filter.by.clone()),
        ("a.action", filter.action.map(|action| action.as_str().to_owned())),
        ("a.object_kind", filter.noun.map(|noun| noun.as_str().to_owned())),
        ("a.object_id", filter.object.clone()),
    ];
    let given: Vec<(&str, String)> =
        words.into_iter().filter_map(|(column, word)| Some((column, word?))).collect();
    let wanted: String =
        given.iter().enumerate().map(|(n, (column, _))| format!(" AND {column} = ${}", n + 7)).collect();
    let sql = format!(
        "SELECT a.id, a.at, a.actor_kind, a.actor_id, a.actor_name, a.address, a.action, a.object_kind, \
         a.object_id, a.object_name, a.changes, p.name AS profile_name FROM audit a \
         LEFT JOIN profiles p ON p.id = a.object_id AND a.object_kind = 'profile' \
         WHERE (a.at < $1 OR (a.at = $2 AND a.id < $3)) AND a.at >= $4 AND a.at < $5{wanted} \
         ORDER BY a.at DESC, a.id DESC LIMIT $6"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql))
        .bind(at)
        .bind(at)
        .bind(id)
        .bind(filter.from.map_or(0, Timestamp::millis))
        .bind(filter.to.map_or(i64::MAX, Timestamp::millis))
        .bind(limit);
    for (_, word) in given {
        query = query.bind(word);
    }
    query.fetch_all(store.reader()).await?.iter().map(entry).collect()
}

/// Forgets lines from before a moment.
pub(crate) async fn forget_before(tx: &mut Tx, moment: Timestamp) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM audit WHERE at < $1").bind(moment.millis()).execute(&mut **tx).await?;
    Ok(())
}

fn entry(row: &AnyRow) -> Result<AuditEntry, DeskError> {
    let noun: AuditNoun = word(row.try_get("object_kind")?)?;
    let name: String = if noun == AuditNoun::Profile {
        row.try_get::<Option<String>, _>("profile_name")?.unwrap_or_default()
    } else {
        row.try_get("object_name")?
    };
    Ok(AuditEntry {
        id: word(row.try_get("id")?)?,
        at: Timestamp::from_millis(row.try_get("at")?),
        by: By {
            kind: word(row.try_get("actor_kind")?)?,
            id: row.try_get("actor_id")?,
            name: row.try_get("actor_name")?,
        },
        address: row.try_get("address")?,
        action: word(row.try_get("action")?)?,
        noun,
        object_id: row.try_get("object_id")?,
        object_name: (!name.is_empty()).then_some(name),
        changes: serde_json::from_str(row.try_get("changes")?)
            .map_err(|error| DeskError::Unavailable(format!("a line of the log cannot be read: {error}")))?,
    })
}
