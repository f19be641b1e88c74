//! Short links of texts, and visits to them (H3).

use domain::{MessageId, ProfileId, TicketId, Timestamp, message::ShortLink};
use sqlx::{AssertSqlSafe, Row};

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// Keeps the links of a message that is there already, and its text from before they were shortened.
pub(crate) async fn insert(
    tx: &mut Tx,
    message: MessageId,
    original: &str,
    links: &[ShortLink],
    now: Timestamp,
) -> Result<(), DeskError> {
    sqlx::query("UPDATE messages SET original = $1 WHERE id = $2")
        .bind(original)
        .bind(message.to_string())
        .execute(&mut **tx)
        .await?;
    for (position, link) in (0_i64..).zip(links) {
        sqlx::query(
            "INSERT INTO links (code, url, message_id, position, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&link.code)
        .bind(&link.url)
        .bind(message.to_string())
        .bind(position)
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// A message's text from before its links were shortened, where any was.
pub(crate) async fn original(tx: &mut Tx, message: MessageId) -> Result<Option<String>, DeskError> {
    let found: Option<Option<String>> = sqlx::query_scalar("SELECT original FROM messages WHERE id = $1")
        .bind(message.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.flatten())
}

/// Where a code leads.
pub(crate) async fn url(store: &Store, code: &str) -> Result<Option<String>, DeskError> {
    let sql = "SELECT url FROM links WHERE code = $1";
    Ok(sqlx::query_scalar(sql).bind(code).fetch_optional(store.reader()).await?)
}

/// Whose a link is.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// Where it leads.
    pub url: String,
    /// The text it is in.
    pub message: MessageId,
    /// The text's ticket, where it has one.
    pub ticket: Option<TicketId>,
    /// The customer the text was sent to.
    pub profile: ProfileId,
}

/// Locks a link until the transaction ends, so that one visitor's visits are counted one after the other.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, code: &str) -> Result<Option<Owner>, DeskError> {
    let sql = format!("SELECT code FROM links WHERE code = $1{}", store.dialect.for_update);
    sqlx::query(AssertSqlSafe(sql)).bind(code).fetch_optional(&mut **tx).await?;
    let row = sqlx::query(
        "SELECT l.url, l.message_id, m.ticket_id, m.profile_id FROM links l JOIN messages m ON m.id = l.message_id \
         WHERE l.code = $1",
    )
    .bind(code)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(Owner {
            url: row.try_get("url")?,
            message: word(row.try_get("message_id")?)?,
            ticket: row.try_get::<Option<&str>, _>("ticket_id")?.map(word).transpose()?,
            profile: word(row.try_get("profile_id")?)?,
        })
    })
    .transpose()
}

/// Whether a visitor was counted at a locked link after `since`.
pub(crate) async fn was_here(
    tx: &mut Tx,
    code: &str,
    visitor: &str,
    since: Timestamp,
) -> Result<bool, DeskError> {
    let sql = "SELECT count(*) FROM clicks WHERE code = $1 AND visitor = $2 AND at > $3";
    let count: i64 =
        sqlx::query_scalar(sql).bind(code).bind(visitor).bind(since.millis()).fetch_one(&mut **tx).await?;
    Ok(count > 0)
}

/// Counts a visit to a locked link. Answers the visits of the link, and of all links of its text.
pub(crate) async fn count(
    tx: &mut Tx,
    code: &str,
    owner: &Owner,
    visitor: &str,
    at: Timestamp,
) -> Result<(i64, i64), DeskError> {
    sqlx::query(
        "INSERT INTO clicks (code, visitor, at, message_id, ticket_id, profile_id) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(code)
    .bind(visitor)
    .bind(at.millis())
    .bind(owner.message.to_string())
    .bind(owner.ticket.map(|ticket| ticket.to_string()))
    .bind(owner.profile.to_string())
    .execute(&mut **tx)
    .await?;
    let clicks = sqlx::query_scalar("UPDATE links SET clicks = clicks + 1 WHERE code = $1 RETURNING clicks")
        .bind(code)
        .fetch_one(&mut **tx)
        .await?;
    let all = sqlx::query_scalar("SELECT CAST(sum(clicks) AS BIGINT) FROM links WHERE message_id = $1")
        .bind(owner.message.to_string())
        .fetch_one(&mut **tx)
        .await?;
    Ok((clicks, all))
}
