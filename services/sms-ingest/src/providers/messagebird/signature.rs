//! Three signatures, all with the account's signing key: MessageBird's token, its older HMAC, and Bird's.
//!
//! Sources: MessageBird's "Verifying HTTP requests" page and the validators of its own libraries; Bird's "Verifying a
//! webhook" page. The two HMACs have the same headers and differ in what they cover. Neither library looks at their
//! timestamp's age, so neither does this: they cover the body, and the same message again is the same.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Timestamp;
use web::signature::{hex, hmac_sha256, same, sha256};

use super::super::{
    Request,
    jwt::Token,
    signed::{MISMATCH, MISSING},
};

/// How far clocks may differ, in milliseconds, as in MessageBird's libraries. Tokens live for a minute.
const CLOCKS_MS: i64 = 1000;

/// Whether the key signed the call, in any of the three ways.
///
/// # Errors
/// Why it did not.
pub fn check(request: &Request<'_>, key: &str, now: Timestamp) -> Result<(), &'static str> {
    if let Some(token) = request.header("messagebird-signature-jwt") {
        return check_token(request, token, key, now);
    }
    let given = request.header("messagebird-signature").ok_or(MISSING)?;
    let at = request.header("messagebird-request-timestamp").ok_or("the time of the signature is missing")?;
    let given = STANDARD.decode(given.trim()).map_err(|_| MISMATCH)?;
    let hash = sha256(request.body);
    let made = |what: &str| {
        same(&given, hmac_sha256(key.as_bytes(), &[format!("{at}\n{what}\n").as_bytes(), &hash]))
    };
    if made(&sorted(request.query())) || made(request.url) { Ok(()) } else { Err(MISMATCH) }
}

/// The token names the hashes of the address and, where there is one, of the body.
fn check_token(request: &Request<'_>, token: &str, key: &str, now: Timestamp) -> Result<(), &'static str> {
    let token = Token::parse(token).ok_or("the token is none of MessageBird's")?;
    if !token.is_of(key) {
        return Err(MISMATCH);
    }
    if token.text("iss") != Some("MessageBird") {
        return Err("the token is none of MessageBird's");
    }
    let begins = token.millis("nbf").unwrap_or_default();
    let ends = token.millis("exp").ok_or("the token does not say when it expires")?;
    if now.millis() < begins - CLOCKS_MS {
        return Err("the token is not valid yet: compare the clocks");
    }
    if now.millis() > ends + CLOCKS_MS {
        return Err("the token has expired: compare the clocks");
    }
    let names = |claim: &str, bytes: &[u8]| {
        token.text(claim).is_some_and(|hash| same(hash.to_ascii_lowercase(), hex(sha256(bytes))))
    };
    if !names("url_hash", request.url.as_bytes()) {
        return Err("the token was made for another address: compare public_url with what MessageBird calls");
    }
    let unnamed = request.body.is_empty() && token.text("payload_hash").is_none();
    if unnamed || !request.body.is_empty() && names("payload_hash", request.body) {
        Ok(())
    } else {
        Err("the token was made for another body")
    }
}

/// The parameters of the address in the order of their names, written as they came.
fn sorted(query: &str) -> String {
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_by_key(|pair| pair.split('=').next());
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::{super::super::vectors, *};

    #[test]
    fn every_vector_of_messagebirds_libraries_is_judged_as_they_do() {
        for (scheme, count) in
            [("messagebird-jwt", 44), ("messagebird-legacy-hmac", 9), ("bird-hmac-sha256", 2)]
        {
            for vector in vectors::of(scheme, count) {
                vector.judge(|request| check(request, &vector.secret, vector.now()).is_ok());
            }
        }
    }
}
