//! Mailboxes: what providers ask of them, their trial mails, and when mail last came and went.

use std::str::FromStr;

use domain::{
    EmailAddress, MessageId, MessageStatus, TicketId, Timestamp,
    event::ForwardingConfirmation,
    mail::{Trust, TrustMark},
};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Tx,
    rows::{optional, word},
};
use crate::{
    DeskError,
    mailboxes::{Confirmation, Failure, HeldMail, Trial, Waiting},
};

/// Confirmations and trials are kept for 30 days, in milliseconds.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1000;
/// Most confirmations of a mailbox that are shown.
const SHOWN: i64 = 5;
/// How a judgement is written of which nobody should follow the link.
const DOUBTFUL: &str = "%\"mark\":\"doubtful\"%";

/// Keeps what a provider asks.
pub(crate) async fn add_confirmation(
    tx: &mut Tx,
    id: MessageId,
    mailbox: &EmailAddress,
    asked: &ForwardingConfirmation,
    now: Timestamp,
) -> Result<(), DeskError> {
    forget(tx, "DELETE FROM mailbox_confirmations WHERE mailbox = $1 AND received_at < $2", mailbox, now)
        .await?;
    sqlx::query(
        "INSERT INTO mailbox_confirmations (id, mailbox, code, link, requested_by, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.to_string())
    .bind(mailbox.as_str())
    .bind(asked.code.as_deref())
    .bind(asked.link.as_deref())
    .bind(asked.requested_by.as_ref().map(EmailAddress::as_str))
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a trial mail that is on its way.
pub(crate) async fn add_trial(
    tx: &mut Tx,
    id: MessageId,
    mailbox: &EmailAddress,
    now: Timestamp,
) -> Result<(), DeskError> {
    forget(tx, "DELETE FROM mailbox_trials WHERE mailbox = $1 AND created_at < $2", mailbox, now).await?;
    sqlx::query("INSERT INTO mailbox_trials (id, mailbox, status, created_at) VALUES ($1, $2, 'queued', $3)")
        .bind(id.to_string())
        .bind(mailbox.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn forget(
    tx: &mut Tx,
    statement: &'static str,
    mailbox: &EmailAddress,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(statement).bind(mailbox.as_str()).bind(now.plus(-KEPT).millis()).execute(&mut **tx).await?;
    Ok(())
}

/// The mailbox of a trial mail.
pub(crate) async fn mailbox_of_trial(tx: &mut Tx, id: MessageId) -> Result<Option<EmailAddress>, DeskError> {
    let row = sqlx::query("SELECT mailbox FROM mailbox_trials WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| address(&row, "mailbox")).transpose()
}

/// A trial mail came back; whether that is news.
pub(crate) async fn trial_arrived(
    tx: &mut Tx,
    id: MessageId,
    threaded: bool,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "UPDATE mailbox_trials SET arrived_at = $1, threaded = $2 WHERE id = $3 AND arrived_at IS NULL",
    )
    .bind(now.millis())
    .bind(i64::from(threaded))
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What became of sending a trial mail; `false` if it is none, or came back already.
pub(crate) async fn trial_moved(
    tx: &mut Tx,
    id: MessageId,
    status: MessageStatus,
    error: Option<&str>,
) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "UPDATE mailbox_trials SET status = $1, error = $2 WHERE id = $3 AND arrived_at IS NULL AND status <> 'failed'",
    )
    .bind(status.as_str())
    .bind(error)
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What is thought of the sender of a trial mail or of a confirmation: the mailbox it is about, if it is one and this is
/// news. What is known is never replaced by that nothing is known.
pub(crate) async fn judged(
    tx: &mut Tx,
    id: MessageId,
    trust: &Trust,
) -> Result<Option<EmailAddress>, DeskError> {
    let is_known = trust.mark != TrustMark::Unknown;
    let document = serde_json::to_string(trust).map_err(|error| DeskError::Refused(error.to_string()))?;
    for statement in [
        "UPDATE mailbox_trials SET trust = $1 WHERE id = $2 AND ($3 = 1 OR trust IS NULL) RETURNING mailbox",
        "UPDATE mailbox_confirmations SET trust = $1 WHERE id = $2 AND ($3 = 1 OR trust IS NULL) RETURNING mailbox",
    ] {
        let query = sqlx::query(statement).bind(&document).bind(id.to_string()).bind(i64::from(is_known));
        let row = query.fetch_optional(&mut **tx).await?;
        if let Some(row) = row {
            return address(&row, "mailbox").map(Some);
        }
    }
    Ok(None)
}

/// The newest confirmations of a mailbox, newest first; those of strangers only where there is room, and last.
pub(crate) async fn confirmations(
    connection: &mut AnyConnection,
    mailbox: &EmailAddress,
) -> Result<Vec<Confirmation>, DeskError> {
    let rows = sqlx::query(
        "SELECT id, code, link, requested_by, trust, received_at FROM mailbox_confirmations \
         WHERE mailbox = $1 ORDER BY CASE WHEN trust LIKE $3 THEN 1 ELSE 0 END, received_at DESC, id DESC LIMIT $2",
    )
    .bind(mailbox.as_str())
    .bind(SHOWN)
    .bind(DOUBTFUL)
    .fetch_all(connection)
    .await?;
    let read = |row: &AnyRow| {
        Ok(Confirmation {
            id: word(row.try_get("id")?)?,
            code: row.try_get("code")?,
            link: row.try_get("link")?,
            requested_by: optional(row.try_get("requested_by")?)?,
            trust: trust(row)?,
            received_at: Timestamp::from_millis(row.try_get("received_at")?),
        })
    };
    rows.iter().map(read).collect()
}

/// The newest trial mail of a mailbox.
pub(crate) async fn last_trial(
    connection: &mut AnyConnection,
    mailbox: &EmailAddress,
) -> Result<Option<Trial>, DeskError> {
    let row = sqlx::query(
        "SELECT id, status, error, arrived_at, threaded, trust, created_at FROM mailbox_trials \
         WHERE mailbox = $1 ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(mailbox.as_str())
    .fetch_optional(connection)
    .await?;
    let read = |row: AnyRow| {
        Ok(Trial {
            id: word(row.try_get("id")?)?,
            status: word(row.try_get("status")?)?,
            error: row.try_get("error")?,
            arrived_at: row.try_get::<Option<i64>, _>("arrived_at")?.map(Timestamp::from_millis),
            threaded: row.try_get::<i64, _>("threaded")? != 0,
            trust: trust(&row)?,
            sent_at: Timestamp::from_millis(row.try_get("created_at")?),
        })
    };
    row.map(read).transpose()
}

/// When the last mail came in (`in`) or was written (`out`).
pub(crate) async fn last(
    connection: &mut AnyConnection,
    mailbox: &EmailAddress,
    direction: &str,
) -> Result<Option<Timestamp>, DeskError> {
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT max(created_at) FROM messages WHERE channel = 'email' AND inbox = $1 AND direction = $2 \
         AND COALESCE(error_code, '') <> 'undone'",
    )
    .bind(mailbox.as_str())
    .bind(direction)
    .fetch_one(connection)
    .await?;
    Ok(last.map(Timestamp::from_millis))
}

/// Mails of a mailbox that the relay has not taken yet, those for later left out.
pub(crate) async fn waiting(
    connection: &mut AnyConnection,
    mailbox: &EmailAddress,
) -> Result<Option<Waiting>, DeskError> {
    let row = sqlx::query(
        "SELECT count(*) AS mails, min(created_at) AS since FROM messages WHERE channel = 'email' \
         AND direction = 'out' AND send_at IS NULL AND status IN ('queued', 'sending') AND inbox = $1",
    )
    .bind(mailbox.as_str())
    .fetch_one(connection)
    .await?;
    let since: Option<i64> = row.try_get("since")?;
    let mails = row.try_get("mails")?;
    Ok(since.map(|since| Waiting { mails, since: Timestamp::from_millis(since) }))
}

/// The newest mail of a mailbox that did not arrive.
pub(crate) async fn last_failure(
    connection: &mut AnyConnection,
    mailbox: &EmailAddress,
) -> Result<Option<Failure>, DeskError> {
    let row = sqlx::query(
        "SELECT ticket_id, error_reason, updated_at FROM messages \
         WHERE channel = 'email' AND status = 'failed' AND inbox = $1 \
         AND COALESCE(error_code, '') <> 'undone' ORDER BY created_at DESC LIMIT 1",
    )
    .bind(mailbox.as_str())
    .fetch_optional(connection)
    .await?;
    let read = |row: AnyRow| {
        Ok(Failure {
            ticket_id: optional::<TicketId>(row.try_get("ticket_id")?)?,
            reason: row.try_get::<Option<String>, _>("error_reason")?.unwrap_or_default(),
            at: Timestamp::from_millis(row.try_get("updated_at")?),
        })
    };
    row.map(read).transpose()
}

/// The newest line of the ledger about a mail that waits for somebody.
pub(crate) async fn last_held(connection: &mut AnyConnection) -> Result<Option<HeldMail>, DeskError> {
    let row = sqlx::query(
        "SELECT reason, received_at FROM ledger WHERE state IN ('held', 'dead') AND channel = 'email' \
         ORDER BY received_at DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    let read = |row: AnyRow| {
        Ok(HeldMail {
            at: Timestamp::from_millis(row.try_get("received_at")?),
            reason: row.try_get("reason")?,
        })
    };
    row.map(read).transpose()
}

fn address(row: &AnyRow, column: &str) -> Result<EmailAddress, DeskError> {
    EmailAddress::from_str(row.try_get(column)?).map_err(|error| DeskError::Unavailable(error.to_string()))
}

fn trust(row: &AnyRow) -> Result<Option<Trust>, DeskError> {
    let document: Option<&str> = row.try_get("trust")?;
    let read = |text| serde_json::from_str(text).map_err(|error| DeskError::Unavailable(format!("{error}")));
    document.map(read).transpose()
}
