//! Who can be given tickets.

use std::collections::HashMap;

use domain::{
    TeamId, TicketId, Timestamp, UserId,
    event::Assignee,
    routing::share::{ABSENT_AFTER, Attendance, Candidate},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    Store, Tx,
    rows::{rows_of, word},
};
use crate::{DeskError, availability::Availability};

/// Open tickets of somebody.
const OPEN: &str =
    "(SELECT count(*) FROM tickets t WHERE t.assignee_id = u.id AND t.status = 'open') AS open";

/// Everybody who may sign in, by name.
pub(crate) async fn all(store: &Store, now: Timestamp) -> Result<Vec<Availability>, DeskError> {
    let sql = format!(
        "SELECT u.id, a.away, a.capacity, a.seen_at, {OPEN} FROM users u \
         LEFT JOIN availability a ON a.user_id = u.id WHERE u.disabled_at IS NULL ORDER BY lower(u.name), u.id"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.reader()).await?;
    let one = |row: &AnyRow| {
        let away = row.try_get::<Option<i64>, _>("away")?.unwrap_or(0) != 0;
        let seen_at = Timestamp::from_millis(row.try_get::<Option<i64>, _>("seen_at")?.unwrap_or(0));
        Ok(Availability {
            user: word(row.try_get("id")?)?,
            state: Attendance { away, seen_at }.state(now),
            capacity: row.try_get("capacity")?,
            open: row.try_get("open")?,
        })
    };
    rows.iter().map(one).collect()
}

/// When somebody was last seen, without waiting for anybody.
pub(crate) async fn seen_at(store: &Store, user: UserId) -> Result<Timestamp, DeskError> {
    let sql = "SELECT seen_at FROM availability WHERE user_id = $1";
    let row = sqlx::query_scalar(sql).bind(user.to_string()).fetch_optional(store.reader()).await?;
    Ok(Timestamp::from_millis(row.unwrap_or(0)))
}

/// What is known of somebody, held until the transaction ends; and how much they take.
pub(crate) async fn lock(
    store: &Store,
    tx: &mut Tx,
    user: UserId,
) -> Result<(Attendance, Option<i64>), DeskError> {
    sqlx::query("INSERT INTO availability (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING")
        .bind(user.to_string())
        .execute(&mut **tx)
        .await?;
    let sql = format!(
        "SELECT away, capacity, seen_at FROM availability WHERE user_id = $1{}",
        store.dialect.for_update
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(user.to_string()).fetch_one(&mut **tx).await?;
    let seen_at = Timestamp::from_millis(row.try_get("seen_at")?);
    Ok((Attendance { away: row.try_get::<i64, _>("away")? != 0, seen_at }, row.try_get("capacity")?))
}

/// Writes what is known of somebody; they are held already.
pub(crate) async fn save(
    tx: &mut Tx,
    user: UserId,
    attendance: Attendance,
    capacity: Option<i64>,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE availability SET away = $1, seen_at = $2, capacity = $3 WHERE user_id = $4")
        .bind(i64::from(attendance.away))
        .bind(attendance.seen_at.millis())
        .bind(capacity)
        .bind(user.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Somebody left.
pub(crate) async fn left(tx: &mut Tx, user: UserId) -> Result<(), DeskError> {
    let sql = "UPDATE availability SET seen_at = 0 WHERE user_id = $1";
    sqlx::query(sql).bind(user.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Members of a team who are there, held until the transaction ends, with their names.
pub(crate) async fn of_team(
    store: &Store,
    tx: &mut Tx,
    team: TeamId,
    now: Timestamp,
) -> Result<Vec<(Candidate, String)>, DeskError> {
    let sql = format!(
        "SELECT a.user_id, a.capacity, a.given_at FROM availability a WHERE a.away = 0 AND a.seen_at >= $1 \
         AND a.user_id IN (SELECT user_id FROM team_members WHERE team_id = $2) ORDER BY a.user_id{}",
        store.dialect.for_update
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(now.plus(-ABSENT_AFTER).millis()).bind(team.to_string());
    let held = query.fetch_all(&mut **tx).await?;
    candidates(store, tx, &held).await
}

/// Somebody, if they are there and nobody else is about to give them a ticket: whoever holds them gives them what
/// there is.
pub(crate) async fn if_there(
    store: &Store,
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<Option<(Candidate, String)>, DeskError> {
    let sql = format!(
        "SELECT user_id, capacity, given_at FROM availability WHERE away = 0 AND seen_at >= $1 AND user_id = $2{}",
        store.dialect.skip_locked
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(now.plus(-ABSENT_AFTER).millis()).bind(user.to_string());
    let held = query.fetch_all(&mut **tx).await?;
    Ok(candidates(store, tx, &held).await?.pop())
}

/// How much they have to do is counted once they are held: what is counted with the lock may be old.
async fn candidates(
    store: &Store,
    tx: &mut Tx,
    held: &[AnyRow],
) -> Result<Vec<(Candidate, String)>, DeskError> {
    let ids: Vec<String> = held.iter().map(|row| row.try_get("user_id")).collect::<Result<_, _>>()?;
    let sql = format!("SELECT u.id, u.name, {OPEN} FROM users u WHERE u.disabled_at IS NULL AND u.id IN");
    let mut known: HashMap<String, (String, i64)> = HashMap::new();
    for row in rows_of(store, &mut **tx, &sql, "", &ids).await? {
        known.insert(row.try_get("id")?, (row.try_get("name")?, row.try_get("open")?));
    }
    let mut there = Vec::with_capacity(held.len());
    for (row, id) in held.iter().zip(&ids) {
        let Some((name, open)) = known.remove(id) else { continue };
        let given_at = Timestamp::from_millis(row.try_get("given_at")?);
        let (id, capacity) = (word(id)?, row.try_get("capacity")?);
        there.push((Candidate { id, open, capacity, given_at }, name));
    }
    Ok(there)
}

/// Somebody was given a ticket; they are held already.
pub(crate) async fn given(tx: &mut Tx, to: &Assignee, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("UPDATE availability SET given_at = $1 WHERE user_id = $2")
        .bind(now.millis())
        .bind(to.id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Open tickets that wait for somebody of one of this person's teams, longest first, held until the transaction ends;
/// those that somebody is at are left out.
pub(crate) async fn waiting_for(
    store: &Store,
    tx: &mut Tx,
    user: UserId,
    limit: i64,
) -> Result<Vec<TicketId>, DeskError> {
    let sql = format!(
        "SELECT id FROM tickets WHERE placed = 'waiting' AND status = 'open' AND assignee_id IS NULL \
         AND team_id IN (SELECT team_id FROM team_members WHERE user_id = $1) ORDER BY created_at, id LIMIT $2{}",
        store.dialect.skip_locked
    );
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(user.to_string()).bind(limit);
    let ids: Vec<String> = query.fetch_all(&mut **tx).await?;
    ids.iter().map(|id| word(id)).collect()
}
