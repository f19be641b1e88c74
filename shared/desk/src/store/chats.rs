//! What only a chat's ticket has, and whose chat it is.

use std::collections::BTreeMap;

use domain::{
    Address, EmailAddress, ProfileId, SessionId, TicketId, Timestamp,
    event::{ChatFacts, FollowUpView, Rating},
    follow_up::Done,
};
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Tx, rows::word};
use crate::DeskError;

/// What only a chat's ticket has, from its row.
///
/// # Errors
/// The row is not one.
pub fn facts(row: &AnyRow) -> Result<ChatFacts, DeskError> {
    let online = row.try_get::<i64, _>("visitor_online")? != 0;
    let left = row.try_get::<i64, _>("visitor_at")?;
    let form: Option<String> = row.try_get("form")?;
    let rating: Option<i64> = row.try_get("rating")?;
    let comment = row.try_get("rating_comment")?;
    let plan: Option<String> = row.try_get("follow_up_plan")?;
    let usual = if online { "here" } else { "waiting" };
    Ok(ChatFacts {
        online,
        left_at: (!online && left > 0).then(|| Timestamp::from_millis(left)),
        page: row.try_get("page")?,
        form: form.and_then(|form| serde_json::from_str(&form).ok()).unwrap_or_default(),
        follow_up: FollowUpView {
            status: plan.unwrap_or_else(|| usual.to_owned()),
            due_at: row.try_get::<Option<i64>, _>("follow_up_due")?.map(Timestamp::from_millis),
        },
        rating: rating.map(|score| Rating { score, comment }),
    })
}

/// Keeps where a chat began and what was filled in before it.
///
/// # Errors
/// The database refuses.
pub async fn begin(
    tx: &mut Tx,
    ticket: TicketId,
    page: Option<&str>,
    form: &BTreeMap<String, String>,
) -> Result<(), DeskError> {
    let form = (!form.is_empty()).then(|| serde_json::to_string(form).unwrap_or_default());
    sqlx::query("UPDATE tickets SET page = $1, form = $2 WHERE id = $3")
        .bind(page)
        .bind(form)
        .bind(ticket.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Keeps what the visitor says of a chat.
///
/// # Errors
/// The database refuses.
pub async fn rate(tx: &mut Tx, ticket: TicketId, rating: &Rating) -> Result<(), DeskError> {
    sqlx::query("UPDATE tickets SET rating = $1, rating_comment = $2 WHERE id = $3")
        .bind(rating.score)
        .bind(&rating.comment)
        .bind(ticket.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Answers of agents that the visitor has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// When the newest was written that nothing was done about.
    pub newest_at: Option<Timestamp>,
    /// The place of that one.
    pub newest_seq: i64,
    /// How many there are that nothing was done about.
    pub count: i64,
    /// What was done about those before it.
    pub done: Option<Done>,
}

/// Answers of agents that the visitor of a locked ticket has not seen.
///
/// # Errors
/// The database cannot be read.
pub async fn unseen(tx: &mut Tx, ticket: TicketId) -> Result<Unseen, DeskError> {
    let sql = "SELECT t.follow_up_done, \
         MAX(CASE WHEN m.seq > t.follow_up_seq THEN m.sent_at END) AS newest_at, \
         MAX(CASE WHEN m.seq > t.follow_up_seq THEN m.seq END) AS newest_seq, \
         COUNT(CASE WHEN m.seq > t.follow_up_seq THEN m.seq END) AS fresh, COUNT(m.seq) AS total \
         FROM tickets t LEFT JOIN messages m ON m.ticket_id = t.id AND m.direction = 'out' \
         AND m.author_kind = 'agent' AND m.status IN ('sent', 'delivered') \
         WHERE t.id = $1 GROUP BY t.id, t.follow_up_done";
    let row = sqlx::query(sql).bind(ticket.to_string()).fetch_optional(&mut **tx).await?;
    let Some(row) = row else { return Ok(Unseen::default()) };
    let (fresh, every): (i64, i64) = (row.try_get("fresh")?, row.try_get("total")?);
    let done = match row.try_get::<Option<&str>, _>("follow_up_done")? {
        Some("sent") => Some(Done::Sent),
        Some("cancelled") => Some(Done::Cancelled),
        _ => None,
    };
    Ok(Unseen {
        newest_at: row.try_get::<Option<i64>, _>("newest_at")?.map(Timestamp::from_millis),
        newest_seq: row.try_get::<Option<i64>, _>("newest_seq")?.unwrap_or(0),
        count: fresh,
        done: done.filter(|_| every > fresh),
    })
}

/// Keeps what was worked out for a locked ticket.
///
/// # Errors
/// The database refuses.
pub async fn set_plan(tx: &mut Tx, ticket: TicketId, plan: &FollowUpView) -> Result<(), DeskError> {
    sqlx::query("UPDATE tickets SET follow_up_plan = $1, follow_up_due = $2 WHERE id = $3")
        .bind(&plan.status)
        .bind(plan.due_at.map(Timestamp::millis))
        .bind(ticket.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Something was done about every answer of a locked ticket up to this place.
///
/// # Errors
/// The database refuses.
pub async fn set_done(tx: &mut Tx, ticket: TicketId, done: Done, seq: i64) -> Result<(), DeskError> {
    let word = match done {
        Done::Sent => "sent",
        Done::Cancelled => "cancelled",
    };
    sqlx::query("UPDATE tickets SET follow_up_done = $1, follow_up_seq = $2 WHERE id = $3")
        .bind(word)
        .bind(seq)
        .bind(ticket.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The address at which a customer of a chat can be mailed: one we know to be theirs, else the one they gave.
///
/// # Errors
/// The database cannot be read.
pub async fn address(tx: &mut Tx, profile: ProfileId) -> Result<Option<EmailAddress>, DeskError> {
    let sql = "SELECT COALESCE((SELECT MIN(value) FROM addresses WHERE profile_id = p.id AND kind = 'email'), \
         p.claimed_email) FROM profiles p WHERE p.id = $1";
    let found: Option<Option<String>> =
        sqlx::query_scalar(sql).bind(profile.to_string()).fetch_optional(&mut **tx).await?;
    Ok(found.flatten().and_then(|text| EmailAddress::parse(&text).ok()))
}

/// Whether an address asked for no more mails about chats, itself or before it was erased.
///
/// # Errors
/// The database cannot be read.
pub async fn opted_out(tx: &mut Tx, address: &EmailAddress, hash: &str) -> Result<bool, DeskError> {
    let sql = "SELECT CAST(1 AS BIGINT) FROM mail_opt_outs WHERE address IN ($1, $2) LIMIT 1";
    let found: Option<i64> =
        sqlx::query_scalar(sql).bind(address.as_str()).bind(hash).fetch_optional(&mut **tx).await?;
    Ok(found.is_some())
}

/// An address asks for no more mails about chats.
///
/// # Errors
/// The database refuses.
pub async fn opt_out(tx: &mut Tx, address: &EmailAddress, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("INSERT INTO mail_opt_outs (address, at) VALUES ($1, $2) ON CONFLICT (address) DO NOTHING")
        .bind(address.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Open chats of customers who may be mailed at that address.
///
/// # Errors
/// The database cannot be read.
pub async fn pending_for(tx: &mut Tx, address: &EmailAddress) -> Result<Vec<TicketId>, DeskError> {
    let sql = "SELECT t.id FROM tickets t JOIN profiles p ON p.id = t.profile_id WHERE t.channel = 'chat' \
         AND t.follow_up_plan IN ('pending', 'waiting') AND (p.claimed_email = $1 OR EXISTS \
         (SELECT 1 FROM addresses a WHERE a.profile_id = p.id AND a.kind = 'email' AND a.value = $1)) \
         ORDER BY t.id LIMIT 200";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(address.as_str()).fetch_all(&mut **tx).await?;
    ids.iter().map(|id| word(id)).collect()
}

/// Whether a profile is known by nothing but what browsers keep.
///
/// # Errors
/// The database cannot be read.
pub async fn is_anonymous(tx: &mut Tx, profile: ProfileId) -> Result<bool, DeskError> {
    let sql = "SELECT COUNT(*) FROM addresses WHERE profile_id = $1 AND kind <> 'visitor'";
    let others: i64 = sqlx::query_scalar(sql).bind(profile.to_string()).fetch_one(&mut **tx).await?;
    Ok(others == 0)
}

/// A session turns out to be of another profile: its tickets and their messages go there, and nothing else does. What
/// only the browser says stays behind: it proves nothing.
///
/// # Errors
/// The database refuses.
pub async fn move_session(
    tx: &mut Tx,
    session: SessionId,
    to: ProfileId,
    address: &Address,
) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE messages SET profile_id = $1 WHERE ticket_id IN (SELECT id FROM tickets WHERE session_id = $2)",
    )
    .bind(to.to_string())
    .bind(session.to_string())
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE tickets SET profile_id = $1, address = $2 WHERE session_id = $3")
        .bind(to.to_string())
        .bind(address.value())
        .bind(session.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The newest chats of a profile on a site but those of one session, newest first: ticket and status.
///
/// # Errors
/// The database cannot be read.
pub async fn of_profile(
    connection: &mut AnyConnection,
    address: &Address,
    site: &str,
    except: SessionId,
    limit: i64,
) -> Result<Vec<(TicketId, String)>, DeskError> {
    let sql = "SELECT t.id, t.status FROM tickets t JOIN addresses a ON a.profile_id = t.profile_id \
         WHERE a.kind = $1 AND a.value = $2 AND t.channel = 'chat' AND t.inbox = $3 AND t.session_id <> $4 \
         ORDER BY t.last_message_at DESC, t.id DESC LIMIT $5";
    let rows: Vec<(String, String)> = sqlx::query_as(sql)
        .bind(address.kind())
        .bind(address.value())
        .bind(site)
        .bind(except.to_string())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(|(id, status)| Ok((word(&id)?, status))).collect()
}

/// The newest chats of a session, newest first: ticket and status.
///
/// # Errors
/// The database cannot be read.
pub async fn of_session(
    connection: &mut AnyConnection,
    session: SessionId,
    site: &str,
    limit: i64,
) -> Result<Vec<(TicketId, String)>, DeskError> {
    let sql =
        "SELECT id, status FROM tickets WHERE session_id = $1 AND inbox = $2 ORDER BY number DESC LIMIT $3";
    let rows: Vec<(String, String)> =
        sqlx::query_as(sql).bind(session.to_string()).bind(site).bind(limit).fetch_all(connection).await?;
    rows.into_iter().map(|(id, status)| Ok((word(&id)?, status))).collect()
}

/// The newest ticket of a session, and the page its chat began on.
///
/// # Errors
/// The database cannot be read.
pub async fn began(
    connection: &mut AnyConnection,
    session: SessionId,
) -> Result<Option<(TicketId, Option<String>)>, DeskError> {
    let sql = "SELECT id, page FROM tickets WHERE session_id = $1 ORDER BY number DESC LIMIT 1";
    let row: Option<(String, Option<String>)> =
        sqlx::query_as(sql).bind(session.to_string()).fetch_optional(connection).await?;
    row.map(|(id, page)| Ok((word(&id)?, page))).transpose()
}
