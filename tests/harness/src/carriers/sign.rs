//! What carriers sign with, by another library than the product's.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{digest, hmac};

pub fn hmac_sha1(key: &str, text: &str) -> Vec<u8> {
    hmac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes(), text)
}

pub fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    hmac(hmac::HMAC_SHA256, key, text)
}

fn hmac(algorithm: hmac::Algorithm, key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), text.as_bytes()).as_ref().to_vec()
}

pub fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
}
