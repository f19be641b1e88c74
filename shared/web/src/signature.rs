//! Signatures, message authentication codes, and comparisons that take the same time whatever differs.

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac, digest::Output};
use md5::Md5;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

/// Whether both are the same. Takes as long for a wrong first byte as for a wrong last one; lengths may leak.
pub fn same(given: impl AsRef<[u8]>, expected: impl AsRef<[u8]>) -> bool {
    given.as_ref().ct_eq(expected.as_ref()).into()
}

/// HMAC-SHA512 (RFC 2104) over the parts in a row.
pub fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
    hmac::<Hmac<Sha512>>(key, parts).into()
}

/// HMAC-SHA384 (RFC 2104) over the parts in a row.
pub fn hmac_sha384(key: &[u8], parts: &[&[u8]]) -> [u8; 48] {
    hmac::<Hmac<Sha384>>(key, parts).into()
}

/// HMAC-SHA256 (RFC 2104) over the parts in a row.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    hmac::<Hmac<Sha256>>(key, parts).into()
}

/// HMAC-SHA1 (RFC 2104) over the parts in a row.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    hmac::<Hmac<Sha1>>(key, parts).into()
}

/// HMAC-MD5 (RFC 2104) over the parts in a row. Only for carriers that know nothing better.
pub fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    hmac::<Hmac<Md5>>(key, parts).into()
}

fn hmac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Output<M> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes()
}

/// Whether the Ed25519 key (RFC 8032, 32 bytes) signed the message. A key or signature of another length never did.
pub fn is_ed25519_of(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
}

/// MD5. Only for carriers that know nothing better.
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
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
        // RFC 4231 §4.3 and RFC 2202 §2 and §3, second case of each.
        let (key, data): (&[u8], &[u8]) = (b"Jefe", b"what do ya want for nothing?");
        let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(hmac_sha256(key, &[data])), sha256);
        assert_eq!(hex(hmac_sha256(key, &[&data[..7], &data[7..]])), sha256);
        let sha384 = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649";
        assert_eq!(hex(hmac_sha384(key, &[data])), sha384);
        let sha512 = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";
        assert_eq!(hex(hmac_sha512(key, &[data])), sha512);
        assert_eq!(hex(hmac_sha1(key, &[data])), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(hex(hmac_md5(key, &[data])), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(hex(md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72", "RFC 1321, A.5");
    }

    #[test]
    fn an_ed25519_key_signed_only_what_it_signed() {
        // RFC 8032 §7.1, second test.
        let unhex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
        };
        let key = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let signature = unhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert!(is_ed25519_of(&key, &[0x72], &signature));
        assert!(!is_ed25519_of(&key, &[0x73], &signature) && !is_ed25519_of(&key[1..], &[0x72], &signature));
        assert!(!is_ed25519_of(&key, &[0x72], &signature[1..]) && !is_ed25519_of(&key, &[0x72], b""));
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
