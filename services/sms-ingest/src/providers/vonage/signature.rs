//! Vonage's two signatures: the `sig` among the parameters of the SMS API, and the bearer token of the Messages API.
//!
//! Sources: Vonage's "Signing messages" and "Signed webhooks" pages; its Ruby, Node and Python libraries check the former
//! and no more than the signature of the latter.

use domain::Timestamp;
use web::signature::{hex, hmac_md5, hmac_sha1, hmac_sha256, hmac_sha512, is_hex_of, md5, same, sha256};

use super::super::{
    jwt::{Algorithm, Token},
    signed::{MISMATCH, MISSING},
};

/// The methods of `sig`, as they are called in Vonage's settings and in `signature_method`.
const METHODS: [&str; 5] = ["md5hash", "md5", "sha1", "sha256", "sha512"];
/// A callback is sent again for a day, and nobody says that it gets a new token each time.
const OLDEST_MS: i64 = 24 * 60 * 60 * 1000 + CLOCKS_MS;
/// How far clocks may differ.
const CLOCKS_MS: i64 = 5 * 60 * 1000;

/// Whether `sig` covers these parameters, given in the order of their bytes. Without a `method` its length tells which
/// ones it may be.
///
/// # Errors
/// Why it does not.
pub fn check_sig(
    sig: Option<&str>,
    params: &[(&[u8], &[u8])],
    key: &str,
    method: Option<&str>,
) -> Result<(), &'static str> {
    let sig = sig.ok_or(MISSING)?;
    if method.is_some_and(|method| !METHODS.contains(&method)) {
        return Err("signature_method is none of md5hash, md5, sha1, sha256 and sha512");
    }
    let text = signed_text(params);
    let made = |name: &str| {
        let (key, parts) = (key.as_bytes(), [text.as_slice()]);
        match name {
            "md5hash" => is_hex_of(sig, md5(&[text.as_slice(), key].concat())),
            "md5" => is_hex_of(sig, hmac_md5(key, &parts)),
            "sha1" => is_hex_of(sig, hmac_sha1(key, &parts)),
            "sha256" => is_hex_of(sig, hmac_sha256(key, &parts)),
            _ => is_hex_of(sig, hmac_sha512(key, &parts)),
        }
    };
    let mut allowed = METHODS.into_iter().filter(|name| method.is_none_or(|method| method == *name));
    if allowed.any(made) { Ok(()) } else { Err(MISMATCH) }
}

/// `&name=value` for each but `sig`; what would look like another parameter inside a value becomes `_`.
fn signed_text(params: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in params.iter().filter(|(name, _)| *name != b"sig") {
        text.push(b'&');
        text.extend_from_slice(name);
        text.push(b'=');
        text.extend(value.iter().map(|byte| if matches!(byte, b'&' | b'=') { b'_' } else { *byte }));
    }
    text
}

/// Whether the bearer token covers this body. `api_key` is the number's.
///
/// # Errors
/// Why it does not.
pub fn check_token(
    token: Option<&str>,
    body: &[u8],
    key: &str,
    api_key: Option<&str>,
    now: Timestamp,
) -> Result<(), &'static str> {
    let token = Token::parse(token.ok_or(MISSING)?).ok_or("the bearer token is none of Vonage's")?;
    if token.algorithm() != Algorithm::Hs256 || !token.is_of(key) {
        return Err(MISMATCH);
    }
    let says_body = match token.text("payload_hash") {
        Some(hash) => same(hash.to_ascii_lowercase(), hex(sha256(body))),
        None => body.is_empty(),
    };
    if !says_body {
        return Err("the token was made for another body");
    }
    if token.text("api_key").zip(api_key).is_some_and(|(signed, own)| signed != own) {
        return Err("the token was made for another account (api_key)");
    }
    let made = token.millis("iat").ok_or("the token does not say when it was made")?;
    let age = now.millis() - made;
    let expired = token.millis("exp").is_some_and(|end| now.millis() - end > CLOCKS_MS);
    match age {
        _ if expired => Err("the token has expired"),
        age if age < -CLOCKS_MS => Err("the token was made in the future: compare the clocks"),
        age if age > OLDEST_MS => Err("the token was made more than a day ago"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::{
        super::super::{params::Params, vectors},
        *,
    };

    #[test]
    fn every_vector_of_vonages_libraries_is_judged_as_they_do() {
        for vector in vectors::of("vonage-sig-", 15) {
            vector.judge(|request| {
                let params = Params::parse(request.query().as_bytes());
                let sig = params.text("sig");
                let method = vector.scheme.strip_prefix("vonage-sig-");
                let judged = |method| check_sig(sig.as_deref(), &params.sorted(), &vector.secret, method);
                assert_eq!(judged(None), judged(method), "{}", vector.id);
                judged(method).is_ok()
            });
        }
        for vector in vectors::of("vonage-jwt-hs256", 8) {
            vector.judge(|request| {
                let token = web::signature::bearer(request.headers);
                let judged = check_token(token, request.body, &vector.secret, None, vector.now());
                // The body of one published token is not published with it: all but its hash must be right.
                let without_body =
                    vector.body.is_none() && judged == Err("the token was made for another body");
                judged.is_ok() || without_body
            });
        }
    }

    #[test]
    fn a_configured_method_is_the_only_one() {
        let params = Params::parse(b"a=1&timestamp=2");
        let sig = hex(md5(b"&a=1&timestamp=2key"));
        let judged = |method| check_sig(Some(&sig), &params.sorted(), "key", method);
        assert_eq!((judged(None), judged(Some("md5hash"))), (Ok(()), Ok(())));
        assert_eq!(judged(Some("sha512")), Err(MISMATCH));
        assert!(judged(Some("crc")).unwrap_err().contains("signature_method"));
        assert_eq!(check_sig(None, &params.sorted(), "key", None), Err(MISSING));
        assert_eq!(check_sig(Some(""), &params.sorted(), "key", None), Err(MISMATCH));
    }

    const NOW: i64 = 1_763_700_000;

    fn judged(claims: &Value, body: &[u8]) -> Result<(), &'static str> {
        let [header, claims] =
            [json!({"alg": "HS256"}), claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signature = hmac_sha256(b"key", &[format!("{header}.{claims}").as_bytes()]);
        let token = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
        check_token(Some(&token), body, "key", Some("a1b2"), Timestamp::from_millis(NOW * 1000))
    }

    #[test]
    fn a_token_is_for_this_body_this_account_and_this_day() {
        let hash = hex(sha256(b"{}"));
        let claims = |name: &str, value: Value| {
            let mut claims = json!({"iat": NOW, "payload_hash": hash, "api_key": "a1b2"});
            claims[name] = value;
            claims
        };
        for (name, value, good) in [
            ("jti", json!("x"), true),
            ("iat", json!(NOW - 86_400), true),
            ("iat", json!(NOW + 300), true),
            ("iat", json!(NOW + 301), false),
            ("iat", json!(NOW - 86_701), false),
            ("iat", json!("now"), false),
            ("exp", json!(NOW - 300), true),
            ("exp", json!(NOW - 301), false),
            ("api_key", json!("other"), false),
            ("api_key", Value::Null, true),
            ("payload_hash", json!(hash.to_uppercase()), true),
            ("payload_hash", json!(""), false),
            ("payload_hash", Value::Null, false),
        ] {
            assert_eq!(judged(&claims(name, value.clone()), b"{}").is_ok(), good, "{name} {value}");
        }
        assert!(judged(&claims("a", json!(1)), b"{ }").is_err());
        assert!(judged(&json!({"iat": NOW}), b"").is_ok(), "nothing to cover");
    }
}
