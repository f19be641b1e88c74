//! Texts counted by hand and by carriers, kept beside the repository: `FRONTDESK_VECTORS` names the folder.
#![cfg(test)]

use std::path::PathBuf;

use domain::segments;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    text: String,
    encoding: String,
    units: usize,
    segments: usize,
}

#[test]
#[expect(clippy::disallowed_methods, reason = "files beside this test, not of the product")]
fn d5_every_text_costs_what_it_was_counted_to_cost() {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    let folder = std::env::var_os("FRONTDESK_VECTORS").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("sms_segments.json")) else {
        println!("skipped: there is no sms_segments.json in {}", folder.display());
        return;
    };
    let all: Vec<Vector> = serde_json::from_str(&text).expect("a list of texts");
    assert!(all.len() >= 29, "only {} vectors", all.len());
    for Vector { name, text, encoding, units, segments } in all {
        let found = segments::count(&text);
        assert_eq!(
            (found.encoding.as_str(), found.units, found.count),
            (encoding.as_str(), units, segments),
            "{name}"
        );
    }
}
