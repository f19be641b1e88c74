//! Mails as they come, and what is understood of them: `fixtures/NAME.eml` gives `fixtures/NAME.json`.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::PathBuf};

use domain::{EmailAddress, Timestamp};
use email_ingest::{
    mail::{Arrival, understand},
    routing::Routes,
};
use host::config::Mailbox;

fn read(name: &str) -> serde_json::Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let raw = fs::read(folder.join(name).with_extension("eml")).unwrap();
    // They lie here with LF, as editors and git like it, and come with CRLF.
    let raw: Vec<u8> =
        raw.iter().flat_map(|b| if *b == b'\n' { vec![b'\r', b'\n'] } else { vec![*b] }).collect();
    let address: EmailAddress = "support@example.com".parse().unwrap();
    let inbound = "support@in.example.net".parse().unwrap();
    let routes = Routes::new(vec![Mailbox { address: address.clone(), inbound, imap: None }]);
    let understood = understand(
        &raw,
        &Arrival {
            envelope_from: None,
            recipient: "support@in.example.net",
            mailbox: &address,
            routes: &routes,
            now: Timestamp::parse("2026-11-21T12:00:00Z").unwrap(),
        },
    );
    serde_json::to_value(&understood.event).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the way to write the expectations anew")]
fn each_mail_is_understood_as_written_down() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".eml"));
    assert!(names.len() >= 9, "{names:?}");
    let mut wrong = Vec::new();
    for name in names {
        let event = read(&name);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            let golden = format!("{}\n", serde_json::to_string_pretty(&event).unwrap());
            fs::write(folder.join(&name).with_extension("json"), golden).unwrap();
        }
        let golden = fs::read_to_string(folder.join(&name).with_extension("json")).unwrap_or_default();
        if serde_json::from_str(&golden).ok() != Some(event.clone()) {
            println!("{name} gives:\n{}", serde_json::to_string_pretty(&event).unwrap());
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "understood otherwise: {wrong:?}");
}
