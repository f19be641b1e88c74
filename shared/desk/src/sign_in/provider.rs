//! Coming in through the organisation's identity provider. The first time somebody is found by their verified address; from
//! then on the provider's own id of them decides. The provider answers for both steps.

use domain::{EmailAddress, Role, Timestamp, UserId, audit::AuditAction, identity::Identity};
use serde_json::json;

use super::{NewSession, Origin, digest};
use crate::{
    Actor, Desk, DeskError,
    accounts::{User, check_grant, checked_name},
    audit::{self, Deed},
    entropy,
    store::{Tx, accounts, identities as rows, invitations, sessions},
};

/// How long somebody may stay at the provider, in milliseconds.
const AWAY: i64 = 10 * 60 * 1000;
/// How a session is said to have begun.
const WITH: &str = "oidc";

/// Whom the provider brings in.
#[derive(Clone, Debug)]
pub struct ProviderRules {
    /// Domains of addresses that may come in for the first time; empty: any.
    pub allowed_domains: Vec<String>,
    /// What somebody who is neither known nor invited may do from now on; `None`: they do not come in.
    pub created_as: Option<Role>,
    /// An address about which the provider does not say whether it is verified counts.
    pub assume_email_verified: bool,
    /// Only owners may sign in with a password.
    pub passwords_for_owners_only: bool,
}

/// Who somebody is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// Who.
    pub user: UserId,
    /// Which provider.
    pub issuer: String,
    /// The address the provider said last.
    pub email: Option<String>,
    /// When they came in by it first.
    pub created_at: Timestamp,
    /// When they came in by it last.
    pub used_at: Timestamp,
}

/// Why somebody does not come in whom the provider knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEntry {
    /// They are shut out.
    Disabled,
    /// The provider does not answer for their address.
    EmailNotVerified,
    /// Their address is of no allowed domain.
    DomainNotAllowed,
    /// They are neither known nor invited.
    NotInvited,
    /// The person of that address is somebody else at the provider: an address can go to another person.
    LinkedToAnother,
}

impl NoEntry {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::EmailNotVerified => "email_not_verified",
            Self::DomainNotAllowed => "domain_not_allowed",
            Self::NotInvited => "not_invited",
            Self::LinkedToAnother => "linked_to_another",
        }
    }
}

/// Who a provider's person is here.
enum Found {
    Somebody(User),
    Nobody(NoEntry, Option<User>),
}

impl Desk {
    /// Whether somebody of that role may sign in with a password or a passkey, past the identity provider.
    pub fn takes_password_of(&self, role: Role) -> bool {
        role == Role::Owner || !self.provider.as_ref().is_some_and(|rules| rules.passwords_for_owners_only)
    }

    /// A sign-in goes to the provider and comes back with this state.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn begin_provider_sign_in(&self, state: &str) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        rows::begin(&mut tx, &digest(state), self.now().plus(AWAY)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A sign-in came back: when, or `None` when it never went, came back before, or took too long.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn end_provider_sign_in(&self, state: &str) -> Result<Option<Timestamp>, DeskError> {
        let (mut tx, now) = (self.store.begin().await?, self.now());
        let is_good = rows::take(&mut tx, &digest(state), now).await?;
        tx.commit().await?;
        Ok(is_good.then_some(now))
    }

    /// Lets somebody in whom the provider knows.
    ///
    /// # Errors
    /// The database is not available; there is no provider; `sign_in_again` when they came in twice at the same moment.
    pub async fn sign_in_through_provider(
        &self,
        identity: &Identity,
        origin: &Origin,
    ) -> Result<Result<NewSession, NoEntry>, DeskError> {
        let mut tx = self.store.begin().await?;
        match self.find_or_link(&mut tx, identity, origin).await? {
            Found::Somebody(user) => {
                rows::used(&mut tx, identity, self.now()).await?;
                let new = self.new_session(&mut tx, user, WITH, origin).await?;
                self.commit(tx, Vec::new()).await?;
                Ok(Ok(new))
            }
            Found::Nobody(why, user) => {
                drop(tx);
                self.note_refused(why, user.as_ref(), identity, origin).await?;
                Ok(Err(why))
            }
        }
    }

    async fn find_or_link(
        &self,
        tx: &mut Tx,
        identity: &Identity,
        origin: &Origin,
    ) -> Result<Found, DeskError> {
        if let Some(id) = rows::owner(tx, identity).await? {
            let user = accounts::lock_user(&self.store, tx, id).await?.ok_or(DeskError::NotFound("user"))?;
            return Ok(if user.disabled {
                Found::Nobody(NoEntry::Disabled, Some(user))
            } else {
                Found::Somebody(user)
            });
        }
        let rules = self.provider.as_ref().ok_or(DeskError::NotFound("identity provider"))?;
        let Some(email) = identity.vouched_email(rules.assume_email_verified) else {
            return Ok(Found::Nobody(NoEntry::EmailNotVerified, None));
        };
        let domains = &rules.allowed_domains;
        if !domains.is_empty() && !domains.iter().any(|domain| domain == email.domain()) {
            return Ok(Found::Nobody(NoEntry::DomainNotAllowed, None));
        }
        let user = match accounts::lock_user_of(&self.store, tx, email).await? {
            Some(user) if user.disabled => return Ok(Found::Nobody(NoEntry::Disabled, Some(user))),
            Some(user) => user,
            None => match self.welcome(tx, email, identity, rules.created_as, origin).await? {
                Some(user) => user,
                None => return Ok(Found::Nobody(NoEntry::NotInvited, None)),
            },
        };
        if !rows::insert(tx, user.id, identity, self.now()).await? {
            return Ok(Found::Nobody(NoEntry::LinkedToAnother, Some(user)));
        }
        let actor = Actor { from: origin.address, ..user.actor() };
        let facts = json!({"issuer": identity.issuer, "email": email});
        let deed = Deed::of(AuditAction::IdentityLinked, &user).with(&facts);
        audit::record(tx, &actor, deed, self.now()).await?;
        Ok(Found::Somebody(user))
    }

    /// Makes a user of somebody who was invited, or of anybody where that is wanted.
    async fn welcome(
        &self,
        tx: &mut Tx,
        email: &EmailAddress,
        identity: &Identity,
        created_as: Option<Role>,
        origin: &Origin,
    ) -> Result<Option<User>, DeskError> {
        let now = self.now();
        let invitation = invitations::of_email(tx, email, now).await?;
        let Some(role) = invitation.as_ref().map(|invitation| invitation.role).or(created_as) else {
            return Ok(None);
        };
        let given = invitation.as_ref().and_then(|invitation| invitation.name.as_deref());
        let names = [given, identity.name.as_deref(), Some(email.local_and_tag().0)];
        let name = names.into_iter().flatten().find_map(|name| checked_name(name).ok());
        let user = User {
            id: UserId::new(now, &entropy()),
            email: email.clone(),
            name: name.unwrap_or_else(|| email.to_string()),
            role,
            disabled: false,
            second_step: false,
            passkeys: 0,
            created_at: now,
        };
        if !accounts::insert_user(tx, &user, None).await? {
            return Err(DeskError::conflict(
                "sign_in_again",
                "this person came in twice at once: sign in again",
            ));
        }
        invitations::forget(tx, email).await?;
        let themselves = Actor { from: origin.address, ..user.actor() };
        let actor = match &invitation {
            Some(invitation) => {
                let deed = Deed::of(AuditAction::Accepted, invitation);
                audit::record(tx, &themselves, deed, now).await?;
                themselves
            }
            // nobody here asked for them
            None => Actor { from: origin.address, ..Actor::system() },
        };
        audit::record(tx, &actor, Deed::saved(None, &user), now).await?;
        Ok(Some(user))
    }

    async fn note_refused(
        &self,
        why: NoEntry,
        user: Option<&User>,
        identity: &Identity,
        origin: &Origin,
    ) -> Result<(), DeskError> {
        let failed = AuditAction::SignInFailed;
        if self.is_noted(origin.address, failed).await? {
            return Ok(());
        }
        let given = identity.email.as_ref();
        let deed = user.map_or_else(|| Deed::to_nobody(failed, given), |user| Deed::of(failed, user));
        let facts = json!({"with": WITH, "reason": why.as_str(), "disabled": why == NoEntry::Disabled});
        let mut tx = self.store.begin().await?;
        audit::stranger(&mut tx, origin.address, deed.with(&facts), self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who people are at the provider: all of them, or one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn identities(&self, of: Option<UserId>) -> Result<Vec<LinkedIdentity>, DeskError> {
        rows::all(&self.store, of).await
    }

    /// Takes the tie between somebody and the provider away, and ends their sessions, but for the one of `kept`. The next
    /// sign-in finds them by their address again.
    ///
    /// # Errors
    /// There is no such person or tie; not for this actor; `only_way_in` when it is one's own, and there is no password.
    pub async fn unlink_identity(
        &self,
        id: UserId,
        kept: Option<&str>,
        actor: &Actor,
    ) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let user = accounts::lock_user(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("user"))?;
        if actor.user == Some(id) {
            let has_password = accounts::password_hash(&mut tx, id).await?.is_some();
            if !has_password || !self.takes_password_of(user.role) {
                let reason = "this is your only way in: without a password you could not come back";
                return Err(DeskError::conflict("only_way_in", reason));
            }
        } else {
            check_grant(actor, user.role)?;
        }
        if rows::remove(&mut tx, id).await? == 0 {
            return Err(DeskError::NotFound("identity"));
        }
        sessions::end_all(&mut tx, id, kept.map(digest).as_deref()).await?;
        audit::record(&mut tx, actor, Deed::of(AuditAction::IdentityUnlinked, &user), self.now()).await?;
        self.commit(tx, Vec::new()).await?;
        self.access_changed(id).await;
        Ok(())
    }
}
