//! The desk: the application's use cases over one SQL store. Two services use it, each a thin edge: ticketing from the
//! bus, inbox from HTTP.
//!
//! Every use case is one transaction that also writes the events it causes into the outbox; after the commit the same
//! process publishes them at once, and ticketing's sweeper publishes what a crash left over.

use std::sync::Arc;

use bus::{Bus, Packet};
use domain::{Clock, EmailAddress, PhoneNumber, Timestamp, id::Entropy};

pub mod accounts;
pub mod attachments;
pub mod chat;
pub mod consent;
pub mod error;
pub mod idempotency;
pub mod intake;
pub mod ledger;
mod mail_thread;
mod messages;
mod outbound;
pub mod page;
pub mod profiles;
pub mod reply;
pub mod sending;
pub mod settings;
pub mod sign_in;
pub mod store;
pub mod sweeper;
mod text;
pub mod tickets;
pub mod timers;

pub use accounts::Actor;
pub use error::DeskError;
pub use page::{Page, PageRequest};
use store::{Store, Tx, outbox};

/// The organisation's channels, as far as the desk must know them.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    /// Numbers.
    pub numbers: Vec<PhoneNumber>,
    /// Public addresses of mailboxes.
    pub mailboxes: Vec<EmailAddress>,
    /// Chat sites.
    pub sites: Vec<String>,
}

/// What a desk is opened with.
pub struct Options {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// Where events go; without one (command line) they wait in the outbox for ticketing's sweeper.
    pub bus: Option<Bus>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The channels.
    pub channels: Channels,
}

/// The desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    bus: Option<Bus>,
    clock: Arc<dyn Clock>,
    channels: Arc<Channels>,
}

impl Desk {
    /// Opens the database; does not migrate.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(options: Options) -> Result<Self, DeskError> {
        let store = Store::open(&options.database_url).await?;
        Ok(Self { store, bus: options.bus, clock: options.clock, channels: Arc::new(options.channels) })
    }

    /// Brings the database to this version; safe to run twice and beside running replicas.
    ///
    /// # Errors
    /// The database cannot be reached or refuses.
    pub async fn migrate(&self) -> Result<(), DeskError> {
        store::migrate::run(&self.store).await
    }

    /// Whether the database answers and has the schema this executable needs; the error is for people.
    ///
    /// # Errors
    /// What is wrong and how to mend it.
    pub async fn ready(&self) -> Result<(), String> {
        match store::migrate::version(&self.store).await {
            Ok(Some(version)) if version >= store::migrate::VERSION => Ok(()),
            Ok(_) => Err("the database is behind this version: run `frontdesk migrate`".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The organisation's channels.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Commits and publishes the packets at once. A publish that fails is left to the sweeper: the change stands.
    pub(crate) async fn commit(&self, tx: Tx, packets: Vec<Packet>) -> Result<(), DeskError> {
        tx.commit().await?;
        if let Some(bus) = &self.bus
            && let Err(error) = outbox::publish(&self.store, bus, packets).await
        {
            tracing::warn!(%error, "events stay in the outbox for the sweeper");
        }
        Ok(())
    }
}

/// Ten random bytes for a new id.
pub(crate) fn entropy() -> Entropy {
    let mut bytes = Entropy::default();
    bytes.copy_from_slice(&uuid::Uuid::new_v4().as_bytes()[..10]);
    bytes
}
