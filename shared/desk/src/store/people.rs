//! Customers as agents see them: profiles with addresses, consent and counts.

use std::collections::HashMap;

use domain::{
    Address, Channel, EmailAddress, PhoneNumber, ProfileId, TicketId, Timestamp, UserId,
    consent::ConsentRecord,
};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Executor, Row, any::AnyRow, query::Query};

use super::{
    Store, Tx,
    rows::{consents_of, word},
    search::{Conditions, pattern},
    search_index,
};
use crate::{
    DeskError, consent, entropy,
    profiles::{KnownAddress, ProfilePatch, ProfileView},
};

const PROFILE: &str = "SELECT p.id, p.name, p.claimed_email, p.time_zone, p.location, p.blocked_at, p.created_at FROM profiles p";

/// How many closed tickets of a customer are told of a change.
const CLOSED_TOLD: i64 = 20;

/// One profile.
pub(crate) async fn profile(store: &Store, id: ProfileId) -> Result<Option<ProfileView>, DeskError> {
    let statement = AssertSqlSafe(format!("{PROFILE} WHERE p.id = $1"));
    let mut connection = store.reader().acquire().await?;
    let rows = sqlx::query(statement).bind(id.to_string()).fetch_all(&mut *connection).await?;
    Ok(views(store, &mut connection, &rows).await?.pop())
}

/// At most `limit` profiles after a key, newest first.
pub(crate) async fn page(
    store: &Store,
    q: Option<&str>,
    after: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<ProfileView>, DeskError> {
    let mut conditions = Conditions::default();
    conditions.add("p.merged_into IS NULL AND p.erasing = 0".into());
    if let Some(words) = q {
        let like = conditions.text(&pattern(words));
        let like = format!("LIKE lower({like}) ESCAPE '\\'");
        conditions.add(format!(
            "(lower(p.name) {like} OR lower(p.claimed_email) {like} OR p.id IN \
             (SELECT profile_id FROM addresses WHERE lower(value) {like}))"
        ));
    }
    if let Some((at, id)) = after {
        let (at, id) = (conditions.number(at), conditions.text(&id));
        conditions.add(format!("(p.created_at, p.id) < ({at}, {id})"));
    }
    let limit = conditions.number(limit);
    let sql = format!("{PROFILE}{} ORDER BY p.created_at DESC, p.id DESC LIMIT {limit}", conditions.clause());
    let mut connection = store.reader().acquire().await?;
    let rows = conditions.bind(sqlx::query(AssertSqlSafe(sql))).fetch_all(&mut *connection).await?;
    views(store, &mut connection, &rows).await
}

async fn views(
    store: &Store,
    connection: &mut AnyConnection,
    rows: &[AnyRow],
) -> Result<Vec<ProfileView>, DeskError> {
    let ids: Vec<String> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let consents = consents_of(store, connection, &ids).await?;
    let mut addresses = addresses(store, connection, &ids).await?;
    let counts = counts(store, connection, &ids).await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("id")?;
            let claimed: Option<String> = row.try_get("claimed_email")?;
            Ok(ProfileView {
                sms_kinds: consent::subscribed(consents.get(&id).map_or(&[], Vec::as_slice)),
                tickets: counts.get(&id).copied().unwrap_or(0),
                addresses: addresses.remove(&id).unwrap_or_default(),
                id: word(&id)?,
                name: row.try_get("name")?,
                claimed_email: claimed.and_then(|email| EmailAddress::parse(&email).ok()),
                blocked: row.try_get::<Option<i64>, _>("blocked_at")?.is_some(),
                time_zone: row.try_get("time_zone")?,
                location: row.try_get("location")?,
                created_at: Timestamp::from_millis(row.try_get("created_at")?),
            })
        })
        .collect()
}

type Statement<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

fn bound<'q>(store: &Store, sql: &str, rest: &str, ids: &'q [String]) -> Statement<'q> {
    let statement = AssertSqlSafe(format!("{sql} IN {}{rest}", store.values(1, ids.len())));
    ids.iter().fold(sqlx::query(statement), Query::bind)
}

async fn addresses(
    store: &Store,
    connection: &mut AnyConnection,
    ids: &[String],
) -> Result<HashMap<String, Vec<KnownAddress>>, DeskError> {
    let mut found: HashMap<String, Vec<KnownAddress>> = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let sql = "SELECT profile_id, kind, value, verified FROM addresses WHERE profile_id";
    let rows = bound(store, sql, " ORDER BY created_at, kind, value", ids).fetch_all(connection).await?;
    for row in rows {
        let verified = row.try_get::<i64, _>("verified")? != 0;
        let address = address_of(row.try_get("kind")?, row.try_get("value")?)?;
        found.entry(row.try_get("profile_id")?).or_default().push(KnownAddress { address, verified });
    }
    Ok(found)
}

fn address_of(kind: &str, value: String) -> Result<Address, DeskError> {
    Ok(match kind {
        "phone" => Address::Phone(word::<PhoneNumber>(&value)?),
        "email" => Address::Email(word::<EmailAddress>(&value)?),
        "sender" => Address::Sender(value),
        "visitor" => Address::Visitor(value),
        _ => Address::External(value),
    })
}

async fn counts(
    store: &Store,
    connection: &mut AnyConnection,
    ids: &[String],
) -> Result<HashMap<String, i64>, DeskError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT profile_id, count(*) AS n FROM tickets WHERE profile_id";
    let rows = bound(store, sql, " GROUP BY profile_id", ids).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("profile_id")?, row.try_get("n")?))).collect()
}

/// Where a customer is, as far as their profile says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Place.
    pub location: Option<String>,
}

/// Where a customer is.
pub(crate) async fn place<E>(executor: &mut E, id: ProfileId) -> Result<Place, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    let query = sqlx::query("SELECT time_zone, location FROM profiles WHERE id = $1").bind(id.to_string());
    let Some(row) = query.fetch_optional(&mut *executor).await? else { return Ok(Place::default()) };
    Ok(Place { time_zone: row.try_get("time_zone")?, location: row.try_get("location")? })
}

/// Writes what a patch names; `false` when there is no such profile.
pub(crate) async fn change(
    tx: &mut Tx,
    id: ProfileId,
    patch: &ProfilePatch,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let mut sets = Conditions::default();
    for (column, value) in
        [("name", &patch.name), ("time_zone", &patch.time_zone), ("location", &patch.location)]
    {
        match value {
            Some(Some(value)) => {
                let value = sets.text(value);
                sets.add(format!("{column} = {value}"));
            }
            Some(None) => sets.add(format!("{column} = NULL")),
            None => {}
        }
    }
    let now = sets.number(now.millis());
    sets.add(format!("updated_at = {now}"));
    let place = sets.text(&id.to_string());
    let sql = format!("UPDATE profiles SET {} WHERE id = {place}", sets.list());
    let done = sets.bind(sqlx::query(AssertSqlSafe(sql))).execute(&mut **tx).await?;
    if patch.name.is_some() {
        search_index::profile(tx, id).await?;
    }
    Ok(done.rows_affected() == 1)
}

/// Blocks or unblocks; `false` when that changes nothing.
pub(crate) async fn set_blocked(
    tx: &mut Tx,
    id: ProfileId,
    at: Option<Timestamp>,
) -> Result<bool, DeskError> {
    let sql = if at.is_some() {
        "UPDATE profiles SET blocked_at = $1 WHERE id = $2 AND blocked_at IS NULL"
    } else {
        "UPDATE profiles SET blocked_at = $1 WHERE id = $2 AND blocked_at IS NOT NULL"
    };
    let done =
        sqlx::query(sql).bind(at.map(Timestamp::millis)).bind(id.to_string()).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// The history of consent, newest first.
pub(crate) async fn consents(store: &Store, id: ProfileId) -> Result<Vec<ConsentRecord>, DeskError> {
    let mut connection = store.reader().acquire().await?;
    let id = id.to_string();
    Ok(consents_of(store, &mut *connection, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or_default())
}

/// The history of consent as a transaction sees it, newest first.
pub(crate) async fn consents_in(
    store: &Store,
    tx: &mut Tx,
    id: ProfileId,
) -> Result<Vec<ConsentRecord>, DeskError> {
    let id = id.to_string();
    Ok(consents_of(store, &mut **tx, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or_default())
}

/// Adds to the history of consent. `once` names the word that is recorded: the same word again is there already.
pub(crate) async fn add_consent(
    tx: &mut Tx,
    profile: ProfileId,
    once: Option<&str>,
    record: &ConsentRecord,
) -> Result<(), DeskError> {
    let id = once.map_or_else(
        || UserId::new(record.at, &entropy()),
        |name| UserId::named(profile.0, &format!("{name}:{}", record.kind.as_str())),
    );
    sqlx::query(
        "INSERT INTO consents (id, profile_id, kind, state, source, evidence, number, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(profile.to_string())
    .bind(record.kind.as_str())
    .bind(record.state.as_str())
    .bind(&record.source)
    .bind(&record.text)
    .bind(&record.number)
    .bind(record.at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A customer's tickets that are not closed, and the newest closed ones; by id, so that writers who lock several
/// take them in one order.
pub(crate) async fn tickets_to_touch(
    tx: &mut Tx,
    profile: ProfileId,
    channel: Option<Channel>,
) -> Result<Vec<TicketId>, DeskError> {
    let rows = sqlx::query(
        "SELECT id FROM tickets WHERE profile_id = $1 AND ($2 = '' OR channel = $2) AND (status <> 'closed' OR id IN \
         (SELECT id FROM tickets WHERE profile_id = $1 AND status = 'closed' ORDER BY last_message_at DESC LIMIT $3)) \
         ORDER BY id",
    )
    .bind(profile.to_string())
    .bind(channel.map_or("", Channel::as_str))
    .bind(CLOSED_TOLD)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| word(row.try_get("id")?)).collect()
}
