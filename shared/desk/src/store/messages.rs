//! Messages as they are written.

use domain::{
    AuthorKind, Channel, Message, MessageId, ProfileId, TicketId, Timestamp, mail::MailView,
    message::Attachment,
};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Store, Tx, search_index};
use crate::DeskError;

/// What a new message says besides what everybody sees of it.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// The message; its `ticket_id` and `seq` do not count where `ticket` is `None`.
    pub message: &'a Message,
    /// Its ticket; keyword texts may have none.
    pub ticket: Option<TicketId>,
    /// The customer.
    pub profile: ProfileId,
    /// The channel.
    pub channel: Channel,
    /// Our number, mailbox or site.
    pub inbox: &'a str,
    /// The carrier's name, its account, and its id of the message.
    pub external: Option<(&'a str, &'a str, &'a str)>,
    /// What a mail has besides.
    pub mail: Option<MailFacts<'a>>,
    /// The customer's address, where it goes to one.
    pub recipient: Option<&'a str>,
    /// Leaves in quiet hours too: somebody decided so.
    pub quiet_override: bool,
    /// Whether consent is checked again at the moment of sending.
    pub needs_consent: bool,
    /// The ticket's version once this message is in it.
    pub version: i64,
    /// The present moment.
    pub now: Timestamp,
}

/// What a mail has besides its text.
#[derive(Clone, Copy, Debug)]
pub struct MailFacts<'a> {
    /// Subject.
    pub subject: &'a str,
    /// `Message-ID` without brackets.
    pub mail_id: Option<&'a str>,
    /// `References`, space separated.
    pub references: &'a str,
    /// Blob key of the raw mail.
    pub raw: Option<&'a str>,
    /// Its subject as subjects are compared.
    pub base_subject: &'a str,
}

const INSERT: &str = "INSERT INTO messages (id, ticket_id, seq, profile_id, channel, inbox, direction, author_kind, \
    author_id, author_name, body, html, status, segments, why, client_id, provider, account, external_id, subject, \
    mail_id, mail_references, raw_blob, needs_consent, version, sent_at, created_at, updated_at, send_at, recipient, quiet_override, \
    reply_text, mail, base_subject) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
    $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";

/// Adds a message. Its attachments are added apart ([`add_files`], [`take_files`]).
///
/// # Errors
/// The database refuses; a message of that id or place is there already.
pub async fn insert(tx: &mut Tx, new: NewMessage<'_>) -> Result<(), DeskError> {
    let message = new.message;
    sqlx::query(INSERT)
        .bind(message.id.to_string())
        .bind(new.ticket.map(|ticket| ticket.to_string()))
        .bind(new.ticket.map(|_| message.seq))
        .bind(new.profile.to_string())
        .bind(new.channel.as_str())
        .bind(new.inbox)
        .bind(message.direction.as_str())
        .bind(message.author.kind.as_str())
        .bind(message.author.id.map(|id| id.to_string()))
        .bind(&message.author.name)
        .bind(&message.text)
        .bind(&message.html)
        .bind(message.status.as_str())
        .bind(message.segments)
        .bind(&message.why)
        .bind(message.client_id.map(|id| id.to_string()))
        .bind(new.external.map(|external| external.0))
        .bind(new.external.map(|external| external.1))
        .bind(new.external.map(|external| external.2))
        .bind(new.mail.map(|mail| mail.subject))
        .bind(new.mail.and_then(|mail| mail.mail_id))
        .bind(new.mail.map(|mail| mail.references))
        .bind(new.mail.and_then(|mail| mail.raw))
        .bind(i64::from(new.needs_consent))
        .bind(new.version)
        .bind(message.sent_at.millis())
        .bind(new.now.millis())
        .bind(new.now.millis())
        .bind(message.send_at.map(Timestamp::millis))
        .bind(new.recipient)
        .bind(i64::from(new.quiet_override))
        .bind(&message.reply_text)
        .bind(document(message.mail.as_deref())?)
        .bind(new.mail.map(|mail| mail.base_subject).filter(|subject| !subject.is_empty()))
        .execute(&mut **tx)
        .await?;
    match new.ticket {
        Some(ticket) => search_index::message(tx, message.id, ticket, &message.text).await,
        None => Ok(()),
    }
}

fn document(mail: Option<&MailView>) -> Result<Option<String>, DeskError> {
    let written = mail.map(serde_json::to_string).transpose();
    written.map_err(|error| DeskError::Refused(format!("a mail cannot be written down: {error}")))
}

/// Adds the files of a message that came in.
///
/// # Errors
/// The database refuses.
pub async fn add_files(tx: &mut Tx, message: &Message, now: Timestamp) -> Result<(), DeskError> {
    for (position, file) in (0_i64..).zip(&message.attachments) {
        sqlx::query(
            "INSERT INTO attachments (id, message_id, position, name, content_type, size, blob, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(file.id.to_string())
        .bind(message.id.to_string())
        .bind(position)
        .bind(&file.name)
        .bind(&file.content_type)
        .bind(i64::try_from(file.size).unwrap_or(i64::MAX))
        .bind(file.blob.as_deref().unwrap_or_default())
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Gives files that an agent put up before to their message.
///
/// # Errors
/// A file is gone or belongs to another message.
pub async fn take_files(tx: &mut Tx, message: MessageId, files: &[Attachment]) -> Result<(), DeskError> {
    for (position, file) in (0_i64..).zip(files) {
        let taken = sqlx::query(
            "UPDATE attachments SET message_id = $1, position = $2 WHERE id = $3 AND message_id IS NULL",
        )
        .bind(message.to_string())
        .bind(position)
        .bind(file.id.to_string())
        .execute(&mut **tx)
        .await?;
        if taken.rows_affected() == 0 {
            return Err(DeskError::conflict(
                "attachment_taken",
                "this file belongs to another message already",
            ));
        }
    }
    Ok(())
}

/// Whether there is a message of that id.
///
/// # Errors
/// The database cannot be read.
pub async fn exists(tx: &mut Tx, id: MessageId) -> Result<bool, DeskError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM messages WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(found.is_some())
}

/// What an answer by mail refers to.
#[derive(Clone, Debug, Default)]
pub struct LastMail {
    /// Its subject.
    pub subject: Option<String>,
    /// Its `Message-ID`.
    pub mail_id: Option<String>,
    /// Its `References`.
    pub references: String,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// What its writer wrote now.
    pub text: String,
    /// What it shows besides.
    pub view: Option<MailView>,
}

/// The newest mail the customer sent to a ticket, with the `Message-ID` of the newest one that has one.
///
/// # Errors
/// The database cannot be read.
pub async fn last_mail(connection: &mut AnyConnection, ticket: TicketId) -> Result<LastMail, DeskError> {
    let rows = sqlx::query(
        "SELECT subject, mail_id, mail_references, sent_at, COALESCE(reply_text, body) AS body, mail FROM messages WHERE ticket_id = $1 AND direction = 'in' \
         AND author_kind = 'customer' ORDER BY seq DESC LIMIT 10",
    )
    .bind(ticket.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let mut found = LastMail::default();
    if let Some(newest) = rows.first() {
        found.subject = newest.try_get("subject")?;
        found.sent_at = Some(Timestamp::from_millis(newest.try_get("sent_at")?));
        found.text = newest.try_get("body")?;
        // a view that cannot be read is no reason not to answer
        let view: Option<&str> = newest.try_get("mail")?;
        found.view = view.and_then(|view| serde_json::from_str(view).ok());
    }
    for row in rows {
        let mail_id: Option<String> = row.try_get("mail_id")?;
        if mail_id.is_some() {
            found.mail_id = mail_id;
            found.references = row.try_get::<Option<String>, _>("mail_references")?.unwrap_or_default();
            break;
        }
    }
    Ok(found)
}

/// A chat's messages of ours that the visitor has seen now: `(id, ticket, seq)` of those that moved.
///
/// # Errors
/// The database cannot be written.
pub async fn mark_read(
    tx: &mut Tx,
    ticket: TicketId,
    up_to: i64,
    now: Timestamp,
) -> Result<Vec<(MessageId, i64)>, DeskError> {
    let rows = sqlx::query(
        "UPDATE messages SET status = 'read', updated_at = $1 WHERE ticket_id = $2 AND seq <= $3 \
         AND direction = 'out' AND status IN ('sent', 'delivered') RETURNING id, seq",
    )
    .bind(now.millis())
    .bind(ticket.to_string())
    .bind(up_to)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((super::rows::word(row.try_get("id")?)?, row.try_get("seq")?))).collect()
}

/// The newest messages of these tickets after a place, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn after(
    store: &Store,
    tickets: &[TicketId],
    after_seq: i64,
    limit: i64,
) -> Result<Vec<Message>, DeskError> {
    let mut found = Vec::new();
    let mut connection = store.reader().acquire().await?;
    for ticket in tickets {
        let sql = format!(
            "SELECT {} FROM messages WHERE ticket_id = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3",
            super::rows::MESSAGE_COLUMNS
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(ticket.to_string())
            .bind(after_seq)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
        found.extend(super::rows::messages(store, &mut *connection, &rows, *ticket).await?);
    }
    found.sort_by_key(|message| message.seq);
    let surplus = found.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    Ok(found.split_off(surplus))
}

/// How many messages of that author a customer got since then.
///
/// # Errors
/// The database cannot be read.
pub async fn written_since(
    tx: &mut Tx,
    profile: ProfileId,
    author: AuthorKind,
    since: Timestamp,
) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM messages WHERE profile_id = $1 AND direction = 'out' AND author_kind = $2 \
        AND created_at > $3";
    Ok(sqlx::query_scalar(sql)
        .bind(profile.to_string())
        .bind(author.as_str())
        .bind(since.millis())
        .fetch_one(&mut **tx)
        .await?)
}

/// Whether a message is of that customer and says exactly that.
///
/// # Errors
/// The database cannot be read.
pub async fn says(tx: &mut Tx, id: MessageId, profile: ProfileId, text: &str) -> Result<bool, DeskError> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM messages WHERE id = $1 AND profile_id = $2 AND direction = 'in' AND body = $3",
    )
    .bind(id.to_string())
    .bind(profile.to_string())
    .bind(text)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Whether a message of ours went to that address.
///
/// # Errors
/// The database cannot be read.
pub async fn went_to(tx: &mut Tx, id: MessageId, recipient: &str) -> Result<bool, DeskError> {
    let sql = "SELECT CAST(1 AS BIGINT) FROM messages WHERE id = $1 AND direction = 'out' AND recipient = $2 \
         AND author_kind IN ('follow_up', 'system')";
    let found: Option<i64> =
        sqlx::query_scalar(sql).bind(id.to_string()).bind(recipient).fetch_optional(&mut **tx).await?;
    Ok(found.is_some())
}
