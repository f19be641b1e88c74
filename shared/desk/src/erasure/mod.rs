//! Erasing a person: nobody sees them from the moment it is asked for, and a timer's steps take everything of them out of
//! the database, so that a crash anywhere is the next step's work. What comes in from then on is of somebody new; what
//! came before does not come back (`tombstones`).

use bus::topic::PROFILE_ERASED;
use domain::{
    Address, ErasureId, ProfileId, Timestamp,
    audit::AuditAction,
    consent::{ConsentKind, ConsentRecord, ConsentState},
    event::ProfileErased,
};

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Customer, Deed},
    consent, entropy,
    profiles::ProfileView,
    store::{
        Tx, erase_ticket::Gone, erasures as rows, merges, outbox, people, timers, timers::Timer, tombstones,
    },
};

mod keyed;
mod steps;

/// The kind of its timer.
pub(crate) const ERASE: &str = "erase";

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Tickets go.
    Running,
    /// What is left of their words in the database's own files goes.
    Cleaning,
    /// Nothing is left.
    Done,
}

impl Phase {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Running, Self::Cleaning, Self::Done];

    /// `running`, `cleaning`, `done`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Cleaning => "cleaning",
            Self::Done => "done",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|phase| phase.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no phase"))
    }
}

/// A person who is being erased, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Id.
    pub id: ErasureId,
    /// Whose profile it was.
    pub profile: ProfileId,
    /// Who asked for it.
    pub actor_name: String,
    /// Where it is.
    pub state: Phase,
    /// By what the person was known, as long as that is needed.
    pub(crate) addresses: Vec<String>,
    /// Up to which line of the ledger was read whether it names one of them.
    pub(crate) read_up_to: Option<String>,
    /// How many tickets there were.
    pub total: i64,
    pub(crate) gone: Gone,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When nothing was left.
    pub finished_at: Option<Timestamp>,
}

impl Erasure {
    /// Tickets that are gone so far.
    pub fn tickets(&self) -> i64 {
        self.gone.tickets
    }

    /// Messages that are gone so far.
    pub fn messages(&self) -> i64 {
        self.gone.messages
    }
}

/// How much is kept of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub tickets: i64,
    pub messages: i64,
    /// Messages that have not left yet, and will not.
    pub queued: i64,
    pub notes: i64,
    pub files: i64,
    /// Mails as they came in.
    pub mails: i64,
    pub consents: i64,
    pub coupons: i64,
    /// Profiles: more than one where some were merged.
    pub profiles: i64,
}

/// What an erasure would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasurePlan {
    /// Whom.
    pub profile: ProfileView,
    /// How much.
    pub counts: Counts,
    /// The kinds of texts they refused: that alone is kept, as a keyed hash of the number.
    pub refused: Vec<ConsentKind>,
    /// What is to be typed before it is done.
    pub confirm: String,
}

impl Desk {
    /// What erasing a person would take. Nothing is done.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn erasure_plan(&self, id: ProfileId) -> Result<ErasurePlan, DeskError> {
        let profile = self.profile(id).await?;
        let consents = people::consents(&self.store, profile.id).await?;
        Ok(ErasurePlan {
            counts: rows::counts(&self.store, profile.id).await?,
            refused: refused(&consents),
            confirm: confirmation(&profile),
            profile,
        })
    }

    /// Erases a person, whoever was merged into them included. It cannot be undone.
    ///
    /// # Errors
    /// There is no such profile; `confirm` is not what the plan says.
    pub async fn begin_erasure(
        &self,
        id: ProfileId,
        confirm: &str,
        actor: &Actor,
    ) -> Result<Erasure, DeskError> {
        let plan = self.erasure_plan(id).await?;
        if confirm.trim() != plan.confirm {
            return Err(DeskError::invalid(
                "confirm",
                format!("type {:?} to erase this person", plan.confirm),
            ));
        }
        let now = self.now();
        let known = plan.profile.addresses.iter().map(|known| known.address.value().to_owned());
        let claimed = plan.profile.claimed_email.as_ref().map(ToString::to_string);
        let erasure = Erasure {
            id: ErasureId::new(now, &entropy()),
            profile: plan.profile.id,
            actor_name: actor.name.clone(),
            state: Phase::Running,
            addresses: known.chain(claimed).collect(),
            read_up_to: None,
            total: plan.counts.tickets,
            gone: Gone::default(),
            created_at: now,
            finished_at: None,
        };
        let mut tx = self.store.begin().await?;
        merges::hold(&self.store, &mut tx).await?;
        let people = rows::lock_person(&self.store, &mut tx, erasure.profile).await?;
        let people = people.ok_or(DeskError::NotFound("profile"))?;
        self.keep_refusals(&mut tx, &plan.profile, now).await?;
        rows::hide(&self.store, &mut tx, &people, now).await?;
        rows::insert(&mut tx, &erasure, &actor.id.to_string()).await?;
        let (key, subject) = (key(erasure.id), erasure.id.to_string());
        timers::set(&mut tx, Timer { key: &key, kind: ERASE, subject: &subject, due: now, number: None })
            .await?;
        self.bell.set(now);
        let deed = Deed::of(AuditAction::Erased, &Customer(erasure.profile));
        audit::record(&mut tx, actor, deed, now).await?;
        let event = ProfileErased { profile_id: erasure.profile };
        let told =
            outbox::add(&mut tx, PROFILE_ERASED, &format!("erased:{}", erasure.id), now, &event).await?;
        self.commit(tx, vec![told]).await?;
        tracing::info!(profile = %erasure.profile, by = %actor.id, "a person is erased");
        Ok(erasure)
    }

    /// How far an erasure is.
    ///
    /// # Errors
    /// There is no such one.
    pub async fn erasure(&self, id: ErasureId) -> Result<Erasure, DeskError> {
        rows::find(&self.store, id).await?.ok_or(DeskError::NotFound("erasure"))
    }

    /// Who refused texts, or mails about chats, is remembered by a keyed hash: nobody writes to them by mistake.
    async fn keep_refusals(
        &self,
        tx: &mut Tx,
        profile: &ProfileView,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let refused = refused(&people::consents_in(&self.store, tx, profile.id).await?);
        let known = profile.addresses.iter().map(|known| known.address.clone());
        for address in known.chain(profile.claimed_email.clone().map(Address::Email)) {
            match &address {
                Address::Phone(number) => {
                    let hash = self.keyed_number(number.as_str());
                    tombstones::remember_refusals(tx, &hash, &refused, now).await?;
                }
                Address::Email(email) => {
                    let hash = self.keyed_mail(email.as_str());
                    tombstones::hash_mail_opt_out(tx, email.as_str(), &hash).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives a new profile what its number had refused before it was erased.
    pub(crate) async fn recall_refusals(
        &self,
        tx: &mut Tx,
        profile: ProfileId,
        address: &Address,
    ) -> Result<(), DeskError> {
        let Address::Phone(number) = address else { return Ok(()) };
        for (kind, at) in tombstones::refusals(tx, &self.keyed_number(number.as_str())).await? {
            let line = ConsentRecord {
                kind,
                state: ConsentState::Unsubscribed,
                source: ERASE.into(),
                text: "This number had refused texts when everything else of it was erased.".into(),
                number: None,
                at,
            };
            people::add_consent(tx, profile, None, &line).await?;
        }
        Ok(())
    }
}

/// The kinds whose newest word is a "no".
fn refused(records: &[ConsentRecord]) -> Vec<ConsentKind> {
    let agreed = consent::subscribed(records);
    let said = |kind: &ConsentKind| records.iter().any(|record| record.kind == *kind);
    ConsentKind::ALL.into_iter().filter(|kind| said(kind) && !agreed.contains(kind)).collect()
}

/// What is to be typed: an address, as names may be the same.
fn confirmation(profile: &ProfileView) -> String {
    let address =
        profile.addresses.iter().find(|known| matches!(known.address, Address::Phone(_) | Address::Email(_)));
    let address = address.map(|known| known.address.value().to_owned());
    address.or_else(|| profile.name.clone()).unwrap_or_else(|| "erase".to_owned())
}

/// The key of its timer.
fn key(id: ErasureId) -> String {
    format!("{ERASE}:{id}")
}
