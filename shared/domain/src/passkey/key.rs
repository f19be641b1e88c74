//! Public keys as authenticators give them: COSE (RFC 9052, 9053; RSA: RFC 8230).

use super::{
    PasskeyFault,
    cbor::{Item, Reader},
};

/// COSE's numbers of the algorithms that are taken, the ones liked best first: ES256, `EdDSA`, RS256
/// (IANA, COSE Algorithms).
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// The key of a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// ECDSA over P-256 with SHA-256: the point, not compressed (`0x04`, x, y).
    Es256([u8; 65]),
    /// Ed25519.
    EdDsa([u8; 32]),
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256 {
        /// Modulus, big-endian.
        n: Vec<u8>,
        /// Exponent, big-endian.
        e: Vec<u8>,
    },
}

/// What is read of a key; what `-1` to `-3` stand for depends on its type.
#[derive(Default)]
struct Labels<'a> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    first: Option<&'a [u8]>,
    second: Option<&'a [u8]>,
    third: Option<&'a [u8]>,
}

impl PublicKey {
    /// A key that was kept.
    ///
    /// # Errors
    /// It is none, or of another kind.
    pub fn parse(cose: &[u8]) -> Result<Self, PasskeyFault> {
        let mut reader = Reader::new(cose);
        let key = Self::read(&mut reader)?;
        if reader.rest().is_empty() { Ok(key) } else { Err(PasskeyFault::Unreadable) }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, PasskeyFault> {
        let labels = Labels::read(reader).ok_or(PasskeyFault::Unreadable)?;
        labels.key().ok_or(PasskeyFault::OtherKind)
    }
}

impl<'a> Labels<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let Item::Map(pairs) = reader.item()? else { return None };
        let mut labels = Self::default();
        for _ in 0..pairs {
            let label = reader.item()?;
            let after = {
                let mut after = *reader;
                after.skip()?;
                after
            };
            match (label, reader.item()?) {
                (Item::Integer(1), Item::Integer(kind)) => labels.kind = Some(kind),
                (Item::Integer(3), Item::Integer(algorithm)) => labels.algorithm = Some(algorithm),
                (Item::Integer(-1), Item::Integer(curve)) => labels.curve = Some(curve),
                (Item::Integer(-1), Item::Bytes(bytes)) => labels.first = Some(bytes),
                (Item::Integer(-2), Item::Bytes(bytes)) => labels.second = Some(bytes),
                (Item::Integer(-3), Item::Bytes(bytes)) => labels.third = Some(bytes),
                _ => {}
            }
            *reader = after;
        }
        Some(labels)
    }

    fn key(&self) -> Option<PublicKey> {
        // type 2 is EC2, 1 is OKP, 3 is RSA; curve 1 is P-256, 6 is Ed25519
        match (self.kind?, self.algorithm?, self.curve) {
            (2, -7, Some(1)) => {
                let (x, y): ([u8; 32], [u8; 32]) =
                    (self.second?.try_into().ok()?, self.third?.try_into().ok()?);
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&x);
                point[33..].copy_from_slice(&y);
                Some(PublicKey::Es256(point))
            }
            (1, -8, Some(6)) => Some(PublicKey::EdDsa(self.second?.try_into().ok()?)),
            (3, -257, None) => Some(PublicKey::Rs256 { n: self.first?.to_vec(), e: self.second?.to_vec() }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn es256(curve: u8, x: &[u8]) -> Vec<u8> {
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, curve, 0x21, 0x58, 32];
        key.extend(x);
        key.extend([0x22, 0x58, 32]);
        key.extend([9; 32]);
        key
    }

    #[test]
    fn each_kind_of_key_is_read() {
        let PublicKey::Es256(point) = PublicKey::parse(&es256(1, &[7; 32])).unwrap() else {
            panic!("a point")
        };
        assert_eq!((point[0], point[1], point[32], point[33], point[64]), (4, 7, 7, 9, 9));
        let mut ed = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 32];
        ed.extend([3; 32]);
        assert_eq!(PublicKey::parse(&ed), Ok(PublicKey::EdDsa([3; 32])));
        let rsa = [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x42, 1, 2, 0x21, 0x43, 1, 0, 1];
        assert_eq!(PublicKey::parse(&rsa), Ok(PublicKey::Rs256 { n: vec![1, 2], e: vec![1, 0, 1] }));
    }

    #[test]
    fn other_curves_and_lengths_are_none() {
        assert_eq!(PublicKey::parse(&es256(2, &[7; 32])), Err(PasskeyFault::OtherKind));
        let key = es256(1, &[7; 32]);
        assert_eq!(PublicKey::parse(&key[..40]), Err(PasskeyFault::Unreadable));
        assert_eq!(PublicKey::parse(&[key, vec![0]].concat()), Err(PasskeyFault::Unreadable));
        assert_eq!(PublicKey::parse(&[0xa0]), Err(PasskeyFault::OtherKind));
        assert_eq!(PublicKey::parse(&[]), Err(PasskeyFault::Unreadable));
    }
}
