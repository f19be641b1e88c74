//! Passwords: which are good enough, and how they are kept: as Argon2id hashes.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use super::token;
use crate::DeskError;

/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// What is tried first by whoever guesses, and long enough to be taken otherwise; in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether a password is long enough, and not too long.
pub(crate) fn check_length(password: &str) -> Result<(), DeskError> {
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

/// Whether somebody may choose it.
pub(crate) fn check_password(password: &str) -> Result<(), DeskError> {
    check_length(password)?;
    if is_common(password) {
        let reason = "this password is one of the first that are guessed: choose another one";
        return Err(DeskError::invalid("password", reason));
    }
    Ok(())
}

/// Whether it is a common one, whatever the case and with digits or signs behind it, or one character again and again.
fn is_common(password: &str) -> bool {
    let lower = password.trim().to_lowercase();
    let bare = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let one_character = lower.chars().skip(1).all(|c| lower.starts_with(c));
    one_character || COMMON.lines().any(|common| common == lower || common == bare)
}

pub(crate) async fn hash_password(password: String) -> Result<String, DeskError> {
    blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| failed(&e))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is right. Without a hash the same work is done on a hash of nobody.
pub(crate) async fn verify_password(password: String, hash: Option<String>) -> Result<bool, DeskError> {
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
    fn short_and_common_passwords_are_refused() {
        for refused in [
            "ninechars",
            "Password123",
            "password2026!",
            "qwertyuiop",
            "1234567890",
            "aaaaaaaaaaaa",
            "iloveyou1234",
        ] {
            assert!(check_password(refused).is_err(), "{refused}");
        }
        assert!(check_password(&"x1".repeat(251)).is_err());
        for taken in ["tencharssss1", "correct horse", "пароль-не-простой"] {
            assert!(check_password(taken).is_ok(), "{taken}");
        }
    }
}
