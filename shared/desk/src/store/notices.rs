//! Mails that tell colleagues of new messages (H4): what waits to be told, and the mails on their way.

use std::str::FromStr;

use domain::{Channel, EmailAddress, MessageId, MessageStatus, TicketId, Timestamp};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::{
    Store, Tx,
    rows::{rows_of, word},
};
use crate::DeskError;

/// A message that colleagues are to be told of.
#[derive(Clone, Debug)]
pub(crate) struct Untold {
    /// Its ticket.
    pub ticket: TicketId,
    /// Number of its ticket.
    pub number: i64,
    /// Its channel.
    pub channel: Channel,
    /// The customer's name, else their address.
    pub who: String,
    /// Its text: what was written now, where it is a mail.
    pub text: String,
}

/// A mail to a colleague, locked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice {
    /// Where it is.
    pub status: MessageStatus,
    /// The try that is sending it.
    pub claim: Option<Uuid>,
}

/// Colleagues are to be told of this message.
pub(crate) async fn queue(
    tx: &mut Tx,
    message: MessageId,
    ticket: TicketId,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO notice_queue (message_id, ticket_id, at) VALUES ($1, $2, $3) \
         ON CONFLICT (message_id) DO NOTHING",
    )
    .bind(message.to_string())
    .bind(ticket.to_string())
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes everything that waits: the oldest `shown` of it, and how much it was.
pub(crate) async fn take(tx: &mut Tx, shown: i64) -> Result<(Vec<Untold>, usize), DeskError> {
    let rows = sqlx::query(
        "SELECT t.id, t.number, t.channel, COALESCE(p.name, t.address) AS who, COALESCE(m.reply_text, m.body) AS body \
         FROM notice_queue q JOIN messages m ON m.id = q.message_id JOIN tickets t ON t.id = q.ticket_id \
         JOIN profiles p ON p.id = t.profile_id ORDER BY q.at, q.message_id LIMIT $1",
    )
    .bind(shown)
    .fetch_all(&mut **tx)
    .await?;
    let done = sqlx::query("DELETE FROM notice_queue").execute(&mut **tx).await?;
    let untold = rows.iter().map(|row| {
        Ok::<_, DeskError>(Untold {
            ticket: word(row.try_get("id")?)?,
            number: row.try_get("number")?,
            channel: word(row.try_get("channel")?)?,
            who: row.try_get("who")?,
            text: row.try_get("body")?,
        })
    });
    Ok((untold.collect::<Result<_, _>>()?, usize::try_from(done.rows_affected()).unwrap_or(usize::MAX)))
}

/// When the last mail was written.
pub(crate) async fn last(tx: &mut Tx) -> Result<Option<Timestamp>, DeskError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(created_at) FROM notices WHERE kind = 'notice'")
        .fetch_one(&mut **tx)
        .await?;
    Ok(last.map(Timestamp::from_millis))
}

/// Forgets mails written before a moment.
pub(crate) async fn forget_before(tx: &mut Tx, moment: Timestamp) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM notices WHERE created_at < $1").bind(moment.millis()).execute(&mut **tx).await?;
    Ok(())
}

/// Why a mail is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Customers wrote (H4).
    News,
    /// It tries a mailbox out.
    Trial,
    /// Somebody's account.
    Account,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::News => "notice",
            Self::Trial => "trial",
            Self::Account => "account",
        }
    }
}

/// Adds a mail that is sent once.
pub(crate) async fn insert(
    tx: &mut Tx,
    id: MessageId,
    kind: Kind,
    to: &EmailAddress,
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO notices (id, recipient, status, created_at, kind) VALUES ($1, $2, 'queued', $3, $4)",
    )
    .bind(id.to_string())
    .bind(to.as_str())
    .bind(now.millis())
    .bind(kind.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether one of these is a mail about somebody's account.
pub(crate) async fn is_about_account(
    store: &Store,
    tx: &mut Tx,
    ids: &[MessageId],
) -> Result<bool, DeskError> {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    let sql = "SELECT kind FROM notices WHERE id IN";
    let found = rows_of(store, &mut **tx, sql, "", &ids).await?;
    Ok(found
        .iter()
        .any(|row| row.try_get::<&str, _>("kind").is_ok_and(|kind| kind == Kind::Account.as_str())))
}

/// Locks a mail until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: MessageId) -> Result<Option<Notice>, DeskError> {
    let statement = format!("SELECT status, claim FROM notices WHERE id = $1{}", store.dialect.for_update);
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        let claim: Option<String> = row.try_get("claim")?;
        let claim = claim.as_deref().map(Uuid::from_str).transpose();
        let claim = claim.map_err(|error| DeskError::Refused(error.to_string()))?;
        Ok(Notice { status: word(row.try_get("status")?)?, claim })
    })
    .transpose()
}

/// Where a mail is now.
pub(crate) async fn set(
    tx: &mut Tx,
    id: MessageId,
    status: MessageStatus,
    claim: Option<Uuid>,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE notices SET status = $1, claim = $2 WHERE id = $3")
        .bind(status.as_str())
        .bind(claim.map(|claim| claim.to_string()))
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
