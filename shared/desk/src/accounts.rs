//! Who works here: people with a role, API keys with a role, and the first owner (A1).

use domain::{EmailAddress, Role, Timestamp, UserId, role::Permission};
use uuid::Uuid;

use crate::{
    Desk, DeskError, entropy, sign_in,
    store::{Tx, accounts as rows},
};

/// Address of the first owner where the configuration names none.
pub const DEFAULT_OWNER: &str = "owner@localhost";

/// Shortest API key that may be given by the configuration.
const MIN_KEY: usize = 8;

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
    /// Since when.
    pub created_at: Timestamp,
}

impl User {
    /// This person as the one who asks.
    pub fn actor(&self) -> Actor {
        Actor { id: self.id.0, name: self.name.clone(), role: self.role, user: Some(self.id) }
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

/// An API key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

/// A new API key: the only time the key itself is shown.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The key.
    pub key: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// What [`Desk::ensure_owner`] found or made.
#[derive(Clone, Debug)]
pub struct OwnerSetup {
    /// The owner to sign in as; `None` when somebody else runs the place already.
    pub user: Option<User>,
    /// Made just now.
    pub created: bool,
    /// For an owner without a password: a sign-in link's token (24 hours, once).
    pub sign_in_token: Option<String>,
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
    pub async fn create_user(&self, new: NewUser) -> Result<User, DeskError> {
        let hash = self.hash_checked(new.password).await?;
        let now = self.now();
        let local = new.email.local_and_tag().0.to_owned();
        let user = User {
            id: UserId::new(now, &entropy()),
            name: checked_name(new.name.unwrap_or(local))?,
            email: new.email,
            role: new.role,
            disabled: false,
            created_at: now,
        };
        let mut tx = self.store.begin().await?;
        if !rows::insert_user(&mut tx, &user, hash.as_deref()).await? {
            return Err(DeskError::conflict("email_taken", format!("{} is a user already", user.email)));
        }
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
        let hash = self.hash_checked(patch.password.clone()).await?;
        let mut tx = self.store.begin().await?;
        let owners = rows::lock_owners(&self.store, &mut tx).await?;
        let before = rows::lock_user(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("user"))?;
        let user = patched(&before, &patch, actor, &owners)?;
        rows::update_user(&mut tx, &user, hash.as_deref(), self.now()).await?;
        if user.disabled || hash.is_some() {
            let kept = patch.keep_session.as_deref().filter(|_| !user.disabled).map(sign_in::digest);
            rows::end_sessions(&mut tx, id, kept.as_deref()).await?;
        }
        tx.commit().await?;
        Ok(user)
    }

    /// Gives a person a new password and ends their sessions.
    ///
    /// # Errors
    /// There is no such person; a password that is too short.
    pub async fn set_password(&self, id: UserId, new: &str) -> Result<(), DeskError> {
        let hash = self.hash_checked(Some(new.to_owned())).await?;
        let mut tx = self.store.begin().await?;
        let user = rows::lock_user(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("user"))?;
        rows::update_user(&mut tx, &user, hash.as_deref(), self.now()).await?;
        rows::end_sessions(&mut tx, id, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Adds an API key; a new random one unless `given`.
    ///
    /// # Errors
    /// `key_taken`; a name or key that makes no sense.
    pub async fn create_key(&self, name: &str, role: Role, given: Option<&str>) -> Result<NewKey, DeskError> {
        let name = checked_name(name.to_owned())?;
        let key = given.map_or_else(|| Ok(format!("fd_{}", sign_in::token())), checked_key)?;
        let now = self.now();
        let new = NewKey { id: UserId::new(now, &entropy()).to_string(), name, role, key, created_at: now };
        let mut tx = self.store.begin().await?;
        if !insert_key(&mut tx, &new).await? {
            return Err(DeskError::conflict("key_taken", "this key is there already, or was revoked"));
        }
        tx.commit().await?;
        Ok(new)
    }

    /// All keys that are not revoked, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, DeskError> {
        rows::keys(&self.store).await
    }

    /// Revokes a key, for ever.
    ///
    /// # Errors
    /// There is no such key; not for this actor.
    pub async fn revoke_key(&self, id: &str, actor: &Actor) -> Result<(), DeskError> {
        let keys = rows::keys(&self.store).await?;
        let key = keys.iter().find(|key| key.id == id).ok_or(DeskError::NotFound("API key"))?;
        check_grant(actor, key.role)?;
        let mut tx = self.store.begin().await?;
        rows::revoke_key(&mut tx, id, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who asks with that key; `None` for a wrong or revoked one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn actor_of_key(&self, key: &str) -> Result<Option<Actor>, DeskError> {
        rows::actor_of_key(&self.store, &sign_in::digest(key)).await
    }

    /// Sees to it that somebody can come in: at the first start makes the owner, and the API key if one is given.
    /// Safe to call at every start and from several replicas at once.
    ///
    /// # Errors
    /// A password or key that makes no sense; the database cannot be written.
    pub async fn ensure_owner(
        &self,
        email: Option<&EmailAddress>,
        password: Option<&str>,
        api_key: Option<&str>,
    ) -> Result<OwnerSetup, DeskError> {
        if let Some(key) = api_key {
            self.ensure_owner_key(key).await?;
        }
        let address = match email {
            Some(email) => email.clone(),
            None => EmailAddress::parse(DEFAULT_OWNER).map_err(|e| DeskError::invalid("email", e.to_string()))?,
        };
        let created = if rows::has_users(&self.store).await? {
            false
        } else {
            self.create_first(address.clone(), password).await?
        };
        let Some((user, hash)) = rows::credentials(&self.store, address.as_str()).await? else {
            return Ok(OwnerSetup { user: None, created: false, sign_in_token: None });
        };
        let needs_link = hash.is_none() && !user.disabled && user.role.may(Permission::ManageOrganization);
        let sign_in_token = if needs_link { Some(self.create_sign_in_link(user.id).await?) } else { None };
        Ok(OwnerSetup { user: Some(user), created, sign_in_token })
    }

    /// Makes the owner; `false` when another replica was first.
    async fn create_first(&self, email: EmailAddress, password: Option<&str>) -> Result<bool, DeskError> {
        let password = password.map(str::to_owned);
        let new = NewUser { email, name: Some("Owner".into()), role: Role::Owner, password };
        match self.create_user(new).await {
            Ok(_) => Ok(true),
            Err(DeskError::Conflict { code: "email_taken", .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ensure_owner_key(&self, key: &str) -> Result<(), DeskError> {
        match self.create_key("owner", Role::Owner, Some(key)).await {
            Ok(_) | Err(DeskError::Conflict { code: "key_taken", .. }) => Ok(()),
            Err(error) => Err(error),
        }
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

async fn insert_key(tx: &mut Tx, new: &NewKey) -> Result<bool, DeskError> {
    let key =
        ApiKey { id: new.id.clone(), name: new.name.clone(), role: new.role, created_at: new.created_at };
    rows::insert_key(tx, &key, &sign_in::digest(&new.key)).await
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
        user.name = checked_name(name.clone())?;
    }
    user.disabled = patch.disabled.unwrap_or(user.disabled);
    let stays_owner = user.role == Role::Owner && !user.disabled;
    if owners == [before.id] && !stays_owner {
        return Err(DeskError::conflict("last_owner", "the last owner stays: make somebody else an owner first"));
    }
    Ok(user)
}

fn checked_name(name: String) -> Result<String, DeskError> {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(DeskError::invalid("name", "a name must have 1 to 100 characters"));
    }
    Ok(name)
}

fn checked_key(key: &str) -> Result<String, DeskError> {
    let fits = (MIN_KEY..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(key.to_owned())
    } else {
        let reason = format!("an API key must have {MIN_KEY} to 200 printable characters without spaces");
        Err(DeskError::invalid("api_key", reason))
    }
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
