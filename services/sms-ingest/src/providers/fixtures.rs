//! Payloads as carriers send them, under `fixtures/{carrier}/`: `name.form`, `name.query` or `name.body`, and beside each
//! what it is read as, in `name.json`.

use std::path::Path;

use axum::http::HeaderMap;
use domain::Timestamp;
use host::{Secret, config::Provider};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Accepted, Lines, Refusal, Request, carrier};

/// Reads every payload with `read(name, kind, bytes)` and compares.
pub fn check(
    carrier: &str,
    least: usize,
    read: impl Fn(&str, &str, &[u8]) -> Result<Vec<Accepted>, Refusal>,
) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(carrier);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap().to_str().unwrap().to_owned();
        let (name, kind) = (part(path.file_stem()), part(path.extension()));
        if kind == "json" {
            continue;
        }
        seen += 1;
        let bytes = std::fs::read(&path).unwrap();
        let accepted = read(&name, &kind, bytes.trim_ascii_end());
        let found = as_json(&accepted.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", path.display())));
        let golden = std::fs::read_to_string(path.with_extension("json")).unwrap_or_default();
        let expected: Value = serde_json::from_str(&golden).unwrap_or_default();
        assert_eq!(found, expected, "{}\nread as {found:#}", path.display());
    }
    assert!(seen >= least, "{seen} fixtures");
}

fn as_json(accepted: &[Accepted]) -> Value {
    let each = accepted.iter().map(|one| match one {
        Accepted::Message(message) => json!({"message": message}),
        Accepted::Receipt(receipt) => json!({"receipt": receipt}),
        Accepted::Ignored => json!("ignored"),
        Accepted::Unusable { reason, external_id } => json!({"unusable": reason, "id": external_id}),
        Accepted::Confirm(url) => json!({"confirm": url}),
    });
    each.collect()
}

/// Every payload there is, of every carrier.
fn all() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = std::fs::read_dir(root).unwrap().map(|folder| folder.unwrap().path());
    let files =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
    let payloads = files.filter(|path| path.extension().is_some_and(|kind| kind != "json"));
    payloads.map(|path| std::fs::read(path).unwrap()).collect()
}

proptest! {
    /// Behind each door, and past its proof, whatever comes: a refusal or something taken in, never a panic.
    #[test]
    fn no_door_breaks_over_what_comes(
        which: prop::sample::Index,
        cut in prop::option::of(any::<prop::sample::Index>()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let payloads = all();
        let mut bytes = payloads[which.index(payloads.len())].clone();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        let query = String::from_utf8_lossy(&bytes).replace(char::is_whitespace, "+");
        let headers = HeaderMap::new();
        for provider in Provider::ALL {
            let number = json!({"number": "+15550001111", "provider": provider, "credentials": {"webhook_secret": "s"}});
            let numbers = serde_json::from_value(json!([number])).unwrap();
            let lines = Lines { numbers, house_secret: Secret::new("") };
            let url = format!("https://desk.example.com/webhooks/sms/{}/s", provider.as_str());
            let get = format!("{url}?{query}");
            for (method, url, body) in [("POST", &url, bytes.as_slice()), ("GET", &get, b"")] {
                let request =
                    Request { method, url, headers: &headers, body, path_secret: Some("s"), certificate: None };
                let found = carrier(provider.as_str()).unwrap().read(&request, &lines, Timestamp::from_millis(0));
                for one in found.into_iter().flatten() {
                    let (text, id) = match one {
                        Accepted::Message(message) => (message.text, message.external_id),
                        Accepted::Receipt(receipt) => (receipt.raw_status, receipt.external_id),
                        _ => continue,
                    };
                    prop_assert!(!text.contains('\0') && !id.is_empty() && id.is_ascii(), "{text:?} {id:?}");
                }
            }
        }
    }
}
