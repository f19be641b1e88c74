//! How a profile is known. An address belongs to one profile, whoever asks first and however many ask at once.

use domain::{Address, EmailAddress, PhoneNumber, ProfileId, Timestamp};
use sqlx::Row;

use super::{Tx, rows::word, search_index};
use crate::DeskError;

/// What intake must know of a profile.
#[derive(Clone, Debug)]
pub struct KnownProfile {
    /// Its id.
    pub id: ProfileId,
    /// A name, where known.
    pub name: Option<String>,
    /// Blocked (G2).
    pub blocked: bool,
}

/// Whose address this is.
///
/// # Errors
/// The database cannot be read.
pub async fn find(tx: &mut Tx, address: &Address) -> Result<Option<KnownProfile>, DeskError> {
    let row = sqlx::query(
        "SELECT p.id, p.name, p.blocked_at FROM addresses a JOIN profiles p ON p.id = a.profile_id \
         WHERE a.kind = $1 AND a.value = $2",
    )
    .bind(address.kind())
    .bind(address.value())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(KnownProfile {
            id: word(row.try_get("id")?)?,
            name: row.try_get("name")?,
            blocked: row.try_get::<Option<i64>, _>("blocked_at")?.is_some(),
        })
    })
    .transpose()
}

/// A profile by its id, or the one it became part of.
///
/// # Errors
/// The database cannot be read.
pub async fn known(tx: &mut Tx, id: ProfileId) -> Result<Option<KnownProfile>, DeskError> {
    let sql = "SELECT id, name, blocked_at FROM profiles \
        WHERE id = (SELECT COALESCE(merged_into, id) FROM profiles WHERE id = $1) AND erasing = 0";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        let blocked = row.try_get::<Option<i64>, _>("blocked_at")?.is_some();
        Ok(KnownProfile { id: word(row.try_get("id")?)?, name: row.try_get("name")?, blocked })
    })
    .transpose()
}

/// A profile's number; of several, the one known longest.
///
/// # Errors
/// The database cannot be read.
pub async fn phone_of(tx: &mut Tx, profile: ProfileId) -> Result<Option<PhoneNumber>, DeskError> {
    let sql = "SELECT value FROM addresses WHERE profile_id = $1 AND kind = 'phone' ORDER BY created_at, value LIMIT 1";
    let value: Option<String> =
        sqlx::query_scalar(sql).bind(profile.to_string()).fetch_optional(&mut **tx).await?;
    value.as_deref().map(word).transpose()
}

/// A new profile known by this address; whoever was quicker wins.
///
/// # Errors
/// The database refuses.
pub async fn create(
    tx: &mut Tx,
    id: ProfileId,
    address: &Address,
    name: Option<String>,
    now: Timestamp,
) -> Result<KnownProfile, DeskError> {
    sqlx::query("INSERT INTO profiles (id, name, created_at, updated_at) VALUES ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(&name)
        .bind(now.millis())
        .bind(now.millis())
        .execute(&mut **tx)
        .await?;
    if attach(tx, id, address, now).await? {
        return Ok(KnownProfile { id, name, blocked: false });
    }
    sqlx::query("DELETE FROM profiles WHERE id = $1").bind(id.to_string()).execute(&mut **tx).await?;
    let winner = find(tx, address).await?;
    winner.ok_or_else(|| DeskError::Busy(format!("the address {} came and went", address.value())))
}

/// Makes a profile known by one address more; `false` if it belongs to somebody already.
///
/// # Errors
/// The database refuses.
pub async fn attach(
    tx: &mut Tx,
    profile: ProfileId,
    address: &Address,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let added = sqlx::query(
        "INSERT INTO addresses (kind, value, profile_id, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, value) DO NOTHING",
    )
    .bind(address.kind())
    .bind(address.value())
    .bind(profile.to_string())
    .bind(now.millis())
    .execute(&mut **tx)
    .await?;
    let added = added.rows_affected() > 0;
    if added {
        search_index::profile(tx, profile).await?;
    }
    Ok(added)
}

/// Names a profile that has no name.
///
/// # Errors
/// The database refuses.
pub async fn name(tx: &mut Tx, profile: ProfileId, name: &str, now: Timestamp) -> Result<(), DeskError> {
    let named = sqlx::query("UPDATE profiles SET name = $1, updated_at = $2 WHERE id = $3 AND name IS NULL")
        .bind(name)
        .bind(now.millis())
        .bind(profile.to_string())
        .execute(&mut **tx)
        .await?;
    if named.rows_affected() > 0 { search_index::profile(tx, profile).await } else { Ok(()) }
}

/// Keeps, for showing, the address an unverified visitor gives. It never makes them anybody.
///
/// # Errors
/// The database refuses.
pub async fn claim_email(
    tx: &mut Tx,
    profile: ProfileId,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<(), DeskError> {
    let claimed = sqlx::query(
        "UPDATE profiles SET claimed_email = $1, updated_at = $2 \
         WHERE id = $3 AND (claimed_email IS NULL OR claimed_email <> $1)",
    )
    .bind(email.as_str())
    .bind(now.millis())
    .bind(profile.to_string())
    .execute(&mut **tx)
    .await?;
    if claimed.rows_affected() > 0 { search_index::profile(tx, profile).await } else { Ok(()) }
}
