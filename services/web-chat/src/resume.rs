//! The token a browser comes back with: who it was, signed. Every `ready` brings a new one; one that was not renewed for
//! [`LIVES`] is over. Tabs of one browser share theirs, so an older one of them stays good until then.
//!
//! The desk writes such tokens too, for the button in its mails.

use domain::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::signed;

/// How long a token that is not renewed is good, in milliseconds.
pub const LIVES: i64 = 30 * 24 * 60 * 60 * 1000;

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

#[derive(Serialize, Deserialize)]
struct Token {
    #[serde(flatten)]
    claims: Claims,
    /// Until then; one without an end is from an earlier version.
    #[serde(rename = "e", skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// What a token is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// The session goes on.
    Good(Claims),
    /// It was ours, but its time is over.
    Over(Claims),
    /// Not ours, or of another site.
    Nothing,
}

/// A token for these claims.
pub fn issue(secret: &[u8; 32], claims: &Claims, now: Timestamp) -> String {
    signed::seal(secret, &Token { claims: claims.clone(), until: Some(now.plus(LIVES)) })
}

/// What a token is worth on this site.
pub fn read(secret: &[u8; 32], site: &str, token: &str, now: Timestamp) -> Worth {
    match signed::open::<Token>(secret, token) {
        Some(Token { claims, until }) if claims.site == site => match until {
            Some(until) if until < now => Worth::Over(claims),
            _ => Worth::Good(claims),
        },
        _ => Worth::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claims() -> Claims {
        let session = SessionId(Uuid::from_u128(7));
        Claims { session, site: "main".into(), visitor: "browser-1".into(), verified: false }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_token_is_read_only_under_its_secret_for_its_site_and_in_its_time() {
        let token = issue(&[1; 32], &claims(), at(0));
        assert_eq!(read(&[1; 32], "main", &token, at(LIVES)), Worth::Good(claims()));
        assert_eq!(read(&[1; 32], "main", &token, at(LIVES + 1)), Worth::Over(claims()));
        assert_eq!(read(&[2; 32], "main", &token, at(0)), Worth::Nothing);
        assert_eq!(read(&[1; 32], "other", &token, at(0)), Worth::Nothing);
        assert_ne!(issue(&[1; 32], &claims(), at(1)), token, "every ready brings a new one");
    }

    #[test]
    fn the_token_of_a_mail_is_read_as_the_desk_writes_it() {
        let token = "eyJzIjoiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDA3IiwidyI6Im1haW4iLCJ2IjoiYnJvd3Nlci0xIiwiayI6ZmFsc2UsImUiOiIyMDI2LTExLTI1VDAwOjAwOjAwLjAwMFoifQ";
        let code = web::signature::hmac_sha256(&[1; 32], &[token.as_bytes()]);
        use base64::Engine;
        let code = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(code);
        assert_eq!(read(&[1; 32], "main", &format!("{token}.{code}"), at(0)), Worth::Good(claims()));
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let token = issue(&[1; 32], &claims(), at(0));
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(read(&[1; 32], "main", &forged, at(0)), Worth::Nothing, "byte {place}");
        }
        for odd in ["", ".", "a.b", "é.é"] {
            assert_eq!(read(&[1; 32], "main", odd, at(0)), Worth::Nothing, "{odd}");
        }
    }
}
