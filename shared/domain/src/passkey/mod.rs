//! What browsers and authenticators say when a passkey is made or used (Web Authentication, level 3), and what of it must
//! hold. Pure: hashes come in, and who has a key checks the signature.

use serde::Deserialize;

mod cbor;
mod key;

use cbor::{Item, Reader};
pub use key::{ALGORITHMS, PublicKey};

/// Longest id of a credential, in bytes (§4, Credential ID).
pub const LONGEST_ID: usize = 1023;
/// Most characters of a passkey's name.
pub const LONGEST_NAME: usize = 60;
/// Most passkeys of one person.
pub const MOST: i64 = 20;

/// Flags of authenticator data (§6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const MAY_BE_BACKED_UP: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Why what a browser says of a passkey is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    /// It is not what the standard describes.
    #[error("what the browser said of the passkey cannot be read")]
    Unreadable,
    /// It was made for another purpose.
    #[error("this was not said to that question")]
    OtherCeremony,
    /// Another site asked.
    #[error("the passkey was asked for at another address than the one this installation is set up for")]
    OtherSite,
    /// Nobody was asked whether they are they.
    #[error("the passkey did not verify who uses it, by a PIN or a fingerprint")]
    NotVerified,
    /// A kind of key that is not known here.
    #[error("this kind of passkey is not known here")]
    OtherKind,
    /// What it signed is not what it says.
    #[error("the signature is wrong")]
    WrongSignature,
}

/// What a browser was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// To make a passkey.
    Making,
    /// To use one.
    Using,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// The challenge that a browser answered (§5.8.1), when it was asked for that by a page of ours that no other site frames.
///
/// # Errors
/// It was asked for something else, elsewhere, or cannot be read.
pub fn challenge_of(client_data: &[u8], ceremony: Ceremony, origin: &str) -> Result<String, PasskeyFault> {
    let said: ClientData = serde_json::from_slice(client_data).map_err(|_| PasskeyFault::Unreadable)?;
    let kind = match ceremony {
        Ceremony::Making => "webauthn.create",
        Ceremony::Using => "webauthn.get",
    };
    if said.kind != kind {
        return Err(PasskeyFault::OtherCeremony);
    }
    if said.origin != origin || said.cross_origin || said.top_origin.is_some() {
        return Err(PasskeyFault::OtherSite);
    }
    Ok(said.challenge)
}

/// What an authenticator says of itself (§6.1), when it is for this site and verified who uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// How often it was used, as far as it counts; 0 where it does not.
    pub sign_count: u32,
    /// Whether the passkey can be on other devices, too; that never changes.
    pub may_be_backed_up: bool,
    /// What was made, where something was.
    pub credential: Option<Credential>,
}

/// A passkey that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its id, which its authenticator chose.
    pub id: Vec<u8>,
    /// Its key as COSE; [`PublicKey::parse`] reads it.
    pub key: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads it. `site` is the SHA-256 of the id of the site (the host of its address).
    ///
    /// # Errors
    /// It is for another site, verified nobody, or cannot be read.
    pub fn parse(bytes: &[u8], site: &[u8; 32]) -> Result<Self, PasskeyFault> {
        let (hash, rest) = bytes.split_at_checked(32).ok_or(PasskeyFault::Unreadable)?;
        let ([flags, count @ ..], rest) = rest.split_first_chunk::<5>().ok_or(PasskeyFault::Unreadable)?;
        if hash != site {
            return Err(PasskeyFault::OtherSite);
        }
        let has = |flag| flags & flag != 0;
        if !has(PRESENT) || !has(VERIFIED) {
            return Err(PasskeyFault::NotVerified);
        }
        let (credential, rest) = if has(HAS_CREDENTIAL) {
            let (credential, rest) = credential(rest)?;
            (Some(credential), rest)
        } else {
            (None, rest)
        };
        let mut reader = Reader::new(rest);
        if has(HAS_EXTENSIONS) {
            reader.skip().ok_or(PasskeyFault::Unreadable)?;
        }
        if !reader.rest().is_empty() || (has(BACKED_UP) && !has(MAY_BE_BACKED_UP)) {
            return Err(PasskeyFault::Unreadable);
        }
        let sign_count = u32::from_be_bytes(*count);
        Ok(Self { sign_count, may_be_backed_up: has(MAY_BE_BACKED_UP), credential })
    }
}

/// Attested credential data (§6.5.1): the maker's number, the id, the key; and what comes after it.
fn credential(bytes: &[u8]) -> Result<(Credential, &[u8]), PasskeyFault> {
    let read = || {
        let (_aaguid, rest) = bytes.split_at_checked(16)?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (id, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        (1..=LONGEST_ID).contains(&id.len()).then_some((id, rest))
    };
    let (id, rest) = read().ok_or(PasskeyFault::Unreadable)?;
    let mut reader = Reader::new(rest);
    PublicKey::read(&mut reader)?;
    let after = reader.rest();
    let key = rest[..rest.len() - after.len()].to_vec();
    Ok((Credential { id: id.to_vec(), key }, after))
}

/// The authenticator data of an attestation object (§6.5.4). Nobody asks who made the authenticator (conveyance `none`), so
/// what the object says about that is passed over, whatever it is.
///
/// # Errors
/// It cannot be read.
pub fn authenticator_data_of(attestation: &[u8]) -> Result<&[u8], PasskeyFault> {
    let read = || {
        let mut reader = Reader::new(attestation);
        let Item::Map(pairs) = reader.item()? else { return None };
        let mut found = None;
        for _ in 0..pairs {
            if reader.item()? == Item::Text("authData") {
                let Item::Bytes(bytes) = reader.item()? else { return None };
                found = Some(bytes);
            } else {
                reader.skip()?;
            }
        }
        found.filter(|_| reader.rest().is_empty())
    };
    read().ok_or(PasskeyFault::Unreadable)
}

/// Whether a counter moved as that of an authenticator that nobody copied does (§6.1.1); one that does not count is at 0.
pub fn has_moved(before: u32, after: u32) -> bool {
    (before, after) == (0, 0) || after > before
}

/// The name somebody gave a passkey; `None` when it is empty or too long.
pub fn checked_name(name: &str) -> Option<String> {
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    (1..=LONGEST_NAME).contains(&name.chars().count()).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SITE: [u8; 32] = [5; 32];
    const ORIGIN: &str = "https://desk.example.com";

    fn data(flags: u8, more: &[u8]) -> Vec<u8> {
        [&SITE[..], &[flags, 0, 0, 1, 2], more].concat()
    }

    fn made(id: &[u8]) -> Vec<u8> {
        let length = u16::try_from(id.len()).unwrap().to_be_bytes();
        let key = [&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32][..], &[3; 32]].concat();
        [&[0; 16][..], &length, id, &key].concat()
    }

    #[test]
    fn a_browser_answers_what_it_was_asked_where_it_was_asked() {
        let said = |kind: &str, origin: &str, more: &str| {
            let text = format!(r#"{{"type":"{kind}","challenge":"abc","origin":"{origin}"{more}}}"#);
            challenge_of(text.as_bytes(), Ceremony::Using, ORIGIN)
        };
        assert_eq!(said("webauthn.get", ORIGIN, "").as_deref(), Ok("abc"));
        assert_eq!(said("webauthn.get", ORIGIN, r#","crossOrigin":false,"else":{}"#).as_deref(), Ok("abc"));
        assert_eq!(said("webauthn.create", ORIGIN, ""), Err(PasskeyFault::OtherCeremony));
        for elsewhere in ["https://desk.example.com.evil.example", "http://desk.example.com", "null", ""] {
            assert_eq!(said("webauthn.get", elsewhere, ""), Err(PasskeyFault::OtherSite), "{elsewhere}");
        }
        for framed in [r#","crossOrigin":true"#, r#","topOrigin":"https://evil.example""#] {
            assert_eq!(said("webauthn.get", ORIGIN, framed), Err(PasskeyFault::OtherSite));
        }
        assert_eq!(challenge_of(b"", Ceremony::Making, ORIGIN), Err(PasskeyFault::Unreadable));
    }

    #[test]
    fn an_authenticator_must_be_for_this_site_and_verify_who_uses_it() {
        let both = PRESENT | VERIFIED;
        let parsed = AuthenticatorData::parse(&data(both, &[]), &SITE).unwrap();
        let expected = AuthenticatorData { sign_count: 258, may_be_backed_up: false, credential: None };
        assert_eq!(parsed, expected);
        assert_eq!(AuthenticatorData::parse(&data(both, &[]), &[6; 32]), Err(PasskeyFault::OtherSite));
        for weak in [0, PRESENT, VERIFIED] {
            assert_eq!(AuthenticatorData::parse(&data(weak, &[]), &SITE), Err(PasskeyFault::NotVerified));
        }
        let unreadable = [
            data(both, &[0]),
            data(both | BACKED_UP, &[]),
            data(both | HAS_EXTENSIONS, &[]),
            data(both | HAS_CREDENTIAL, &[0; 20]),
            data(both | HAS_CREDENTIAL, &made(&[])),
            data(both | HAS_CREDENTIAL, &made(&[1; LONGEST_ID + 1])),
            SITE.to_vec(),
            Vec::new(),
        ];
        for odd in unreadable {
            assert_eq!(AuthenticatorData::parse(&odd, &SITE), Err(PasskeyFault::Unreadable), "{odd:?}");
        }
    }

    #[test]
    fn what_was_made_is_found_in_the_attestation_object() {
        let flags = PRESENT | VERIFIED | HAS_CREDENTIAL | HAS_EXTENSIONS | MAY_BE_BACKED_UP | BACKED_UP;
        let inner = data(flags, &[made(&[1, 2, 3]), vec![0xa1, 0x61, b'x', 0xf5]].concat());
        let length = u8::try_from(inner.len()).unwrap();
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &[0x58, length],
            &inner,
        ]
        .concat();
        let found = authenticator_data_of(&object).unwrap();
        let read = AuthenticatorData::parse(found, &SITE).unwrap();
        let credential = read.credential.unwrap();
        assert_eq!((credential.id, read.may_be_backed_up), (vec![1, 2, 3], true));
        assert_eq!(PublicKey::parse(&credential.key), Ok(PublicKey::EdDsa([3; 32])));
        for odd in [&object[..object.len() - 1], &[object.as_slice(), &[0]].concat(), &[0xa0], &[0x01], &[]] {
            assert_eq!(authenticator_data_of(odd), Err(PasskeyFault::Unreadable));
        }
    }

    #[test]
    fn a_counter_that_does_not_move_is_a_copy_unless_it_never_counts() {
        for (before, after, moved) in
            [(0, 0, true), (0, 1, true), (1, 2, true), (2, 2, false), (2, 1, false), (2, 0, false)]
        {
            assert_eq!(has_moved(before, after), moved, "{before} {after}");
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        assert_eq!(checked_name(" My\u{7} phone ").as_deref(), Some("My phone"));
        assert_eq!(checked_name(" \n"), None);
        assert_eq!(checked_name(&"é".repeat(LONGEST_NAME + 1)), None);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..300), flags: u8) {
            let _ = authenticator_data_of(&bytes);
            let _ = PublicKey::parse(&bytes);
            let _ = AuthenticatorData::parse(&data(flags, &bytes), &SITE);
        }
    }
}
