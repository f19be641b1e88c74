//! Message authentication codes and comparisons that take the same time whatever differs.

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether both are the same. Takes as long for a wrong first byte as for a wrong last one; lengths may leak.
pub fn same(given: impl AsRef<[u8]>, expected: impl AsRef<[u8]>) -> bool {
    given.as_ref().ct_eq(expected.as_ref()).into()
}

/// HMAC-SHA256 (RFC 2104) over the parts in a row.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA1 (RFC 2104) over the parts in a row.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Standard base64 with padding (RFC 4648 §4).
pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Whether a header's hexadecimal text, in either case, is that code.
pub fn is_hex_of(given: &str, code: impl AsRef<[u8]>) -> bool {
    same(given.trim().to_ascii_lowercase(), hex(code))
}

/// Whether a header's base64 text is that code.
pub fn is_base64_of(given: &str, code: impl AsRef<[u8]>) -> bool {
    same(given.trim(), base64(code))
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
pub fn bearer(headers: &axum::http::HeaderMap) -> Option<&str> {
    let value = headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_standards() {
        // RFC 4231 §4.3 and RFC 2202 §3, second case of each.
        let (key, data): (&[u8], &[u8]) = (b"Jefe", b"what do ya want for nothing?");
        let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(hmac_sha256(key, &[data])), sha256);
        assert_eq!(hex(hmac_sha256(key, &[&data[..7], &data[7..]])), sha256);
        assert_eq!(hex(hmac_sha1(key, &[data])), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    #[test]
    fn a_code_is_compared_as_it_is_written() {
        let code = hmac_sha256(b"k", &[b"body"]);
        assert!(is_hex_of(&hex(code), code) && is_hex_of(&hex(code).to_uppercase(), code));
        assert!(is_base64_of(&base64(code), code));
        assert!(!is_hex_of("", code) && !is_hex_of(&hex(code)[1..], code) && !is_base64_of(&hex(code), code));
    }

    #[test]
    fn only_a_bearer_token_is_one() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer ", None),
            ("abc", None),
        ] {
            let headers =
                [(axum::http::header::AUTHORIZATION, header.parse().unwrap())].into_iter().collect();
            assert_eq!(bearer(&headers), token, "{header}");
        }
    }
}
