//! The signature of an SNS notification: RSA with PKCS #1 v1.5 padding over some of its fields, SHA-1 in version 1 and
//! SHA-256 in version 2.
//!
//! Source: "Verifying the signatures of Amazon SNS messages". An UnsubscribeConfirmation is signed like a
//! SubscriptionConfirmation, with its `Token`. The dates of the certificate are not looked at, as in Amazon's own
//! libraries: it comes from Amazon's host over TLS, or from the configuration.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
    pem::PemObject,
};
use serde_json::Value;
use webpki::EndEntityCert;

/// The fields of a notification, in the order they are signed; `Subject` where there is one.
const NOTIFICATION: &[&str] = &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
/// The fields of a confirmation.
const CONFIRMATION: &[&str] =
    &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Checks the signature with the certificate (PEM).
///
/// # Errors
/// Why it is not valid, in one sentence.
pub fn check(call: &Value, certificate: &[u8]) -> Result<(), &'static str> {
    let algorithm = match call["SignatureVersion"].as_str() {
        Some("1") => Rsa(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        Some("2") => Rsa(&RSA_PKCS1_2048_8192_SHA256),
        _ => return Err("the version of its signature is unknown"),
    };
    let signature = call["Signature"].as_str().and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or("the signature is missing or no base64")?;
    let signed = signed_text(call).ok_or("it lacks a field that is signed")?;
    let der = CertificateDer::from_pem_slice(certificate).map_err(|_| "its certificate is no PEM")?;
    let certificate = EndEntityCert::try_from(&der).map_err(|_| "its certificate is unreadable")?;
    certificate
        .verify_signature(&algorithm, signed.as_bytes(), &signature)
        .map_err(|_| "the signature does not match")
}

/// Each name and each value on a line of its own.
fn signed_text(call: &Value) -> Option<String> {
    let names = if call["Type"].as_str()? == "Notification" { NOTIFICATION } else { CONFIRMATION };
    let value = |name: &str| match call[name].as_str() {
        None if name == "SubscribeURL" => call["SubscribeUrl"].as_str(),
        found => found,
    };
    names.iter().try_fold(String::new(), |text, name| match value(name) {
        Some(value) => Some(format!("{text}{name}\n{value}\n")),
        None => (*name == "Subject").then_some(text),
    })
}

/// An algorithm of ring's in the shape that a certificate's key is checked with: SHA-1 is in none of the usual sets.
struct Rsa(&'static RsaParameters);

impl fmt::Debug for Rsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rsa")
    }
}

impl SignatureVerificationAlgorithm for Rsa {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.0, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    /// Only asked of certificates that sign certificates, which this never does.
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_PKCS1_SHA256
    }
}
