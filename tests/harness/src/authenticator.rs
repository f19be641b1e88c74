//! An authenticator with one passkey, and the browser before it (Web Authentication, level 3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;

/// User present and verified.
pub const VERIFIED: u8 = 0b0101;

/// What an authenticator signs with.
enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A passkey in an authenticator, and where its browser is.
pub struct Authenticator {
    /// Where the page is that asks.
    pub origin: String,
    /// The site the passkey is for.
    pub site: String,
    /// The passkey's id.
    pub credential: Vec<u8>,
    /// Whom it is for.
    pub user_handle: Vec<u8>,
    /// How often it was used; `None` where it does not count.
    pub counter: Option<u32>,
    /// Flags of authenticator data.
    pub flags: u8,
    key: Key,
}

/// A passkey that was made.
pub struct Made {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `attestationObject`.
    pub attestation: Vec<u8>,
}

/// A passkey that was used.
pub struct Used {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `signature`.
    pub signature: Vec<u8>,
}

impl Authenticator {
    /// With ES256, which counts.
    ///
    /// # Panics
    /// The system gives no random bytes.
    pub fn new(origin: &str, site: &str) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random);
        Self {
            origin: origin.to_owned(),
            site: site.to_owned(),
            credential: uuid::Uuid::new_v4().as_bytes().to_vec(),
            user_handle: Vec::new(),
            counter: Some(0),
            flags: VERIFIED,
            key: Key::P256(key.expect("a key")),
        }
    }

    /// With `EdDSA`, which does not count.
    ///
    /// # Panics
    /// The system gives no random bytes.
    #[must_use]
    pub fn with_ed25519(self) -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key");
        Self { key: Key::Ed25519(key), counter: None, ..self }
    }

    /// Makes the passkey, for that user handle (base64url).
    ///
    /// # Panics
    /// The user handle is not base64url.
    pub fn make(&mut self, challenge: &str, user_handle: &str) -> Made {
        self.user_handle = URL_SAFE_NO_PAD.decode(user_handle).expect("base64url");
        let length = u16::try_from(self.credential.len()).expect("a short id").to_be_bytes();
        let credential = [&[0; 16][..], &length, &self.credential, &self.cose()].concat();
        let data = [self.data(self.flags | 1 << 6), credential].concat();
        let length = u16::try_from(data.len()).expect("short data").to_be_bytes();
        let begin = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
        let attestation = [&begin[..], &length, &data].concat();
        Made { client_data: self.client_data("webauthn.create", challenge), attestation }
    }

    /// Uses it.
    ///
    /// # Panics
    /// The system gives no random bytes.
    pub fn sign(&mut self, challenge: &str) -> Used {
        self.counter = self.counter.map(|counter| counter + 1);
        let client_data = self.client_data("webauthn.get", challenge);
        let authenticator_data = self.data(self.flags);
        let signed = [&authenticator_data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = match &self.key {
            Key::P256(key) => key.sign(&SystemRandom::new(), &signed).expect("a signature").as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(&signed).as_ref().to_vec(),
        };
        Used { client_data, authenticator_data, signature }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let said = json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false});
        said.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let site = digest(&SHA256, self.site.as_bytes());
        [site.as_ref(), &[flags], &self.counter.unwrap_or(0).to_be_bytes()].concat()
    }

    /// The public key as COSE.
    fn cose(&self) -> Vec<u8> {
        match &self.key {
            Key::P256(key) => {
                let point = key.public_key().as_ref();
                let begin = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
                [&begin[..], &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat()
            }
            Key::Ed25519(key) => {
                let begin = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32];
                [&begin[..], key.public_key().as_ref()].concat()
            }
        }
    }
}
