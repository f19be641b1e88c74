//! Tickets as mails name them, and mails that change their ticket.

use domain::{
    EmailAddress, MessageId, ProfileId, TicketId, Timestamp,
    mail::{MailKind, MailView},
};
use sqlx::Row;

use super::{Tx, rows::word, search_index};
use crate::{DeskError, text};

/// Mails of a ticket in whose heads people are looked for, the newest ones.
const LOOKED_INTO: i64 = 50;

/// The ticket of that number, if it is of this mailbox.
pub(crate) async fn numbered(tx: &mut Tx, mailbox: &str, number: i64) -> Result<Option<TicketId>, DeskError> {
    let sql = "SELECT id FROM tickets WHERE number = $1 AND inbox = $2 AND channel = 'email'";
    let id: Option<String> =
        sqlx::query_scalar(sql).bind(number).bind(mailbox).fetch_optional(&mut **tx).await?;
    id.as_deref().map(word).transpose()
}

/// The ticket of the newest mail of a customer with this subject.
pub(crate) async fn about(
    tx: &mut Tx,
    mailbox: &str,
    profile: ProfileId,
    base_subject: &str,
) -> Result<Option<TicketId>, DeskError> {
    let sql = "SELECT ticket_id FROM messages WHERE inbox = $1 AND profile_id = $2 AND base_subject = $3 \
        AND ticket_id IS NOT NULL ORDER BY created_at DESC LIMIT 1";
    let id: Option<String> = sqlx::query_scalar(sql)
        .bind(mailbox)
        .bind(profile.to_string())
        .bind(base_subject)
        .fetch_optional(&mut **tx)
        .await?;
    id.as_deref().map(word).transpose()
}

/// Whether somebody stands in the head of a mail of a ticket. What its author took back reached nobody.
pub(crate) async fn stands_in(tx: &mut Tx, ticket: TicketId, who: &EmailAddress) -> Result<bool, DeskError> {
    let sql = "SELECT mail FROM messages WHERE ticket_id = $1 AND mail IS NOT NULL AND COALESCE(error_code, '') <> 'undone' \
        ORDER BY seq DESC LIMIT $2";
    let rows = sqlx::query(sql).bind(ticket.to_string()).bind(LOOKED_INTO).fetch_all(&mut **tx).await?;
    for row in rows {
        let Ok(mail) = serde_json::from_str::<MailView>(row.try_get("mail")?) else { continue };
        let people = [&mail.from].into_iter().chain(&mail.to).chain(&mail.cc);
        if people.into_iter().any(|one| one.address == *who) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an address is that of somebody with an account.
pub(crate) async fn is_colleague(tx: &mut Tx, who: &EmailAddress) -> Result<bool, DeskError> {
    let sql = "SELECT CAST(1 AS BIGINT) FROM users WHERE email = $1 AND disabled_at IS NULL";
    let found: Option<i64> = sqlx::query_scalar(sql).bind(who.as_str()).fetch_optional(&mut **tx).await?;
    Ok(found.is_some())
}

/// A message and where it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whereabouts {
    /// Its ticket.
    pub ticket: TicketId,
    /// Messages of that ticket besides it.
    pub others: i64,
}

/// Where a message is; `None` for one that is in no ticket.
pub(crate) async fn whereabouts(tx: &mut Tx, id: MessageId) -> Result<Option<Whereabouts>, DeskError> {
    let sql = "SELECT ticket_id, (SELECT count(*) FROM messages o WHERE o.ticket_id = m.ticket_id AND o.id <> m.id \
        AND COALESCE(o.error_code, '') <> 'undone') \
        AS others FROM messages m WHERE id = $1 AND ticket_id IS NOT NULL";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        Ok(Whereabouts { ticket: word(row.try_get("ticket_id")?)?, others: row.try_get("others")? })
    })
    .transpose()
}

/// Puts a mail into another ticket, with all that leads to it: replies to it go there from now on.
pub(crate) async fn put(
    tx: &mut Tx,
    id: MessageId,
    (ticket, profile, seq): (TicketId, ProfileId, i64),
    (why, mail): (&str, Option<&MailView>),
) -> Result<(), DeskError> {
    let document = mail.map(serde_json::to_string).transpose();
    let document = document.map_err(|error| DeskError::Refused(error.to_string()))?;
    sqlx::query(
        "UPDATE messages SET ticket_id = $1, profile_id = $2, seq = $3, why = $4, mail = $5 WHERE id = $6",
    )
    .bind(ticket.to_string())
    .bind(profile.to_string())
    .bind(seq)
    .bind(why)
    .bind(document)
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    for table in [
        "UPDATE mail_ids SET ticket_id = $1 WHERE message_id = $2",
        "UPDATE ledger SET ticket_id = $1 WHERE message_id = $2",
    ] {
        sqlx::query(table).bind(ticket.to_string()).bind(id.to_string()).execute(&mut **tx).await?;
    }
    search_index::moved(tx, id, ticket).await
}

/// The preview of a ticket's newest message, and when that was sent.
pub(crate) async fn newest(tx: &mut Tx, ticket: TicketId) -> Result<Option<(String, i64)>, DeskError> {
    let sql = "SELECT COALESCE(reply_text, body) AS words, sent_at, \
        (SELECT count(*) FROM attachments WHERE message_id = messages.id) AS files \
        FROM messages WHERE ticket_id = $1 \
        AND COALESCE(error_code, '') <> 'undone' ORDER BY sent_at DESC, seq DESC LIMIT 1";
    let row = sqlx::query(sql).bind(ticket.to_string()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        let (words, files): (String, i64) = (row.try_get("words")?, row.try_get("files")?);
        let preview = text::preview(&words, usize::try_from(files).unwrap_or_default());
        Ok((preview, row.try_get("sent_at")?))
    })
    .transpose()
}

/// What kind the newest mail from outside of a ticket is.
pub(crate) async fn newest_kind(tx: &mut Tx, ticket: TicketId) -> Result<Option<MailKind>, DeskError> {
    let sql = "SELECT mail FROM messages WHERE ticket_id = $1 AND direction = 'in' AND mail IS NOT NULL \
        ORDER BY seq DESC LIMIT 1";
    let text: Option<String> =
        sqlx::query_scalar(sql).bind(ticket.to_string()).fetch_optional(&mut **tx).await?;
    Ok(text.and_then(|text| serde_json::from_str::<MailView>(&text).ok()).map(|mail| mail.kind))
}

/// Automatic mails of a mailbox to an address since then, in whatever ticket.
pub(crate) async fn automatic_since(
    tx: &mut Tx,
    mailbox: &str,
    recipient: &str,
    since: Timestamp,
) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM messages WHERE channel = 'email' AND direction = 'out' \
        AND author_kind <> 'agent' AND inbox = $1 AND recipient = $2 AND created_at > $3";
    let query = sqlx::query_scalar(sql).bind(mailbox).bind(recipient).bind(since.millis());
    Ok(query.fetch_one(&mut **tx).await?)
}

/// Mails of a customer to a mailbox since then.
pub(crate) async fn came_since(
    tx: &mut Tx,
    profile: ProfileId,
    mailbox: &str,
    since: Timestamp,
) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM messages WHERE channel = 'email' AND direction = 'in' \
        AND profile_id = $1 AND inbox = $2 AND created_at > $3";
    let query = sqlx::query_scalar(sql).bind(profile.to_string()).bind(mailbox).bind(since.millis());
    Ok(query.fetch_one(&mut **tx).await?)
}
