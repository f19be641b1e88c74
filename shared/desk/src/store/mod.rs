//! The only place that knows SQL. One SQL for SQLite and PostgreSQL through sqlx's `Any`, with a small [`Dialect`] for
//! what differs. Types are TEXT, BIGINT and blobs; no booleans, no JSON operators (see ARCHITECTURE.md).
//!
//! SQLite has one writing connection, so writers queue; PostgreSQL has a pool. Reads have a pool on both.

use std::time::Duration;

use sqlx::{
    Any, AnyPool, Executor, Transaction,
    any::{AnyPoolOptions, install_default_drivers},
};

use crate::DeskError;

pub(crate) mod accounts;
pub mod addresses;
pub(crate) mod answers;
pub(crate) mod audit;
pub(crate) mod availability;
pub(crate) mod bulk;
pub(crate) mod campaigns;
mod carried;
pub(crate) mod channels;
pub(crate) mod chats;
pub(crate) mod conversation;
pub(crate) mod coupons;
pub(crate) mod decisions;
pub mod delivery;
pub(crate) mod departures;
pub(crate) mod drafts;
pub(crate) mod erase_ticket;
pub(crate) mod erasures;
pub(crate) mod exports;
pub(crate) mod files;
pub(crate) mod identities;
pub(crate) mod invitations;
pub mod keyword_answers;
pub mod ledger;
pub(crate) mod links;
pub(crate) mod mail_answers;
pub mod mail_ids;
pub mod mail_tickets;
pub(crate) mod mailbox_polls;
pub(crate) mod mailboxes;
pub(crate) mod media;
pub(crate) mod merges;
pub mod messages;
pub mod migrate;
pub(crate) mod notes;
pub(crate) mod notices;
pub mod outbox;
pub(crate) mod pace;
pub(crate) mod passkeys;
pub(crate) mod password_links;
pub(crate) mod people;
pub(crate) mod preferences;
pub mod presence;
pub(crate) mod quick_responses;
pub(crate) mod refresh_tokens;
pub(crate) mod retention;
pub mod rows;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod search_index;
pub(crate) mod search_query;
mod search_walk;
pub(crate) mod second_steps;
pub mod sent_parts;
pub(crate) mod sessions;
pub(crate) mod settings;
pub mod split_texts;
pub(crate) mod tags;
pub(crate) mod teams;
pub mod threads;
pub(crate) mod ticket_list;
pub mod ticket_write;
pub mod timers;
pub(crate) mod tombstones;
pub(crate) mod trust;
pub(crate) mod uploads;
pub(crate) mod views;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhooks;

/// A transaction; rolled back when dropped without [`Tx::commit`].
pub type Tx = Transaction<'static, Any>;

/// A connection, also that of a transaction.
pub(crate) type Connection = sqlx::AnyConnection;

/// What differs between the two databases.
#[derive(Debug)]
pub struct Dialect {
    /// For log lines.
    pub name: &'static str,
    /// Begins a transaction that will write.
    pub begin_write: &'static str,
    /// Lets competing replicas pass each other's rows.
    pub skip_locked: &'static str,
    /// Locks a selected row until the transaction ends (SQLite's writer is alone anyway).
    pub for_update: &'static str,
    /// Locks the ticket `t` of a join until the transaction ends.
    pub for_update_of_ticket: &'static str,
    /// Holds a number until the transaction ends, where writers are not alone anyway.
    pub hold: Option<&'static str>,
    /// Makes what ticket numbers are drawn from.
    pub ticket_numbers: &'static str,
    /// Draws the next ticket number.
    pub next_ticket_number: &'static str,
    /// Whether placeholders are numbered (`$1`); `$n` binds are quadratic in SQLite, so long lists use `?` there.
    pub numbered: bool,
    /// The type of bytes.
    pub blob: &'static str,
    /// A number that the database gives to each new row.
    pub serial: &'static str,
    /// An id that the database makes up.
    pub random_id: &'static str,
    /// Makes the index of words.
    pub search_words: &'static str,
    /// Puts the words beside the documents, too, and has those that are there gone through once more.
    pub words_beside: &'static str,
    /// Whether the words of search lie in its rows, or in a table of their own.
    pub words_in_rows: bool,
}

const SQLITE: Dialect = Dialect {
    name: "SQLite",
    begin_write: "BEGIN IMMEDIATE",
    skip_locked: "",
    for_update: "",
    for_update_of_ticket: "",
    hold: None,
    ticket_numbers: "CREATE TABLE ticket_numbers (last BIGINT NOT NULL); INSERT INTO ticket_numbers (last) VALUES (0)",
    next_ticket_number: "UPDATE ticket_numbers SET last = last + 1 RETURNING last",
    numbered: false,
    blob: "BLOB",
    serial: "INTEGER PRIMARY KEY",
    random_id: "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' \
        || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
    search_words: "CREATE VIRTUAL TABLE search_words USING fts5 (words, content = '', contentless_delete = 1, \
        tokenize = 'ascii')",
    words_beside: "ALTER TABLE search_docs ADD COLUMN words TEXT; \
        INSERT INTO search_backlog (kind, after_id) VALUES ('message', ''), ('subject', ''), ('profile', '') \
        ON CONFLICT (kind) DO UPDATE SET after_id = ''",
    words_in_rows: false,
};

const POSTGRES: Dialect = Dialect {
    name: "PostgreSQL",
    begin_write: "BEGIN",
    skip_locked: " FOR UPDATE SKIP LOCKED",
    for_update: " FOR UPDATE",
    for_update_of_ticket: " FOR UPDATE OF t",
    hold: Some("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)"),
    ticket_numbers: "CREATE SEQUENCE ticket_numbers",
    next_ticket_number: "SELECT nextval('ticket_numbers')",
    numbered: true,
    blob: "BYTEA",
    serial: "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    random_id: "CAST(gen_random_uuid() AS TEXT)",
    search_words: "ALTER TABLE search_docs ADD COLUMN words tsvector NOT NULL; \
        CREATE INDEX search_docs_words ON search_docs USING GIN (words)",
    words_beside: "SELECT 1",
    words_in_rows: true,
};

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    readers: AnyPool,
    writers: AnyPool,
    /// What differs here.
    pub dialect: &'static Dialect,
}

impl Store {
    /// Opens `sqlite://path` (made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(url: &str) -> Result<Self, DeskError> {
        install_default_drivers();
        if url.starts_with("sqlite:") { Self::open_sqlite(url).await } else { Self::open_postgres(url).await }
    }

    async fn open_sqlite(url: &str) -> Result<Self, DeskError> {
        let url = if url.contains('?') { format!("{url}&mode=rwc") } else { format!("{url}?mode=rwc") };
        let pool = |connections| {
            AnyPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(30)).after_connect(
                |connection, _| {
                    Box::pin(async move {
                        connection
                            .execute(
                                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; \
                                 PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000; \
                                 PRAGMA secure_delete = ON",
                            )
                            .await?;
                        Ok(())
                    })
                },
            )
        };
        let writers = pool(1).connect(&url).await?;
        let readers = pool(4).connect(&url).await?;
        Ok(Self { readers, writers, dialect: &SQLITE })
    }

    async fn open_postgres(url: &str) -> Result<Self, DeskError> {
        let pool = AnyPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(5))
            .connect(url)
            .await?;
        Ok(Self { readers: pool.clone(), writers: pool, dialect: &POSTGRES })
    }

    /// Where reads go that need no transaction.
    pub fn reader(&self) -> &AnyPool {
        &self.readers
    }

    /// Where a statement goes that writes and must be in no transaction.
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writers
    }

    /// Begins a transaction that will write.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(&self) -> Result<Tx, DeskError> {
        Ok(self.writers.begin_with(self.dialect.begin_write).await?)
    }

    /// Lets go of the connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }

    /// `(?, ?), (?, ?)` or `($1, $2), ($3, $4)`: the one builder for long lists of values.
    pub fn values(&self, rows: usize, columns: usize) -> String {
        let cell =
            |index: usize| if self.dialect.numbered { format!("${}", index + 1) } else { "?".to_owned() };
        let row = |r: usize| {
            let cells: Vec<_> = (0..columns).map(|c| cell(r * columns + c)).collect();
            format!("({})", cells.join(", "))
        };
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    }
}

impl From<sqlx::Error> for DeskError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        match &error {
            sqlx::Error::Database(refusal) => {
                match Trouble::of(refusal.code().as_deref().unwrap_or_default()) {
                    Trouble::Collision => Self::Busy(text),
                    Trouble::Data => Self::Refused(text),
                    Trouble::Server => Self::Unavailable(text),
                }
            }
            sqlx::Error::Encode(_) => Self::Refused(text),
            _ => Self::Unavailable(text),
        }
    }
}

/// What kind of refusal a database's code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Two transactions were in each other's way; again at once.
    Collision,
    /// These data will never be taken.
    Data,
    /// The database itself is in trouble; again later.
    Server,
}

impl Trouble {
    /// PostgreSQL has five letters (Appendix A: class 40 rollback, 22 data, 23 constraints), SQLite a number whose low
    /// byte is the primary code (5 busy, 6 locked, 18 too big, 19 constraint, 20 mismatch, 25 range).
    fn of(code: &str) -> Self {
        if code.len() == 5 {
            return match code.get(..2) {
                Some("40") => Self::Collision,
                Some("22" | "23") => Self::Data,
                _ => Self::Server,
            };
        }
        match code.parse::<i64>().map(|number| number & 0xff) {
            Ok(5 | 6) => Self::Collision,
            Ok(18 | 19 | 20 | 25) => Self::Data,
            _ => Self::Server,
        }
    }
}
