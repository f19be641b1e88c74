//! Tags of tickets, and the list of all tags.

use domain::{TagId, TicketId, Timestamp};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{DeskError, entropy, tags::Tag};

/// Most tags that are listed.
const MOST: i64 = 5_000;
const SELECT: &str = "SELECT id, name, colour, created_at, updated_at FROM tags";

/// Gives a ticket exactly these tags.
pub(crate) async fn replace(
    store: &Store,
    tx: &mut Tx,
    id: TicketId,
    tags: &[String],
) -> Result<(), DeskError> {
    let id = id.to_string();
    sqlx::query("DELETE FROM ticket_tags WHERE ticket_id = $1").bind(&id).execute(&mut **tx).await?;
    if tags.is_empty() {
        return Ok(());
    }
    let values = store.values(tags.len(), 2);
    let statement = AssertSqlSafe(format!("INSERT INTO ticket_tags (ticket_id, tag) VALUES {values}"));
    let query = tags.iter().fold(sqlx::query(statement), |query, tag| query.bind(&id).bind(tag));
    query.execute(&mut **tx).await?;
    Ok(())
}

/// Puts tags into the list that are not in it. What is there is only read, so that nobody waits for a tag in use.
pub(crate) async fn learn(
    store: &Store,
    tx: &mut Tx,
    names: &[String],
    now: Timestamp,
) -> Result<(), DeskError> {
    if names.is_empty() {
        return Ok(());
    }
    let list = store.values(1, names.len());
    let sql = AssertSqlSafe(format!("SELECT name FROM tags WHERE removed_at IS NULL AND name IN {list}"));
    let query = names.iter().fold(sqlx::query_scalar::<_, String>(sql), |query, name| query.bind(name));
    let known = query.fetch_all(&mut **tx).await?;
    for name in names.iter().filter(|name| !known.contains(name)) {
        sqlx::query(
            "INSERT INTO tags (id, name, created_at, updated_at) VALUES ($1, $2, $3, $3) \
             ON CONFLICT (name) DO UPDATE SET removed_at = NULL",
        )
        .bind(TagId::new(now, &entropy()).to_string())
        .bind(name)
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The list by name, each with how many tickets have it.
pub(crate) async fn all(store: &Store) -> Result<Vec<(Tag, i64)>, DeskError> {
    let sql = "SELECT t.id, t.name, t.colour, t.created_at, t.updated_at, COALESCE(used.n, 0) AS n FROM tags t \
        LEFT JOIN (SELECT tag, count(*) AS n FROM ticket_tags GROUP BY tag) used ON used.tag = t.name \
        WHERE t.removed_at IS NULL ORDER BY t.name LIMIT $1";
    let rows = sqlx::query(sql).bind(MOST).fetch_all(store.reader()).await?;
    rows.iter().map(|row| Ok((tag(row)?, row.try_get("n")?))).collect()
}

/// How many tickets have a tag.
pub(crate) async fn used(tx: &mut Tx, name: &str) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM ticket_tags WHERE tag = $1";
    Ok(sqlx::query_scalar(sql).bind(name).fetch_one(&mut **tx).await?)
}

/// How many tags are in the list.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM tags WHERE removed_at IS NULL";
    Ok(sqlx::query_scalar(sql).fetch_one(&mut **tx).await?)
}

/// A tag of the list.
pub(crate) async fn find(tx: &mut Tx, id: TagId) -> Result<Option<Tag>, DeskError> {
    let sql = format!("{SELECT} WHERE id = $1 AND removed_at IS NULL");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(tag).transpose()
}

/// A tag of the list, held until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: TagId) -> Result<Option<Tag>, DeskError> {
    let sql = format!("{SELECT} WHERE id = $1 AND removed_at IS NULL{}", store.dialect.for_update);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(tag).transpose()
}

/// Puts a tag into the list, or one that was taken out back into it; `None` if one of that name is in it.
pub(crate) async fn add(tx: &mut Tx, new: &Tag) -> Result<Option<Tag>, DeskError> {
    let row = sqlx::query(
        "INSERT INTO tags (id, name, colour, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT (name) DO UPDATE SET removed_at = NULL, colour = excluded.colour, \
         updated_at = excluded.updated_at WHERE tags.removed_at IS NOT NULL \
         RETURNING id, name, colour, created_at, updated_at",
    )
    .bind(new.id.to_string())
    .bind(&new.name)
    .bind(new.colour.as_str())
    .bind(new.created_at.millis())
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(tag).transpose()
}

/// Writes name and colour of a tag that is held; `false` if the name is another's. One of that name that was taken out
/// of the list is forgotten.
pub(crate) async fn save(tx: &mut Tx, changed: &Tag) -> Result<bool, DeskError> {
    let (id, name) = (changed.id.to_string(), &changed.name);
    let gone = "DELETE FROM tags WHERE name = $1 AND id <> $2 AND removed_at IS NOT NULL";
    sqlx::query(gone).bind(name).bind(&id).execute(&mut **tx).await?;
    let taken = sqlx::query("SELECT id FROM tags WHERE name = $1 AND id <> $2").bind(name).bind(&id);
    if taken.fetch_optional(&mut **tx).await?.is_some() {
        return Ok(false);
    }
    let done = sqlx::query("UPDATE tags SET name = $1, colour = $2, updated_at = $3 WHERE id = $4")
        .bind(name)
        .bind(changed.colour.as_str())
        .bind(changed.updated_at.millis())
        .bind(&id)
        .execute(&mut **tx)
        .await;
    match done {
        Ok(_) => Ok(true),
        // somebody took the name between the two statements
        Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Takes a tag out of the list.
pub(crate) async fn remove(tx: &mut Tx, id: TagId, now: Timestamp) -> Result<(), DeskError> {
    let sql = "UPDATE tags SET removed_at = $1 WHERE id = $2";
    sqlx::query(sql).bind(now.millis()).bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// The tickets with a tag that are not closed, in the order in which tickets are locked.
pub(crate) async fn unclosed(tx: &mut Tx, name: &str) -> Result<Vec<TicketId>, DeskError> {
    let sql = "SELECT t.id FROM ticket_tags g JOIN tickets t ON t.id = g.ticket_id \
        WHERE g.tag = $1 AND t.status <> 'closed' ORDER BY t.id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(name).fetch_all(&mut **tx).await?;
    ids.iter().map(|id| word(id)).collect()
}

/// A tag is called otherwise on every ticket that still has it; those that are not closed are the caller's.
pub(crate) async fn rename(tx: &mut Tx, from: &str, to: &str) -> Result<(), DeskError> {
    let sql = "INSERT INTO ticket_tags (ticket_id, tag) SELECT ticket_id, $1 FROM ticket_tags WHERE tag = $2 \
        ON CONFLICT (ticket_id, tag) DO NOTHING";
    sqlx::query(sql).bind(to).bind(from).execute(&mut **tx).await?;
    sqlx::query("DELETE FROM ticket_tags WHERE tag = $1").bind(from).execute(&mut **tx).await?;
    Ok(())
}

fn tag(row: &AnyRow) -> Result<Tag, DeskError> {
    Ok(Tag {
        id: word(row.try_get("id")?)?,
        name: row.try_get("name")?,
        colour: word(row.try_get("colour")?)?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}
