//! The token a browser comes back with: who it was, signed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::SessionId;
use serde::{Deserialize, Serialize};

/// Longest token looked at, in bytes.
const LONGEST: usize = 2048;

/// What a resume token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The session.
    #[serde(rename = "s")]
    pub session: SessionId,
    /// The site it belongs to.
    #[serde(rename = "w")]
    pub site: String,
    /// The visitor's id.
    #[serde(rename = "v")]
    pub visitor: String,
    /// The site had signed that id.
    #[serde(rename = "k", default)]
    pub verified: bool,
}

/// The claims with a signature: `base64url(json).base64url(hmac-sha256)`.
pub fn issue(secret: &[u8; 32], claims: &Claims) -> String {
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
    let code = URL_SAFE_NO_PAD.encode(web::signature::hmac_sha256(secret, &[body.as_bytes()]));
    format!("{body}.{code}")
}

/// The claims of a token that this installation issued for this site.
pub fn read(secret: &[u8; 32], site: &str, token: &str) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let (body, code) = token.split_once('.')?;
    let given = URL_SAFE_NO_PAD.decode(code).ok()?;
    if !web::signature::same(given, web::signature::hmac_sha256(secret, &[body.as_bytes()])) {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    (claims.site == site).then_some(claims)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claims() -> Claims {
        let session = SessionId(Uuid::from_u128(7));
        Claims { session, site: "main".into(), visitor: "browser-1".into(), verified: false }
    }

    #[test]
    fn a_token_is_read_only_under_its_secret_and_for_its_site() {
        let token = issue(&[1; 32], &claims());
        assert_eq!(read(&[1; 32], "main", &token), Some(claims()));
        assert_eq!(read(&[2; 32], "main", &token), None);
        assert_eq!(read(&[1; 32], "other", &token), None);
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let token = issue(&[1; 32], &claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(read(&[1; 32], "main", &forged), None, "byte {at}");
        }
        for odd in ["", ".", "a.b", "é.é"] {
            assert_eq!(read(&[1; 32], "main", odd), None, "{odd}");
        }
    }
}
