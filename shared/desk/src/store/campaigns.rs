//! Campaign and flow messages, and the texts they are credited with (I1–I3).

use domain::{MessageId, ProfileId, TicketId, Timestamp, attribution::Moment, message::Attribution};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// Adds what a campaign or flow message is to attribution; the message is there already.
pub(crate) async fn insert(
    tx: &mut Tx,
    profile: ProfileId,
    campaign: &Attribution,
    sent_at: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO campaign_messages (message_id, profile_id, kind, source_id, source_name, sent_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(campaign.message_id.to_string())
    .bind(profile.to_string())
    .bind(campaign.kind.as_str())
    .bind(&campaign.id)
    .bind(&campaign.name)
    .bind(sent_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whoever changes what a customer's texts are attributed to holds this until the transaction ends, so that a text
/// and the campaign message before it never pass each other unseen. Whatever row is needed is locked before.
pub(crate) async fn hold(store: &Store, tx: &mut Tx, profile: ProfileId) -> Result<(), DeskError> {
    let Some(statement) = store.dialect.hold else { return Ok(()) };
    let (high, low) = profile.0.as_u64_pair();
    let number = i64::from_be_bytes((high ^ low).to_be_bytes());
    sqlx::query(AssertSqlSafe(statement)).bind(number).fetch_one(&mut **tx).await?;
    Ok(())
}

/// The customer's campaign messages that a moment touches, in order: the last one before it, those of it, the first one
/// after it. One that failed was never received, and one that still waits was not yet.
pub(crate) async fn around(tx: &mut Tx, profile: ProfileId, at: Timestamp) -> Result<Vec<Moment>, DeskError> {
    const RECEIVED: &str = "FROM campaign_messages c JOIN messages m ON m.id = c.message_id \
        WHERE c.profile_id = $1 AND m.status <> 'failed' AND m.send_at IS NULL AND";
    let sql = format!(
        "SELECT c.message_id, c.sent_at {RECEIVED} \
         c.sent_at >= COALESCE((SELECT c.sent_at {RECEIVED} c.sent_at < $2 ORDER BY c.sent_at DESC LIMIT 1), $2) AND \
         c.sent_at <= COALESCE((SELECT c.sent_at {RECEIVED} c.sent_at > $2 ORDER BY c.sent_at LIMIT 1), $2) \
         ORDER BY c.sent_at, c.message_id"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(profile.to_string())
        .bind(at.millis())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| moment(row, "message_id")).collect()
}

/// The customer's first text after a moment, up to another.
pub(crate) async fn first_text(
    tx: &mut Tx,
    profile: ProfileId,
    after: Timestamp,
    up_to: Timestamp,
) -> Result<Option<Moment>, DeskError> {
    let row = sqlx::query(
        "SELECT id, sent_at FROM messages WHERE profile_id = $1 AND channel = 'sms' AND direction = 'in' \
         AND sent_at > $2 AND sent_at <= $3 ORDER BY sent_at, id LIMIT 1",
    )
    .bind(profile.to_string())
    .bind(after.millis())
    .bind(up_to.millis())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| moment(&row, "id")).transpose()
}

fn moment(row: &AnyRow, id: &str) -> Result<Moment, DeskError> {
    Ok(Moment { at: Timestamp::from_millis(row.try_get("sent_at")?), id: word(row.try_get(id)?)? })
}

/// The text that a campaign message is credited with.
pub(crate) async fn credited(tx: &mut Tx, campaign: MessageId) -> Result<Option<MessageId>, DeskError> {
    let id: Option<String> = sqlx::query_scalar("SELECT id FROM messages WHERE credited_id = $1")
        .bind(campaign.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    id.as_deref().map(word).transpose()
}

/// Attributes a text, or takes its attribution back. Returns its ticket.
pub(crate) async fn credit(
    tx: &mut Tx,
    text: MessageId,
    campaign: Option<MessageId>,
) -> Result<Option<TicketId>, DeskError> {
    let ticket: Option<String> =
        sqlx::query_scalar("UPDATE messages SET credited_id = $1 WHERE id = $2 RETURNING ticket_id")
            .bind(campaign.map(|campaign| campaign.to_string()))
            .bind(text.to_string())
            .fetch_one(&mut **tx)
            .await?;
    ticket.as_deref().map(word).transpose()
}

/// A ticket is attributed to what its newest attributed text is.
pub(crate) async fn settle_ticket(tx: &mut Tx, ticket: TicketId) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE tickets SET credited_id = (SELECT credited_id FROM messages WHERE ticket_id = $1 \
         AND credited_id IS NOT NULL ORDER BY sent_at DESC, id DESC LIMIT 1) WHERE id = $1",
    )
    .bind(ticket.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a campaign message is to attribution.
pub(crate) async fn campaign(tx: &mut Tx, id: MessageId) -> Result<Option<Attribution>, DeskError> {
    let row = sqlx::query(
        "SELECT message_id, kind, source_id, source_name FROM campaign_messages WHERE message_id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map_or(Ok(None), super::rows::attribution)
}

/// A campaign or flow message that waited left now: from here on a text may be credited to it.
pub(crate) async fn set_sent_at(tx: &mut Tx, id: MessageId, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("UPDATE campaign_messages SET sent_at = $1 WHERE message_id = $2")
        .bind(now.millis())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
