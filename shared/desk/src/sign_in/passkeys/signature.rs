//! The signature of a passkey, over `ring`.

use domain::passkey::{PasskeyFault, PublicKey};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use sha2::{Digest, Sha256};

/// Checks that the key signed what the authenticator and the browser say (§7.2, steps 19 and 20).
pub(super) fn check(
    key: &PublicKey,
    authenticator_data: &[u8],
    client_data: &[u8],
    signature: &[u8],
) -> Result<(), PasskeyFault> {
    let signed = [authenticator_data, Sha256::digest(client_data).as_slice()].concat();
    let right = match key {
        PublicKey::Es256(point) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(&signed, signature)
        }
        PublicKey::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(&signed, signature),
        PublicKey::Rs256 { n, e } => {
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, &signed, signature)
        }
    };
    right.map_err(|_| PasskeyFault::WrongSignature)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    // made once with `openssl genrsa 2048` and `openssl dgst -sha256 -sign`; software keys elsewhere sign ES256 and EdDSA
    const MODULUS: &str = "\
        0oLJLjhSmXNJ9OKOaaMD2hw3n4r2h1oV0ibSkGalWu0a0oCvQ6PdzSt_Y6btiMdfm70A4BPwiYGVBmq27Iqptm_r07GoDn5_dLZ-\
        7_LYoXWZ-zATfatrXl6a7FRVZbkG7zONwDVihTeVWWnDAexqmry98QnhSQ7lPTOitVlWGBCf6YjU_eywA0uAU2I947Bu8BdID6Xi\
        rOjtcbOYMBbJ4NW-kZWrD_MDfZ4yBK13lSwVRe7qi5q3-iSZjsbahJ__bEAPZnsq0Up4cM6Z0SIua872MCeWKVtfvbP2yULG5CXZ\
        RCFCUfDVAN38_CrS1uTT0mCzclVXjfd1JreR0yFk0w";
    const SIGNATURE: &str = "\
        OraqZcXZN0u53oKz3tdci5sj1wo1HQoH2H5uS8ViwCV4Bfr0OomphN2Hc3SYHBHbEYkbUIkExGM34pFhhiEloeSObRkWgBqxXgUX\
        MpUiE5t2ie_7BT09zp47hXaldPiV6_7OWg4bR-DJIjXT6e25yNmpSDq-64MZCBofh8MHv3I7yBWmQzIKgafpgUn1al2um9uHMCIQ\
        K2vVhejJ76bZTOSvHFBtJC4wtR_Tqj5NZ7zAbFT9AcV8HH1Noh0o9pzBsM6kDW76kZZQQ2iv3g97SqbflrLKvmMX0Hn2AXS0Zbyd\
        v82ECyS-4lpqIUz1rOQljOzS76HF_I_wNFM_BScdIQ";

    #[test]
    fn an_rsa_signature_is_checked() {
        let (n, signature) =
            (URL_SAFE_NO_PAD.decode(MODULUS).unwrap(), URL_SAFE_NO_PAD.decode(SIGNATURE).unwrap());
        let key = PublicKey::Rs256 { n, e: vec![1, 0, 1] };
        assert_eq!(check(&key, b"authenticator", b"client", &signature), Ok(()));
        for (data, client) in [(&b"authenticator"[..], &b"another"[..]), (b"", b"client")] {
            assert_eq!(check(&key, data, client, &signature), Err(PasskeyFault::WrongSignature));
        }
        let short = PublicKey::Rs256 { n: vec![0xff; 64], e: vec![1, 0, 1] };
        assert_eq!(
            check(&short, b"authenticator", b"client", &signature[..64]),
            Err(PasskeyFault::WrongSignature)
        );
    }
}
