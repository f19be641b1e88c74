//! Takes a ticket out of the database with everything that belongs to it, some of it at a time.

use domain::{TicketId, Timestamp};
use sqlx::{Any, AssertSqlSafe, Row, query::Query};

use super::{Store, Tx, search::pattern, uploads};
use crate::DeskError;

/// Messages, or lines of the ledger, of one step.
pub(crate) const STEP: i64 = 200;

/// What a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    pub tickets: i64,
    pub messages: i64,
    pub files: i64,
}

impl std::ops::AddAssign for Gone {
    fn add_assign(&mut self, more: Self) {
        self.tickets += more.tickets;
        self.messages += more.messages;
        self.files += more.files;
    }
}

/// Runs a statement whose list `{}` is these.
pub(super) async fn for_each(
    store: &Store,
    tx: &mut Tx,
    sql: &str,
    list: &[String],
) -> Result<u64, DeskError> {
    let sql = sql.replace("{}", &store.values(1, list.len()));
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    Ok(list.iter().fold(query, Query::<Any, _>::bind).execute(&mut **tx).await?.rows_affected())
}

/// One column of texts of a statement whose list `{}` is these.
pub(super) async fn of_each(
    store: &Store,
    tx: &mut Tx,
    sql: &str,
    list: &[String],
) -> Result<Vec<String>, DeskError> {
    let sql = sql.replace("{}", &store.values(1, list.len()));
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false);
    Ok(list.iter().fold(query, |query, one| query.bind(one)).fetch_all(&mut **tx).await?)
}

/// Locks a ticket, whatever becomes of its customer; `false` when it is gone, or somebody else has it.
pub(crate) async fn hold(store: &Store, tx: &mut Tx, id: TicketId) -> Result<bool, DeskError> {
    let sql = format!("SELECT id FROM tickets WHERE id = $1{}", store.dialect.skip_locked);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    Ok(row.is_some())
}

/// Some messages of a ticket.
pub(crate) async fn messages(tx: &mut Tx, id: TicketId) -> Result<Vec<String>, DeskError> {
    let sql = "SELECT id FROM messages WHERE ticket_id = $1 LIMIT $2";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).bind(STEP).fetch_all(&mut **tx).await?)
}

/// Mailbox and Message-ID of each mail from outside among these messages of a ticket.
pub(crate) async fn mail_ids(
    tx: &mut Tx,
    id: TicketId,
    messages: &[String],
) -> Result<Vec<(String, String)>, DeskError> {
    let sql = "SELECT m.id, i.mailbox, i.mail_id FROM mail_ids i \
        JOIN messages m ON m.id = i.message_id AND m.mail_id = i.mail_id \
        WHERE i.ticket_id = $1 AND i.outbound = 0";
    let rows = sqlx::query(sql).bind(id.to_string()).fetch_all(&mut **tx).await?;
    let mut found = Vec::new();
    for row in rows {
        let message: String = row.try_get("id")?;
        if messages.contains(&message) {
            found.push((row.try_get("mailbox")?, row.try_get("mail_id")?));
        }
    }
    Ok(found)
}

/// Deletes messages with what hangs on them; their files are doomed.
pub(crate) async fn delete_messages(
    store: &Store,
    tx: &mut Tx,
    ids: &[String],
    now: Timestamp,
) -> Result<Gone, DeskError> {
    let mut blobs = of_each(store, tx, "SELECT blob FROM attachments WHERE message_id IN {}", ids).await?;
    let raws = "SELECT raw_blob FROM messages WHERE raw_blob IS NOT NULL AND id IN {}";
    blobs.extend(of_each(store, tx, raws, ids).await?);
    uploads::doom(tx, &blobs, now).await?;
    let found = "SELECT CAST(id AS TEXT) FROM search_docs WHERE kind = 'message' AND source_id IN {}";
    let found = of_each(store, tx, found, ids).await?;
    forget_words(store, tx, &found).await?;
    for sql in [
        "DELETE FROM early_receipts WHERE (provider, account, external_id) IN \
         (SELECT provider, account, external_id FROM messages WHERE external_id IS NOT NULL AND id IN {})",
        "DELETE FROM clicks WHERE code IN (SELECT code FROM links WHERE message_id IN {})",
        "DELETE FROM links WHERE message_id IN {}",
        "DELETE FROM sent_parts WHERE message_id IN {}",
        "DELETE FROM campaign_messages WHERE message_id IN {}",
        "DELETE FROM notice_queue WHERE message_id IN {}",
        "DELETE FROM attachments WHERE message_id IN {}",
        "DELETE FROM timers WHERE subject_id IN {}",
        "DELETE FROM messages WHERE id IN {}",
    ] {
        for_each(store, tx, sql, ids).await?;
    }
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    Ok(Gone { tickets: 0, messages: count(ids.len()), files: count(blobs.len()) })
}

/// Takes documents out of the index of words.
pub(super) async fn forget_words(store: &Store, tx: &mut Tx, ids: &[String]) -> Result<(), DeskError> {
    if ids.is_empty() {
        return Ok(());
    }
    for id in ids {
        let number: i64 =
            id.parse().map_err(|_| DeskError::Unavailable("the index of words has an odd number".into()))?;
        if !store.dialect.words_in_rows {
            sqlx::query("DELETE FROM search_words WHERE rowid = $1").bind(number).execute(&mut **tx).await?;
        }
        sqlx::query("DELETE FROM search_docs WHERE id = $1").bind(number).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Deletes a ticket that has no messages any more, with what hangs on it.
pub(crate) async fn delete(
    store: &Store,
    tx: &mut Tx,
    id: TicketId,
    now: Timestamp,
) -> Result<Gone, DeskError> {
    let ticket = id.to_string();
    let waiting = "SELECT a.blob FROM attachments a JOIN draft_files d ON d.attachment_id = a.id \
        WHERE d.ticket_id = $1 AND a.message_id IS NULL";
    let blobs: Vec<String> = sqlx::query_scalar(waiting).bind(&ticket).fetch_all(&mut **tx).await?;
    uploads::doom(tx, &blobs, now).await?;
    let found = "SELECT CAST(id AS TEXT) FROM search_docs WHERE ticket_id = $1";
    let found: Vec<String> = sqlx::query_scalar(found).bind(&ticket).fetch_all(&mut **tx).await?;
    forget_words(store, tx, &found).await?;
    for sql in [
        "DELETE FROM attachments WHERE message_id IS NULL AND id IN \
         (SELECT attachment_id FROM draft_files WHERE ticket_id = $1)",
        "DELETE FROM draft_files WHERE ticket_id = $1",
        "DELETE FROM drafts WHERE ticket_id = $1",
        "DELETE FROM note_mentions WHERE ticket_id = $1",
        "DELETE FROM notes WHERE ticket_id = $1",
        "DELETE FROM notice_queue WHERE ticket_id = $1",
        "DELETE FROM ticket_decisions WHERE ticket_id = $1",
        "DELETE FROM ticket_tags WHERE ticket_id = $1",
        "DELETE FROM mail_ids WHERE ticket_id = $1",
        "DELETE FROM threads WHERE ticket_id = $1",
        "DELETE FROM timers WHERE subject_id = $1",
        "DELETE FROM webhook_deliveries WHERE ticket_id = $1",
        "DELETE FROM tickets WHERE id = $1",
    ] {
        sqlx::query(sql).bind(&ticket).execute(&mut **tx).await?;
    }
    // what names it and is kept for hours or days at most; of before there was a column, for webhooks
    for sql in [
        "DELETE FROM webhook_deliveries WHERE ticket_id IS NULL AND body LIKE $1 ESCAPE '\\'",
        "DELETE FROM outbox WHERE envelope LIKE $1 ESCAPE '\\'",
        "DELETE FROM idempotency WHERE body LIKE $1 ESCAPE '\\'",
    ] {
        sqlx::query(sql).bind(pattern(&ticket)).execute(&mut **tx).await?;
    }
    Ok(Gone { tickets: 1, messages: 0, files: i64::try_from(blobs.len()).unwrap_or(i64::MAX) })
}
