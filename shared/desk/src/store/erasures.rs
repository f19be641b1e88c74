//! People who are being erased, and how far that is.

use domain::{ErasureId, ProfileId, TicketId, Timestamp};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    Connection, Store, Tx,
    erase_ticket::{Gone, STEP, for_each, forget_words, of_each},
    rows::{optional, word},
    search::pattern,
};
use crate::{
    DeskError,
    erasure::{Counts, Erasure},
};

const SELECT: &str = "SELECT id, profile_id, actor_name, state, addresses, read_up_to, total, tickets, messages, \
    files, created_at, finished_at FROM erasures";
pub(super) const ENTRY: &str = "SELECT id, dedup_key, subject, envelope FROM ledger";
/// Lines of the ledger that are read in one step.
const READ: i64 = 500;
/// A person with everybody who was merged into them.
pub(super) const WHOLE: &str = "(SELECT id FROM profiles WHERE id = $1 OR merged_into = $1)";

/// What is kept of a person.
pub(crate) async fn counts(store: &Store, id: ProfileId) -> Result<Counts, DeskError> {
    let of = |what: &str| format!("(SELECT count(*) FROM {what})");
    let messages = format!("messages WHERE profile_id IN {WHOLE}");
    let sql = format!(
        "SELECT {} AS tickets, {} AS messages, {} AS queued, {} AS notes, {} AS files, {} AS mails, {} AS consents, \
         {} AS coupons, {} AS profiles",
        of(&format!("tickets WHERE profile_id IN {WHOLE}")),
        of(&messages),
        of(&format!("{messages} AND status = 'queued'")),
        of(&format!("notes n JOIN tickets t ON t.id = n.ticket_id WHERE t.profile_id IN {WHOLE}")),
        of(&format!("attachments a JOIN messages m ON m.id = a.message_id WHERE m.profile_id IN {WHOLE}")),
        of(&format!("{messages} AND raw_blob IS NOT NULL")),
        of(&format!("consents WHERE profile_id IN {WHOLE}")),
        of(&format!("coupons_given WHERE profile_id IN {WHOLE}")),
        of("profiles WHERE id = $1 OR merged_into = $1"),
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_string()).fetch_one(store.reader()).await?;
    Ok(Counts {
        tickets: row.try_get("tickets")?,
        messages: row.try_get("messages")?,
        queued: row.try_get("queued")?,
        notes: row.try_get("notes")?,
        files: row.try_get("files")?,
        mails: row.try_get("mails")?,
        consents: row.try_get("consents")?,
        coupons: row.try_get("coupons")?,
        profiles: row.try_get("profiles")?,
    })
}

/// Locks a person with everybody who is part of them; `None` when there is none, or they are being erased.
pub(crate) async fn lock_person(
    store: &Store,
    tx: &mut Tx,
    id: ProfileId,
) -> Result<Option<Vec<String>>, DeskError> {
    let sql = format!(
        "SELECT id FROM profiles WHERE (id = $1 AND merged_into IS NULL AND erasing = 0) OR merged_into = $1 \
         ORDER BY id{}",
        store.dialect.for_update
    );
    let ids: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.to_string()).fetch_all(&mut **tx).await?;
    Ok(ids.contains(&id.to_string()).then_some(ids))
}

/// From now on nobody sees the person, and what comes in is of somebody new.
pub(crate) async fn hide(
    store: &Store,
    tx: &mut Tx,
    ids: &[String],
    now: Timestamp,
) -> Result<(), DeskError> {
    let found = "SELECT CAST(id AS TEXT) FROM search_docs WHERE kind = 'profile' AND source_id IN {}";
    let found = of_each(store, tx, found, ids).await?;
    forget_words(store, tx, &found).await?;
    let block = format!(
        "UPDATE profiles SET erasing = 1, blocked_at = COALESCE(blocked_at, {}), name = NULL, claimed_email = NULL, \
         time_zone = NULL, location = NULL WHERE id IN {{}}",
        now.millis()
    );
    for sql in [
        "DELETE FROM addresses WHERE profile_id IN {}",
        "DELETE FROM threads WHERE ticket_id IN (SELECT id FROM tickets WHERE profile_id IN {})",
        "UPDATE tickets SET unread = 0 WHERE unread = 1 AND profile_id IN {}",
        block.as_str(),
    ] {
        for_each(store, tx, sql, ids).await?;
    }
    Ok(())
}

/// Whether one of these is being erased.
pub(crate) async fn is_any_erasing(store: &Store, tx: &mut Tx, ids: &[String]) -> Result<bool, DeskError> {
    if ids.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT id FROM profiles WHERE erasing = 1 AND id IN {}";
    Ok(!of_each(store, tx, sql, ids).await?.is_empty())
}

/// Writes a new one down.
pub(crate) async fn insert(tx: &mut Tx, new: &Erasure, actor: &str) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO erasures (id, profile_id, actor_id, actor_name, state, addresses, total, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.id.to_string())
    .bind(new.profile.to_string())
    .bind(actor)
    .bind(&new.actor_name)
    .bind(new.state.as_str())
    .bind(serde_json::to_string(&new.addresses).unwrap_or_default())
    .bind(new.total)
    .bind(new.created_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes how far one is.
pub(crate) async fn save(tx: &mut Tx, one: &Erasure) -> Result<(), DeskError> {
    let addresses =
        (!one.addresses.is_empty()).then(|| serde_json::to_string(&one.addresses).unwrap_or_default());
    sqlx::query(
        "UPDATE erasures SET state = $1, addresses = $2, tickets = $3, messages = $4, files = $5, finished_at = $6, \
         read_up_to = $7 WHERE id = $8",
    )
    .bind(one.state.as_str())
    .bind(addresses)
    .bind(one.gone.tickets)
    .bind(one.gone.messages)
    .bind(one.gone.files)
    .bind(one.finished_at.map(Timestamp::millis))
    .bind(&one.read_up_to)
    .bind(one.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One.
pub(crate) async fn find(store: &Store, id: ErasureId) -> Result<Option<Erasure>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(store.reader()).await?;
    row.as_ref().map(erasure).transpose()
}

/// One, held until the transaction ends.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: ErasureId) -> Result<Option<Erasure>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1{}", store.dialect.for_update));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(erasure).transpose()
}

fn erasure(row: &AnyRow) -> Result<Erasure, DeskError> {
    let addresses: Option<&str> = row.try_get("addresses")?;
    Ok(Erasure {
        id: word(row.try_get("id")?)?,
        profile: word(row.try_get("profile_id")?)?,
        actor_name: row.try_get("actor_name")?,
        state: word(row.try_get("state")?)?,
        addresses: addresses.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default(),
        read_up_to: row.try_get("read_up_to")?,
        total: row.try_get("total")?,
        gone: Gone {
            tickets: row.try_get("tickets")?,
            messages: row.try_get("messages")?,
            files: row.try_get("files")?,
        },
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(Timestamp::from_millis),
    })
}

/// A ticket of a person that is still there.
pub(crate) async fn next_ticket(tx: &mut Tx, id: ProfileId) -> Result<Option<TicketId>, DeskError> {
    let sql =
        AssertSqlSafe(format!("SELECT id FROM tickets WHERE profile_id IN {WHOLE} ORDER BY id LIMIT 1"));
    let found: Option<String> =
        sqlx::query_scalar(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    optional(found.as_deref())
}

/// Some messages of a person that are in no ticket.
pub(crate) async fn loose_messages(tx: &mut Tx, id: ProfileId) -> Result<Vec<String>, DeskError> {
    let sql = AssertSqlSafe(format!(
        "SELECT id FROM messages WHERE ticket_id IS NULL AND profile_id IN {WHOLE} LIMIT $2"
    ));
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).bind(STEP).fetch_all(&mut **tx).await?)
}

/// A line of the ledger that is about a person.
pub(crate) struct Entry {
    pub id: String,
    pub key: String,
    pub subject: String,
    pub envelope: Option<String>,
}

/// Some lines of the ledger about a person, or about a ticket of theirs.
pub(crate) async fn ledger(tx: &mut Tx, id: ProfileId) -> Result<Vec<Entry>, DeskError> {
    let sql = AssertSqlSafe(format!("{ENTRY} WHERE profile_id IN {WHOLE} LIMIT $2"));
    let rows = sqlx::query(sql).bind(id.to_string()).bind(STEP).fetch_all(&mut **tx).await?;
    rows.iter().map(entry).collect()
}

/// Lines of the ledger that keep their event and only name an address in it, among the next ones after `after`; and up
/// to which line that was, `None` at the end. Nothing finds them but reading them.
pub(crate) async fn naming(
    connection: &mut Connection,
    addresses: &[String],
    after: &str,
) -> Result<(Vec<Entry>, Option<String>), DeskError> {
    let next = "SELECT max(id) FROM (SELECT id FROM ledger WHERE envelope IS NOT NULL AND id > $1 \
        ORDER BY id LIMIT $2) AS next";
    let up_to: Option<String> =
        sqlx::query_scalar(next).bind(after).bind(READ).fetch_one(&mut *connection).await?;
    let Some(up_to) = up_to else { return Ok((Vec::new(), None)) };
    let mut found = Vec::new();
    for address in addresses {
        // quoted as JSON quotes it: a number is no part of a longer one
        let quoted = serde_json::Value::from(address.as_str()).to_string().to_lowercase();
        let sql = AssertSqlSafe(format!(
            "{ENTRY} WHERE envelope IS NOT NULL AND id > $1 AND id <= $2 \
             AND state IN ('dead', 'held', 'robot', 'blocked') AND lower(envelope) LIKE $3 ESCAPE '\\'"
        ));
        let query = sqlx::query(sql).bind(after).bind(&up_to).bind(pattern(&quoted));
        for row in query.fetch_all(&mut *connection).await? {
            found.push(entry(&row)?);
        }
    }
    Ok((found, Some(up_to)))
}

pub(super) fn entry(row: &AnyRow) -> Result<Entry, DeskError> {
    Ok(Entry {
        id: row.try_get("id")?,
        key: row.try_get("dedup_key")?,
        subject: row.try_get("subject")?,
        envelope: row.try_get("envelope")?,
    })
}

/// Deletes lines of the ledger, with those that say they came again.
pub(crate) async fn delete_ledger(store: &Store, tx: &mut Tx, ids: &[String]) -> Result<(), DeskError> {
    let again = "DELETE FROM ledger WHERE state = 'duplicate' AND external_id <> '' AND external_id IN \
        (SELECT external_id FROM ledger WHERE id IN {})";
    for sql in [again, "DELETE FROM ledger WHERE id IN {}"] {
        for_each(store, tx, sql, ids).await?;
    }
    Ok(())
}

/// Deletes a person of whom nothing else is left.
pub(crate) async fn delete_person(
    store: &Store,
    tx: &mut Tx,
    id: ProfileId,
    addresses: &[String],
) -> Result<(), DeskError> {
    let sql = AssertSqlSafe(format!("SELECT id FROM profiles WHERE id IN {WHOLE}"));
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(id.to_string()).fetch_all(&mut **tx).await?;
    for address in addresses {
        let quoted = serde_json::Value::from(address.as_str()).to_string();
        for table in ["split_text_parts", "split_texts"] {
            let sql = AssertSqlSafe(format!("DELETE FROM {table} WHERE key LIKE $1 ESCAPE '\\'"));
            sqlx::query(sql).bind(pattern(&quoted)).execute(&mut **tx).await?;
        }
        let sql = "UPDATE audit SET object_name = '' WHERE actor_kind = 'nobody' AND object_name = $1";
        sqlx::query(sql).bind(address).execute(&mut **tx).await?;
    }
    if ids.is_empty() {
        return Ok(());
    }
    let merged = "SELECT id FROM merges WHERE kept_id IN {}";
    let merges = of_each(store, tx, merged, &ids).await?;
    if !merges.is_empty() {
        for sql in [
            "DELETE FROM merge_items WHERE merge_id IN {}",
            "DELETE FROM timers WHERE subject_id IN {}",
            "DELETE FROM merges WHERE id IN {}",
        ] {
            for_each(store, tx, sql, &merges).await?;
        }
    }
    for sql in [
        "DELETE FROM merge_items WHERE merge_id IN (SELECT id FROM merges WHERE gone_id IN {})",
        "DELETE FROM merges WHERE gone_id IN {}",
        "DELETE FROM coupons_given WHERE profile_id IN {}",
        "DELETE FROM clicks WHERE profile_id IN {}",
        "DELETE FROM campaign_messages WHERE profile_id IN {}",
        "DELETE FROM consents WHERE profile_id IN {}",
        "DELETE FROM addresses WHERE profile_id IN {}",
        "DELETE FROM profiles WHERE id IN {}",
    ] {
        for_each(store, tx, sql, &ids).await?;
    }
    Ok(())
}

/// Writes some of the index of words anew, so that words of what was deleted are not in it any more; `false` once there
/// is nothing left to do. PostgreSQL has the words in the rows themselves.
pub(crate) async fn clean_words(store: &Store, tx: &mut Tx, first: bool) -> Result<bool, DeskError> {
    if store.dialect.words_in_rows {
        return Ok(false);
    }
    let changes = "SELECT total_changes()";
    let before: i64 = sqlx::query_scalar(changes).fetch_one(&mut **tx).await?;
    let pages: i64 = if first { -PAGES } else { PAGES };
    sqlx::query("INSERT INTO search_words (search_words, rank) VALUES ('merge', $1)")
        .bind(pages)
        .execute(&mut **tx)
        .await?;
    let after: i64 = sqlx::query_scalar(changes).fetch_one(&mut **tx).await?;
    Ok(after - before >= 2)
}

/// Pages of the index of one step.
const PAGES: i64 = 500;

/// Takes what was deleted out of the log that SQLite writes ahead.
pub(crate) async fn clean_log(store: &Store) -> Result<(), DeskError> {
    if !store.dialect.words_in_rows {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(store.writer()).await?;
    }
    Ok(())
}
