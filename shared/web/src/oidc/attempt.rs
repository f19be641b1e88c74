//! One try of somebody to sign in: everything about it comes from one secret that only their browser keeps.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::same;
use crate::signature::sha256;

/// One try. The secret is long and random; whoever has only `state` and `nonce`, which the provider sees, knows neither it
/// nor the verifier.
#[derive(Clone)]
pub struct Attempt {
    secret: String,
}

impl Attempt {
    /// The one of a secret of at least 256 random bits.
    pub fn of(secret: impl Into<String>) -> Self {
        Self { secret: secret.into() }
    }

    /// What only the browser keeps.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// What comes back with the code (RFC 6749 §4.1.1).
    pub fn state(&self) -> String {
        self.part("state")
    }

    /// Whether that came back.
    pub fn is_answered_by(&self, state: &str) -> bool {
        same(state, &self.state())
    }

    /// What the id token must say (Core §3.1.2.1).
    pub(super) fn nonce(&self) -> String {
        self.part("nonce")
    }

    /// What proves at the token endpoint that we began (RFC 7636 §4.1): 43 characters.
    pub(super) fn verifier(&self) -> String {
        self.part("verifier")
    }

    /// RFC 7636 §4.2, `S256`.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.verifier().as_bytes()))
    }

    fn part(&self, name: &str) -> String {
        URL_SAFE_NO_PAD.encode(sha256(format!("oidc {name} {}", self.secret).as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_long_and_say_nothing_of_each_other() {
        let attempt = Attempt::of("s");
        let parts = [attempt.state(), attempt.nonce(), attempt.verifier(), attempt.challenge()];
        for (n, part) in parts.iter().enumerate() {
            assert_eq!(part.len(), 43);
            assert!(!parts[n + 1..].contains(part));
        }
        assert!(attempt.is_answered_by(&parts[0]) && !Attempt::of("t").is_answered_by(&parts[0]));
    }
}
