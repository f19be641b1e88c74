//! What is thought of the sender of a mail: a part of the document that mails show.

use domain::{MessageId, TicketId, Timestamp, mail::MailView};
use sqlx::Row;

use super::{Tx, rows, rows::word};
use crate::DeskError;

/// The ticket of a mail that came in.
pub(crate) async fn ticket_of(tx: &mut Tx, message: MessageId) -> Result<Option<TicketId>, DeskError> {
    let row = sqlx::query(
        "SELECT ticket_id FROM messages WHERE id = $1 AND direction = 'in' AND ticket_id IS NOT NULL",
    )
    .bind(message.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| word(row.try_get("ticket_id")?)).transpose()
}

/// What a mail shows, whose ticket is locked.
pub(crate) async fn mail(tx: &mut Tx, message: MessageId) -> Result<Option<Box<MailView>>, DeskError> {
    let row = sqlx::query("SELECT mail FROM messages WHERE id = $1")
        .bind(message.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    row.as_ref().map_or(Ok(None), rows::mail)
}

/// Writes what it shows now.
pub(crate) async fn write(
    tx: &mut Tx,
    message: MessageId,
    mail: &MailView,
    now: Timestamp,
) -> Result<(), DeskError> {
    let document = serde_json::to_string(mail).map_err(|error| DeskError::Refused(error.to_string()))?;
    sqlx::query("UPDATE messages SET mail = $1, updated_at = $2 WHERE id = $3")
        .bind(document)
        .bind(now.millis())
        .bind(message.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
