//! The second step at sign-in: a code of an app, or a recovery code of who has lost it. Setting it up, taking it away.

use bus::Packet;
use domain::{
    Timestamp, UserId,
    account_mail::{self, SecondStepChange},
    audit::AuditAction,
};
use serde_json::json;

use super::Origin;
use crate::{
    Actor, Desk, DeskError,
    accounts::{User, check_grant},
    audit::{self, Deed},
    notices, settings,
    store::{Tx, accounts, passkeys, second_steps as rows},
};

mod codes;

pub use codes::{Enrolment, RECOVERY_CODES};

/// Most wrong codes of somebody, and in how many milliseconds: a guess is right once in 333 333.
const MOST_WRONG: i64 = 10;
const COUNTED_FOR: i64 = 15 * 60 * 1000;

/// What somebody gives at the second step.
#[derive(Clone, Copy)]
pub enum Code<'a> {
    /// Six digits of their app.
    App(&'a str),
    /// One of their recovery codes.
    Recovery(&'a str),
}

impl Code<'_> {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::App(_) => "code",
            Self::Recovery(_) => "recovery_code",
        }
    }
}

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    Right,
    Recovered { left: i64 },
    Wrong,
}

/// How it stands with somebody's second step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondStepState {
    /// Since when they have one.
    pub since: Option<Timestamp>,
    /// Recovery codes they have left.
    pub recovery_codes_left: i64,
    /// Everybody here must have one.
    pub required: bool,
}

/// What somebody proves to change how they sign in.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// Their password; none where they have none.
    pub password: Option<&'a str>,
    /// The token of the session that asks, which goes on.
    pub session: &'a str,
}

impl Desk {
    /// How it stands with somebody's second step.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn second_step(&self, id: UserId) -> Result<SecondStepState, DeskError> {
        let mut tx = self.store.begin().await?;
        let since = rows::find(&mut tx, id).await?.and_then(|step| step.confirmed_at);
        let recovery_codes_left = rows::codes_left(&mut tx, id).await?;
        let required = settings::current(&mut *tx).await?.security.second_step_required;
        Ok(SecondStepState { since, recovery_codes_left, required })
    }

    /// Begins to set one up: it asks nobody before its first code is given.
    ///
    /// # Errors
    /// `second_step_on`, `wrong_password`.
    pub async fn enrol(&self, id: UserId, proof: Proof<'_>) -> Result<Enrolment, DeskError> {
        self.prove_password(id, proof).await?;
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, id).await?;
        if user.second_step {
            return Err(DeskError::conflict("second_step_on", "there is a second step: switch it off first"));
        }
        let enrolment = self.begin_enrolment(&mut tx, &user).await?;
        tx.commit().await?;
        Ok(enrolment)
    }

    /// The first code of the app: from now on a code is asked for, and other sessions end. Answers the recovery codes,
    /// which are shown only now.
    ///
    /// # Errors
    /// `wrong_code`, `too_many_codes`, `second_step_on`, `second_step_off` when none was begun.
    pub async fn confirm_second_step(
        &self,
        id: UserId,
        code: &str,
        session: &str,
        actor: &Actor,
    ) -> Result<Vec<String>, DeskError> {
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, id).await?;
        if user.second_step {
            return Err(DeskError::conflict("second_step_on", "there is a second step already"));
        }
        let Some((codes, packet)) =
            self.confirm_enrolment(&mut tx, &user, code, Some(session), actor).await?
        else {
            tx.commit().await?;
            return Err(wrong_code());
        };
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(codes)
    }

    /// Takes one's own second step away; other sessions end.
    ///
    /// # Errors
    /// `wrong_password`, `wrong_code`, `too_many_codes`, `second_step_off`, `second_step_required`.
    pub async fn drop_second_step(
        &self,
        id: UserId,
        proof: Proof<'_>,
        code: Code<'_>,
        actor: &Actor,
    ) -> Result<(), DeskError> {
        let (mut tx, user) = self.proven(id, proof, code).await?;
        if settings::current(&mut *tx).await?.security.second_step_required {
            let reason = "everybody here must have a second step";
            return Err(DeskError::conflict("second_step_required", reason));
        }
        rows::remove(&mut tx, id).await?;
        let packet = self
            .changed(
                &mut tx,
                &user,
                SecondStepChange::Off,
                AuditAction::SecondStepOff,
                Some(proof.session),
                actor,
            )
            .await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(())
    }

    /// Other recovery codes, which are shown only now; those before are good for nothing any more.
    ///
    /// # Errors
    /// `wrong_password`, `wrong_code`, `too_many_codes`, `second_step_off`.
    pub async fn new_recovery_codes(
        &self,
        id: UserId,
        proof: Proof<'_>,
        code: Code<'_>,
        actor: &Actor,
    ) -> Result<Vec<String>, DeskError> {
        let (mut tx, user) = self.proven(id, proof, code).await?;
        let codes = self.give_codes(&mut tx, id).await?;
        let (change, action) = (SecondStepChange::NewCodes, AuditAction::RecoveryCodesMade);
        let packet = self.changed(&mut tx, &user, change, action, Some(proof.session), actor).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(codes)
    }

    /// Takes somebody's second step away who has lost it, and their passkeys with it; all their sessions end.
    ///
    /// # Errors
    /// There is no such person; not for this actor; one's own; `second_step_off`.
    pub async fn reset_second_step(&self, id: UserId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, id).await?;
        check_grant(actor, user.role)?;
        if actor.user == Some(id) {
            let reason = "switch your own second step off in your account: that asks for a code";
            return Err(DeskError::conflict("own_second_step", reason));
        }
        if !rows::remove(&mut tx, id).await? && user.passkeys == 0 {
            return Err(is_off());
        }
        passkeys::remove_all(&mut tx, id).await?;
        let change = SecondStepChange::Reset { passkeys: user.passkeys };
        let action = AuditAction::SecondStepReset;
        let packet = self.changed(&mut tx, &user, change, action, None, actor).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(())
    }

    /// A new secret, not confirmed yet, of somebody who is locked and has none.
    pub(super) async fn begin_enrolment(&self, tx: &mut Tx, user: &User) -> Result<Enrolment, DeskError> {
        let secret: [u8; codes::SECRET] = seal::random()?;
        let sealed = self.seal()?.close(&user.id.to_string(), &secret)?;
        rows::begin(tx, user.id, &sealed, self.now()).await?;
        let organization = settings::current(&mut **tx).await?.organization.name;
        codes::enrolment(&secret, &organization, user.email.as_str())
    }

    /// The first code of somebody who is locked; `None` when it is wrong.
    pub(super) async fn confirm_enrolment(
        &self,
        tx: &mut Tx,
        user: &User,
        code: &str,
        kept: Option<&str>,
        actor: &Actor,
    ) -> Result<Option<(Vec<String>, Option<Packet>)>, DeskError> {
        if self.try_code(tx, user, Code::App(code)).await? == Tried::Wrong {
            return Ok(None);
        }
        let codes = self.give_codes(tx, user.id).await?;
        let (change, action) = (SecondStepChange::On, AuditAction::SecondStepOn);
        let packet = self.changed(tx, user, change, action, kept, actor).await?;
        Ok(Some((codes, packet)))
    }

    /// Looks at a code of somebody who is locked, and uses it up. Wrong ones are counted: what is written of that must be
    /// committed whatever comes of it.
    pub(super) async fn try_code(
        &self,
        tx: &mut Tx,
        user: &User,
        code: Code<'_>,
    ) -> Result<Tried, DeskError> {
        let (id, now) = (user.id, self.now());
        let step = rows::find(tx, id).await?.ok_or_else(is_off)?;
        let digits = match code {
            // 80 random bits are not guessed, and whoever guesses codes must not keep their owner from these
            Code::Recovery(code) => {
                let hash = codes::recovery_hash(&id.to_string(), code);
                let is_theirs = step.confirmed_at.is_some() && rows::take_code(tx, id, &hash).await?;
                let left = rows::codes_left(tx, id).await?;
                return Ok(if is_theirs { Tried::Recovered { left } } else { Tried::Wrong });
            }
            Code::App(digits) => digits,
        };
        let is_over = now.millis() - step.wrong_since.millis() >= COUNTED_FOR;
        let (wrong, since) = if is_over { (0, now) } else { (step.wrong, step.wrong_since) };
        if wrong >= MOST_WRONG {
            let reason =
                "there were too many wrong codes: wait a quarter of an hour, or take a recovery code";
            return Err(DeskError::conflict("too_many_codes", reason));
        }
        let secret = self.seal()?.open(&id.to_string(), &step.sealed).ok_or_else(|| {
            tracing::error!(user = %id, "a second step was sealed under another key than this installation has now");
            let reason = "the secret of the second step cannot be read, because this installation has another key now: \
                take a recovery code, or have the second step reset";
            DeskError::conflict("second_step_unreadable", reason)
        })?;
        let found = codes::step_of(&secret, digits, now.millis()).filter(|found| *found > step.last_step);
        match found {
            Some(found) => rows::used(tx, id, found, now).await?,
            None => rows::count_wrong(tx, id, wrong + 1, since).await?,
        }
        Ok(if found.is_some() { Tried::Right } else { Tried::Wrong })
    }

    /// Somebody who has a second step and proved both, locked.
    pub(super) async fn proven(
        &self,
        id: UserId,
        proof: Proof<'_>,
        code: Code<'_>,
    ) -> Result<(Tx, User), DeskError> {
        self.prove_password(id, proof).await?;
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, id).await?;
        if !user.second_step {
            return Err(is_off());
        }
        if self.try_code(&mut tx, &user, code).await? == Tried::Wrong {
            tx.commit().await?;
            return Err(wrong_code());
        }
        Ok((tx, user))
    }

    pub(super) async fn locked(&self, tx: &mut Tx, id: UserId) -> Result<User, DeskError> {
        accounts::lock_user(&self.store, tx, id).await?.ok_or(DeskError::NotFound("user"))
    }

    async fn give_codes(&self, tx: &mut Tx, id: UserId) -> Result<Vec<String>, DeskError> {
        let new = codes::recovery_codes()?;
        let whose = id.to_string();
        let hashes: Vec<_> = new.iter().map(|code| codes::recovery_hash(&whose, code)).collect();
        rows::replace_codes(tx, id, &hashes).await?;
        Ok(new)
    }

    async fn changed(
        &self,
        tx: &mut Tx,
        user: &User,
        change: SecondStepChange,
        action: AuditAction,
        kept: Option<&str>,
        actor: &Actor,
    ) -> Result<Option<Packet>, DeskError> {
        let now = self.now();
        let by = (actor.user != Some(user.id)).then_some(actor.name.as_str());
        let from = actor.from.map(|from| from.to_string());
        let letter =
            |organization: &str| account_mail::second_step(organization, change, by, from.as_deref(), now);
        let deed = match change {
            SecondStepChange::Reset { passkeys: passkeys @ 1.. } => {
                Deed::of(action, user).with(&json!({"passkeys": passkeys}))
            }
            _ => Deed::of(action, user),
        };
        self.sign_in_changed(tx, user, deed, kept, actor, letter).await
    }

    pub(super) async fn tell_of_recovery(
        &self,
        tx: &mut Tx,
        user: &User,
        left: i64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<Packet>, DeskError> {
        let actor = Actor { from: origin.address, ..user.actor() };
        let deed = Deed::of(AuditAction::RecoveryCodeUsed, user).with(&json!({"left": left}));
        audit::record(tx, &actor, deed, now).await?;
        let from = origin.address.map(|from| from.to_string());
        let change = SecondStepChange::CodeUsed { left };
        let letter =
            |organization: &str| account_mail::second_step(organization, change, None, from.as_deref(), now);
        notices::about_account(self, tx, &user.email, letter, now).await
    }
}

fn is_off() -> DeskError {
    DeskError::conflict("second_step_off", "there is no second step")
}

fn wrong_code() -> DeskError {
    DeskError::Unfit {
        code: "wrong_code",
        reason: "the code is wrong, was used, or is too old: take the next one".into(),
    }
}
