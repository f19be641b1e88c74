//! JSON Web Tokens signed with HMAC (RFC 7519, RFC 7518 §3.2). Read here rather than by a library: the three algorithms
//! are three calls, time is an argument, and what must be in a token differs from carrier to carrier.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use web::signature::{hmac_sha256, hmac_sha384, hmac_sha512, same};

/// The algorithms of RFC 7518 §3.2. Nothing else is read, least of all `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
}

/// A token that says something; nobody checked yet who says it.
pub struct Token<'a> {
    algorithm: Algorithm,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Value,
}

impl<'a> Token<'a> {
    /// `header.claims.signature`; `None` for anything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.trim().rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let header: Value = read(header)?;
        let algorithm = match header["alg"].as_str()? {
            "HS256" => Algorithm::Hs256,
            "HS384" => Algorithm::Hs384,
            "HS512" => Algorithm::Hs512,
            _ => return None,
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { algorithm, signed, signature, claims: read(claims).filter(Value::is_object)? })
    }

    /// What it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this key signed it.
    pub fn is_of(&self, key: &str) -> bool {
        let (key, parts) = (key.as_bytes(), [self.signed.as_bytes()]);
        match self.algorithm {
            Algorithm::Hs256 => same(&self.signature, hmac_sha256(key, &parts)),
            Algorithm::Hs384 => same(&self.signature, hmac_sha384(key, &parts)),
            Algorithm::Hs512 => same(&self.signature, hmac_sha512(key, &parts)),
        }
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims[name].as_str()
    }

    /// A claim that is a time (RFC 7519 §2, `NumericDate`), in milliseconds.
    pub fn millis(&self, name: &str) -> Option<i64> {
        let claim = &self.claims[name];
        #[expect(clippy::cast_possible_truncation, reason = "a float is cut off at the ends of i64")]
        let seconds = claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds as i64))?;
        Some(seconds.saturating_mul(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, A.1; its key is bytes, so it is checked with another here.
    const RFC: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn token(header: &str, claims: &str, signature: &[u8]) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_token_is_read_as_the_standard_has_it() {
        let token = Token::parse(RFC).unwrap();
        assert_eq!(token.algorithm(), Algorithm::Hs256);
        assert_eq!((token.text("iss"), token.millis("exp")), (Some("joe"), Some(1_300_819_380_000)));
        assert_eq!((token.text("exp"), token.millis("iss"), token.millis("nbf")), (None, None, None));
        assert!(!token.is_of("joe"));
    }

    #[test]
    fn only_the_key_that_signed_it_did() {
        let signed = token(r#"{"alg":"HS384"}"#, r#"{"exp":1.5e3}"#, b"");
        let (body, _) = signed.rsplit_once('.').unwrap();
        let whole = format!("{body}.{}", URL_SAFE_NO_PAD.encode(hmac_sha384(b"key", &[body.as_bytes()])));
        let whole = Token::parse(&whole).unwrap();
        assert!(whole.is_of("key") && !whole.is_of("Key") && !whole.is_of(""));
        assert_eq!(whole.millis("exp"), Some(1_500_000));
        assert!(!Token::parse(&signed).unwrap().is_of("key"), "an empty signature");
    }

    #[test]
    fn anything_else_is_no_token() {
        for text in [
            "".to_owned(),
            "a.b.c".to_owned(),
            "..".to_owned(),
            token(r#"{"alg":"none"}"#, "{}", b""),
            token(r#"{"alg":"RS256"}"#, "{}", b"x"),
            token("{}", "{}", b"x"),
            token(r#"{"alg":"HS256"}"#, "[]", b"x"),
            token(r#"{"alg":"HS256"}"#, "{", b"x"),
            format!("{RFC}="),
            format!("{RFC}.x"),
        ] {
            assert!(Token::parse(&text).is_none(), "{text}");
        }
    }
}
