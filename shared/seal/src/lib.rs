//! What must be read again and yet lies somewhere for nobody to read: sealed with ChaCha20-Poly1305 (RFC 8439) under a key
//! of the installation, and bound to what it is for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

/// The system gives no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret cannot be sealed: the system gives no random bytes")]
pub struct CannotSeal;

/// Seals and opens.
#[derive(Clone)]
pub struct Seal([u8; 32]);

impl Seal {
    /// Under this key; the same in every process.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Seals something that is for that: nonce and ciphertext as text of letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn close(&self, what_for: &str, plain: &[u8]) -> Result<String, CannotSeal> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = plain.to_vec();
        let (key, aad) = (self.key().ok_or(CannotSeal)?, Aad::from(what_for.as_bytes()));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| CannotSeal)?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed; `None` when it was sealed under another key, for something else, or is not whole.
    pub fn open(&self, what_for: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let plain = self.key()?.open_in_place(nonce, Aad::from(what_for.as_bytes()), &mut rest).ok()?;
        Some(plain.to_vec())
    }

    fn key(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, &self.0).ok().map(LessSafeKey::new)
    }
}

/// Random bytes of the system.
///
/// # Errors
/// It gives none.
pub fn random<const N: usize>() -> Result<[u8; N], CannotSeal> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| CannotSeal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_it_for_the_same_thing_and_only_whole() {
        let (seal, other) = (Seal::new([1; 32]), Seal::new([2; 32]));
        let sealed = seal.close("anna", b"secret").unwrap();
        assert_ne!(sealed, seal.close("anna", b"secret").unwrap(), "another nonce each time");
        assert_eq!(seal.open("anna", &sealed).unwrap(), b"secret");
        assert_eq!(seal.open("bert", &sealed), None);
        assert_eq!(other.open("anna", &sealed), None);
        let mut torn = sealed.clone();
        torn.replace_range(20..21, if &sealed[20..21] == "A" { "B" } else { "A" });
        for broken in [torn.as_str(), &sealed[..sealed.len() - 4], "AAAA", "", "not base64!"] {
            assert_eq!(seal.open("anna", broken), None, "{broken}");
        }
    }
}
