//! What we give away to get it back unchanged: `base64url(json).base64url(hmac-sha256)`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

/// Longest token looked at, in bytes.
const LONGEST: usize = 2048;

/// A key for one purpose, made from the key of the installation.
pub fn key(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    web::signature::hmac_sha256(secret, &[purpose.as_bytes()])
}

/// Signs what is said.
pub fn seal<T: Serialize>(key: &[u8; 32], said: &T) -> String {
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(said).unwrap_or_default());
    let code = URL_SAFE_NO_PAD.encode(web::signature::hmac_sha256(key, &[body.as_bytes()]));
    format!("{body}.{code}")
}

/// What a token says, if it was signed under this key.
pub fn open<T: DeserializeOwned>(key: &[u8; 32], token: &str) -> Option<T> {
    if token.len() > LONGEST {
        return None;
    }
    let (body, code) = token.split_once('.')?;
    let given = URL_SAFE_NO_PAD.decode(code).ok()?;
    if !web::signature::same(given, web::signature::hmac_sha256(key, &[body.as_bytes()])) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}
