//! Teams and their members.

use std::collections::HashMap;

use domain::{TeamId, TicketId, Timestamp, UserId};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{DeskError, teams::Team};

const SELECT: &str = "SELECT id, name, created_at, updated_at FROM teams";
const MEMBERS: &str = "SELECT m.team_id, m.user_id FROM team_members m JOIN users u ON u.id = m.user_id";

/// Every team, by name.
pub(crate) async fn all(store: &Store) -> Result<Vec<Team>, DeskError> {
    let sql = format!("{SELECT} ORDER BY name_key, id");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.reader()).await?;
    let sql = format!("{MEMBERS} ORDER BY lower(u.name), u.id");
    let mut members: HashMap<TeamId, Vec<UserId>> = HashMap::new();
    for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(store.reader()).await? {
        members.entry(word(row.try_get("team_id")?)?).or_default().push(word(row.try_get("user_id")?)?);
    }
    let teams = rows.iter().map(|row| {
        let mut team = team(row)?;
        team.members = members.remove(&team.id).unwrap_or_default();
        Ok(team)
    });
    teams.collect()
}

/// A team, held until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: TeamId) -> Result<Option<Team>, DeskError> {
    let sql = format!("{SELECT} WHERE id = $1{}", store.dialect.for_update);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    let Some(row) = row else { return Ok(None) };
    let sql = format!("{MEMBERS} WHERE m.team_id = $1 ORDER BY lower(u.name), u.id");
    let members = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_all(&mut **tx).await?;
    let members =
        members.iter().map(|row| word(row.try_get("user_id")?)).collect::<Result<_, DeskError>>()?;
    Ok(Some(Team { members, ..team(&row)? }))
}

/// What a team is called; `None` when there is none.
pub(crate) async fn name(tx: &mut Tx, id: TeamId) -> Result<Option<String>, DeskError> {
    let found = sqlx::query_scalar("SELECT name FROM teams WHERE id = $1").bind(id.to_string());
    Ok(found.fetch_optional(&mut **tx).await?)
}

/// Whether there is such a team.
pub(crate) async fn exists(tx: &mut Tx, id: TeamId) -> Result<bool, DeskError> {
    let found = sqlx::query("SELECT id FROM teams WHERE id = $1").bind(id.to_string());
    Ok(found.fetch_optional(&mut **tx).await?.is_some())
}

/// How many teams there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DeskError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM teams").fetch_one(&mut **tx).await?)
}

/// Writes a team, new or changed, with exactly its members; `false` if its name is taken.
pub(crate) async fn save(store: &Store, tx: &mut Tx, team: &Team, name_key: &str) -> Result<bool, DeskError> {
    let id = team.id.to_string();
    let taken = sqlx::query("SELECT id FROM teams WHERE name_key = $1 AND id <> $2").bind(name_key).bind(&id);
    if taken.fetch_optional(&mut **tx).await?.is_some() {
        return Ok(false);
    }
    let done = sqlx::query(
        "INSERT INTO teams (id, name, name_key, created_at, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, \
         updated_at = excluded.updated_at",
    )
    .bind(&id)
    .bind(&team.name)
    .bind(name_key)
    .bind(team.created_at.millis())
    .bind(team.updated_at.millis())
    .execute(&mut **tx)
    .await;
    match done {
        Ok(_) => {}
        // somebody took the name between the two statements
        Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    sqlx::query("DELETE FROM team_members WHERE team_id = $1").bind(&id).execute(&mut **tx).await?;
    for members in team.members.chunks(200) {
        let values = store.values(members.len(), 2);
        let sql = AssertSqlSafe(format!("INSERT INTO team_members (team_id, user_id) VALUES {values}"));
        let query =
            members.iter().fold(sqlx::query(sql), |query, user| query.bind(&id).bind(user.to_string()));
        query.execute(&mut **tx).await?;
    }
    Ok(true)
}

/// Takes a team away; its closed tickets are of no team. Those that are not closed are the caller's.
pub(crate) async fn delete(tx: &mut Tx, id: TeamId) -> Result<(), DeskError> {
    for sql in [
        "UPDATE tickets SET team_id = NULL WHERE team_id = $1",
        "DELETE FROM team_members WHERE team_id = $1",
        "DELETE FROM teams WHERE id = $1",
    ] {
        sqlx::query(sql).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// The tickets of a team that are not closed, in the order in which tickets are locked.
pub(crate) async fn unclosed(tx: &mut Tx, id: TeamId) -> Result<Vec<TicketId>, DeskError> {
    let sql = "SELECT id FROM tickets WHERE team_id = $1 AND status <> 'closed' ORDER BY id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(id.to_string()).fetch_all(&mut **tx).await?;
    ids.iter().map(|id| word(id)).collect()
}

fn team(row: &AnyRow) -> Result<Team, DeskError> {
    Ok(Team {
        id: word(row.try_get("id")?)?,
        name: row.try_get("name")?,
        members: Vec::new(),
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}
