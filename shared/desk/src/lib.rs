//! The desk: the application's use cases over one SQL store. Two services use it, each a thin edge: ticketing from the
//! bus, inbox from HTTP.
//!
//! Every use case is one transaction that also writes the events it causes into the outbox; after the commit the same
//! process publishes them at once, and ticketing's sweeper publishes what a crash left over.

use std::{collections::HashMap, sync::Arc};

use bell::Bell;
use bus::{
    Bus, Packet,
    topic::{ACCESS_CHANGED, TIMER_SET},
};
use domain::{Clock, EmailAddress, PhoneNumber, Timestamp, UserId, id::Entropy, pace::Pace};

pub mod accounts;
pub mod attachments;
mod attribution;
pub mod audit;
pub mod auto_response;
pub mod availability;
mod bell;
pub mod bulk;
pub mod campaign;
pub mod channel_setups;
pub mod chat;
pub mod consent;
pub mod consent_import;
pub mod coupons;
mod departure;
pub mod disposal;
pub mod drafts;
pub mod erasure;
pub mod error;
pub mod export;
mod follow_up;
mod hand_over;
pub mod idempotency;
pub mod intake;
pub mod ledger;
pub mod links;
mod live;
mod mail_out;
mod mail_pictures;
pub mod mail_tag;
mod mail_thread;
pub mod mailboxes;
pub mod merge;
mod messages;
pub mod notes;
mod notices;
mod outbound;
mod outside;
pub mod page;
mod pictures;
pub mod polls;
pub mod preferences;
pub mod profiles;
pub mod quick_responses;
pub mod quiet;
pub mod recipients;
pub mod refresh_tokens;
pub mod reply;
pub mod retention;
pub mod rules;
mod scheduled;
pub mod search;
pub mod sending;
pub mod settings;
pub mod sign_in;
mod signatures;
pub mod store;
pub mod sweeper;
pub mod tags;
pub mod teams;
mod text;
pub mod tickets;
pub mod timers;
mod undo;
pub mod views;
pub mod webhooks;

pub use accounts::Actor;
pub use error::DeskError;
pub use outside::Outside;
pub use page::{Page, PageRequest};
use rules::RuleCache;
use seal::Seal;
use sign_in::provider::ProviderRules;
use store::{Store, Tx, outbox};

/// The organisation's channels, as far as the desk must know them.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    /// Numbers.
    pub numbers: Vec<PhoneNumber>,
    /// Those of them whose carrier confirms an opt-out itself.
    pub confirmed_by_carrier: Vec<PhoneNumber>,
    /// How fast numbers may send; one that is not here has no limit of ours.
    pub paces: HashMap<PhoneNumber, Pace>,
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
    outside: Option<Arc<Outside>>,
    bell: Bell,
    rules: Arc<RuleCache>,
    seal: Option<Arc<Seal>>,
    provider: Option<Arc<ProviderRules>>,
}

impl Desk {
    /// Opens the database; does not migrate.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(options: Options) -> Result<Self, DeskError> {
        let store = Store::open(&options.database_url).await?;
        let channels = Arc::new(options.channels);
        Ok(Self {
            store,
            bus: options.bus,
            clock: options.clock,
            channels,
            outside: None,
            bell: Bell::default(),
            rules: Arc::default(),
            seal: None,
            provider: None,
        })
    }

    /// The same desk, whose texts may name addresses of this installation. Without this no link is shortened.
    #[must_use]
    pub fn reached_at(mut self, outside: Outside) -> Self {
        self.outside = Some(Arc::new(outside));
        self
    }

    /// The same desk, which can keep secrets: `key` seals them, the same in every process. Without this nobody can have a
    /// second step at sign-in.
    #[must_use]
    pub fn sealing_with(mut self, key: [u8; 32]) -> Self {
        self.seal = Some(Arc::new(Seal::new(key)));
        self
    }

    /// The same desk, into which an identity provider brings people.
    #[must_use]
    pub fn brought_in_by(mut self, rules: ProviderRules) -> Self {
        self.provider = Some(Arc::new(rules));
        self
    }

    pub(crate) fn seal(&self) -> Result<&Seal, DeskError> {
        self.seal.as_deref().ok_or_else(|| DeskError::Unavailable("this process can keep no secrets".into()))
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
        match store::migrate::is_done(&self.store).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the database is behind this version: run `frontdesk migrate`".into()),
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

    /// Somebody, or a key, may not be let in as before: their live streams are looked at again. One that misses it is
    /// looked at within a minute anyway.
    pub(crate) async fn access_changed(&self, whose: UserId) {
        if let Some(bus) = &self.bus {
            bus.signal(ACCESS_CHANGED, &whose).await;
        }
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
        if let (Some(bus), Some(due)) = (&self.bus, self.bell.take()) {
            bus.signal(TIMER_SET, &due).await;
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
