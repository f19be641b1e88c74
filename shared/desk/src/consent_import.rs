//! Consent that was given elsewhere, taken over: many records at once, each looked at for itself.

use std::collections::BTreeSet;

use domain::{Address, Channel, ProfileId, Timestamp, audit::AuditAction, consent::ConsentRecord};
use serde_json::json;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    campaign::Recipient,
    consent::{NewConsent, check},
    entropy,
    store::{Tx, addresses, people as rows},
};

/// Most records of one import.
pub const MAX_RECORDS: usize = 1_000;
/// Records of one transaction: agents and customers must not wait for a long import.
const AT_ONCE: usize = 100;
/// How far ahead of ours the clock of another system may be, in milliseconds.
const CLOCKS_DIFFER: i64 = 5 * 60 * 1000;

/// A record to take over.
#[derive(Clone, Debug)]
pub struct ImportedConsent {
    /// Its place in the import.
    pub index: usize,
    /// Whose it is. Nobody has the number: a profile is made.
    pub whose: Recipient,
    /// What it says.
    pub consent: NewConsent,
    /// When the customer said so; just now unless given.
    pub at: Option<Timestamp>,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many were recorded, now or before under the same key.
    pub recorded: usize,
    /// Why others were not, by their place.
    pub errors: Vec<(usize, String)>,
}

impl Desk {
    /// Adds records to histories. Composers of the customers' SMS tickets learn of it at once. The same import again
    /// under the same `key` records nothing twice, however far the first one came.
    ///
    /// # Errors
    /// The database is away: what was recorded stays, and the import may be sent again under its key.
    pub async fn import_consents(
        &self,
        records: &[ImportedConsent],
        key: Option<&str>,
        actor: &Actor,
    ) -> Result<Imported, DeskError> {
        // one moment for all: between a yes and a no of the same moment the no counts
        let now = self.now();
        let mut imported = Imported::default();
        for records in records.chunks(AT_ONCE) {
            let mut tx = self.store.begin().await?;
            let mut touched = BTreeSet::new();
            for record in records {
                let once = key.map(|key| format!("import:{}:{key}:{}", actor.id, record.index));
                match self.import(&mut tx, record, once.as_deref(), now).await {
                    Ok(profile) => {
                        touched.insert(profile);
                        imported.recorded += 1;
                    }
                    Err(error @ (DeskError::NotFound(_) | DeskError::Invalid { .. })) => {
                        imported.errors.push((record.index, error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
            let (recorded, mut packets) = (touched.len(), Vec::new());
            for profile in touched {
                packets.extend(self.touch_tickets(&mut tx, profile, Some(Channel::Sms), |_| {}).await?);
            }
            if recorded > 0 {
                let deed = Deed::to_customers(AuditAction::ConsentImported);
                audit::record(&mut tx, actor, deed.with(&json!({"customers": recorded})), now).await?;
            }
            self.commit(tx, packets).await?;
        }
        let (recorded, refused) = (imported.recorded, imported.errors.len());
        tracing::info!(recorded, refused, by = %actor.id, "consent was imported");
        Ok(imported)
    }

    async fn import(
        &self,
        tx: &mut Tx,
        record: &ImportedConsent,
        once: Option<&str>,
        now: Timestamp,
    ) -> Result<ProfileId, DeskError> {
        check(&record.consent)?;
        let at = record.at.unwrap_or(now);
        if at > now.plus(CLOCKS_DIFFER) {
            return Err(DeskError::invalid("at", "at lies ahead: consent is recorded once it was given"));
        }
        let profile = self.whose_consent(tx, &record.whose).await?;
        let NewConsent { kind, state, source, text, number } = record.consent.clone();
        let line = ConsentRecord { kind, state, source, text, number, at };
        rows::add_consent(tx, profile, once, &line).await?;
        Ok(profile)
    }

    async fn whose_consent(&self, tx: &mut Tx, whose: &Recipient) -> Result<ProfileId, DeskError> {
        let known = match whose {
            Recipient::Profile(id) => addresses::known(tx, *id).await?,
            Recipient::Address(address) => addresses::find(tx, address).await?,
        };
        match (known, whose) {
            (Some(known), _) => Ok(known.id),
            (None, Recipient::Address(address @ Address::Phone(_))) => {
                let id = ProfileId::new(self.now(), &entropy());
                let new = addresses::create(tx, id, address, None, self.now()).await?.id;
                self.recall_refusals(tx, new, address).await?;
                Ok(new)
            }
            (None, _) => Err(DeskError::NotFound("profile")),
        }
    }
}
