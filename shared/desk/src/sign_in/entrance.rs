//! How far somebody comes who proved the first step: in, or to the second step, or to setting one up.

pub use domain::sign_in::Needs;
use domain::{
    Timestamp, UserId,
    audit::AuditAction,
    sign_in::{Has, still_needed},
};
use serde_json::{Value, json};

use super::{NewSession, Origin, SESSION_MILLIS, digest, token};
use crate::{
    Actor, Desk, DeskError,
    accounts::User,
    audit::{self, Deed},
    settings,
    sign_in::second_step::{Code, Enrolment, Tried},
    store::{Tx, accounts as rows, second_steps, sessions as session_rows},
};

/// How long somebody has between the two steps.
const PENDING_MILLIS: i64 = 15 * 60 * 1000;

/// How far somebody came.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// In.
    In(NewSession),
    /// To the second step.
    Pending(Pending),
}

impl Entrance {
    /// The session of somebody who is in.
    pub fn session(self) -> Option<NewSession> {
        match self {
            Self::In(session) => Some(session),
            Self::Pending(_) => None,
        }
    }
}

/// Somebody who proved the first step: the only time the token is known.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Goes on from here, and does nothing else.
    pub token: String,
    /// What is still needed.
    pub needs: Needs,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Who is between the steps.
#[derive(Clone, Debug)]
pub(crate) struct PendingOf {
    pub user: UserId,
    pub with: String,
    pub needs: Needs,
}

/// What came of somebody's second step.
#[derive(Clone, Debug)]
pub enum Passed {
    /// They are in; with the recovery codes of a second step that was just set up.
    In(NewSession, Vec<String>),
    /// The code is wrong, or was used.
    Wrong,
    /// The first step is too long ago, or was used.
    Spent,
}

impl Desk {
    /// Begins a session of somebody who proved the first step, or asks for the second. They are locked before.
    pub(crate) async fn let_in(
        &self,
        tx: &mut Tx,
        user: User,
        with: &str,
        origin: &Origin,
    ) -> Result<Entrance, DeskError> {
        let required = settings::current(&mut **tx).await?.security.second_step_required;
        let has = Has { second_step: user.second_step, passkeys: user.passkeys > 0 };
        let Some(needs) = still_needed(has, required) else {
            return self.new_session(tx, user, with, origin).await.map(Entrance::In);
        };
        let (token, expires_at) = (token(), self.now().plus(PENDING_MILLIS));
        let of = PendingOf { user: user.id, with: with.to_owned(), needs };
        second_steps::insert_pending(tx, &digest(&token), &of, expires_at).await?;
        Ok(Entrance::Pending(Pending { token, needs, expires_at }))
    }

    /// The second step of somebody who proved the first.
    ///
    /// # Errors
    /// `too_many_codes`; the installation's key is not the one that sealed it.
    pub async fn pass_second_step(
        &self,
        token: &str,
        code: Code<'_>,
        origin: &Origin,
    ) -> Result<Passed, DeskError> {
        let (mut tx, now) = (self.store.begin().await?, self.now());
        let Some((pending, user)) = self.lock_pending(&mut tx, token, Needs::Code).await? else {
            return Ok(Passed::Spent);
        };
        let packet = match self.try_code(&mut tx, &user, code).await? {
            Tried::Wrong => {
                tx.commit().await?;
                self.note_wrong_code(&user, origin).await?;
                return Ok(Passed::Wrong);
            }
            Tried::Right => None,
            Tried::Recovered { left } => self.tell_of_recovery(&mut tx, &user, left, origin, now).await?,
        };
        second_steps::forget_pending(&mut tx, user.id).await?;
        let facts = json!({"with": pending.with, "second_step": code.kind()});
        let new = self.session_with(&mut tx, user, &pending.with, &facts, origin).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        Ok(Passed::In(new, Vec::new()))
    }

    /// Begins to set up the second step of somebody who needs one to come in; `None` when the first step is too long ago.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn enrol_pending(&self, token: &str) -> Result<Option<Enrolment>, DeskError> {
        let mut tx = self.store.begin().await?;
        let Some((_, user)) = self.lock_pending(&mut tx, token, Needs::Enrolment).await? else {
            return Ok(None);
        };
        let enrolment = self.begin_enrolment(&mut tx, &user).await?;
        tx.commit().await?;
        Ok(Some(enrolment))
    }

    /// The first code of a second step that was set up to come in.
    ///
    /// # Errors
    /// As for [`Desk::pass_second_step`].
    pub async fn confirm_pending(
        &self,
        token: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<Passed, DeskError> {
        let mut tx = self.store.begin().await?;
        let Some((pending, user)) = self.lock_pending(&mut tx, token, Needs::Enrolment).await? else {
            return Ok(Passed::Spent);
        };
        let actor = Actor { from: origin.address, ..user.actor() };
        let Some((codes, packet)) = self.confirm_enrolment(&mut tx, &user, code, None, &actor).await? else {
            tx.commit().await?;
            return Ok(Passed::Wrong);
        };
        let facts = json!({"with": pending.with, "second_step": "code"});
        let user = User { second_step: true, ..user };
        let new = self.session_with(&mut tx, user, &pending.with, &facts, origin).await?;
        let id = new.user.id;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(Passed::In(new, codes))
    }

    async fn lock_pending(
        &self,
        tx: &mut Tx,
        token: &str,
        needs: Needs,
    ) -> Result<Option<(PendingOf, User)>, DeskError> {
        let found = second_steps::lock_pending(&self.store, tx, &digest(token), self.now()).await?;
        let Some(pending) = found.filter(|pending| pending.needs == needs) else { return Ok(None) };
        let user = rows::user_in(tx, pending.user).await?.filter(|user| !user.disabled);
        // whoever set one up meanwhile is asked for it, and whoever lost it begins again
        let user = user.filter(|user| match needs {
            Needs::Code => user.second_step,
            Needs::Enrolment => !user.second_step && user.passkeys == 0,
            Needs::Passkey => false,
        });
        Ok(user.map(|user| (pending, user)))
    }

    async fn note_wrong_code(&self, user: &User, origin: &Origin) -> Result<(), DeskError> {
        self.turn_away(Some(user), None, "second_step", origin).await.map(|_| ())
    }

    pub(crate) async fn new_session(
        &self,
        tx: &mut Tx,
        user: User,
        with: &str,
        origin: &Origin,
    ) -> Result<NewSession, DeskError> {
        self.session_with(tx, user, with, &json!({"with": with}), origin).await
    }

    async fn session_with(
        &self,
        tx: &mut Tx,
        user: User,
        with: &str,
        facts: &Value,
        origin: &Origin,
    ) -> Result<NewSession, DeskError> {
        let now = self.now();
        let new = NewSession { token: token(), csrf: token(), user, expires_at: now.plus(SESSION_MILLIS) };
        session_rows::insert(tx, &digest(&new.token), &new, with, origin, now).await?;
        let actor = Actor { from: origin.address, ..new.user.actor() };
        audit::record(tx, &actor, Deed::of(AuditAction::SignedIn, &new.user).with(facts), now).await?;
        Ok(new)
    }
}
