//! The signature vectors kept beside the repository: `FRONTDESK_VECTORS` names the folder.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use axum::http::{HeaderMap, HeaderName};
use domain::Timestamp;

use super::Request;

/// One request, and whether its carrier's own libraries believe it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Vector {
    pub id: String,
    pub scheme: String,
    pub url: String,
    pub method: String,
    pub headers: BTreeMap<String, String>,
    pub params: Vec<(String, String)>,
    pub body: Option<String>,
    pub secret: String,
    pub public_key: String,
    pub key: Option<String>,
    pub cert_pem: String,
    /// Unix seconds.
    pub now: i64,
    pub expected_valid: bool,
}

impl Vector {
    /// When the request came.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now * 1000)
    }

    /// Whether `check` says what is expected of the request.
    pub fn judge(&self, check: impl Fn(&Request<'_>) -> bool) {
        let named = self
            .headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        let headers = named.collect::<HeaderMap>();
        let request = Request {
            method: &self.method,
            url: &self.url,
            headers: &headers,
            body: self.body.as_deref().unwrap_or_default().as_bytes(),
            path_secret: None,
            certificate: Some(self.cert_pem.as_bytes()).filter(|pem| !pem.is_empty()),
        };
        assert_eq!(check(&request), self.expected_valid, "{}", self.id);
    }
}

/// All of the schemes that begin so, exactly `count`; none, with a word on it, where the file is missing.
pub fn of(scheme: &str, count: usize) -> Vec<Vector> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    #[expect(clippy::disallowed_methods, reason = "a setting of these tests, not of the product")]
    let folder = std::env::var_os("FRONTDESK_VECTORS").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("sms_signatures.json")) else {
        println!("skipped: there is no sms_signatures.json in {}", folder.display());
        return Vec::new();
    };
    let all: Vec<Vector> = serde_json::from_str(&text).unwrap();
    let found: Vec<_> = all.into_iter().filter(|vector| vector.scheme.starts_with(scheme)).collect();
    assert_eq!(found.len(), count, "vectors of {scheme}");
    found
}

/// The counts of the carriers' tests add up to the file: none is left out.
#[test]
fn every_scheme_is_judged_by_its_carrier() {
    const JUDGED: [(&str, usize); 12] = [
        ("twilio-hmac-sha1", 34),
        ("vonage-sig-", 15),
        ("vonage-jwt-hs256", 8),
        ("telnyx-ed25519", 12),
        ("plivo-", 11),
        ("messagebird-jwt", 44),
        ("messagebird-legacy-hmac", 9),
        ("bird-hmac-sha256", 2),
        ("sinch-hmac-sha256", 5),
        ("sinch-numbers-hmac-sha1", 2),
        ("sinch-application", 1),
        ("aws-sns-rsa-", 9),
    ];
    let sources = sources_below(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/providers")));
    for (scheme, _) in JUDGED {
        assert!(sources.contains(&format!("\"{scheme}\"")), "no carrier's test asks for {scheme}");
    }
    assert_eq!(JUDGED.iter().map(|(_, count)| count).sum::<usize>(), 152);
    for vector in of("", 152) {
        let judges = JUDGED.iter().filter(|(scheme, _)| vector.scheme.starts_with(scheme));
        assert_eq!(judges.count(), 1, "{}", vector.scheme);
    }
}

/// The sources of all carriers, without what lies beside their folders.
fn sources_below(folder: &Path) -> String {
    let carriers = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = carriers.filter(|path| path.is_dir()).flat_map(|path| std::fs::read_dir(path).unwrap());
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}
