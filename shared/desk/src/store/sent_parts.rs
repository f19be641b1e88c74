//! Texts of ours that a carrier took in parts: its id of each part, and where that part is.

use domain::{MessageId, MessageStatus, message::DeliveryError};
use sqlx::Row;

use super::{Tx, delivery::CarrierId, rows::word};
use crate::DeskError;

/// A part.
#[derive(Clone, Debug)]
pub struct SentPart {
    /// The carrier's id.
    pub external_id: String,
    /// Where it is.
    pub status: MessageStatus,
    /// Why it failed.
    pub error: Option<DeliveryError>,
}

/// Writes down a part; one that is there stays as it is.
///
/// # Errors
/// The database refuses.
pub async fn add(tx: &mut Tx, message: MessageId, carrier: CarrierId<'_>) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO sent_parts (provider, account, external_id, message_id, status) VALUES ($1, $2, $3, $4, 'sent') \
         ON CONFLICT (provider, account, external_id) DO NOTHING",
    )
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .bind(message.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The message that a carrier's id is a part of.
///
/// # Errors
/// The database cannot be read.
pub async fn message_of(tx: &mut Tx, carrier: CarrierId<'_>) -> Result<Option<MessageId>, DeskError> {
    let id: Option<String> = sqlx::query_scalar(
        "SELECT message_id FROM sent_parts WHERE provider = $1 AND account = $2 AND external_id = $3",
    )
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .fetch_optional(&mut **tx)
    .await?;
    id.as_deref().map(word).transpose()
}

/// The parts of a message; none for one that went out whole.
///
/// # Errors
/// The database cannot be read.
pub async fn of(tx: &mut Tx, message: MessageId) -> Result<Vec<SentPart>, DeskError> {
    let rows = sqlx::query(
        "SELECT external_id, status, error_code, error_reason FROM sent_parts WHERE message_id = $1 ORDER BY external_id",
    )
    .bind(message.to_string())
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            let code: Option<String> = row.try_get("error_code")?;
            let reason: Option<String> = row.try_get("error_reason")?;
            Ok(SentPart {
                external_id: row.try_get("external_id")?,
                status: word(row.try_get("status")?)?,
                error: code.map(|code| DeliveryError { code, reason: reason.unwrap_or_default() }),
            })
        })
        .collect()
}

/// Writes where a part of a locked message is now.
///
/// # Errors
/// The database refuses.
pub async fn set(
    tx: &mut Tx,
    carrier: CarrierId<'_>,
    status: MessageStatus,
    error: Option<&DeliveryError>,
) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE sent_parts SET status = $1, error_code = $2, error_reason = $3 \
         WHERE provider = $4 AND account = $5 AND external_id = $6",
    )
    .bind(status.as_str())
    .bind(error.map(|error| error.code.as_str()))
    .bind(error.map(|error| error.reason.as_str()))
    .bind(carrier.provider)
    .bind(carrier.account)
    .bind(carrier.id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether a message of ours may have gone out in parts whose ids are not known here: it is long, and the carrier's
/// first answer has not come.
///
/// # Errors
/// The database cannot be read.
pub async fn may_have_some(tx: &mut Tx, message: MessageId) -> Result<bool, DeskError> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM messages m WHERE m.id = $1 AND m.direction = 'out' AND m.segments > 1 \
         AND (m.external_id IS NULL OR EXISTS (SELECT 1 FROM sent_parts s WHERE s.message_id = m.id))",
    )
    .bind(message.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}
