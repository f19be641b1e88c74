//! Messages that wait for their time.

use domain::{MessageId, TicketId, Timestamp};
use sqlx::Row;

use super::{Tx, rows::word};
use crate::DeskError;

/// The ticket of a message, which is locked before the message is.
pub(crate) async fn ticket_of(tx: &mut Tx, id: MessageId) -> Result<Option<TicketId>, DeskError> {
    let row = sqlx::query("SELECT ticket_id FROM messages WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let ticket = row.map(|row| row.try_get::<Option<String>, _>("ticket_id")).transpose()?.flatten();
    ticket.as_deref().map(word).transpose()
}

/// A locked message waits until then; with `None` for nothing any more.
pub(crate) async fn set_send_at(
    tx: &mut Tx,
    id: MessageId,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET send_at = $1, updated_at = $2 WHERE id = $3")
        .bind(at.map(Timestamp::millis))
        .bind(now.millis())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A locked message leaves now: this is when it was sent.
pub(crate) async fn set_left(tx: &mut Tx, id: MessageId, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET send_at = NULL, sent_at = $1, updated_at = $1 WHERE id = $2")
        .bind(now.millis())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Somebody decided that a locked message leaves in quiet hours too.
pub(crate) async fn override_quiet_hours(tx: &mut Tx, id: MessageId, why: &str) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET quiet_override = 1, why = $1 WHERE id = $2")
        .bind(why)
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What ties a mail to its thread, known once it leaves.
pub(crate) async fn set_mail(
    tx: &mut Tx,
    id: MessageId,
    subject: &str,
    mail_id: &str,
    references: &str,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET subject = $1, mail_id = $2, mail_references = $3 WHERE id = $4")
        .bind(subject)
        .bind(mail_id)
        .bind(references)
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
