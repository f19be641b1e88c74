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
pub(crate) mod conversation;
pub mod delivery;
pub(crate) mod files;
pub mod keyword_answers;
pub mod ledger;
pub mod mail_ids;
pub mod messages;
pub mod migrate;
pub mod outbox;
pub(crate) mod people;
pub mod presence;
pub mod rows;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod tags;
pub mod threads;
pub(crate) mod ticket_list;
pub mod ticket_write;
pub mod timers;

/// A transaction; rolled back when dropped without [`Tx::commit`].
pub type Tx = Transaction<'static, Any>;

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
    /// Makes what ticket numbers are drawn from.
    pub ticket_numbers: &'static str,
    /// Draws the next ticket number.
    pub next_ticket_number: &'static str,
    /// Whether placeholders are numbered (`$1`); `$n` binds are quadratic in SQLite, so long lists use `?` there.
    pub numbered: bool,
    /// The type of bytes.
    pub blob: &'static str,
}

const SQLITE: Dialect = Dialect {
    name: "SQLite",
    begin_write: "BEGIN IMMEDIATE",
    skip_locked: "",
    for_update: "",
    for_update_of_ticket: "",
    ticket_numbers: "CREATE TABLE ticket_numbers (last BIGINT NOT NULL); INSERT INTO ticket_numbers (last) VALUES (0)",
    next_ticket_number: "UPDATE ticket_numbers SET last = last + 1 RETURNING last",
    numbered: false,
    blob: "BLOB",
};

const POSTGRES: Dialect = Dialect {
    name: "PostgreSQL",
    begin_write: "BEGIN",
    skip_locked: " FOR UPDATE SKIP LOCKED",
    for_update: " FOR UPDATE",
    for_update_of_ticket: " FOR UPDATE OF t",
    ticket_numbers: "CREATE SEQUENCE ticket_numbers",
    next_ticket_number: "SELECT nextval('ticket_numbers')",
    numbered: true,
    blob: "BYTEA",
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
                                 PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000",
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
