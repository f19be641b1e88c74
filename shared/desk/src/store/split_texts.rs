//! Texts that come in parts: those that wait for the rest, and for a while those that have landed.

use domain::{Timestamp, parts::Parts};
use sqlx::Row;

use super::Tx;
use crate::DeskError;

/// Where a text in parts stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Parts are missing.
    Waits,
    /// It became a message then.
    Landed(Timestamp),
}

/// A text in parts, locked until the transaction ends; made if there is none.
///
/// # Errors
/// The database refuses.
pub async fn claim(tx: &mut Tx, key: &str, now: Timestamp) -> Result<Standing, DeskError> {
    let landed: Option<i64> = sqlx::query_scalar(
        "INSERT INTO split_texts (key, touched_at) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET touched_at = excluded.touched_at RETURNING landed_at",
    )
    .bind(key)
    .bind(now.millis())
    .fetch_one(&mut **tx)
    .await?;
    Ok(landed.map_or(Standing::Waits, |at| Standing::Landed(Timestamp::from_millis(at))))
}

/// Its parts, and the key of each in the ledger in the same order.
///
/// # Errors
/// The database cannot be read.
pub async fn parts(tx: &mut Tx, key: &str) -> Result<(Parts, Vec<String>), DeskError> {
    let rows =
        sqlx::query("SELECT number, dedup_key, event FROM split_text_parts WHERE key = $1 ORDER BY number")
            .bind(key)
            .fetch_all(&mut **tx)
            .await?;
    let (mut parts, mut keys) = (Parts::new(), Vec::new());
    for row in rows {
        let odd = |error: &dyn std::fmt::Display| {
            DeskError::Refused(format!("a kept part cannot be read: {error}"))
        };
        let number = u16::try_from(row.try_get::<i64, _>("number")?).map_err(|error| odd(&error))?;
        let event = serde_json::from_str(row.try_get("event")?).map_err(|error| odd(&error))?;
        parts.insert(number, event);
        keys.push(row.try_get("dedup_key")?);
    }
    Ok((parts, keys))
}

/// Keeps a part.
///
/// # Errors
/// The database refuses.
pub async fn add(tx: &mut Tx, key: &str, number: u16, dedup_key: &str, event: &str) -> Result<(), DeskError> {
    sqlx::query("INSERT INTO split_text_parts (key, number, dedup_key, event) VALUES ($1, $2, $3, $4)")
        .bind(key)
        .bind(i64::from(number))
        .bind(dedup_key)
        .bind(event)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// It became a message.
///
/// # Errors
/// The database refuses.
pub async fn landed(tx: &mut Tx, key: &str, now: Timestamp) -> Result<(), DeskError> {
    sqlx::query("UPDATE split_texts SET landed_at = $1 WHERE key = $2")
        .bind(now.millis())
        .bind(key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets its parts: the next one begins another text.
///
/// # Errors
/// The database refuses.
pub async fn begin_anew(tx: &mut Tx, key: &str) -> Result<(), DeskError> {
    sqlx::query("DELETE FROM split_text_parts WHERE key = $1").bind(key).execute(&mut **tx).await?;
    sqlx::query("UPDATE split_texts SET landed_at = NULL WHERE key = $1")
        .bind(key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets texts that landed before that.
///
/// # Errors
/// The database refuses.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<(), DeskError> {
    sqlx::query(
        "DELETE FROM split_text_parts WHERE key IN (SELECT key FROM split_texts WHERE landed_at < $1)",
    )
    .bind(before.millis())
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM split_texts WHERE landed_at < $1")
        .bind(before.millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
