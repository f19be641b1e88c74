//! Sinch's three ways to sign: SMS and Conversation webhooks, events of the Numbers API, and application signing.
//!
//! Source: the validators of Sinch's own libraries. None of them looks at the age of a request, and Sinch repeats one
//! for a day: the same id again is recognised further on.

use base64::Engine;
use host::config::SmsNumber;
use url::Url;
use web::signature::{base64, hmac_sha1, hmac_sha256, is_base64_of, is_hex_of, md5, same};

use super::{
    super::{
        Request,
        signed::{MISMATCH, MISSING},
    },
    content::LENIENT,
};

const WEBHOOK: &str = "x-sinch-webhook-signature";
const NUMBERS: &str = "x-sinch-signature";

/// Whether the key made the signature, in whichever of the three ways it came.
///
/// # Errors
/// Why it is not valid.
pub fn check(request: &Request<'_>, number: &SmsNumber, key: &str) -> Result<(), &'static str> {
    let is_there = request.header(WEBHOOK).is_some()
        || request.header(NUMBERS).is_some()
        || application_of(request).is_some();
    if !is_there {
        return Err(MISSING);
    }
    let application = number.credentials.get("application_id").map(|id| id.expose());
    let is_valid =
        by_webhook(request, key) || by_numbers(request, key) || by_application(request, key, application);
    if is_valid { Ok(()) } else { Err(MISMATCH) }
}

/// base64(HMAC-SHA256(key, body.nonce.timestamp)).
fn by_webhook(request: &Request<'_>, key: &str) -> bool {
    let header = |part: &str| request.header(&format!("{WEBHOOK}{part}"));
    let (Some(given), Some(nonce), Some(time)) = (header(""), header("-nonce"), header("-timestamp")) else {
        return false;
    };
    let is_known = header("-algorithm").is_none_or(|name| name.eq_ignore_ascii_case("HmacSHA256"));
    let signed = [request.body, b".", nonce.as_bytes(), b".", time.as_bytes()];
    is_known && is_base64_of(given, hmac_sha256(key.as_bytes(), &signed))
}

/// hex(HMAC-SHA1(key, body)).
fn by_numbers(request: &Request<'_>, key: &str) -> bool {
    request.header(NUMBERS).is_some_and(|given| is_hex_of(given, hmac_sha1(key.as_bytes(), &[request.body])))
}

/// `Application KEY:base64(HMAC-SHA256(secret, method, MD5 of the body, media type, time, path))`, on lines of their
/// own; the secret is kept in base64.
fn by_application(request: &Request<'_>, key: &str, application: Option<&str>) -> bool {
    let Some((given_key, given)) = application_of(request) else { return false };
    let Ok(secret) = LENIENT.decode(key.replace('-', "+").replace('_', "/")) else { return false };
    let body = if request.body.is_empty() { String::new() } else { base64(md5(request.body)) };
    let time = format!("x-timestamp:{}", request.header("x-timestamp").unwrap_or_default());
    let path = Url::parse(request.url).map(|url| url.path().to_owned()).unwrap_or_default();
    let kind = request.header("content-type").unwrap_or_default();
    let signed = [request.method, &body, kind, &time, &path].join("\n");
    application.is_none_or(|ours| same(given_key, ours))
        && is_base64_of(given, hmac_sha256(&secret, &[signed.as_bytes()]))
}

fn application_of<'a>(request: &'a Request<'_>) -> Option<(&'a str, &'a str)> {
    let (scheme, rest) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("application").then(|| rest.split_once(':'))?
}
