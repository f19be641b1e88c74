//! The first start: somebody must be able to come in.

use domain::{EmailAddress, Role, role::Permission};

use super::{Actor, NewUser, User};
use crate::{Desk, DeskError, sign_in, store::accounts as rows};

/// Address of the first owner where the configuration names none.
pub const DEFAULT_OWNER: &str = "owner@localhost";

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

impl Desk {
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
            None => {
                EmailAddress::parse(DEFAULT_OWNER).map_err(|e| DeskError::invalid("email", e.to_string()))?
            }
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
        let sign_in_token =
            if needs_link { Some(self.create_sign_in_link(user.id, &Actor::system()).await?) } else { None };
        Ok(OwnerSetup { user: Some(user), created, sign_in_token })
    }

    /// Makes the owner; `false` when another replica was first.
    async fn create_first(&self, email: EmailAddress, password: Option<&str>) -> Result<bool, DeskError> {
        // What the operator configures is only looked at for its length: the start must not hang on a list of words.
        let hash = match password {
            Some(password) => {
                sign_in::check_length(password)?;
                Some(sign_in::hash_password(password.to_owned()).await?)
            }
            None => None,
        };
        let new = NewUser { email, name: Some("Owner".into()), role: Role::Owner, password: None };
        match self.add_user(new, hash, &Actor::system()).await {
            Ok(_) => Ok(true),
            Err(DeskError::Conflict { code: "email_taken", .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ensure_owner_key(&self, key: &str) -> Result<(), DeskError> {
        match self.create_key("owner", Role::Owner, Some(key), &Actor::system()).await {
            Ok(_) | Err(DeskError::Conflict { code: "key_taken", .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
