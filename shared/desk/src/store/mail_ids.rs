//! Message-IDs of mail that came and went: what a reply refers to.

use std::collections::HashMap;

use domain::{MessageId, TicketId};
use sqlx::{AssertSqlSafe, Row};

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// Most ids of one mail that are looked up.
const MAX_LOOKED_UP: usize = 100;

/// Where a known mail is.
#[derive(Clone, Copy, Debug)]
pub struct KnownMail {
    /// Its ticket.
    pub ticket: TicketId,
    /// Its message.
    pub message: MessageId,
    /// We sent it.
    pub outbound: bool,
}

/// Remembers a mail of a message. A mail of the same id that is there already stays what the id means.
///
/// # Errors
/// The database refuses.
pub async fn add(
    tx: &mut Tx,
    mailbox: &str,
    mail_id: &str,
    ticket: TicketId,
    message: MessageId,
    outbound: bool,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO mail_ids (mailbox, mail_id, ticket_id, message_id, outbound) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (mailbox, mail_id) DO NOTHING",
    )
    .bind(mailbox)
    .bind(mail_id)
    .bind(ticket.to_string())
    .bind(message.to_string())
    .bind(i64::from(outbound))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those of these ids that are known in a mailbox.
///
/// # Errors
/// The database cannot be read.
pub async fn find(
    store: &Store,
    tx: &mut Tx,
    mailbox: &str,
    ids: &[&str],
) -> Result<HashMap<String, KnownMail>, DeskError> {
    let ids = ids.get(..ids.len().min(MAX_LOOKED_UP)).unwrap_or_default();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let pairs = store.values(ids.len(), 2);
    let sql = format!(
        "SELECT mail_id, ticket_id, message_id, outbound FROM mail_ids WHERE (mailbox, mail_id) IN (VALUES {pairs})"
    );
    let query = ids.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, id| query.bind(mailbox).bind(*id));
    let rows = query.fetch_all(&mut **tx).await?;
    rows.iter()
        .map(|row| {
            let known = KnownMail {
                ticket: word(row.try_get("ticket_id")?)?,
                message: word(row.try_get("message_id")?)?,
                outbound: row.try_get::<i64, _>("outbound")? != 0,
            };
            Ok((row.try_get("mail_id")?, known))
        })
        .collect()
}
