//! API keys: programs that act with a role.

use domain::{Role, Timestamp, UserId};

use super::{Actor, check_grant, checked_name};
use crate::{
    Desk, DeskError,
    audit::{self, Deed},
    entropy, sign_in,
    store::accounts as rows,
};

/// Shortest API key that may be given by the configuration.
const MIN_KEY: usize = 8;

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

impl Desk {
    /// Adds an API key; a new random one unless `given`.
    ///
    /// # Errors
    /// `key_taken`; a name or key that makes no sense.
    pub async fn create_key(
        &self,
        name: &str,
        role: Role,
        given: Option<&str>,
        actor: &Actor,
    ) -> Result<NewKey, DeskError> {
        let name = checked_name(name)?;
        let key = given.map_or_else(|| Ok(format!("fd_{}", sign_in::token())), checked_key)?;
        let now = self.now();
        let new = NewKey { id: UserId::new(now, &entropy()).to_string(), name, role, key, created_at: now };
        let kept =
            ApiKey { id: new.id.clone(), name: new.name.clone(), role: new.role, created_at: new.created_at };
        let mut tx = self.store.begin().await?;
        if !rows::insert_key(&mut tx, &kept, &sign_in::digest(&new.key)).await? {
            return Err(DeskError::conflict("key_taken", "this key is there already, or was revoked"));
        }
        audit::record(&mut tx, actor, Deed::saved(None, &kept), now).await?;
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
        let now = self.now();
        if rows::revoke_key(&mut tx, id, now).await? {
            audit::record(&mut tx, actor, Deed::removed(key), now).await?;
        }
        tx.commit().await?;
        if let Ok(key) = id.parse() {
            self.access_changed(key).await;
        }
        Ok(())
    }

    /// Who asks with that key; `None` for a wrong or revoked one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn actor_of_key(&self, key: &str) -> Result<Option<Actor>, DeskError> {
        rows::actor_of_key(&self.store, &sign_in::digest(key)).await
    }
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
