//! Runs over real mails kept outside the project, where they are present.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use domain::{
    EmailAddress, Timestamp,
    event::{InboundEmail, MailKind},
};
use email_ingest::{
    headers::Headers,
    mail::{Arrival, understand},
    routing::Routes,
};
use host::config::Mailbox;

#[expect(clippy::disallowed_methods, reason = "a test that is told where the corpora lie")]
fn corpora() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let folder = std::env::var_os("FRONTDESK_CORPORA").map_or(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn read(raw: &[u8]) -> InboundEmail {
    let address: EmailAddress = "support@example.com".parse().unwrap();
    let inbound = "support@in.example.net".parse().unwrap();
    let routes = Routes::new(vec![Mailbox { address: address.clone(), inbound }]);
    let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    let arrival = Arrival {
        envelope_from: None,
        recipient: "support@in.example.net",
        mailbox: &address,
        routes: &routes,
        now,
    };
    understand(raw, &arrival).event
}

fn mails(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(mails(&path));
        } else if path.extension().is_some_and(|e| e == "eml" || e == "txt")
            || path.parent().is_some_and(|p| p.ends_with("emails"))
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_mail_of_the_corpora_is_understood_in_time() {
    let Some(folder) = corpora() else {
        println!("skipped: no corpora here (set FRONTDESK_CORPORA)");
        return;
    };
    let (mut count, mut slowest) = (0, Duration::ZERO);
    for path in mails(&folder) {
        let raw = fs::read(&path).unwrap();
        let started = Instant::now();
        let event = read(&raw);
        slowest = slowest.max(started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(5), "{}: {:?}", path.display(), started.elapsed());
        assert!(serde_json::to_vec(&event).unwrap().len() < 900 * 1024, "{}", path.display());
        count += 1;
    }
    println!("{count} mails understood, the slowest in {slowest:?}");
    assert!(count > 100);
}

#[test]
fn nine_of_ten_bounces_are_told_and_nearly_no_robot_passes_for_a_person() {
    let Some(folder) = corpora() else {
        println!("skipped: no corpora here (set FRONTDESK_CORPORA)");
        return;
    };
    let folder = folder.join("bounces");
    let expected = fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<serde_json::Value>> = serde_json::from_str(&expected).unwrap();
    let (mut bounces, mut told, mut robots, mut people) = (0, 0, 0, Vec::new());
    for (name, recipients) in &expected {
        let raw = fs::read(folder.join(name)).unwrap();
        let event = read(&raw);
        let is_bounce = !recipients.iter().any(|r| r["reason"] == "vacation" || r["reason"] == "feedback");
        robots += 1;
        bounces += usize::from(is_bounce);
        told += usize::from(is_bounce && event.kind == MailKind::Bounce);
        if event.kind == MailKind::Human {
            people.push(name);
        } else if is_bounce != (event.kind == MailKind::Bounce) {
            let from = Headers::read(&raw).get("from").map(str::to_owned);
            println!("{name}: {:?}, from {from:?}, {:?}", event.kind, event.subject);
        }
    }
    println!("bounces told as bounces: {told} of {bounces}; of {robots} robots taken for people: {people:?}");
    assert!(told * 100 >= bounces * 90, "{told} of {bounces}");
    assert!(people.len() * 100 <= robots * 5, "{people:?}");
}
