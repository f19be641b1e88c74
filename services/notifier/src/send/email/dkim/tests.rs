use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;

/// Keys made for these tests alone.
const RSA_PKCS8: &str = include_str!("../../../../fixtures/dkim/rsa-pkcs8.pem");
const RSA_PKCS1: &str = include_str!("../../../../fixtures/dkim/rsa-pkcs1.pem");
const RSA_SMALL: &str = include_str!("../../../../fixtures/dkim/rsa-1024.pem");
const ED: &str = include_str!("../../../../fixtures/dkim/ed25519.pem");
/// The record of the RSA key, as `openssl pkey -pubout` writes it.
const RSA_RECORD: &str = include_str!("../../../../fixtures/dkim/rsa.record");

const MAIL: &[u8] =
    b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner\r\n   ready? \r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";

fn key(domain: &str, pem: &str) -> DkimKey {
    DkimKey { domain: domain.into(), selector: "brisbane".into(), key: host::Secret::new(pem) }
}

fn signer(pem: &str) -> Signer {
    Signer::new(&key("football.example.com", pem)).unwrap()
}

fn tag<'a>(header: &'a str, name: &str) -> String {
    let tags = header.trim_start_matches("DKIM-Signature:").split(';');
    let found = tags.filter_map(|tag: &'a str| tag.trim().split_once('=')).find(|(found, _)| *found == name);
    found.unwrap().1.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What RFC 6376 §3.7 says is signed, put together by hand for [`MAIL`].
fn signed_by_hand(header: &str) -> String {
    let own = header.trim_end().strip_prefix("DKIM-Signature: ").unwrap();
    let unsigned = &own[..own.rfind("b=").unwrap() + 2];
    let own = unsigned.replace("\r\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "from:Joe SixPack <joe@football.example.com>\r\nto:Suzie Q <suzie@shopping.example.net>\r\n\
         subject:Is dinner ready?\r\ndate:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
         message-id:<20030712040037.46341.5F8J@football.example.com>\r\ndkim-signature:{own}"
    )
}

#[test]
fn a_signature_is_right_by_either_algorithm() {
    let now = Timestamp::from_millis(1_763_700_000_999);
    for (pem, algorithm) in [(RSA_PKCS8, "rsa-sha256"), (RSA_PKCS1, "rsa-sha256"), (ED, "ed25519-sha256")] {
        let signer = signer(pem);
        let header = signer.sign(MAIL, now).unwrap();
        assert_eq!(tag(&header, "a"), algorithm);
        assert_eq!(tag(&header, "t"), "1763700000");
        assert_eq!(tag(&header, "h"), "from:to:subject:date:message-id:from");
        // RFC 8463, appendix A
        assert_eq!(tag(&header, "bh"), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
        let signature = STANDARD.decode(tag(&header, "b")).unwrap();
        let signed = signed_by_hand(&header);
        let verified = match &signer.key {
            Key::Rsa(pair) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
                .verify(signed.as_bytes(), &signature),
            Key::Ed25519(pair) => UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref())
                .verify(digest::digest(&digest::SHA256, signed.as_bytes()).as_ref(), &signature),
        };
        verified.unwrap();
        assert!(header.lines().all(|line| line.len() <= 78), "{header}");
    }
}

#[test]
fn bodies_are_relaxed_as_the_standard_says() {
    for (body, relaxed) in
        [("", ""), ("\r\n\r\n", ""), (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"), ("no end", "no end\r\n")]
    {
        assert_eq!(relaxed_body(body), relaxed, "{body:?}");
    }
}

#[test]
fn the_record_is_the_one_that_openssl_makes() {
    let signer = signer(RSA_PKCS8);
    assert_eq!(signer.record_name(), "brisbane._domainkey.football.example.com");
    assert_eq!(signer.record(), format!("v=DKIM1; k=rsa; p={}", RSA_RECORD.trim()));
}

#[test]
fn a_key_that_cannot_sign_is_refused_and_not_shown() {
    for (pem, said) in [(RSA_SMALL, "2048"), ("hunter2", "PEM")] {
        let error = Signer::new(&key("x.example", pem)).err().map(|error| format!("{error:#}")).unwrap();
        assert!(error.contains(said) && error.contains("x.example") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn the_nearest_domain_above_signs() {
    let signers = Signers::new(&[key("example.com", ED), key("mail.example.com", ED)]).unwrap();
    let of = |domain: &str| signers.of(domain).map(|signer| signer.domain.as_str());
    assert_eq!(of("example.com"), Some("example.com"));
    assert_eq!(of("shop.example.com"), Some("example.com"));
    assert_eq!(of("eu.mail.example.com"), Some("mail.example.com"));
    assert_eq!(of("badexample.com"), None);
}
