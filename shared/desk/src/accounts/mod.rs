//! Who works here: people with a role, API keys with a role, and the first owner (A1).

use std::net::IpAddr;

use domain::{EmailAddress, Role, Timestamp, UserId, audit::AuditAction};
use uuid::Uuid;

use crate::{
    Desk, DeskError,
    audit::{self, Deed},
    entropy, sign_in,
    store::{accounts as rows, invitations, sessions},
};

mod first_owner;
mod invite;
mod keys;
mod reset;

pub use first_owner::{DEFAULT_OWNER, OwnerSetup};
pub use invite::{Invitation, NewInvitation};
pub use keys::{ApiKey, NewKey};

/// Who is asking: a person or an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Id of the person or of the key.
    pub id: Uuid,
    /// Name, shown with what they write.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The person, where it is one.
    pub user: Option<UserId>,
    /// Where the request came from, where it is one.
    pub from: Option<IpAddr>,
}

impl Actor {
    /// Frontdesk itself, or whoever has its command line.
    pub fn system() -> Self {
        Self { id: Uuid::nil(), name: "Frontdesk".into(), role: Role::Owner, user: None, from: None }
    }
}

/// Somebody who works here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// What they sign in with.
    pub email: EmailAddress,
    /// Name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// May not sign in and gets no tickets.
    pub disabled: bool,
    /// Has a second step at sign-in.
    pub second_step: bool,
    /// How many passkeys they have.
    pub passkeys: i64,
    /// Since when.
    pub created_at: Timestamp,
}

impl User {
    /// This person as the one who asks.
    pub fn actor(&self) -> Actor {
        Actor { id: self.id.0, name: self.name.clone(), role: self.role, user: Some(self.id), from: None }
    }
}

/// A person to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they will sign in with.
    pub email: EmailAddress,
    /// Name; the part before the `@` where there is none.
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Password; without one they come in by a sign-in link.
    pub password: Option<String>,
}

/// What changes about a person; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    /// Name.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they are shut out.
    pub disabled: Option<bool>,
    /// Password. All their sessions end.
    pub password: Option<String>,
    /// The token of a session that goes on after a new password.
    pub keep_session: Option<String>,
}

/// Nobody but an owner may make an owner, or change one.
///
/// # Errors
/// This actor may not deal with that role.
pub fn check_grant(actor: &Actor, role: Role) -> Result<(), DeskError> {
    if role == Role::Owner && actor.role != Role::Owner {
        return Err(DeskError::Forbidden("only an owner may make, change or remove an owner".into()));
    }
    Ok(())
}

impl Desk {
    /// Adds a person.
    ///
    /// # Errors
    /// `email_taken`; a name or password that makes no sense.
    pub async fn create_user(&self, new: NewUser, actor: &Actor) -> Result<User, DeskError> {
        let hash = self.hash_checked(new.password.clone()).await?;
        self.add_user(new, hash, actor).await
    }

    async fn add_user(&self, new: NewUser, hash: Option<String>, actor: &Actor) -> Result<User, DeskError> {
        let now = self.now();
        let local = new.email.local_and_tag().0.to_owned();
        let user = User {
            id: UserId::new(now, &entropy()),
            name: checked_name(&new.name.unwrap_or(local))?,
            email: new.email,
            role: new.role,
            disabled: false,
            second_step: false,
            passkeys: 0,
            created_at: now,
        };
        let mut tx = self.store.begin().await?;
        if !rows::insert_user(&mut tx, &user, hash.as_deref()).await? {
            return Err(DeskError::conflict("email_taken", format!("{} is a user already", user.email)));
        }
        invitations::forget(&mut tx, &user.email).await?;
        audit::record(&mut tx, actor, Deed::saved(None, &user), now).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn users(&self) -> Result<Vec<User>, DeskError> {
        rows::users(&self.store).await
    }

    /// One person.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn user(&self, id: UserId) -> Result<User, DeskError> {
        rows::user(&self.store, id).await?.ok_or(DeskError::NotFound("user"))
    }

    /// The person with that address.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn user_by_email(&self, email: &EmailAddress) -> Result<User, DeskError> {
        let found = rows::credentials(&self.store, email.as_str()).await?;
        found.map(|(user, _)| user).ok_or(DeskError::NotFound("user"))
    }

    /// Changes a person. Being shut out or given a new password ends their sessions.
    ///
    /// # Errors
    /// Not for this actor; `last_owner`; a name or password that makes no sense.
    pub async fn change_user(&self, id: UserId, patch: UserPatch, actor: &Actor) -> Result<User, DeskError> {
        if patch.password.is_some() && actor.user == Some(id) {
            let reason = "choose your own password in your account: that asks for the one before";
            return Err(DeskError::conflict("own_password", reason));
        }
        self.change_own(id, patch, actor).await
    }

    /// [`Desk::change_user`] for who proved that it is they.
    pub(crate) async fn change_own(
        &self,
        id: UserId,
        patch: UserPatch,
        actor: &Actor,
    ) -> Result<User, DeskError> {
        let (hash, now) = (self.hash_checked(patch.password.clone()).await?, self.now());
        let mut tx = self.store.begin().await?;
        let owners = rows::lock_owners(&self.store, &mut tx).await?;
        let before = rows::lock_user(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("user"))?;
        let user = patched(&before, &patch, actor, &owners)?;
        rows::update_user(&mut tx, &user, hash.as_deref(), now).await?;
        audit::record(&mut tx, actor, Deed::saved(Some(&before), &user), now).await?;
        let packet = match &hash {
            Some(_) => {
                audit::record(&mut tx, actor, Deed::of(AuditAction::PasswordChanged, &user), now).await?;
                self.tell_of_password(&mut tx, &user, actor, now).await?
            }
            None => None,
        };
        if user.disabled || hash.is_some() {
            let kept = patch.keep_session.as_deref().filter(|_| !user.disabled).map(sign_in::digest);
            sessions::end_all(&mut tx, id, kept.as_deref()).await?;
            sessions::forget_links(&mut tx, id).await?;
        }
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(user)
    }

    async fn hash_checked(&self, password: Option<String>) -> Result<Option<String>, DeskError> {
        match password {
            Some(password) => {
                sign_in::check_password(&password)?;
                sign_in::hash_password(password).await.map(Some)
            }
            None => Ok(None),
        }
    }
}

/// The person as they are after the patch. `owners` are all owners who may sign in.
fn patched(before: &User, patch: &UserPatch, actor: &Actor, owners: &[UserId]) -> Result<User, DeskError> {
    check_grant(actor, before.role)?;
    let mut user = before.clone();
    if let Some(role) = patch.role {
        check_grant(actor, role)?;
        user.role = role;
    }
    if let Some(name) = &patch.name {
        user.name = checked_name(name)?;
    }
    user.disabled = patch.disabled.unwrap_or(user.disabled);
    let stays_owner = user.role == Role::Owner && !user.disabled;
    if owners == [before.id] && !stays_owner {
        return Err(DeskError::conflict(
            "last_owner",
            "the last owner stays: make somebody else an owner first",
        ));
    }
    Ok(user)
}

pub(crate) fn checked_name(name: &str) -> Result<String, DeskError> {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(DeskError::invalid("name", "a name must have 1 to 100 characters"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> User {
        User {
            id: UserId::new(Timestamp::from_millis(1), &[role.as_str().len() as u8; 10]),
            email: EmailAddress::parse("anna@example.com").unwrap(),
            name: "Anna".into(),
            role,
            disabled: false,
            second_step: false,
            passkeys: 0,
            created_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn a1_only_an_owner_touches_an_owner() {
        let (owner, admin) = (user(Role::Owner), user(Role::Admin));
        let rename = UserPatch { name: Some("Bert".into()), ..UserPatch::default() };
        assert!(patched(&owner, &rename, &admin.actor(), &[owner.id]).is_err());
        assert!(patched(&owner, &rename, &owner.actor(), &[owner.id]).is_ok());
        let rise = UserPatch { role: Some(Role::Owner), ..UserPatch::default() };
        assert!(patched(&admin, &rise, &admin.actor(), &[owner.id]).is_err());
        assert!(patched(&admin, &rise, &owner.actor(), &[owner.id]).is_ok());
    }

    #[test]
    fn the_last_owner_stays() {
        let (owner, other) = (user(Role::Owner), user(Role::Support).id);
        for patch in [
            UserPatch { disabled: Some(true), ..UserPatch::default() },
            UserPatch { role: Some(Role::Admin), ..UserPatch::default() },
        ] {
            let alone = patched(&owner, &patch, &owner.actor(), &[owner.id]);
            assert!(matches!(alone, Err(DeskError::Conflict { code: "last_owner", .. })));
            assert!(patched(&owner, &patch, &owner.actor(), &[owner.id, other]).is_ok());
        }
    }
}
