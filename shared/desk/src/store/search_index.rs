//! What search finds (E5). Both databases are given the same words (`domain::search::words`), each in its own index:
//! PostgreSQL in a `tsvector`, SQLite in FTS5 and, for a look into one document, beside it. A message is found as soon as it is there: its words are written in the
//! same transaction.

use domain::{MessageId, ProfileId, TicketId, search::words};
use sqlx::{AssertSqlSafe, Row};

use super::{Store, Tx};
use crate::DeskError;

/// Rows of one step through what was there before.
const STEP: i64 = 300;

/// Whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Subject,
    Profile,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Subject => "subject",
            Self::Profile => "profile",
        }
    }
}

/// A message is found by its text.
pub(crate) async fn message(
    tx: &mut Tx,
    id: MessageId,
    ticket: TicketId,
    text: &str,
) -> Result<(), DeskError> {
    put(tx, Kind::Message, &id.to_string(), Some(&ticket.to_string()), &words::document(text)).await
}

/// A message says something else than before; it stays in its ticket.
pub(crate) async fn text_changed(tx: &mut Tx, id: MessageId, text: &str) -> Result<(), DeskError> {
    put(tx, Kind::Message, &id.to_string(), None, &words::document(text)).await
}

/// A message is found no more.
pub(crate) async fn gone(tx: &mut Tx, id: MessageId) -> Result<(), DeskError> {
    let sql = "DELETE FROM search_docs WHERE kind = 'message' AND source_id = $1 RETURNING id";
    let gone: Option<i64> = sqlx::query_scalar(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    if let Some(id) = gone.filter(|_| is_sqlite(tx)) {
        sqlx::query("DELETE FROM search_words WHERE rowid = $1").bind(id).execute(&mut **tx).await?;
    }
    Ok(())
}

/// A ticket is found by its subject.
pub(crate) async fn subject(tx: &mut Tx, ticket: TicketId, subject: &str) -> Result<(), DeskError> {
    let id = ticket.to_string();
    put(tx, Kind::Subject, &id, Some(&id), &words::document(subject)).await
}

/// A message is found in another ticket from now on.
pub(crate) async fn moved(tx: &mut Tx, id: MessageId, ticket: TicketId) -> Result<(), DeskError> {
    sqlx::query("UPDATE search_docs SET ticket_id = $1 WHERE kind = 'message' AND source_id = $2")
        .bind(ticket.to_string())
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A customer is found by their name and addresses as they are now.
pub(crate) async fn profile(tx: &mut Tx, id: ProfileId) -> Result<(), DeskError> {
    profile_of(tx, &id.to_string()).await
}

async fn profile_of(tx: &mut Tx, id: &str) -> Result<(), DeskError> {
    let names = sqlx::query("SELECT name, claimed_email FROM profiles WHERE id = $1");
    let Some(row) = names.bind(id).fetch_optional(&mut **tx).await? else { return Ok(()) };
    let mut kept = Vec::new();
    for column in ["name", "claimed_email"] {
        kept.extend(row.try_get::<Option<String>, _>(column)?.map(|text| words::document(&text)));
    }
    let addresses =
        sqlx::query("SELECT value FROM addresses WHERE profile_id = $1 ORDER BY kind, value LIMIT 200");
    for row in addresses.bind(id).fetch_all(&mut **tx).await? {
        kept.push(words::address(row.try_get("value")?));
    }
    put(tx, Kind::Profile, id, None, &kept.join(" ")).await
}

/// Writes the words of something, new or changed.
async fn put(
    tx: &mut Tx,
    kind: Kind,
    source: &str,
    ticket: Option<&str>,
    words: &str,
) -> Result<(), DeskError> {
    if !is_sqlite(tx) {
        let sql = "INSERT INTO search_docs (kind, source_id, ticket_id, words) VALUES ($1, $2, $3, CAST($4 AS tsvector)) \
            ON CONFLICT (kind, source_id) DO UPDATE SET words = excluded.words";
        let query = sqlx::query(sql).bind(kind.as_str()).bind(source).bind(ticket).bind(vector(words));
        query.execute(&mut **tx).await?;
        return Ok(());
    }
    let beside = format!(" {words} ");
    let sql = "INSERT INTO search_docs (kind, source_id, ticket_id, words) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (kind, source_id) DO NOTHING RETURNING id";
    let added: Option<i64> = sqlx::query_scalar(sql)
        .bind(kind.as_str())
        .bind(source)
        .bind(ticket)
        .bind(&beside)
        .fetch_optional(&mut **tx)
        .await?;
    let id = match added {
        Some(id) => id,
        None => {
            let sql = "UPDATE search_docs SET words = $1 WHERE kind = $2 AND source_id = $3 RETURNING id";
            let query = sqlx::query_scalar(sql).bind(&beside).bind(kind.as_str()).bind(source);
            let id: i64 = query.fetch_one(&mut **tx).await?;
            sqlx::query("DELETE FROM search_words WHERE rowid = $1").bind(id).execute(&mut **tx).await?;
            id
        }
    };
    let sql = "INSERT INTO search_words (rowid, words) VALUES ($1, $2)";
    sqlx::query(sql).bind(id).bind(words).execute(&mut **tx).await?;
    Ok(())
}

fn is_sqlite(tx: &Tx) -> bool {
    tx.backend_name().eq_ignore_ascii_case("sqlite")
}

/// `'word':1 'other':2`, as PostgreSQL reads it. Words are letters and digits alone.
fn vector(words: &str) -> String {
    let places = words.split(' ').filter(|word| !word.is_empty()).enumerate();
    places.map(|(place, word)| format!("'{word}':{}", place + 1)).collect::<Vec<_>>().join(" ")
}

/// Goes through some of what was there before this index was; `false` once all of it has been. Replicas may run it side
/// by side; a crash leaves it where it was.
pub(crate) async fn catch_up(store: &Store) -> Result<bool, DeskError> {
    let mut tx = store.begin().await?;
    let sql = format!(
        "SELECT kind, after_id FROM search_backlog ORDER BY kind LIMIT 1{}",
        store.dialect.for_update
    );
    let Some(row) = sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut *tx).await? else { return Ok(false) };
    let (kind, after): (String, String) = (row.try_get("kind")?, row.try_get("after_id")?);
    let last = match kind.as_str() {
        "message" => old_texts(&mut tx, Kind::Message, &after).await?,
        "subject" => old_texts(&mut tx, Kind::Subject, &after).await?,
        _ => old_profiles(&mut tx, &after).await?,
    };
    match last {
        Some(last) => {
            let sql = "UPDATE search_backlog SET after_id = $1 WHERE kind = $2";
            sqlx::query(sql).bind(last).bind(kind).execute(&mut *tx).await?;
        }
        None => {
            sqlx::query("DELETE FROM search_backlog WHERE kind = $1").bind(kind).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// Returns the last one of the step, or `None` if there was none.
async fn old_texts(tx: &mut Tx, kind: Kind, after: &str) -> Result<Option<String>, DeskError> {
    let sql = if kind == Kind::Message {
        "SELECT id, ticket_id, body AS words FROM messages WHERE id > $1 \
         AND COALESCE(error_code, '') <> 'undone' ORDER BY id LIMIT $2"
    } else {
        "SELECT id, id AS ticket_id, subject AS words FROM tickets WHERE id > $1 ORDER BY id LIMIT $2"
    };
    let rows = sqlx::query(sql).bind(after).bind(STEP).fetch_all(&mut **tx).await?;
    let mut last = None;
    for row in rows {
        let id: String = row.try_get("id")?;
        let (ticket, text): (Option<String>, Option<String>) =
            (row.try_get("ticket_id")?, row.try_get("words")?);
        if let (Some(ticket), Some(text)) = (ticket, text) {
            put(tx, kind, &id, Some(&ticket), &words::document(&text)).await?;
        }
        last = Some(id);
    }
    Ok(last)
}

async fn old_profiles(tx: &mut Tx, after: &str) -> Result<Option<String>, DeskError> {
    let sql = "SELECT id FROM profiles WHERE id > $1 ORDER BY id LIMIT $2";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(after).bind(STEP).fetch_all(&mut **tx).await?;
    for id in &ids {
        profile_of(tx, id).await?;
    }
    Ok(ids.into_iter().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_places() {
        assert_eq!(vector("wo ist wo"), "'wo':1 'ist':2 'wo':3");
        assert_eq!(vector(""), "");
    }
}
