//! Messages of ours on their way: claims, reports, receipts.

use std::str::FromStr;

use domain::{
    AuthorKind, Channel, MessageId, MessageStatus, ProfileId, SessionId, TicketId, Timestamp,
    message::DeliveryError,
};
use sqlx::Row;
use uuid::Uuid;

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// The author's name of a confirmation of an opt-out.
pub const CONFIRMS_OPT_OUT: &str = "STOP";

/// A message of ours, locked.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its id.
    pub id: MessageId,
    /// Its ticket, where it has one.
    pub ticket: Option<TicketId>,
    /// Its place there.
    pub seq: i64,
    /// The customer.
    pub profile: ProfileId,
    /// The customer is blocked.
    pub blocked: bool,
    /// The channel.
    pub channel: Channel,
    /// Our number, mailbox or site.
    pub inbox: String,
    /// Who wrote it.
    pub author: AuthorKind,
    /// Where it is.
    pub status: MessageStatus,
    /// The try that is sending it.
    pub claim: Option<Uuid>,
    /// Whether consent is asked for at the moment of sending.
    pub needs_consent: bool,
    /// It confirms an opt-out: the one text that goes out after it.
    pub confirms_opt_out: bool,
    /// When it was written.
    pub written_at: Timestamp,
    /// The chat session.
    pub session: Option<SessionId>,
    /// The customer's address it goes to.
    pub recipient: Option<String>,
    /// SMS segments.
    pub segments: Option<i64>,
    /// When it leaves, while it waits for that.
    pub send_at: Option<Timestamp>,
    /// Leaves in quiet hours too: somebody decided so.
    pub quiet_override: bool,
}

/// Locks a message of ours until the transaction ends.
///
/// # Errors
/// The database cannot be read.
pub async fn lock(store: &Store, tx: &mut Tx, id: MessageId) -> Result<Option<Outgoing>, DeskError> {
    let sql = format!(
        "SELECT m.id, m.ticket_id, m.seq, m.profile_id, m.channel, m.inbox, m.author_kind, m.author_name, m.status, m.claim, \
         m.needs_consent, m.created_at, m.recipient, m.segments, m.send_at, m.quiet_override, \
         (SELECT blocked_at FROM profiles p WHERE p.id = m.profile_id) AS blocked_at, \
         (SELECT session_id FROM tickets t WHERE t.id = m.ticket_id) AS session_id \
         FROM messages m WHERE m.id = $1 AND m.direction = 'out'{}",
        store.dialect.for_update
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        let author: AuthorKind = word(row.try_get("author_kind")?)?;
        let name: Option<&str> = row.try_get("author_name")?;
        Ok(Outgoing {
            id,
            ticket: maybe(row.try_get("ticket_id")?)?,
            seq: row.try_get::<Option<i64>, _>("seq")?.unwrap_or(0),
            profile: word(row.try_get("profile_id")?)?,
            blocked: row.try_get::<Option<i64>, _>("blocked_at")?.is_some(),
            channel: word(row.try_get("channel")?)?,
            inbox: row.try_get("inbox")?,
            author,
            status: word(row.try_get("status")?)?,
            claim: maybe(row.try_get("claim")?)?,
            needs_consent: row.try_get::<i64, _>("needs_consent")? != 0,
            confirms_opt_out: author == AuthorKind::Keyword && name == Some(CONFIRMS_OPT_OUT),
            written_at: Timestamp::from_millis(row.try_get("created_at")?),
            session: maybe(row.try_get("session_id")?)?,
            recipient: row.try_get("recipient")?,
            segments: row.try_get("segments")?,
            send_at: row.try_get::<Option<i64>, _>("send_at")?.map(Timestamp::from_millis),
            quiet_override: row.try_get::<i64, _>("quiet_override")? != 0,
        })
    })
    .transpose()
}

fn maybe<T: FromStr>(text: Option<&str>) -> Result<Option<T>, DeskError> {
    text.map(word).transpose()
}

/// Writes where a locked message is now, and whose try it is.
///
/// # Errors
/// The database refuses.
pub async fn set_status(
    tx: &mut Tx,
    id: MessageId,
    status: MessageStatus,
    claim: Option<Uuid>,
    error: Option<&DeliveryError>,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE messages SET status = $1, claim = $2, error_code = $3, error_reason = $4, updated_at = $5 WHERE id = $6",
    )
    .bind(status.as_str())
    .bind(claim.map(|claim| claim.to_string()))
    .bind(error.map(|error| error.code.as_str()))
    .bind(error.map(|error| error.reason.as_str()))
    .bind(now.millis())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A carrier's name for one of our messages.
#[derive(Clone, Copy, Debug)]
pub struct CarrierId<'a> {
    /// `twilio`, …
    pub provider: &'a str,
    /// The carrier's account.
    pub account: &'a str,
    /// The carrier's id.
    pub id: &'a str,
}

/// Whoever joins a message with its carrier's name, or looks for one by it, holds this until the transaction ends: so a
/// receipt and the carrier's first answer never pass each other unseen.
///
/// # Errors
/// The database refuses.
pub async fn hold_carrier_id(tx: &mut Tx, carrier: CarrierId<'_>, now: Timestamp) -> Result<(), DeskError> {
    insert_early(tx, carrier, "", None, false, now).await
}

/// Ends what [`hold_carrier_id`] began.
///
/// # Errors
/// The database refuses.
pub async fn let_go_of_carrier_id(tx: &mut Tx, carrier: CarrierId<'_>) -> Result<(), DeskError> {
    sqlx::query(
        "DELETE FROM early_receipts WHERE provider = $1 AND account = $2 AND external_id = $3 AND status = ''",
    )
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A receipt that came before its message knew the carrier's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Early {
    /// Where the message is.
    pub status: MessageStatus,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// The customer opted out at the carrier.
    pub opted_out: bool,
}

/// Keeps a receipt until its message knows the carrier's name for it.
///
/// # Errors
/// The database refuses.
pub async fn add_early(
    tx: &mut Tx,
    carrier: CarrierId<'_>,
    early: &Early,
    now: Timestamp,
) -> Result<(), DeskError> {
    insert_early(tx, carrier, early.status.as_str(), early.error.as_ref(), early.opted_out, now).await
}

async fn insert_early(
    tx: &mut Tx,
    carrier: CarrierId<'_>,
    status: &str,
    error: Option<&DeliveryError>,
    opted_out: bool,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO early_receipts (provider, account, external_id, status, error_code, error_reason, at, opted_out) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, account, external_id, status) \
         DO UPDATE SET at = excluded.at",
    )
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .bind(status)
    .bind(error.map(|error| error.code.as_str()))
    .bind(error.map(|error| error.reason.as_str()))
    .bind(now.millis())
    .bind(i64::from(opted_out))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes the receipts that came early, in no order: the lattice does not care.
///
/// # Errors
/// The database refuses.
pub async fn take_early(tx: &mut Tx, carrier: CarrierId<'_>) -> Result<Vec<Early>, DeskError> {
    let rows = sqlx::query(
        "DELETE FROM early_receipts WHERE provider = $1 AND account = $2 AND external_id = $3 AND status <> '' \
         RETURNING status, error_code, error_reason, opted_out",
    )
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            let code: Option<String> = row.try_get("error_code")?;
            let reason: Option<String> = row.try_get("error_reason")?;
            let error = code.map(|code| DeliveryError { code, reason: reason.unwrap_or_default() });
            let opted_out = row.try_get::<i64, _>("opted_out")? != 0;
            Ok(Early { status: word(row.try_get("status")?)?, error, opted_out })
        })
        .collect()
}

/// The message that a carrier calls so.
///
/// # Errors
/// The database cannot be read.
pub async fn by_carrier_id(tx: &mut Tx, carrier: CarrierId<'_>) -> Result<Option<MessageId>, DeskError> {
    let id: Option<String> = sqlx::query_scalar(
        "SELECT id FROM messages WHERE provider = $1 AND account = $2 AND external_id = $3 AND direction = 'out' LIMIT 1",
    )
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .fetch_optional(&mut **tx)
    .await?;
    id.as_deref().map(word).transpose()
}

/// Writes down what a carrier calls a message.
///
/// # Errors
/// The database refuses.
pub async fn set_carrier_id(tx: &mut Tx, id: MessageId, carrier: CarrierId<'_>) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET provider = $1, account = $2, external_id = $3 WHERE id = $4")
        .bind(carrier.provider)
        .bind(carrier.account)
        .bind(carrier.id)
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
