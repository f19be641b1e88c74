//! Migrations: small, dated, forward only, safe to run twice and beside running replicas (sqlx takes a lock).

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::Store;
use crate::DeskError;

/// Every migration: version, what it does, SQL with `{{blob}}` for the type of bytes (and others of
/// the dialect) and
/// `{{ticket_numbers}}` for what ticket numbers are drawn from.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (2026112101, "first", include_str!("migrations/0001_first.sql")),
    (2026112502, "words", include_str!("migrations/0002_words.sql")),
    (2026112503, "queue", include_str!("migrations/0003_queue.sql")),
    (2026112504, "links", include_str!("migrations/0004_links.sql")),
    (2026112505, "mail", include_str!("migrations/0005_mail.sql")),
    (2026112506, "mail answers", include_str!("migrations/0006_mail_answers.sql")),
    (2026112507, "chat", include_str!("migrations/0007_chat.sql")),
    (2026112609, "lists", include_str!("migrations/0009_lists.sql")),
    (2026112610, "quick responses and notes", include_str!("migrations/0010_quick_responses_and_notes.sql")),
    (2026112611, "search", include_str!("migrations/0011_search.sql")),
    (2026112612, "routing", include_str!("migrations/0012_routing.sql")),
    (2026112613, "notices", include_str!("migrations/0013_notices.sql")),
    (2026112614, "mailboxes", include_str!("migrations/0014_mailboxes.sql")),
    (2026112615, "waiting mails", include_str!("migrations/0015_waiting_mails.sql")),
    (2026112617, "tags", include_str!("migrations/0017_tags.sql")),
    (2026112618, "merges", include_str!("migrations/0018_merges.sql")),
    (2026112619, "webhooks", include_str!("migrations/0019_webhooks.sql")),
];

/// The version this executable needs.
pub const VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Brings the database to this version.
///
/// # Errors
/// The database cannot be reached or refuses.
pub async fn run(store: &Store) -> Result<(), DeskError> {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            let sql = sql
                .replace("{{blob}}", store.dialect.blob)
                .replace("{{serial}}", store.dialect.serial)
                .replace("{{random_id}}", store.dialect.random_id)
                .replace("{{search_words}}", store.dialect.search_words)
                .replace("{{ticket_numbers}}", store.dialect.ticket_numbers);
            let sql = AssertSqlSafe(sql).into_sql_str();
            Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, sql, false)
        })
        .collect();
    Migrator::with_migrations(migrations)
        .run(&store.writers)
        .await
        .map_err(|error| DeskError::Unavailable(format!("the migration failed: {error}")))
}

/// The newest migration the database has had; `None` for an empty database.
///
/// # Errors
/// The database cannot be reached.
pub async fn version(store: &Store) -> Result<Option<i64>, DeskError> {
    let found: Result<Option<i64>, _> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(store.reader()).await;
    match found {
        Ok(version) => Ok(version),
        Err(sqlx::Error::Database(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
