//! Coming in: passwords, sessions, sign-in links. What is secret is kept only as a hash: passwords with Argon2id,
//! tokens, which are long and random, with SHA-256.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{EmailAddress, Timestamp, UserId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Desk, DeskError, accounts::User, availability, store::accounts as rows};

/// A session ends after this many milliseconds without use.
pub const SESSION_MILLIS: i64 = 14 * DAY;
/// A sign-in link ends after this many milliseconds.
pub const LINK_MILLIS: i64 = DAY;
/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;

const DAY: i64 = 24 * 60 * 60 * 1000;

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
}

impl Desk {
    /// Begins a session with a password; `None` when address or password is wrong, or the person is shut out. Takes
    /// as long for an unknown address as for a wrong password.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Option<NewSession>, DeskError> {
        let found = match EmailAddress::parse(email) {
            Ok(email) => rows::credentials(&self.store, email.as_str()).await?,
            Err(_) => None,
        };
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let right = verify_password(password.to_owned(), hash).await?;
        match user {
            Some(user) if right && !user.disabled => self.new_session(user).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Begins a session with a sign-in link, which is used up by that.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn sign_in_with_link(&self, token: &str) -> Result<Option<NewSession>, DeskError> {
        let mut tx = self.store.begin().await?;
        let owner = rows::use_link(&mut tx, &digest(token), self.now()).await?;
        tx.commit().await?;
        let Some(id) = owner else { return Ok(None) };
        match rows::user(&self.store, id).await? {
            Some(user) if !user.disabled => self.new_session(user).await.map(Some),
            _ => Ok(None),
        }
    }

    /// A token that lets this person in once within 24 hours.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn create_sign_in_link(&self, id: UserId) -> Result<String, DeskError> {
        self.user(id).await?;
        let (token, now) = (token(), self.now());
        let mut tx = self.store.begin().await?;
        rows::insert_link(&mut tx, &digest(&token), id, now, now.plus(LINK_MILLIS)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// The session of a token, if it is good now. Using it makes it last longer; that is written once a day.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, DeskError> {
        let (hash, now) = (digest(token), self.now());
        let Some(mut session) = rows::session(&self.store, &hash, now).await? else { return Ok(None) };
        let fresh = now.plus(SESSION_MILLIS);
        if fresh.millis() - session.expires_at.millis() >= DAY {
            let mut tx = self.store.begin().await?;
            rows::prolong_session(&mut tx, &hash, fresh).await?;
            tx.commit().await?;
            session.expires_at = fresh;
        }
        Ok(Some(session))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn sign_out(&self, token: &str) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        if let Some(user) = rows::end_session(&mut tx, &digest(token)).await? {
            availability::left(&mut tx, user).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn new_session(&self, user: User) -> Result<NewSession, DeskError> {
        let now = self.now();
        let new = NewSession { token: token(), csrf: token(), user, expires_at: now.plus(SESSION_MILLIS) };
        let mut tx = self.store.begin().await?;
        rows::insert_session(&mut tx, &digest(&new.token), &new, now).await?;
        tx.commit().await?;
        Ok(new)
    }
}

/// 256 random bits as text.
pub(crate) fn token() -> String {
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

pub(crate) fn check_password(password: &str) -> Result<(), DeskError> {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        let reason = format!("a password must have at least {MIN_PASSWORD} characters");
        return Err(DeskError::invalid("password", reason));
    }
    if password.len() > 500 {
        return Err(DeskError::invalid("password", "a password must have at most 500 bytes"));
    }
    Ok(())
}

pub(crate) async fn hash_password(password: String) -> Result<String, DeskError> {
    blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| failed(&e))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is right. Without a hash the same work is done on a hash of nobody.
async fn verify_password(password: String, hash: Option<String>) -> Result<bool, DeskError> {
    blocking(move || {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => nobodys_hash()?,
        };
        let parsed = PasswordHash::new(&hash).map_err(|e| failed(&e))?;
        let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(known && right)
    })
    .await
}

fn nobodys_hash() -> Result<String, DeskError> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash.clone());
    }
    let hash = Argon2::default().hash_password(token().as_bytes()).map_err(|e| failed(&e))?.to_string();
    Ok(HASH.get_or_init(|| hash).clone())
}

fn failed(error: &dyn std::fmt::Display) -> DeskError {
    DeskError::Unavailable(format!("a password cannot be checked: {error}"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DeskError> + Send + 'static,
) -> Result<T, DeskError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_right_or_wrong_and_nobody_has_none() {
        let hash = hash_password("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify_password("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!verify_password("correct horsf".into(), Some(hash)).await.unwrap());
        assert!(!verify_password("correct horse".into(), None).await.unwrap());
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (token(), token());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert_ne!(digest(&one), one);
    }

    #[test]
    fn short_passwords_are_refused() {
        assert!(check_password("ninechars").is_err());
        assert!(check_password("tencharsss").is_ok());
        assert!(check_password(&"x".repeat(501)).is_err());
    }
}
