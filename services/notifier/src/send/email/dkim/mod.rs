//! Signs mails (DKIM, RFC 6376 and RFC 8463): header and body relaxed, SHA-256, RSA or Ed25519. Pure but for RSA's
//! blinding.

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Timestamp;
use host::config::DkimKey;
use ring::{
    digest,
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};

/// What is signed of the head, where it is there. `From` is named once more, so that nobody can add one.
const SIGNED: &[&str] = &[
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "auto-submitted",
];

/// The keys of all domains.
#[derive(Default)]
pub struct Signers(Vec<Signer>);

/// The key of one domain.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl Signers {
    /// Reads the keys.
    ///
    /// # Errors
    /// A key cannot be read. The error does not show it.
    pub fn new(keys: &[DkimKey]) -> anyhow::Result<Self> {
        keys.iter().map(Signer::new).collect::<anyhow::Result<_>>().map(Self)
    }

    /// The key for mails from this domain: its own, or that of a domain above it, which DMARC takes as well.
    pub fn of(&self, domain: &str) -> Option<&Signer> {
        let above =
            |own: &str| domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        self.0.iter().filter(|signer| above(&signer.domain)).max_by_key(|signer| signer.domain.len())
    }
}

impl Signer {
    /// Reads a key.
    ///
    /// # Errors
    /// It is no private key, or of a kind that mails are not signed with.
    pub fn new(key: &DkimKey) -> anyhow::Result<Self> {
        let read = read(key.key.expose().as_bytes());
        let read = read.with_context(|| format!("email.dkim: the key of {} cannot be used", key.domain))?;
        Ok(Self { domain: key.domain.clone(), selector: key.selector.clone(), key: read })
    }

    /// Where the public key must be.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// What must stand there.
    pub fn record(&self) -> String {
        let public = STANDARD.encode(self.public());
        match &self.key {
            Key::Rsa(_) => format!("v=DKIM1; k=rsa; p={public}"),
            Key::Ed25519(_) => format!("v=DKIM1; k=ed25519; p={public}"),
        }
    }

    /// The public key as the DNS has it: a SubjectPublicKeyInfo for RSA, the bare key for Ed25519.
    fn public(&self) -> Vec<u8> {
        match &self.key {
            Key::Rsa(pair) => public_key_info(pair.public_key().as_ref()),
            Key::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The `DKIM-Signature` of a mail (header and body, CRLF line ends), with its line end: it goes on top.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn sign(&self, raw: &[u8], now: Timestamp) -> anyhow::Result<String> {
        let text = std::str::from_utf8(raw).context("the mail is not ASCII")?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let fields = fields(head);
        let mut names: Vec<&str> = Vec::new();
        let mut signed = String::new();
        for name in SIGNED {
            // from the bottom, as verifiers look for them (§5.4.2)
            for (_, value) in fields.iter().rev().filter(|(found, _)| found == name) {
                names.push(name);
                signed.push_str(&format!("{name}:{value}\r\n"));
            }
        }
        names.push("from");
        let algorithm = if matches!(self.key, Key::Rsa(_)) { "rsa-sha256" } else { "ed25519-sha256" };
        let hash = STANDARD.encode(digest::digest(&digest::SHA256, relaxed_body(body).as_bytes()));
        let (domain, selector, at) = (&self.domain, &self.selector, now.millis() / 1000);
        let names: Vec<_> = names.chunks(6).map(|some| some.join(":")).collect();
        let start = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector}; t={at};\r\n h={};\r\n \
             bh={hash};\r\n b=",
            names.join(":\r\n  ")
        );
        signed.push_str(&format!("dkim-signature:{}", relaxed(&start)));
        let signature = folded(&STANDARD.encode(self.key.sign(signed.as_bytes())?));
        Ok(format!("DKIM-Signature: {start}{signature}\r\n"))
    }
}

impl Key {
    fn sign(&self, signed: &[u8]) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let made = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature);
                made.map_err(|_| anyhow::anyhow!("the RSA key does not sign"))?;
                Ok(signature)
            }
            // over the hash, not over the text (RFC 8463 §3)
            Self::Ed25519(pair) => {
                Ok(pair.sign(digest::digest(&digest::SHA256, signed).as_ref()).as_ref().to_vec())
            }
        }
    }
}

fn read(pem: &[u8]) -> anyhow::Result<Key> {
    let der = PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| anyhow::anyhow!("it is no private key in PEM (-----BEGIN PRIVATE KEY-----)"))?;
    let rsa = |pair: Result<RsaKeyPair, ring::error::KeyRejected>| match pair {
        Ok(pair) => Ok(Key::Rsa(Box::new(pair))),
        Err(why) => bail!("{why}: use an RSA key of 2048 to 8192 bits, or Ed25519"),
    };
    match &der {
        PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
        PrivateKeyDer::Pkcs8(der) => {
            let der = der.secret_pkcs8_der();
            match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                Ok(pair) => Ok(Key::Ed25519(pair)),
                Err(_) => rsa(RsaKeyPair::from_pkcs8(der)),
            }
        }
        _ => bail!("use an RSA key of 2048 to 8192 bits, or Ed25519"),
    }
}

/// RFC 5280's envelope around an RSA public key.
fn public_key_info(key: &[u8]) -> Vec<u8> {
    /// `rsaEncryption`, no parameters.
    const ALGORITHM: &[u8] =
        &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = der(0x03, &[&[0], key].concat());
    der(0x30, &[ALGORITHM, &bits].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let short = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut all = vec![tag];
    if content.len() >= 0x80 {
        all.push(0x80 | u8::try_from(short.len()).unwrap_or(0x7f));
    }
    all.extend_from_slice(short);
    all.extend_from_slice(content);
    all
}

/// Name and relaxed value of every header (§3.4.2).
fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => field.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let parted = fields.iter().filter_map(|field| field.split_once(':'));
    parted.map(|(name, value)| (name.trim().to_ascii_lowercase(), relaxed(value))).collect()
}

fn relaxed(value: &str) -> String {
    value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// White space within lines is one space, at their ends none; no empty lines at the end (§3.4.4).
fn relaxed_body(body: &str) -> String {
    let mut relaxed = String::with_capacity(body.len());
    for line in body.split("\r\n") {
        let mut gap = false;
        for c in line.trim_end_matches([' ', '\t']).chars() {
            let blank = matches!(c, ' ' | '\t');
            match (blank, gap) {
                (true, true) => {}
                (true, false) => relaxed.push(' '),
                (false, _) => relaxed.push(c),
            }
            gap = blank;
        }
        relaxed.push_str("\r\n");
    }
    let end = relaxed.trim_end_matches("\r\n").len();
    relaxed.truncate(end);
    if !relaxed.is_empty() {
        relaxed.push_str("\r\n");
    }
    relaxed
}

/// In lines that no relay breaks anew.
fn folded(signature: &str) -> String {
    let lines = signature.as_bytes().chunks(72).map(String::from_utf8_lossy);
    lines.collect::<Vec<_>>().join("\r\n  ")
}

#[cfg(test)]
mod tests;
