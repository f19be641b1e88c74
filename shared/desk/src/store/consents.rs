//! The consent history (D2): lines are only ever added.

use domain::{ProfileId, TicketId, Timestamp, consent::ConsentRecord};
use uuid::Uuid;

use super::{Store, Tx, rows, rows::word};
use crate::DeskError;

/// Adds a line.
///
/// # Errors
/// The database refuses.
pub async fn add(tx: &mut Tx, profile: ProfileId, record: &ConsentRecord, now: Timestamp) -> Result<(), DeskError> {
    let id = ProfileId::new(now, &crate::entropy()).0;
    sqlx::query(
        "INSERT INTO consents (id, profile_id, kind, state, source, evidence, number, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(Uuid::to_string(&id))
    .bind(profile.to_string())
    .bind(record.kind.as_str())
    .bind(record.state.as_str())
    .bind(&record.source)
    .bind(&record.text)
    .bind(&record.number)
    .bind(record.at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Everything a profile said so far.
///
/// # Errors
/// The database cannot be read.
pub async fn of(store: &Store, tx: &mut Tx, profile: ProfileId) -> Result<Vec<ConsentRecord>, DeskError> {
    let id = profile.to_string();
    Ok(rows::consents_of(store, &mut **tx, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or_default())
}

/// The tickets whose composer depends on a profile's consent, in the order in which they are to be locked.
///
/// # Errors
/// The database cannot be read.
pub async fn tickets_concerned(tx: &mut Tx, profile: ProfileId) -> Result<Vec<TicketId>, DeskError> {
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM tickets WHERE profile_id = $1 AND channel = 'sms' ORDER BY id LIMIT 100")
            .bind(profile.to_string())
            .fetch_all(&mut **tx)
            .await?;
    ids.iter().map(|id| word(id)).collect()
}

/// How many keyword answers a profile got since then, and whether a word of that family was answered since then.
///
/// # Errors
/// The database cannot be read.
pub async fn answered_since(
    tx: &mut Tx,
    profile: ProfileId,
    family: Option<&str>,
    since: Timestamp,
) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM messages WHERE profile_id = $1 AND channel = 'sms' AND direction = 'out' \
        AND author_kind = 'keyword' AND sent_at > $2 AND ($3 = '' OR author_name = $3)";
    Ok(sqlx::query_scalar(sql)
        .bind(profile.to_string())
        .bind(since.millis())
        .bind(family.unwrap_or_default())
        .fetch_one(&mut **tx)
        .await?)
}
