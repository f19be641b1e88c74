//! The signature of Standard Webhooks (<https://www.standardwebhooks.com>): `v1,` and the base64 of the HMAC-SHA256 of
//! `{id}.{timestamp}.{body}` under the secret, which is base64 behind `whsec_`. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;

/// What stands before the base64 of a secret.
const PREFIX: &str = "whsec_";

/// `webhook-signature`; `None` if the secret is none.
pub(super) fn signature(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of Standard Webhooks are tested with.
    #[test]
    fn a_signature_is_the_one_that_other_libraries_make() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed =
            signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(signature("plain", "id", 0, ""), None);
        assert_eq!(signature("whsec_?", "id", 0, ""), None);
    }
}
