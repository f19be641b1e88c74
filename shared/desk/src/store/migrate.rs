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
    (2026112620, "mailbox polls", include_str!("migrations/0020_mailbox_polls.sql")),
    (2026112622, "read up to", include_str!("migrations/0022_read_up_to.sql")),
    (2026112623, "files to go", include_str!("migrations/0023_files_to_go.sql")),
    (2026112624, "audit", include_str!("migrations/0024_audit.sql")),
    (2026112625, "sessions and invitations", include_str!("migrations/0025_people.sql")),
    (2026112628, "drafts", include_str!("migrations/0028_drafts.sql")),
    (2026112629, "preferences", include_str!("migrations/0029_preferences.sql")),
    (2026112630, "coupons", include_str!("migrations/0030_coupons.sql")),
    (2026112631, "webhook health", include_str!("migrations/0031_webhook_health.sql")),
    (2026112632, "merges onward", include_str!("migrations/0032_merges_onward.sql")),
    (2026112633, "longest waiting", include_str!("migrations/0033_longest_waiting.sql")),
    (2026112634, "erasures", include_str!("migrations/0034_erasures.sql")),
    (2026112635, "mails kept by the ledger", include_str!("migrations/0035_mails_kept_by_the_ledger.sql")),
    (2026112638, "mailboxes by number", include_str!("migrations/0038_mailboxes_by_number.sql")),
    (2026112739, "channels", include_str!("migrations/0039_channels.sql")),
    (2026112741, "second steps", include_str!("migrations/0041_second_steps.sql")),
    (2026112742, "passkeys", include_str!("migrations/0042_passkeys.sql")),
    (2026112743, "identities", include_str!("migrations/0043_identities.sql")),
    (2026112744, "retention", include_str!("migrations/0044_retention.sql")),
    (2026112745, "refresh tokens", include_str!("migrations/0045_refresh_tokens.sql")),
    (2026112746, "words beside", include_str!("migrations/0046_words_in_rows.sql")),
];

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
                .replace("{{words_beside}}", store.dialect.words_beside)
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

/// Whether the database has had every migration of this executable; numbers are not always given in order.
///
/// # Errors
/// The database cannot be reached.
pub async fn is_done(store: &Store) -> Result<bool, DeskError> {
    let had: Result<Vec<i64>, _> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations").fetch_all(store.reader()).await;
    match had {
        Ok(had) => Ok(MIGRATIONS.iter().all(|(version, ..)| had.contains(version))),
        Err(sqlx::Error::Database(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
