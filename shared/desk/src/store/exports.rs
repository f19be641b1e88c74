//! Everything that is kept of a person, a page at a time; the same rows that an erasure takes.

use domain::{MessageId, NoteId, ProfileId, TicketId, Timestamp, event::Note};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use uuid::Uuid;

use super::{
    Connection, Store,
    erasures::{self, WHOLE},
    notes::note_of,
    rows::{self, MESSAGE_COLUMNS, TICKET_SELECT, TicketRow, word},
};
use crate::{
    DeskError,
    export::{ExportedMessage, GivenCoupon, Kept, Visit},
};

/// Rows of a page.
const PAGE: i64 = 50;
/// Visits of a page.
const VISITS: i64 = 200;
const KEPT: &str = "SELECT id, channel, subject, state, reason, envelope, received_at FROM ledger";

/// Who was merged into a person.
pub(crate) async fn merged(store: &Store, id: ProfileId) -> Result<Vec<ProfileId>, DeskError> {
    let sql = "SELECT id FROM profiles WHERE merged_into = $1 ORDER BY created_at, id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(id.to_string()).fetch_all(store.reader()).await?;
    ids.iter().map(|id| word(id)).collect()
}

/// The coupons a person was given, in that order.
pub(crate) async fn coupons(store: &Store, id: ProfileId) -> Result<Vec<GivenCoupon>, DeskError> {
    let sql = AssertSqlSafe(format!(
        "SELECT c.name, g.code, g.ticket_id, g.given_by, g.given_at FROM coupons_given g \
         JOIN coupons c ON c.id = g.coupon_id WHERE g.profile_id IN {WHOLE} ORDER BY g.given_at, c.name"
    ));
    let rows = sqlx::query(sql).bind(id.to_string()).fetch_all(store.reader()).await?;
    let coupon = |row: &AnyRow| {
        Ok(GivenCoupon {
            name: row.try_get("name")?,
            code: row.try_get("code")?,
            ticket: word(row.try_get("ticket_id")?)?,
            given_by: row.try_get("given_by")?,
            given_at: Timestamp::from_millis(row.try_get("given_at")?),
        })
    };
    rows.iter().map(coupon).collect()
}

/// When an address asked for no more mails about chats.
pub(crate) async fn no_mails_since(store: &Store, address: &str) -> Result<Option<Timestamp>, DeskError> {
    let sql = "SELECT at FROM mail_opt_outs WHERE address = $1";
    let at: Option<i64> = sqlx::query_scalar(sql).bind(address).fetch_optional(store.reader()).await?;
    Ok(at.map(Timestamp::from_millis))
}

/// Some of a person's tickets of then, after a number.
pub(crate) async fn tickets(
    store: &Store,
    id: ProfileId,
    until: Timestamp,
    after: i64,
) -> Result<Vec<TicketRow>, DeskError> {
    let sql = AssertSqlSafe(format!(
        "{TICKET_SELECT} WHERE t.profile_id IN {WHOLE} AND t.number > $2 AND t.created_at <= $3 \
         ORDER BY t.number LIMIT $4"
    ));
    let mut connection = store.reader().acquire().await?;
    let found = sqlx::query(sql)
        .bind(id.to_string())
        .bind(after)
        .bind(until.millis())
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
    rows::tickets(store, &mut *connection, &found).await
}

/// Where a message stands among those that are exported together.
pub(crate) type Place = (i64, MessageId);

/// Some messages of a ticket, or of a person where they are in none, after a place, with their places. What was taken
/// back before it left is none.
pub(crate) async fn messages(
    store: &Store,
    person: ProfileId,
    ticket: Option<TicketId>,
    until: Timestamp,
    after: Option<Place>,
) -> Result<Vec<(Place, ExportedMessage)>, DeskError> {
    let (of, order) = match ticket {
        Some(_) => ("ticket_id = $1".to_owned(), "COALESCE(seq, 0)"),
        None => (format!("ticket_id IS NULL AND profile_id IN {WHOLE}"), "sent_at"),
    };
    let sql = AssertSqlSafe(format!(
        "SELECT {MESSAGE_COLUMNS}, channel, inbox, recipient, subject, original, provider, external_id, mail_id, \
         raw_blob, updated_at, {order} AS place FROM messages WHERE {of} AND ({order}, id) > ($2, $3) \
         AND created_at <= $4 AND COALESCE(error_code, '') <> 'undone' ORDER BY {order}, id LIMIT $5"
    ));
    let (place, id) = after.map_or((i64::MIN, String::new()), |(place, id)| (place, id.to_string()));
    let mut connection = store.reader().acquire().await?;
    let found = sqlx::query(sql)
        .bind(ticket.map_or_else(|| person.to_string(), |ticket| ticket.to_string()))
        .bind(place)
        .bind(id)
        .bind(until.millis())
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
    let none = TicketId(Uuid::nil());
    let messages = rows::messages(store, &mut *connection, &found, ticket.unwrap_or(none)).await?;
    let with_more = |(row, message): (&AnyRow, domain::Message)| {
        let place = (row.try_get("place")?, message.id);
        Ok((
            place,
            ExportedMessage {
                message,
                channel: word(row.try_get("channel")?)?,
                inbox: row.try_get("inbox")?,
                recipient: row.try_get("recipient")?,
                subject: row.try_get("subject")?,
                original: row.try_get("original")?,
                carrier: row.try_get("provider")?,
                external_id: row.try_get("external_id")?,
                mail_id: row.try_get("mail_id")?,
                raw: row.try_get("raw_blob")?,
                updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
            },
        ))
    };
    found.iter().zip(messages).map(with_more).collect()
}

/// Some notes about a ticket, after one.
pub(crate) async fn notes(
    store: &Store,
    ticket: TicketId,
    until: Timestamp,
    after: Option<NoteId>,
) -> Result<Vec<Note>, DeskError> {
    let rows = sqlx::query(
        "SELECT id, ticket_id, author_id, author_name, text, created_at, NULL AS mentions FROM notes \
         WHERE ticket_id = $1 AND id > $2 AND created_at <= $3 ORDER BY id LIMIT $4",
    )
    .bind(ticket.to_string())
    .bind(after.map(|id| id.to_string()).unwrap_or_default())
    .bind(until.millis())
    .bind(PAGE)
    .fetch_all(store.reader())
    .await?;
    rows.iter().map(note_of).collect()
}

/// Some visits of a person to short links, after one.
pub(crate) async fn visits(
    store: &Store,
    id: ProfileId,
    after: Option<&Visit>,
) -> Result<Vec<Visit>, DeskError> {
    let sql = AssertSqlSafe(format!(
        "SELECT c.code, c.visitor, c.at, c.message_id, l.url FROM clicks c JOIN links l ON l.code = c.code \
         WHERE c.profile_id IN {WHOLE} AND (c.at, c.code, c.visitor) > ($2, $3, $4) \
         ORDER BY c.at, c.code, c.visitor LIMIT $5"
    ));
    let rows = sqlx::query(sql)
        .bind(id.to_string())
        .bind(after.map_or(i64::MIN, |visit| visit.at.millis()))
        .bind(after.map(|visit| visit.code.clone()).unwrap_or_default())
        .bind(after.map(|visit| visit.visitor.clone()).unwrap_or_default())
        .bind(VISITS)
        .fetch_all(store.reader())
        .await?;
    let visit = |row: &AnyRow| {
        Ok(Visit {
            code: row.try_get("code")?,
            visitor: row.try_get("visitor")?,
            url: row.try_get("url")?,
            message: word(row.try_get("message_id")?)?,
            at: Timestamp::from_millis(row.try_get("at")?),
        })
    };
    rows.iter().map(visit).collect()
}

/// Some of what a person sent that became no message and was kept, after a line of the ledger.
pub(crate) async fn kept(store: &Store, id: ProfileId, after: &str) -> Result<Vec<Kept>, DeskError> {
    let sql = AssertSqlSafe(format!(
        "{KEPT} WHERE profile_id IN {WHOLE} AND envelope IS NOT NULL AND id > $2 ORDER BY id LIMIT $3"
    ));
    let rows = sqlx::query(sql).bind(id.to_string()).bind(after).bind(PAGE).fetch_all(store.reader()).await?;
    rows.iter().map(kept_of).collect()
}

/// The same of what is nobody's: lines that name an address, among the next ones after `after`; and up to which line
/// that was, `None` at the end.
pub(crate) async fn kept_naming(
    store: &Store,
    id: ProfileId,
    addresses: &[String],
    after: &str,
) -> Result<(Vec<Kept>, Option<String>), DeskError> {
    let mut reader = store.reader().acquire().await?;
    let connection: &mut Connection = &mut reader;
    let (lines, up_to) = erasures::naming(connection, addresses, after).await?;
    let mut ids: Vec<String> = lines.into_iter().map(|line| line.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    let sql = format!("{KEPT} WHERE (profile_id IS NULL OR profile_id NOT IN {WHOLE}) AND id = $2");
    for line in ids {
        let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(id.to_string()).bind(line);
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            found.push(kept_of(&row)?);
        }
    }
    Ok((found, up_to))
}

fn kept_of(row: &AnyRow) -> Result<Kept, DeskError> {
    let envelope: Option<&str> = row.try_get("envelope")?;
    let event = envelope.and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
    Ok(Kept {
        id: row.try_get("id")?,
        channel: row.try_get("channel")?,
        state: word(row.try_get("state")?)?,
        reason: row.try_get("reason")?,
        event: event.map(|mut envelope| envelope["event"].take()).unwrap_or_default(),
        received_at: Timestamp::from_millis(row.try_get("received_at")?),
    })
}
