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

pub mod migrate;
pub mod outbox;
pub mod rows;

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
    numbered: false,
    blob: "BLOB",
};

const POSTGRES: Dialect = Dialect {
    name: "PostgreSQL",
    begin_write: "BEGIN",
    skip_locked: " FOR UPDATE SKIP LOCKED",
    for_update: " FOR UPDATE",
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
        let cell = |index: usize| if self.dialect.numbered { format!("${}", index + 1) } else { "?".to_owned() };
        let row = |r: usize| {
            let cells: Vec<_> = (0..columns).map(|c| cell(r * columns + c)).collect();
            format!("({})", cells.join(", "))
        };
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    }
}

impl From<sqlx::Error> for DeskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
