//! Whether a provider signed a token (JSON Web Signature, RFC 7515, in its compact form; keys: RFC 7517 and 7518). Only with
//! public keys, and only by algorithms that the provider says it uses: `none` and secrets shared with us are not known here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

/// Longest token, in bytes.
const LONGEST: usize = 64 * 1024;

/// How something is signed (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(super) const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum NotSigned {
    #[error("its id token cannot be read")]
    Unreadable,
    #[error("its id token is signed in a way that it does not name, or not at all")]
    Algorithm,
    #[error("its id token is signed with a key that it does not show")]
    UnknownKey,
    #[error("the signature of its id token is wrong")]
    WrongSignature,
}

/// Keys of a provider. What is of no use here is left out.
#[derive(Clone, Debug)]
pub(super) struct Keys(Vec<Key>);

/// RFC 7517 §4; as far as it is a public key of a kind that is known here.
#[derive(Clone, Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set = Set::deserialize(deserializer)?;
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Key>(key).ok());
        let known = |key: &Key| Algorithm::ALL.iter().any(|algorithm| key.fits(*algorithm));
        Ok(Self(keys.filter(known).collect()))
    }
}

impl Key {
    /// Whether it is one for that: the algorithm follows from the key, never the key from the token (RFC 8725 §3.1).
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::Rs256 => self.kty == "RSA",
            Algorithm::Es256 => self.kty == "EC" && self.crv.as_deref() == Some("P-256"),
            Algorithm::EdDsa => self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519"),
        };
        let said = self.alg.as_deref().is_none_or(|alg| alg == algorithm.name());
        kind && said && self.used_for.as_deref().is_none_or(|used_for| used_for == "sig")
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<()> {
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        match algorithm {
            Algorithm::Rs256 => {
                let (n, e) = (part(&self.n)?, part(&self.e)?);
                let key = RsaPublicKeyComponents { n: unsigned(&n), e: unsigned(&e) };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Algorithm::Es256 => {
                let (x, y) = (part(&self.x)?, part(&self.y)?);
                // SEC 1 §2.3.4: an uncompressed point
                let point = [&[4][..], &x, &y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Algorithm::EdDsa => UnparsedPublicKey::new(&ED25519, part(&self.x)?).verify(message, signature),
        }
        .ok()
    }
}

/// RFC 7518 §6.3.1.1 wants no zeros in front; some providers write one all the same, as for a signed number.
fn unsigned(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// RFC 7515 §4.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A token that has the form of one.
pub(super) struct Signed<'a> {
    header: Header,
    message: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Signed<'a> {
    /// Takes a token apart.
    pub(super) fn read(token: &'a str) -> Result<Self, NotSigned> {
        if token.len() > LONGEST {
            return Err(NotSigned::Unreadable);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(NotSigned::Unreadable)?;
        let (header, payload) = message.split_once('.').ok_or(NotSigned::Unreadable)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NotSigned::Unreadable);
        let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| NotSigned::Unreadable)?;
        // §4.1.11: what must be understood is not
        if header.crit.is_some() {
            return Err(NotSigned::Algorithm);
        }
        Ok(Self { header, message, payload: bytes(payload)?, signature: bytes(signature)? })
    }

    /// What it says, if one of these keys signed it by one of these algorithms.
    pub(super) fn verify(&self, keys: &Keys, allowed: &[Algorithm]) -> Result<Vec<u8>, NotSigned> {
        let algorithm = allowed.iter().find(|algorithm| algorithm.name() == self.header.alg);
        let algorithm = *algorithm.ok_or(NotSigned::Algorithm)?;
        let named = |key: &&Key| self.header.kid.is_none() || key.kid == self.header.kid;
        let mut fitting = keys.0.iter().filter(|key| key.fits(algorithm)).filter(named).peekable();
        if fitting.peek().is_none() {
            return Err(NotSigned::UnknownKey);
        }
        let message = self.message.as_bytes();
        let signed = fitting.any(|key| key.verifies(algorithm, message, &self.signature).is_some());
        if signed { Ok(self.payload.clone()) } else { Err(NotSigned::WrongSignature) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515, appendix A.2.
    const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    /// Appendix A.3.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    /// RFC 8037, appendix A.4.
    const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn keys() -> Vec<Value> {
        vec![
            json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"}),
            json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "use": "enc"}),
        ]
    }

    fn set(keys: &[Value]) -> Keys {
        serde_json::from_value(json!({"keys": keys})).unwrap()
    }

    fn verified(token: &str, keys: &[Value], allowed: &[Algorithm]) -> Result<Vec<u8>, NotSigned> {
        Signed::read(token)?.verify(&set(keys), allowed)
    }

    #[test]
    fn the_tokens_of_the_rfcs_are_signed() {
        for token in [RS256, ES256, EDDSA] {
            assert!(verified(token, &keys(), &Algorithm::ALL).is_ok(), "{token}");
            let (message, signature) = token.rsplit_once('.').unwrap();
            let other = format!(
                "{message}.{}{}",
                if signature.starts_with('A') { 'B' } else { 'A' },
                &signature[1..]
            );
            assert_eq!(verified(&other, &keys(), &Algorithm::ALL), Err(NotSigned::WrongSignature));
            let forged = token.replacen('.', ".A", 1);
            assert!(verified(&forged, &keys(), &Algorithm::ALL).is_err());
        }
        assert_eq!(set(&keys()).len(), 3, "shared secrets and keys for encryption are no keys here");
    }

    #[test]
    fn the_provider_says_how_it_signs_and_not_the_token() {
        assert_eq!(verified(RS256, &keys(), &[Algorithm::Es256]), Err(NotSigned::Algorithm));
        let payload = RS256.split('.').nth(1).unwrap();
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"None"}"#, r#"{"alg":"RS512"}"#] {
            let header = URL_SAFE_NO_PAD.encode(header);
            for signature in ["", "AAAA"] {
                let token = format!("{header}.{payload}.{signature}");
                assert_eq!(verified(&token, &keys(), &Algorithm::ALL), Err(NotSigned::Algorithm));
            }
        }
        let crit = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","crit":["b64"]}"#);
        assert_eq!(
            verified(&format!("{crit}.{payload}.AA"), &keys(), &Algorithm::ALL),
            Err(NotSigned::Algorithm)
        );
        for unreadable in ["", "a", "a.b", "..", "a.b.c", &"a".repeat(LONGEST + 1)] {
            assert_eq!(verified(unreadable, &keys(), &Algorithm::ALL), Err(NotSigned::Unreadable));
        }
    }

    #[test]
    fn the_key_that_is_named_counts_and_only_for_what_it_is_for() {
        let mut key = keys().remove(0);
        let unknown = |key: &Value| verified(RS256, std::slice::from_ref(key), &Algorithm::ALL);
        assert!(unknown(&key).is_ok());
        key["alg"] = json!("RS512");
        assert_eq!(unknown(&key), Err(NotSigned::UnknownKey));
        let named = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"new"}"#);
        let token = format!("{named}.{}", EDDSA.split_once('.').unwrap().1);
        let mut key = keys().remove(2);
        for (kid, found) in [("old", NotSigned::UnknownKey), ("new", NotSigned::WrongSignature)] {
            key["kid"] = json!(kid);
            assert_eq!(verified(&token, std::slice::from_ref(&key), &Algorithm::ALL), Err(found), "{kid}");
        }
    }
}
