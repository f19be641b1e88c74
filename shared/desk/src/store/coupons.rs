//! Coupons, their codes, and who got which.

use domain::{CouponId, MessageId, ProfileId, TicketId, Timestamp};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{Store, Tx, rows::word};
use crate::{
    DeskError,
    coupons::{Coupon, Given},
};

/// Codes of one statement.
const CHUNK: usize = 500;

const COUPON: &str = "SELECT c.id, c.name, c.shared_code, c.expires_at, c.created_at, c.updated_at, \
    (SELECT count(*) FROM coupon_codes k WHERE k.coupon_id = c.id AND k.taken = 0) AS remaining, \
    (SELECT count(*) FROM coupons_given g WHERE g.coupon_id = c.id) AS given FROM coupons c";

fn coupon_of(row: &AnyRow) -> Result<Coupon, DeskError> {
    let shared_code: Option<String> = row.try_get("shared_code")?;
    let remaining: i64 = row.try_get("remaining")?;
    Ok(Coupon {
        id: word(row.try_get("id")?)?,
        name: row.try_get("name")?,
        remaining: shared_code.is_none().then_some(remaining),
        shared_code,
        given: row.try_get("given")?,
        expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}

/// All of them, by name.
pub(crate) async fn all(store: &Store) -> Result<Vec<Coupon>, DeskError> {
    let sql = format!("{COUPON} ORDER BY c.folded, c.id");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.reader()).await?;
    rows.iter().map(coupon_of).collect()
}

/// The one of that name, in lower case, without holding it.
pub(crate) async fn named(tx: &mut Tx, folded: &str) -> Result<Option<CouponId>, DeskError> {
    let sql = "SELECT id FROM coupons WHERE folded = $1";
    let found: Option<String> = sqlx::query_scalar(sql).bind(folded).fetch_optional(&mut **tx).await?;
    found.as_deref().map(word).transpose()
}

/// Locks one and reads it.
pub(crate) async fn lock(store: &Store, tx: &mut Tx, id: CouponId) -> Result<Option<Coupon>, DeskError> {
    locked(store, tx, "id", &id.to_string()).await
}

/// Locks the one of that name, in lower case, and reads it.
pub(crate) async fn lock_named(
    store: &Store,
    tx: &mut Tx,
    folded: &str,
) -> Result<Option<Coupon>, DeskError> {
    locked(store, tx, "folded", folded).await
}

async fn locked(store: &Store, tx: &mut Tx, column: &str, value: &str) -> Result<Option<Coupon>, DeskError> {
    let sql = format!("SELECT id FROM coupons WHERE {column} = $1{}", store.dialect.for_update);
    let found: Option<String> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(value.to_owned()).fetch_optional(&mut **tx).await?;
    let Some(id) = found else { return Ok(None) };
    let sql = format!("{COUPON} WHERE c.id = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(&mut **tx).await?;
    row.as_ref().map(coupon_of).transpose()
}

/// How many there are.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64, DeskError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM coupons").fetch_one(&mut **tx).await?)
}

/// Adds one; `false` when the name is taken.
pub(crate) async fn insert(tx: &mut Tx, new: &Coupon) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "INSERT INTO coupons (id, name, folded, shared_code, expires_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (folded) DO NOTHING",
    )
    .bind(new.id.to_string())
    .bind(&new.name)
    .bind(new.name.to_lowercase())
    .bind(&new.shared_code)
    .bind(new.expires_at.map(Timestamp::millis))
    .bind(new.created_at.millis())
    .bind(new.updated_at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a locked one; `false` when the name is another's.
pub(crate) async fn update(tx: &mut Tx, changed: &Coupon) -> Result<bool, DeskError> {
    let done = sqlx::query(
        "UPDATE coupons SET name = $1, folded = $2, shared_code = $3, expires_at = $4, updated_at = $5 WHERE id = $6 \
         AND NOT EXISTS (SELECT 1 FROM coupons other WHERE other.folded = $2 AND other.id <> $6)",
    )
    .bind(&changed.name)
    .bind(changed.name.to_lowercase())
    .bind(&changed.shared_code)
    .bind(changed.expires_at.map(Timestamp::millis))
    .bind(changed.updated_at.millis())
    .bind(changed.id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a locked one with its codes and with who got them.
pub(crate) async fn remove(tx: &mut Tx, id: CouponId) -> Result<(), DeskError> {
    for sql in [
        "DELETE FROM coupon_codes WHERE coupon_id = $1",
        "DELETE FROM coupons_given WHERE coupon_id = $1",
        "DELETE FROM coupons WHERE id = $1",
    ] {
        sqlx::query(sql).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Adds codes to a locked one; answers how many of them are new.
pub(crate) async fn add_codes(
    store: &Store,
    tx: &mut Tx,
    id: CouponId,
    codes: &[&str],
) -> Result<u64, DeskError> {
    let mut added = 0;
    for some in codes.chunks(CHUNK) {
        let values = store.values(some.len(), 2);
        let sql = format!(
            "INSERT INTO coupon_codes (coupon_id, code) VALUES {values} ON CONFLICT (coupon_id, code) DO NOTHING"
        );
        let query = some.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, code| {
            query.bind(id.to_string()).bind((*code).to_owned())
        });
        added += query.execute(&mut **tx).await?.rows_affected();
    }
    Ok(added)
}

/// The code a customer has of one, also as one of the profiles that were merged into theirs.
pub(crate) async fn code_of(
    tx: &mut Tx,
    id: CouponId,
    profile: ProfileId,
) -> Result<Option<String>, DeskError> {
    let sql = "SELECT code FROM coupons_given WHERE coupon_id = $1 AND profile_id IN \
        (SELECT id FROM profiles WHERE id = $2 OR merged_into = $2) ORDER BY given_at, profile_id LIMIT 1";
    Ok(sqlx::query_scalar(sql)
        .bind(id.to_string())
        .bind(profile.to_string())
        .fetch_optional(&mut **tx)
        .await?)
}

/// Takes a code of a locked one that nobody has.
pub(crate) async fn take_code(tx: &mut Tx, id: CouponId) -> Result<Option<String>, DeskError> {
    let free: Option<String> = sqlx::query_scalar(
        "SELECT code FROM coupon_codes WHERE coupon_id = $1 AND taken = 0 ORDER BY code LIMIT 1",
    )
    .bind(id.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    let Some(code) = free else { return Ok(None) };
    sqlx::query("UPDATE coupon_codes SET taken = 1 WHERE coupon_id = $1 AND code = $2")
        .bind(id.to_string())
        .bind(&code)
        .execute(&mut **tx)
        .await?;
    Ok(Some(code))
}

/// Where a code went.
pub(crate) struct Went<'a> {
    pub coupon: CouponId,
    pub profile: ProfileId,
    pub code: &'a str,
    pub message: MessageId,
    pub ticket: TicketId,
    pub by: &'a str,
    pub at: Timestamp,
}

/// Writes down who got a code.
pub(crate) async fn give(tx: &mut Tx, went: Went<'_>) -> Result<(), DeskError> {
    sqlx::query(
        "INSERT INTO coupons_given (coupon_id, profile_id, code, message_id, ticket_id, given_by, given_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(went.coupon.to_string())
    .bind(went.profile.to_string())
    .bind(went.code)
    .bind(went.message.to_string())
    .bind(went.ticket.to_string())
    .bind(went.by)
    .bind(went.at.millis())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who got one, newest first.
pub(crate) async fn given(store: &Store, id: CouponId, limit: i64) -> Result<Vec<Given>, DeskError> {
    let rows = sqlx::query(
        "SELECT g.profile_id, p.name AS profile_name, g.code, g.ticket_id, t.number, g.given_by, g.given_at \
         FROM coupons_given g JOIN profiles p ON p.id = g.profile_id JOIN tickets t ON t.id = g.ticket_id \
         WHERE g.coupon_id = $1 ORDER BY g.given_at DESC, g.profile_id LIMIT $2",
    )
    .bind(id.to_string())
    .bind(limit)
    .fetch_all(store.reader())
    .await?;
    let one = |row: &AnyRow| -> Result<Given, DeskError> {
        Ok(Given {
            profile: word(row.try_get("profile_id")?)?,
            profile_name: row.try_get("profile_name")?,
            code: row.try_get("code")?,
            ticket: word(row.try_get("ticket_id")?)?,
            ticket_number: row.try_get("number")?,
            given_by: row.try_get("given_by")?,
            given_at: Timestamp::from_millis(row.try_get("given_at")?),
        })
    };
    rows.iter().map(one).collect()
}
