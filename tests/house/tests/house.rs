//! Reads `cargo metadata` and the tree.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const SERVICES: [&str; 7] =
    ["sms-ingest", "email-ingest", "web-chat", "ticketing", "inbox", "auto-responder", "notifier"];

/// What the inbox must do, by the ids that tests, commits and documents call it: people and words (A), the list (E), the
/// ticket (F), status and blocking (G), notifications, quick responses and settings (H), routing (J).
const BEHAVIOURS: [&str; 19] = [
    "A1", "A2", "A3", "E1", "E2", "E3", "E4", "E5", "E6", "F1", "F2", "F3", "F4", "G1", "G2", "H4", "H5",
    "H10", "J2",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").to_owned()
}

/// Every crate of the house with what it depends on (normal dependencies).
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies").iter();
        all.filter(|d| d["kind"].is_null()).map(|d| d["name"].as_str().expect("a name").to_owned()).collect()
    };
    packages.iter().map(|p| (p["name"].as_str().expect("a name").to_owned(), normal(p))).collect()
}

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "node_modules" | "dist" | "target" | "fixtures" | "generated")
                && !name.starts_with('.')
            {
                files(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

fn sources(endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in ["shared", "services", "tests", "deploy", "k8s"] {
        files(&root().join(part), endings, &mut found);
    }
    let relative = |path: &Path| path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned();
    found.iter().map(|p| (relative(p), std::fs::read_to_string(p).expect("text"))).collect()
}

#[test]
fn services_never_depend_on_each_other() {
    for (name, needs) in arrows().iter().filter(|(name, _)| SERVICES.contains(&name.as_str())) {
        let others: Vec<_> =
            needs.iter().filter(|n| SERVICES.contains(&n.as_str()) || *n == "frontdesk").collect();
        assert!(others.is_empty(), "{name} depends on {others:?}");
    }
}

#[test]
fn shared_crates_know_no_service_and_point_one_way() {
    let arrows = arrows();
    let house: BTreeSet<&str> = arrows.keys().map(String::as_str).collect();
    for (name, allowed) in [
        ("domain", &[][..]),
        ("bus", &["domain"]),
        ("host", &["domain", "bus", "seal", "web"]),
        ("seal", &[]),
        ("web", &["domain"]),
        ("desk", &["domain", "bus", "seal"]),
    ] {
        let inside: Vec<_> = arrows[name].iter().filter(|n| house.contains(n.as_str())).collect();
        assert!(inside.iter().all(|n| allowed.contains(&n.as_str())), "{name} depends on {inside:?}");
    }
}

#[test]
fn the_domain_has_no_async_io_clock_or_dice() {
    let allowed =
        ["jiff", "serde", "serde_json", "thiserror", "time", "unicode-normalization", "uuid", "whichlang"];
    let needs = &arrows()["domain"];
    assert!(needs.iter().all(|n| allowed.contains(&n.as_str())), "the domain depends on {needs:?}");
    for (path, text) in sources(&[".rs"]).iter().filter(|(path, _)| path.starts_with("shared/domain/src")) {
        for word in [
            "async fn",
            "std::fs",
            "std::net",
            "std::env",
            "SystemTime",
            "Instant::now",
            "now_utc",
            "new_v4",
            "now_v7",
        ] {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn only_the_store_knows_sql_and_only_jetstream_knows_nats() {
    let arrows = arrows();
    let who = |dependency: &str| -> Vec<&str> {
        arrows.iter().filter(|(_, needs)| needs.contains(dependency)).map(|(name, _)| name.as_str()).collect()
    };
    // the benchmark fills databases
    assert_eq!(who("sqlx"), ["bus", "desk", "load"], "sqlx");
    // the benchmark stands beside bare publishing, without the bus between
    assert_eq!(who("async-nats"), ["bus", "load"], "async-nats");
    for (path, text) in sources(&[".rs"]) {
        if text.contains("async_nats::") {
            assert!(
                ["shared/bus/src/jetstream", "tests/load/"].iter().any(|place| path.starts_with(place))
                    || path.contains("/tests/"),
                "{path} knows async-nats"
            );
        }
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    for (path, text) in sources(&[".rs", ".ts", ".svelte"]) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().count();
        assert!(lines <= 400, "{path} has {lines} lines without its tests: one idea, or several?");
    }
}

/// Stories of the journeys: what `in_both_shapes!` makes two tests of.
fn stories() -> Vec<String> {
    let of_journeys = |path: &str| path.starts_with("tests/journeys/tests/");
    let mut stories = Vec::new();
    for (_, text) in sources(&[".rs"]).iter().filter(|(path, _)| of_journeys(path)) {
        for listed in text.split("\nin_both_shapes!(").skip(1) {
            let names = listed.split(')').next().unwrap_or_default().split(',').map(str::trim);
            stories.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    stories
}

#[test]
fn every_behaviour_of_the_inbox_has_a_journey_on_both_shapes() {
    let stories = stories();
    assert!(
        stories.len() > 80,
        "only {} stories were found: the test looks in the wrong place",
        stories.len()
    );
    for id in BEHAVIOURS {
        let begins = format!("{}_", id.to_lowercase());
        assert!(stories.iter().any(|story| story.starts_with(&begins)), "no journey is called {begins}…");
    }
}

#[test]
fn every_variable_of_the_deployment_files_exists() {
    let known = host::Configuration::env_names();
    let mut seen = 0;
    for (path, text) in sources(&[".yaml", "Dockerfile"]) {
        for word in text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')) {
            if word.starts_with("FRONTDESK_") {
                seen += 1;
                assert!(known.iter().any(|name| name == word), "{path}: there is no variable {word}");
            }
        }
    }
    assert!(seen > 20, "only {seen} variables were found: the test looks in the wrong place");
}

#[test]
fn the_reference_and_the_sample_configuration_can_be_read() {
    for file in ["deploy/frontdesk.toml", "deploy/sandbox.toml"] {
        let text = std::fs::read_to_string(root().join(file)).expect("a file");
        if let Err(faults) = host::Configuration::parse(&text) {
            panic!("{file}: {faults}");
        }
    }
}
