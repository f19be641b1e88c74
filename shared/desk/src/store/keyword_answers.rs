//! What keyword answers were given, against loops.

use domain::{ProfileId, Timestamp};

use super::Tx;
use crate::DeskError;

/// How many keyword answers a profile got since then; of that family only, where one is given.
///
/// # Errors
/// The database cannot be read.
pub async fn since(
    tx: &mut Tx,
    profile: ProfileId,
    family: Option<&str>,
    since: Timestamp,
) -> Result<i64, DeskError> {
    let sql = "SELECT count(*) FROM messages WHERE profile_id = $1 AND channel = 'sms' AND direction = 'out' \
        AND author_kind = 'keyword' AND sent_at > $2 AND ($3 = '' OR author_name = $3)";
    Ok(sqlx::query_scalar(sql)
        .bind(profile.to_string())
        .bind(since.millis())
        .bind(family.unwrap_or_default())
        .fetch_one(&mut **tx)
        .await?)
}
