//! Coming in: passwords, sessions, sign-in links. What is secret is kept only as a hash: passwords with Argon2id,
//! tokens, which are long and random, with SHA-256.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bus::Packet;
use domain::{EmailAddress, Timestamp, UserId, account_mail::Letter, audit::AuditAction};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError,
    accounts::User,
    audit::{self, Deed},
    availability, notices,
    store::{Tx, accounts as rows, sessions as session_rows},
};

mod entrance;
mod own_password;
pub mod passkeys;
mod password;
pub mod provider;
pub mod second_step;
mod sessions;

pub(crate) use entrance::PendingOf;
pub use entrance::{Entrance, Needs, Passed, Pending};
pub use password::MIN_PASSWORD;
pub(crate) use password::{check_length, check_password, hash_password, verify_password};
pub(crate) use sessions::session_id;
pub use sessions::{Ending, OpenSession};

/// A session ends after this many milliseconds without use.
pub const SESSION_MILLIS: i64 = 14 * DAY;
/// A sign-in link ends after this many milliseconds.
pub const LINK_MILLIS: i64 = DAY;
/// That a session was used is written again after this many milliseconds.
const USED_AGAIN: i64 = 5 * 60 * 1000;
/// Longest name of a browser that is kept, in bytes.
const LONGEST_BROWSER: usize = 300;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Where a request comes from, as far as it says.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Its address.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub browser: String,
}

impl Origin {
    /// Of this address, by a browser that calls itself so.
    pub fn new(address: IpAddr, browser: &str) -> Self {
        let plain: String = browser.chars().filter(|c| !c.is_control()).collect();
        let end = plain.floor_char_boundary(LONGEST_BROWSER);
        Self { address: Some(address), browser: plain[..end].to_owned() }
    }
}

/// A session just made: the only time its token is known.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// For the cookie.
    pub token: String,
    /// What unsafe requests must repeat in `x-csrf-token`.
    pub csrf: String,
    /// Who.
    pub user: User,
    /// Until when, if it is not used meanwhile.
    pub expires_at: Timestamp,
}

/// A session that is good now.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub user: User,
    /// What unsafe requests must repeat in `x-csrf-token`.
    pub csrf: String,
    /// Until when, if it is not used meanwhile.
    pub expires_at: Timestamp,
    /// When it was used last, as far as it was written.
    pub used_at: Option<Timestamp>,
}

impl Desk {
    /// Lets somebody in with a password, or to the second step; `None` when address or password is wrong, or the person is shut out. Takes
    /// as long for an unknown address as for a wrong password.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<Option<Entrance>, DeskError> {
        let email = EmailAddress::parse(email).ok();
        let found = match &email {
            Some(email) => rows::credentials(&self.store, email.as_str()).await?,
            None => None,
        };
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let right = verify_password(password.to_owned(), hash.clone()).await?;
        let entered = match &user {
            Some(user) if right && !user.disabled => self.enter(user, hash.as_deref(), origin).await?,
            _ => None,
        };
        match (entered, user) {
            (Some(new), _) => Ok(Some(new)),
            (None, user) => {
                self.turn_away(user.as_ref(), email.as_ref(), "password", origin).await?;
                Ok(None)
            }
        }
    }

    /// Lets somebody in with a sign-in link, or to the second step; the link is used up by that.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn sign_in_with_link(
        &self,
        token: &str,
        origin: &Origin,
    ) -> Result<Option<Entrance>, DeskError> {
        let mut tx = self.store.begin().await?;
        let hash = digest(token);
        let owner = rows::lock_owner_of_link(&self.store, &mut tx, &hash).await?;
        let is_good = rows::use_link(&mut tx, &hash, self.now()).await?;
        match owner.filter(|_| is_good) {
            Some(user) if !user.disabled => {
                let entrance = self.let_in(&mut tx, user, "sign_in_link", origin).await?;
                tx.commit().await?;
                Ok(Some(entrance))
            }
            user => {
                tx.commit().await?;
                self.turn_away(user.as_ref(), None, "sign_in_link", origin).await?;
                Ok(None)
            }
        }
    }

    /// A token that lets this person in once within 24 hours.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn create_sign_in_link(&self, id: UserId, actor: &Actor) -> Result<String, DeskError> {
        let user = self.user(id).await?;
        let (token, now) = (token(), self.now());
        let mut tx = self.store.begin().await?;
        rows::insert_link(&mut tx, &digest(&token), id, now, now.plus(LINK_MILLIS)).await?;
        audit::record(&mut tx, actor, Deed::of(AuditAction::SignInLinkMade, &user), now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// The session of a token, if it is good now. Using it makes it last longer; that is written now and then.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, DeskError> {
        let (hash, now) = (digest(token), self.now());
        let Some(mut session) = session_rows::find(&self.store, &hash, now).await? else { return Ok(None) };
        let fresh = now.plus(SESSION_MILLIS);
        let known = session.used_at.is_some_and(|used| now.millis() - used.millis() < USED_AGAIN);
        if !known || fresh.millis() - session.expires_at.millis() >= DAY {
            let mut tx = self.store.begin().await?;
            session_rows::used(&mut tx, &hash, now, fresh).await?;
            tx.commit().await?;
            session.expires_at = fresh;
        }
        Ok(Some(session))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn sign_out(&self, token: &str, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        if let Some(id) = session_rows::end(&mut tx, &digest(token)).await? {
            availability::left(&mut tx, id).await?;
            if let Some(user) = rows::user_in(&mut tx, id).await? {
                audit::record(&mut tx, actor, Deed::of(AuditAction::SignedOut, &user), self.now()).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// `None` when the password was changed, or the person shut out, while it was looked at.
    async fn enter(
        &self,
        user: &User,
        hash: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Entrance>, DeskError> {
        let mut tx = self.store.begin().await?;
        let user = rows::lock_user(&self.store, &mut tx, user.id).await?.filter(|user| !user.disabled);
        let user = user.filter(|user| self.takes_password_of(user.role));
        let Some(user) = user else { return Ok(None) };
        if rows::password_hash(&mut tx, user.id).await?.as_deref() != hash {
            return Ok(None);
        }
        let entrance = self.let_in(&mut tx, user, "password", origin).await?;
        tx.commit().await?;
        Ok(Some(entrance))
    }

    /// How somebody signs in is not what it was: that ends their other sessions and whatever could become one, is written
    /// down, and they are told by mail. They are locked before.
    pub(crate) async fn sign_in_changed(
        &self,
        tx: &mut Tx,
        user: &User,
        deed: Deed,
        kept: Option<&str>,
        actor: &Actor,
        letter: impl FnOnce(&str) -> Letter,
    ) -> Result<Option<Packet>, DeskError> {
        let now = self.now();
        session_rows::end_all(tx, user.id, kept.map(digest).as_deref()).await?;
        session_rows::forget_links(tx, user.id).await?;
        audit::record(tx, actor, deed, now).await?;
        notices::about_account(self, tx, &user.email, letter, now).await
    }

    /// Writes down who was not let in. What they gave is only kept where it is an address: it may be a password.
    pub(crate) async fn turn_away(
        &self,
        user: Option<&User>,
        given: Option<&EmailAddress>,
        with: &str,
        origin: &Origin,
    ) -> Result<(), DeskError> {
        let failed = AuditAction::SignInFailed;
        let deed = user.map_or_else(|| Deed::to_nobody(failed, given), |user| Deed::of(failed, user));
        if self.is_noted(origin.address, failed).await? {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let facts = json!({"with": with, "disabled": user.is_some_and(|user| user.disabled)});
        audit::stranger(&mut tx, origin.address, deed.with(&facts), self.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// 256 random bits as text.
pub fn token() -> String {
    // Three random UUIDs hold 366 bits from the system's source; the digest makes 256 even ones of them.
    let mut digest = Sha256::new();
    for _ in 0..3 {
        digest.update(Uuid::new_v4().as_bytes());
    }
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

/// How a token is kept: SHA-256 in base64. A token is long and random, so a slow hash would gain nothing.
pub(crate) fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (token(), token());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert_ne!(digest(&one), one);
    }
}
