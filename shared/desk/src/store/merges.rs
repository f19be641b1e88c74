//! Profiles that turned out to be one person. What moves is written down item by item, so that exactly that goes back.

use domain::{MergeId, ProfileId, Timestamp, consent::ConsentRecord};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    Store, Tx,
    rows::{consent, word},
    search_index,
};
use crate::{
    DeskError,
    merge::{Merge, Taken},
};

const SELECT: &str = "SELECT id, kept_id, gone_id, taken, actor_id, actor_name, at, undone_at FROM merges";
/// The number that is held while profiles are merged.
const MERGING: i64 = 0x6d65_7267;

/// What moves: its name among the items, its table, what names a row.
const MOVED: [(&str, &str, &str); 5] = [
    ("address", "addresses", "kind || ':' || value"),
    ("ticket", "tickets", "id"),
    ("consent", "consents", "id"),
    ("ledger", "ledger", "id"),
    ("message", "messages", "id"),
];

/// Nobody else merges profiles until the transaction ends.
pub(crate) async fn hold(store: &Store, tx: &mut Tx) -> Result<(), DeskError> {
    let Some(statement) = store.dialect.hold else { return Ok(()) };
    sqlx::query(AssertSqlSafe(statement)).bind(MERGING).fetch_one(&mut **tx).await?;
    Ok(())
}

/// Locks every ticket of two profiles, in the order in which tickets are locked.
pub(crate) async fn hold_tickets(store: &Store, tx: &mut Tx, of: [ProfileId; 2]) -> Result<(), DeskError> {
    let lock = store.dialect.for_update;
    let sql = format!("SELECT id FROM tickets WHERE profile_id IN ($1, $2) ORDER BY id{lock}");
    let [one, other] = of.map(|id| id.to_string());
    sqlx::query(AssertSqlSafe(sql)).bind(one).bind(other).fetch_all(&mut **tx).await?;
    Ok(())
}

/// The profile that a profile is now; `None` when there is none.
pub(crate) async fn standing(store: &Store, id: ProfileId) -> Result<Option<ProfileId>, DeskError> {
    let sql = "SELECT COALESCE(merged_into, id) FROM profiles WHERE id = $1 AND erasing = 0";
    let found: Option<String> =
        sqlx::query_scalar(sql).bind(id.to_string()).fetch_optional(store.reader()).await?;
    found.as_deref().map(word).transpose()
}

/// Whether a profile is there and not part of another.
pub(crate) async fn stands(tx: &mut Tx, id: ProfileId) -> Result<bool, DeskError> {
    let sql = "SELECT id FROM profiles WHERE id = $1 AND merged_into IS NULL AND erasing = 0";
    Ok(sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?.is_some())
}

/// Whether one of two profiles is blocked and the other is not.
pub(crate) async fn blocked_differs(tx: &mut Tx, of: [ProfileId; 2]) -> Result<bool, DeskError> {
    let sql = "SELECT count(blocked_at) FROM profiles WHERE id IN ($1, $2)";
    let [one, other] = of.map(|id| id.to_string());
    let blocked: i64 = sqlx::query_scalar(sql).bind(one).bind(other).fetch_one(&mut **tx).await?;
    Ok(blocked == 1)
}

/// The merge by which a profile went into another and still is there.
pub(crate) async fn onward(tx: &mut Tx, gone: ProfileId) -> Result<Option<Merge>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE gone_id = $1 AND undone_at IS NULL"));
    let row = sqlx::query(sql).bind(gone.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(merge).transpose()
}

/// How many messages a profile has.
pub(crate) async fn messages(store: &Store, id: ProfileId) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM messages WHERE profile_id = $1";
    Ok(sqlx::query_scalar(sql).bind(id.to_string()).fetch_one(store.reader()).await?)
}

/// Writes a merge down, and which words on consent the profile that stays had itself: a word's time does not tell, as
/// it may have come late.
pub(crate) async fn insert(tx: &mut Tx, merge: &Merge) -> Result<(), DeskError> {
    let taken = serde_json::to_string(&merge.taken)
        .map_err(|error| DeskError::Refused(format!("a merge cannot be written down: {error}")))?;
    sqlx::query(
        "INSERT INTO merges (id, kept_id, gone_id, taken, actor_id, actor_name, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(merge.id.to_string())
    .bind(merge.kept.to_string())
    .bind(merge.gone.to_string())
    .bind(taken)
    .bind(merge.actor.to_string())
    .bind(&merge.actor_name)
    .bind(merge.at.millis())
    .execute(&mut **tx)
    .await?;
    let sql = "INSERT INTO merge_items (merge_id, kind, item) SELECT $1, 'own_consent', id FROM consents \
        WHERE profile_id = $2 ON CONFLICT (merge_id, kind, item) DO NOTHING";
    sqlx::query(sql).bind(merge.id.to_string()).bind(merge.kept.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Whose words on consent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Words {
    /// Those that the profile that stays had before.
    Own,
    /// Those that came to it since, but for the merge's.
    Since,
}

/// Words on consent of the profile that stays, as of a merge, oldest first.
pub(crate) async fn consents(
    tx: &mut Tx,
    merge: &Merge,
    words: Words,
) -> Result<Vec<ConsentRecord>, DeskError> {
    let among = match words {
        Words::Own => "IN (SELECT item FROM merge_items WHERE merge_id = $2 AND kind = 'own_consent')",
        Words::Since => {
            "NOT IN (SELECT item FROM merge_items WHERE merge_id = $2 AND kind IN ('own_consent', 'consent'))"
        }
    };
    let sql = AssertSqlSafe(format!(
        "SELECT kind, state, source, evidence, number, at FROM consents \
         WHERE profile_id = $1 AND source <> $3 AND id {among} ORDER BY at, id"
    ));
    let rows = sqlx::query(sql)
        .bind(merge.kept.to_string())
        .bind(merge.id.to_string())
        .bind(merge.source())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(consent).collect()
}

/// Moves everything of the profile that goes to the one that stays; how many rows that were. Asked again, it moves what
/// came in between.
pub(crate) async fn over(tx: &mut Tx, merge: &Merge) -> Result<u64, DeskError> {
    let (id, kept, gone) = (merge.id.to_string(), merge.kept.to_string(), merge.gone.to_string());
    let mut moved = 0;
    for (kind, table, key) in MOVED {
        let alone = if kind == "message" { " AND ticket_id IS NULL" } else { "" };
        let sql = AssertSqlSafe(format!(
            "INSERT INTO merge_items (merge_id, kind, item) SELECT $1, '{kind}', {key} FROM {table} \
             WHERE profile_id = $2{alone} ON CONFLICT (merge_id, kind, item) DO NOTHING"
        ));
        sqlx::query(sql).bind(&id).bind(&gone).execute(&mut **tx).await?;
        let sql = AssertSqlSafe(format!(
            "UPDATE {table} SET profile_id = $1 WHERE profile_id = $2 AND {key} IN \
             (SELECT item FROM merge_items WHERE merge_id = $3 AND kind = '{kind}')"
        ));
        let done = sqlx::query(sql).bind(&kept).bind(&gone).bind(&id).execute(&mut **tx).await?;
        moved += done.rows_affected();
    }
    moved += messages_follow(tx, &gone, &kept).await?;
    let sql = "INSERT INTO merge_items (merge_id, kind, item) SELECT $1, 'merged', id FROM profiles \
        WHERE merged_into = $2 ON CONFLICT (merge_id, kind, item) DO NOTHING";
    sqlx::query(sql).bind(&id).bind(&gone).execute(&mut **tx).await?;
    let sql = "UPDATE profiles SET merged_into = $1 WHERE merged_into = $2 OR id = $2";
    sqlx::query(sql).bind(&kept).bind(&gone).execute(&mut **tx).await?;
    index(tx, merge).await?;
    Ok(moved)
}

/// Puts back what moved, and with each ticket what was written in it since.
pub(crate) async fn back(tx: &mut Tx, merge: &Merge) -> Result<(), DeskError> {
    let (id, kept, gone) = (merge.id.to_string(), merge.kept.to_string(), merge.gone.to_string());
    for (kind, table, key) in MOVED {
        let sql = AssertSqlSafe(format!(
            "UPDATE {table} SET profile_id = $1 WHERE profile_id = $2 AND {key} IN \
             (SELECT item FROM merge_items WHERE merge_id = $3 AND kind = '{kind}')"
        ));
        sqlx::query(sql).bind(&gone).bind(&kept).bind(&id).execute(&mut **tx).await?;
    }
    messages_follow(tx, &kept, &gone).await?;
    // both were blocked or neither was: whatever was decided since was decided about both
    let sql = "UPDATE profiles SET merged_into = NULL, \
        blocked_at = (SELECT kept.blocked_at FROM profiles kept WHERE kept.id = $2) WHERE id = $1";
    sqlx::query(sql).bind(&gone).bind(&kept).execute(&mut **tx).await?;
    let sql = "UPDATE profiles SET merged_into = $1 WHERE merged_into = $2 AND id IN \
        (SELECT item FROM merge_items WHERE merge_id = $3 AND kind = 'merged')";
    sqlx::query(sql).bind(&gone).bind(&kept).bind(&id).execute(&mut **tx).await?;
    // the line that only the merge was the reason of
    let sql = "DELETE FROM consents WHERE profile_id = $1 AND source = $2";
    sqlx::query(sql).bind(&kept).bind(merge.source()).execute(&mut **tx).await?;
    let Taken { name, time_zone, location, claimed_email } = &merge.taken;
    for (column, value) in
        [("name", name), ("time_zone", time_zone), ("location", location), ("claimed_email", claimed_email)]
    {
        let Some(value) = value else { continue };
        let sql =
            AssertSqlSafe(format!("UPDATE profiles SET {column} = NULL WHERE id = $1 AND {column} = $2"));
        sqlx::query(sql).bind(&kept).bind(value).execute(&mut **tx).await?;
    }
    index(tx, merge).await
}

/// Messages are of whom their ticket is; campaign messages and clicks of whom their message is.
async fn messages_follow(tx: &mut Tx, from: &str, to: &str) -> Result<u64, DeskError> {
    let sql = "UPDATE messages SET profile_id = $1 WHERE profile_id = $2 AND ticket_id IN \
        (SELECT id FROM tickets WHERE profile_id = $1)";
    let moved = sqlx::query(sql).bind(to).bind(from).execute(&mut **tx).await?.rows_affected();
    for table in ["campaign_messages", "clicks"] {
        let sql = AssertSqlSafe(format!(
            "UPDATE {table} SET profile_id = $1 WHERE profile_id = $2 AND message_id IN \
             (SELECT id FROM messages WHERE profile_id = $1)"
        ));
        sqlx::query(sql).bind(to).bind(from).execute(&mut **tx).await?;
    }
    Ok(moved)
}

async fn index(tx: &mut Tx, merge: &Merge) -> Result<(), DeskError> {
    search_index::profile(tx, merge.kept).await?;
    search_index::profile(tx, merge.gone).await
}

/// Fills what the one that stays does not know.
pub(crate) async fn fill(tx: &mut Tx, kept: ProfileId, taken: &Taken) -> Result<(), DeskError> {
    sqlx::query(
        "UPDATE profiles SET name = COALESCE(name, $1), time_zone = COALESCE(time_zone, $2), \
         location = COALESCE(location, $3), claimed_email = COALESCE(claimed_email, $4) WHERE id = $5",
    )
    .bind(&taken.name)
    .bind(&taken.time_zone)
    .bind(&taken.location)
    .bind(&taken.claimed_email)
    .bind(kept.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The merge is undone.
pub(crate) async fn undone(tx: &mut Tx, id: MergeId, by: &str, now: Timestamp) -> Result<(), DeskError> {
    let sql = "UPDATE merges SET undone_at = $1, undone_by = $2 WHERE id = $3";
    sqlx::query(sql).bind(now.millis()).bind(by).bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// A merge.
pub(crate) async fn find(tx: &mut Tx, id: MergeId) -> Result<Option<Merge>, DeskError> {
    let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.as_ref().map(merge).transpose()
}

/// The newest merges into a profile, each with the name of the one that is in it now.
pub(crate) async fn into(
    store: &Store,
    id: ProfileId,
    limit: i64,
) -> Result<Vec<(Merge, Option<String>)>, DeskError> {
    let sql = "SELECT m.id, m.kept_id, m.gone_id, m.taken, m.actor_id, m.actor_name, m.at, m.undone_at, p.name \
        FROM merges m JOIN profiles p ON p.id = m.gone_id WHERE m.kept_id = $1 ORDER BY m.at DESC, m.id DESC LIMIT $2";
    let rows = sqlx::query(sql).bind(id.to_string()).bind(limit).fetch_all(store.reader()).await?;
    rows.iter().map(|row| Ok((merge(row)?, row.try_get("name")?))).collect()
}

fn merge(row: &AnyRow) -> Result<Merge, DeskError> {
    let odd = |error| DeskError::Unavailable(format!("the database holds an odd merge: {error}"));
    Ok(Merge {
        id: word(row.try_get("id")?)?,
        kept: word(row.try_get("kept_id")?)?,
        gone: word(row.try_get("gone_id")?)?,
        taken: serde_json::from_str(row.try_get("taken")?).map_err(odd)?,
        actor: word(row.try_get("actor_id")?)?,
        actor_name: row.try_get("actor_name")?,
        at: Timestamp::from_millis(row.try_get("at")?),
        undone_at: row.try_get::<Option<i64>, _>("undone_at")?.map(Timestamp::from_millis),
    })
}
