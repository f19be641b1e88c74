//! `telnyx-signature-ed25519`: base64 of Ed25519 over `{telnyx-timestamp}|{body}`, the body as it came.
//!
//! Source: Telnyx's "Webhook signature verification" page and the verifiers of its own libraries, which refuse what is
//! more than 300 s away. (The generated `unwrap` of its newer libraries checks another scheme, which is not sent.)

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Timestamp;
use web::signature::is_ed25519_of;

use super::super::{
    Request,
    signed::{MISMATCH, MISSING},
};

/// How far from now a call may have been signed, in milliseconds.
const WINDOW_MS: i64 = 300_000;

/// Whether `key` (base64 of 32 bytes, as Telnyx's portal shows it) signed the call, and just now.
///
/// # Errors
/// Why it did not.
pub fn check(request: &Request<'_>, key: &str, now: Timestamp) -> Result<(), &'static str> {
    let given = request.header("telnyx-signature-ed25519").ok_or(MISSING)?;
    let at = request.header("telnyx-timestamp").ok_or("telnyx-timestamp is missing")?;
    let key =
        STANDARD.decode(key.trim()).map_err(|_| "public_key is no base64: copy it from Telnyx's portal")?;
    let given = STANDARD.decode(given.trim()).map_err(|_| MISMATCH)?;
    let signed = [at.as_bytes(), b"|", request.body].concat();
    if !is_ed25519_of(&key, &signed, &given) {
        return Err(MISMATCH);
    }
    let at: i64 = at.parse().map_err(|_| "telnyx-timestamp is no time")?;
    let away = at.saturating_mul(1000).saturating_sub(now.millis()).saturating_abs();
    if away <= WINDOW_MS {
        Ok(())
    } else {
        Err("it was signed more than five minutes ago, or ahead: compare the clocks")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::vectors, *};

    #[test]
    fn every_vector_is_judged_as_telnyxs_libraries_do() {
        for vector in vectors::of("telnyx-ed25519", 12) {
            vector.judge(|request| check(request, &vector.public_key, vector.now()).is_ok());
        }
    }
}
