//! Notes of agents.

use domain::{
    Channel, NoteId, ProfileId, Timestamp, UserId,
    event::{Assignee, Note},
};
use sqlx::{Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::DeskError;

/// Adds a note.
pub(crate) async fn insert(store: &Store, tx: &mut Tx, note: &Note) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO notes (id, ticket_id, author_id, author_name, text, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(note.id.to_string())
    .bind(note.ticket_id.to_string())
    .bind(note.author.id.to_string())
    .bind(&note.author.name)
    .bind(&note.text)
    .bind(note.created_at.millis())
    .execute(&mut **tx)
    .await?;
    if note.mentions.is_empty() {
        return Ok(());
    }
    let values = store.values(note.mentions.len(), 3);
    let statement = format!("INSERT INTO note_mentions (note_id, user_id, ticket_id) VALUES {values}");
    let query = note.mentions.iter().fold(sqlx::query(sqlx::AssertSqlSafe(statement)), |query, user| {
        query.bind(note.id.to_string()).bind(user.to_string()).bind(note.ticket_id.to_string())
    });
    query.execute(&mut **tx).await?;
    Ok(())
}

/// The newest notes about a customer's tickets on a channel, oldest first.
pub(crate) async fn newest(
    store: &Store,
    profile: ProfileId,
    channel: Channel,
    limit: i64,
) -> Result<Vec<Note>, DeskError> {
    let rows = sqlx::query(
        "SELECT n.id, n.ticket_id, n.author_id, n.author_name, n.text, n.created_at, \
         (SELECT string_agg(m.user_id, ',') FROM note_mentions m WHERE m.note_id = n.id) AS mentions \
         FROM notes n JOIN tickets t ON t.id = n.ticket_id \
         WHERE t.profile_id = $1 AND t.channel = $2 ORDER BY n.created_at DESC, n.id DESC LIMIT $3",
    )
    .bind(profile.to_string())
    .bind(channel.as_str())
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    rows.iter().rev().map(note_of).collect()
}

/// One note, as a transaction sees it.
pub(crate) async fn one(tx: &mut Tx, id: NoteId) -> Result<Option<Note>, DeskError> {
    let row = sqlx::query(
        "SELECT id, ticket_id, author_id, author_name, text, created_at, NULL AS mentions \
         FROM notes WHERE id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(note_of).transpose()
}

/// Removes a note and who was meant by it.
pub(crate) async fn remove(tx: &mut Tx, id: NoteId) -> Result<(), DeskError> {
    for statement in ["DELETE FROM note_mentions WHERE note_id = $1", "DELETE FROM notes WHERE id = $1"] {
        sqlx::query(statement).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

pub(super) fn note_of(row: &AnyRow) -> Result<Note, DeskError> {
    let mentions: Option<String> = row.try_get("mentions")?;
    let mentions = mentions.as_deref().unwrap_or_default().split(',').filter(|id| !id.is_empty());
    Ok(Note {
        id: word(row.try_get("id")?)?,
        ticket_id: word(row.try_get("ticket_id")?)?,
        author: Assignee {
            id: word::<UserId>(row.try_get("author_id")?)?,
            name: row.try_get("author_name")?,
        },
        text: row.try_get("text")?,
        mentions: mentions.map(word).collect::<Result<_, _>>()?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
    })
}
