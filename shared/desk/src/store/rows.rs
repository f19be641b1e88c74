//! Rows as the words of the domain: tickets and messages with everything that belongs to them.

use std::{collections::HashMap, str::FromStr};

use domain::{
    Channel, Message, MessageId, ProfileId, SessionId, TicketId, Timestamp, UserId,
    consent::{ConsentKind, ConsentRecord, ConsentState, may_text},
    event::{Assignee, CanReply, ProfileSummary, TicketView},
    filter::NOBODY_WAITS,
    mail::MailView,
    message::{Attachment, Attribution, Author, Carried, DeliveryError},
    routing::Placed,
    ticket::{ReplyFacts, State, may_reply},
};
use sqlx::{Any, AssertSqlSafe, Executor, Row, any::AnyRow};

use super::{Store, carried, chats};
use crate::DeskError;

/// The columns of a message, in the order nothing depends on.
pub const MESSAGE_COLUMNS: &str = "id, ticket_id, seq, direction, author_kind, author_id, author_name, body, html, \
    status, error_code, error_reason, segments, why, client_id, sent_at, send_at, credited_id, files_pending, \
    reply_text, mail, \
    CAST(CASE WHEN original IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_links";

/// A ticket's row joined with its profile, its assignee and the campaign message it is attributed to.
pub const TICKET_SELECT: &str = "SELECT t.id, t.number, t.channel, t.inbox, t.profile_id, t.address, t.reachable, \
    t.session_id, t.status, t.snoozed_until, t.closed_at, t.subject, t.preview, t.assignee_id, \
    (SELECT e.id FROM teams e WHERE e.id = t.team_id) AS team_id, t.priority, t.placed, t.unread, \
    t.visitor_online, t.visitor_at, t.page, t.form, t.rating, t.rating_comment, t.follow_up_plan, t.follow_up_due, \
    t.last_seq, t.version, t.created_at, t.updated_at, t.last_message_at, t.first_response_at, \
    t.waiting_at, \
    p.name AS profile_name, p.blocked_at, u.name AS assignee_name, \
    c.message_id, c.kind, c.source_id, c.source_name \
    FROM tickets t LEFT JOIN profiles p ON p.id = t.profile_id LEFT JOIN users u ON u.id = t.assignee_id \
    LEFT JOIN campaign_messages c ON c.message_id = t.credited_id";

/// The tables of [`TICKET_SELECT`]. Each ticket has a profile: the outer join keeps planners from beginning with all profiles.
pub const TICKET_FROM: &str = "FROM tickets t LEFT JOIN profiles p ON p.id = t.profile_id \
    LEFT JOIN users u ON u.id = t.assignee_id LEFT JOIN campaign_messages c ON c.message_id = t.credited_id";

/// A ticket as it lies in the database, with what its view needs besides.
#[derive(Clone, Debug)]
pub struct TicketRow {
    /// The view, complete.
    pub view: TicketView,
    /// The state as the state machine knows it.
    pub state: State,
    /// The chat session.
    pub session: Option<SessionId>,
    /// Newest `seq`.
    pub last_seq: i64,
    /// The customer's address can be answered at all.
    pub reachable: bool,
    /// SMS consent of the profile.
    pub sms_consent: bool,
    /// Who decided whose it is.
    pub placed: Placed,
}

impl TicketRow {
    /// Moves to `state` and keeps the view in step.
    pub fn set_state(&mut self, state: State) {
        self.state = state;
        state.as_str().clone_into(&mut self.view.status);
        self.view.snoozed_until = if let State::Snoozed { until } = state { Some(until) } else { None };
        self.view.closed_at = if let State::Closed { at } = state { Some(at) } else { None };
        if matches!(state, State::Closed { .. }) {
            self.view.waiting_since = None;
        }
        self.view.can_reply = can_reply(self.reply_facts());
    }

    /// What decides whether the customer may be answered now.
    pub fn reply_facts(&self) -> ReplyFacts {
        ReplyFacts {
            channel: self.view.channel,
            state: self.state,
            blocked: self.view.profile.blocked,
            sms_consent: self.sms_consent,
            reachable: self.reachable,
        }
    }

    /// Takes a change of consent into the view.
    pub fn set_consent(&mut self, sms_consent: bool) {
        self.sms_consent = sms_consent;
        self.view.can_reply = can_reply(self.reply_facts());
    }
}

fn can_reply(facts: ReplyFacts) -> CanReply {
    match may_reply(facts) {
        Ok(()) => CanReply { allowed: true, code: None, reason: None },
        Err(no) => {
            CanReply { allowed: false, code: Some(no.code().to_owned()), reason: Some(no.to_string()) }
        }
    }
}

/// Reads a word or an id that the database holds as text.
pub fn word<T: FromStr>(text: &str) -> Result<T, DeskError> {
    text.parse().map_err(|_| {
        DeskError::Unavailable(format!("the database holds {text:?}, which makes no sense here"))
    })
}

pub fn optional<T: FromStr>(text: Option<&str>) -> Result<Option<T>, DeskError> {
    text.map(word).transpose()
}

fn time(row: &AnyRow, column: &str) -> Result<Timestamp, DeskError> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

fn maybe_time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>, DeskError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// The tickets of these rows of [`TICKET_SELECT`], with tags and consent, in the same order.
///
/// # Errors
/// The database cannot be read.
pub async fn tickets<'e, E>(
    store: &Store,
    executor: &mut E,
    rows: &[AnyRow],
) -> Result<Vec<TicketRow>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let ids: Vec<String> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let profiles: Vec<String> = rows.iter().map(|row| row.try_get("profile_id")).collect::<Result<_, _>>()?;
    let mut tags = tags_of(store, executor, &ids).await?;
    let consents = consents_of(store, executor, &profiles).await?;
    rows.iter()
        .map(|row| {
            let tags = tags.remove(row.try_get::<&str, _>("id")?).unwrap_or_default();
            let consent =
                consents.get(row.try_get::<&str, _>("profile_id")?).is_some_and(|all| may_text(all));
            ticket(row, tags, consent)
        })
        .collect()
}

/// One ticket, or `None`.
///
/// # Errors
/// The database cannot be read.
pub async fn ticket_by_id<E>(
    store: &Store,
    executor: &mut E,
    id: TicketId,
) -> Result<Option<TicketRow>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let statement = AssertSqlSafe(format!("{TICKET_SELECT} WHERE t.id = $1 AND p.erasing = 0"));
    let row = sqlx::query(statement).bind(id.to_string()).fetch_optional(&mut *executor).await?;
    Ok(match row {
        Some(row) => tickets(store, executor, &[row]).await?.pop(),
        None => None,
    })
}

fn ticket(row: &AnyRow, tags: Vec<String>, sms_consent: bool) -> Result<TicketRow, DeskError> {
    let channel: Channel = word(row.try_get("channel")?)?;
    let status: String = row.try_get("status")?;
    let updated_at = time(row, "updated_at")?;
    let snoozed_until = maybe_time(row, "snoozed_until")?;
    let closed_at = maybe_time(row, "closed_at")?;
    let state = match status.as_str() {
        "closed" => State::Closed { at: closed_at.unwrap_or(updated_at) },
        "snoozed" => State::Snoozed { until: snoozed_until.unwrap_or(updated_at) },
        _ => State::Open,
    };
    let blocked = row.try_get::<Option<i64>, _>("blocked_at")?.is_some();
    let reachable = row.try_get::<i64, _>("reachable")? != 0;
    let can_reply = can_reply(ReplyFacts { channel, state, blocked, sms_consent, reachable });
    let assignee = optional::<UserId>(row.try_get("assignee_id")?)?.map(|id| {
        let name = row.try_get::<Option<String>, _>("assignee_name").ok().flatten().unwrap_or_default();
        Assignee { id, name }
    });
    let view = TicketView {
        id: word(row.try_get("id")?)?,
        number: row.try_get("number")?,
        channel,
        inbox: row.try_get("inbox")?,
        status,
        snoozed_until,
        subject: row.try_get("subject")?,
        preview: row.try_get("preview")?,
        profile: ProfileSummary {
            id: word::<ProfileId>(row.try_get("profile_id")?)?,
            name: row.try_get("profile_name")?,
            address: row.try_get("address")?,
            blocked,
        },
        assignee,
        team: row.try_get("team_id")?,
        priority: word(row.try_get("priority")?)?,
        tags,
        unread: row.try_get::<i64, _>("unread")? != 0,
        created_at: time(row, "created_at")?,
        updated_at,
        last_message_at: time(row, "last_message_at")?,
        first_response_at: maybe_time(row, "first_response_at")?,
        waiting_since: Some(row.try_get::<i64, _>("waiting_at")?)
            .filter(|at| *at != NOBODY_WAITS)
            .map(Timestamp::from_millis),
        closed_at,
        attribution: attribution(row)?,
        can_reply,
        visitor_online: row.try_get::<i64, _>("visitor_online")? != 0,
        chat: (channel == Channel::Chat).then(|| chats::facts(row).map(Box::new)).transpose()?,
        version: row.try_get("version")?,
    };
    let session = optional(row.try_get("session_id")?)?;
    let placed = word(row.try_get("placed")?)?;
    Ok(TicketRow { view, state, session, last_seq: row.try_get("last_seq")?, reachable, sms_consent, placed })
}

async fn tags_of<E>(
    store: &Store,
    executor: &mut E,
    ids: &[String],
) -> Result<HashMap<String, Vec<String>>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let sql = "SELECT ticket_id, tag FROM ticket_tags WHERE ticket_id IN";
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows_of(store, executor, sql, "ORDER BY tag", ids).await? {
        found.entry(row.try_get("ticket_id")?).or_default().push(row.try_get("tag")?);
    }
    Ok(found)
}

/// The consent history of several profiles.
///
/// # Errors
/// The database cannot be read.
pub async fn consents_of<E>(
    store: &Store,
    executor: &mut E,
    profiles: &[String],
) -> Result<HashMap<String, Vec<ConsentRecord>>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let sql =
        "SELECT profile_id, kind, state, source, evidence, number, at FROM consents WHERE profile_id IN";
    let mut found: HashMap<String, Vec<ConsentRecord>> = HashMap::new();
    for row in rows_of(store, executor, sql, "ORDER BY at DESC, id DESC", profiles).await? {
        found.entry(row.try_get("profile_id")?).or_default().push(consent(&row)?);
    }
    Ok(found)
}

/// A row of `consents` with kind, state, source, evidence, number and time.
pub(super) fn consent(row: &AnyRow) -> Result<ConsentRecord, DeskError> {
    let marketing = row.try_get::<&str, _>("kind")? == ConsentKind::Marketing.as_str();
    let subscribed = row.try_get::<&str, _>("state")? == ConsentState::Subscribed.as_str();
    Ok(ConsentRecord {
        kind: if marketing { ConsentKind::Marketing } else { ConsentKind::Transactional },
        state: if subscribed { ConsentState::Subscribed } else { ConsentState::Unsubscribed },
        source: row.try_get("source")?,
        text: row.try_get("evidence")?,
        number: row.try_get("number")?,
        at: time(row, "at")?,
    })
}

/// Messages of rows with [`MESSAGE_COLUMNS`], with their attachments, in the same order. `ticket` stands in where a
/// keyword text has no ticket of its own.
///
/// # Errors
/// The database cannot be read.
pub async fn messages<E>(
    store: &Store,
    executor: &mut E,
    rows: &[AnyRow],
    ticket: TicketId,
) -> Result<Vec<Message>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let ids: Vec<String> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let mut carried = carried::of(store, executor, rows).await?;
    let sql = "SELECT id, message_id, name, content_type, size, blob FROM attachments WHERE message_id IN";
    let mut files: HashMap<String, Vec<Attachment>> = HashMap::new();
    for row in rows_of(store, executor, sql, "ORDER BY position", &ids).await? {
        files.entry(row.try_get("message_id")?).or_default().push(attachment(&row)?);
    }
    rows.iter()
        .map(|row| {
            let id: &str = row.try_get("id")?;
            let (files, carried) =
                (files.remove(id).unwrap_or_default(), carried.remove(id).unwrap_or_default());
            message(row, files, carried, ticket)
        })
        .collect()
}

/// An attachment of a row with `id, name, content_type, size, blob`.
///
/// # Errors
/// The row is not one.
pub fn attachment(row: &AnyRow) -> Result<Attachment, DeskError> {
    let id: String = row.try_get("id")?;
    Ok(Attachment {
        url: format!("/api/v1/attachments/{id}"),
        id: word(&id)?,
        name: row.try_get("name")?,
        content_type: row.try_get("content_type")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).unwrap_or(0),
        blob: Some(row.try_get("blob")?),
    })
}

fn message(
    row: &AnyRow,
    attachments: Vec<Attachment>,
    carried: Carried,
    ticket: TicketId,
) -> Result<Message, DeskError> {
    let code: Option<String> = row.try_get("error_code")?;
    let reason: Option<String> = row.try_get("error_reason")?;
    Ok(Message {
        id: word::<MessageId>(row.try_get("id")?)?,
        ticket_id: optional(row.try_get("ticket_id")?)?.unwrap_or(ticket),
        seq: row.try_get::<Option<i64>, _>("seq")?.unwrap_or(0),
        direction: word(row.try_get("direction")?)?,
        author: Author {
            kind: word(row.try_get("author_kind")?)?,
            id: optional(row.try_get("author_id")?)?,
            name: row.try_get("author_name")?,
        },
        text: row.try_get("body")?,
        html: row.try_get("html")?,
        attachments,
        status: word(row.try_get("status")?)?,
        error: code.map(|code| DeliveryError { code, reason: reason.unwrap_or_default() }),
        segments: row.try_get("segments")?,
        sent_at: time(row, "sent_at")?,
        why: row.try_get("why")?,
        client_id: optional(row.try_get("client_id")?)?,
        carried,
        send_at: maybe_time(row, "send_at")?,
        reply_text: row.try_get("reply_text")?,
        mail: mail(row)?,
    })
}

/// What a row with `mail` shows of a mail.
///
/// # Errors
/// The row has none, or an odd one.
pub(crate) fn mail(row: &AnyRow) -> Result<Option<Box<MailView>>, DeskError> {
    let Some(text) = row.try_get::<Option<&str>, _>("mail")? else { return Ok(None) };
    let odd =
        |error| DeskError::Unavailable(format!("the database holds a mail that makes no sense: {error}"));
    serde_json::from_str(text).map(Some).map_err(odd)
}

/// The campaign message of a row with `message_id, kind, source_id, source_name`, where it has one.
///
/// # Errors
/// The row is not one.
pub fn attribution(row: &AnyRow) -> Result<Option<Attribution>, DeskError> {
    let Some(message_id) = optional(row.try_get("message_id")?)? else { return Ok(None) };
    let (kind, id, name) =
        (word(row.try_get("kind")?)?, row.try_get("source_id")?, row.try_get("source_name")?);
    Ok(Some(Attribution { kind, id, name, message_id }))
}

/// Rows of `{sql} (…ids…) {order}`, in chunks that both databases take.
pub(super) async fn rows_of<E>(
    store: &Store,
    executor: &mut E,
    sql: &str,
    order: &str,
    ids: &[String],
) -> Result<Vec<AnyRow>, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let mut unique = ids.to_vec();
    unique.sort_unstable();
    unique.dedup();
    let mut rows = Vec::new();
    for chunk in unique.chunks(200) {
        let statement = AssertSqlSafe(format!("{sql} {} {order}", store.values(1, chunk.len())));
        let query = chunk.iter().fold(sqlx::query(statement), sqlx::query::Query::bind);
        rows.extend(query.fetch_all(&mut *executor).await?);
    }
    Ok(rows)
}
