//! Changes of many tickets: which ones, what became of each, and what an undo puts back.

use domain::{BulkId, SessionId, TicketId, Timestamp};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    Store, Tx,
    rows::{self, TICKET_FROM, TICKET_SELECT, TicketRow, word},
    search::Conditions,
    ticket_list,
};
use crate::{
    Actor, DeskError,
    bulk::{Job, Phase, Refusals},
    tickets::TicketFilter,
};

/// Rows of one statement.
const CHUNK: usize = 200;

/// What became of a ticket in a change of many.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It was changed: what an undo puts back, as JSON, and its version after the change.
    Changed { before: String, version: i64 },
    /// It was like that before.
    Same,
    /// It cannot be changed so: stable code, and the reason for people.
    Refused { code: &'static str, reason: String },
    /// An undo put it back.
    Restored,
    /// An undo left it alone.
    LeftAlone,
}

/// A ticket that is still to be dealt with.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Which.
    pub ticket: TicketId,
    /// What an undo puts back, as JSON, once it was changed.
    pub before: Option<String>,
    /// The ticket's version after the change.
    pub version: Option<i64>,
}

const SELECT: &str = "SELECT id, actor_id, actor_name, action, state, total, changed, unchanged, refused, restored, \
    left_alone, steps, created_at, finished_at FROM bulk_jobs WHERE id = $1";

/// Writes down that something is to be done to tickets.
pub(crate) async fn insert(tx: &mut Tx, job: &Job) -> Result<(), DeskError> {
    let action = serde_json::to_string(&job.action)
        .map_err(|error| DeskError::Refused(format!("an action cannot be written down: {error}")))?;
    sqlx::query(
        "INSERT INTO bulk_jobs (id, actor_id, actor_name, action, state, total, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(job.id.to_string())
    .bind(job.actor.to_string())
    .bind(&job.actor_name)
    .bind(action)
    .bind(job.phase.as_str())
    .bind(job.total)
    .bind(job.created_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Settles which tickets: these.
pub(crate) async fn take(store: &Store, tx: &mut Tx, job: BulkId, ids: &[TicketId]) -> Result<(), DeskError> {
    let job = job.to_string();
    for chunk in ids.chunks(CHUNK) {
        let values = store.values(chunk.len(), 3);
        let sql = format!("INSERT INTO bulk_items (job_id, ticket_id, state) VALUES {values}");
        let query = chunk.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, id| {
            query.bind(&job).bind(id.to_string()).bind("pending")
        });
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Settles which tickets: all that match now, at most `limit`. Returns how many.
pub(crate) async fn take_matching(
    store: &Store,
    tx: &mut Tx,
    job: BulkId,
    filter: &TicketFilter,
    actor: &Actor,
    limit: i64,
) -> Result<i64, DeskError> {
    let mut conditions = Conditions::default();
    let job = conditions.text(&job.to_string());
    ticket_list::narrow(&mut conditions, store, filter, actor, &ticket_list::Frequent::default())?;
    let limit = conditions.number(limit);
    let sql = format!(
        "INSERT INTO bulk_items (job_id, ticket_id, state) SELECT {job}, t.id, 'pending' {TICKET_FROM}{} \
         LIMIT {limit}",
        conditions.clause()
    );
    let done = conditions.bind(sqlx::query(AssertSqlSafe(sql))).execute(&mut **tx).await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// A change of many tickets.
pub(crate) async fn find(store: &Store, id: BulkId) -> Result<Option<Job>, DeskError> {
    let row = sqlx::query(SELECT).bind(id.to_string()).fetch_optional(store.reader()).await?;
    row.as_ref().map(job).transpose()
}

/// A change of many tickets, held until the transaction ends: one replica at a time gets on with it.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: BulkId) -> Result<Option<Job>, DeskError> {
    let sql = format!("{SELECT}{}", store.dialect.for_update);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(job).transpose()
}

/// Writes down how far it is.
pub(crate) async fn save(tx: &mut Tx, job: &Job) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE bulk_jobs SET state = $1, changed = $2, unchanged = $3, refused = $4, restored = $5, \
         left_alone = $6, steps = $7, finished_at = $8 WHERE id = $9",
    )
    .bind(job.phase.as_str())
    .bind(job.changed)
    .bind(job.unchanged)
    .bind(job.refused)
    .bind(job.restored)
    .bind(job.left_alone)
    .bind(job.steps)
    .bind(job.finished_at.map(Timestamp::millis))
    .bind(job.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Tickets that are still to be dealt with in this phase, by id, so that writers who lock several take them in one
/// order.
pub(crate) async fn next(tx: &mut Tx, job: &Job, limit: i64) -> Result<Vec<Item>, DeskError> {
    let waiting = if job.phase == Phase::Undoing { "changed" } else { "pending" };
    let rows = sqlx::query(
        "SELECT ticket_id, before, version FROM bulk_items WHERE job_id = $1 AND state = $2 \
         ORDER BY ticket_id LIMIT $3",
    )
    .bind(job.id.to_string())
    .bind(waiting)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Item {
                ticket: word(row.try_get("ticket_id")?)?,
                before: row.try_get("before")?,
                version: row.try_get("version")?,
            })
        })
        .collect()
}

/// Locks the tickets of these items, in one order.
pub(crate) async fn lock_tickets(
    store: &Store,
    tx: &mut Tx,
    items: &[Item],
) -> Result<Vec<TicketRow>, DeskError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "{TICKET_SELECT} WHERE t.id IN {} ORDER BY t.id{}",
        store.values(1, items.len()),
        store.dialect.for_update_of_ticket
    );
    let query =
        items.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, item| query.bind(item.ticket.to_string()));
    let found = query.fetch_all(&mut **tx).await?;
    rows::tickets(store, &mut **tx, &found).await
}

/// Writes down what became of a ticket.
pub(crate) async fn settle(
    tx: &mut Tx,
    job: BulkId,
    ticket: TicketId,
    outcome: &Outcome,
) -> Result<(), DeskError> {
    let query = match outcome {
        Outcome::Changed { before, version } => sqlx::query(
            "UPDATE bulk_items SET state = 'changed', before = $1, version = $2 \
             WHERE job_id = $3 AND ticket_id = $4",
        )
        .bind(before)
        .bind(*version),
        Outcome::Refused { code, reason } => sqlx::query(
            "UPDATE bulk_items SET state = 'refused', code = $1, reason = $2 WHERE job_id = $3 AND ticket_id = $4",
        )
        .bind(*code)
        .bind(reason),
        Outcome::Same => sqlx::query("UPDATE bulk_items SET state = 'same' WHERE job_id = $1 AND ticket_id = $2"),
        Outcome::Restored => {
            sqlx::query("UPDATE bulk_items SET state = 'restored' WHERE job_id = $1 AND ticket_id = $2")
        }
        Outcome::LeftAlone => {
            sqlx::query("UPDATE bulk_items SET state = 'left' WHERE job_id = $1 AND ticket_id = $2")
        }
    };
    query.bind(job.to_string()).bind(ticket.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Why tickets could not be changed, most frequent first.
pub(crate) async fn refusals(store: &Store, id: BulkId) -> Result<Vec<Refusals>, DeskError> {
    let rows = sqlx::query(
        "SELECT code, reason, count(*) AS n FROM bulk_items WHERE job_id = $1 AND state = 'refused' \
         GROUP BY code, reason ORDER BY n DESC, code LIMIT 20",
    )
    .bind(id.to_string())
    .fetch_all(store.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Refusals {
                code: row.try_get("code")?,
                reason: row.try_get("reason")?,
                count: row.try_get("n")?,
            })
        })
        .collect()
}

/// Whether a session has a chat newer than this one: the visitor wrote again after it was closed.
pub(crate) async fn went_on(tx: &mut Tx, session: SessionId, number: i64) -> Result<bool, DeskError> {
    let sql = "SELECT id FROM tickets WHERE session_id = $1 AND number > $2 LIMIT 1";
    let newer = sqlx::query(sql).bind(session.to_string()).bind(number).fetch_optional(&mut **tx).await?;
    Ok(newer.is_some())
}

/// Forgets changes of many tickets that were asked for before then.
pub(crate) async fn forget(tx: &mut Tx, before: Timestamp) -> Result<(), DeskError> {
    for sql in [
        "DELETE FROM bulk_items WHERE job_id IN (SELECT id FROM bulk_jobs WHERE created_at < $1)",
        "DELETE FROM bulk_jobs WHERE created_at < $1",
    ] {
        sqlx::query(sql).bind(before.millis()).execute(&mut **tx).await?;
    }
    Ok(())
}

fn job(row: &AnyRow) -> Result<Job, DeskError> {
    let action = serde_json::from_str(row.try_get("action")?).map_err(|error| {
        DeskError::Unavailable(format!("the database holds an action that makes no sense: {error}"))
    })?;
    Ok(Job {
        id: word(row.try_get("id")?)?,
        actor: word(row.try_get("actor_id")?)?,
        actor_name: row.try_get("actor_name")?,
        action,
        phase: word(row.try_get("state")?)?,
        total: row.try_get("total")?,
        changed: row.try_get("changed")?,
        unchanged: row.try_get("unchanged")?,
        refused: row.try_get("refused")?,
        restored: row.try_get("restored")?,
        left_alone: row.try_get("left_alone")?,
        steps: row.try_get("steps")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(Timestamp::from_millis),
    })
}
