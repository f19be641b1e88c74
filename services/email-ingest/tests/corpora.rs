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
    bounce,
    headers::Headers,
    mail::{Arrival, understand},
    quote::{forwarded, reply_text},
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
    let routes = Routes::new(vec![Mailbox { address: address.clone(), inbound, imap: None }]);
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
fn bounces_are_told_and_nearly_no_robot_passes_for_a_person() {
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
    assert!(told * 100 >= bounces * 99, "{told} of {bounces}");
    assert!(people.len() * 100 <= robots, "{people:?}");
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn replies_are_told_from_what_they_quote() {
    let Some(folder) = corpora().map(|folder| folder.join("reply-text")) else {
        println!("skipped: no corpora here (set FRONTDESK_CORPORA)");
        return;
    };
    let (mut exact, mut lost, mut count) = (0, 0, 0);
    for entry in fs::read_dir(folder.join("emails")).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |kind: &str| {
            String::from_utf8_lossy(&fs::read(folder.join(kind).join(&name)).unwrap()).into_owned()
        };
        let (found, expected) = (squeezed(&reply_text(&read("emails"))), squeezed(&read("trimmed")));
        count += 1;
        exact += usize::from(found == expected);
        lost += usize::from(found.len() < expected.len());
        if found != expected {
            println!("{}: {found:?}\n  instead of {expected:?}", name.display());
        }
    }
    println!("{exact} of {count} exact, {lost} lost words");
    assert!(exact * 34 >= count * 31 && lost <= 1);
}

#[test]
fn mails_passed_on_are_unwrapped_and_answers_are_not() {
    let Some(folder) = corpora().map(|folder| folder.join("forwards")) else {
        println!("skipped: no corpora here (set FRONTDESK_CORPORA)");
        return;
    };
    let (mut wrong, mut count) = (0, 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some((program, _)) = name.split_once("_body") else { continue };
        let subject = fs::read_to_string(folder.join(format!("{program}_subject.txt"))).unwrap_or_default();
        let is_answer = name.ends_with("variant_4");
        let subject = if is_answer { "Re: Integer consequat non purus" } else { subject.trim() };
        let subject = if subject.is_empty() && name.contains("variant") { "Fwd: x" } else { subject };
        let found = forwarded(subject, &String::from_utf8_lossy(&fs::read(&path).unwrap()));
        count += 1;
        if is_answer {
            assert_eq!(found, None, "{name}");
            continue;
        }
        let right = found.as_ref().is_some_and(|found| found.from.as_str() == "john.doe@acme.com");
        if !right {
            wrong += 1;
            println!("{name}: {found:?}");
        }
    }
    println!("{wrong} of {count} wrong");
    assert!(count > 80 && wrong <= 2);
}

#[test]
fn bounces_say_who_why_and_for_how_long() {
    let Some(folder) = corpora().map(|folder| folder.join("bounces")) else {
        println!("skipped: no corpora here (set FRONTDESK_CORPORA)");
        return;
    };
    let expected = fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<serde_json::Value>> = serde_json::from_str(&expected).unwrap();
    let (mut count, mut hard, mut status) = (0, 0, 0);
    for (name, wanted) in &expected {
        if wanted.iter().any(|r| r["reason"] == "vacation" || r["reason"] == "feedback") {
            continue;
        }
        let raw = fs::read(folder.join(name)).unwrap();
        let message = mail_parser::MessageParser::default().parse(&raw).unwrap();
        let bounce = bounce::read(&message);
        let mut left = bounce.recipients.clone();
        for (index, wanted) in wanted.iter().enumerate() {
            let same_code =
                |one: &bounce::Undelivered| one.status.to_string() == wanted["status"].as_str().unwrap();
            let same_fate = |one: &bounce::Undelivered| {
                same_code(one) && one.is_hard() == wanted["hard"].as_bool().unwrap()
            };
            let at = left.iter().position(same_fate).or_else(|| left.iter().position(same_code)).unwrap_or(0);
            let found =
                if left.is_empty() { bounce.recipients.first().cloned() } else { Some(left.remove(at)) };
            let found = found.as_ref();
            let wanted_status = wanted["status"].as_str().unwrap();
            // codes from 900 on are made up where the mail gives none: their class is what can be known
            let made_up = wanted_status
                .rsplit('.')
                .next()
                .is_some_and(|detail| detail.len() == 3 && detail.starts_with('9'));
            let same = |found: &str| {
                if made_up { found.get(..1) == wanted_status.get(..1) } else { found == wanted_status }
            };
            let found_status = found.map(|one| one.status.to_string()).unwrap_or_default();
            let found_hard = found.is_some_and(bounce::Undelivered::is_hard);
            count += 1;
            hard += usize::from(found_hard == wanted["hard"].as_bool().unwrap());
            status += usize::from(same(&found_status));
            if !same(&found_status) || found_hard != wanted["hard"].as_bool().unwrap() {
                println!(
                    "{name}[{index}]: {found_status} {:?} for {wanted_status} {} | {:?} ",
                    found.map(|f| f.reason),
                    wanted["reason"],
                    found.map(|f| (&f.recipient, &f.diagnostic))
                );
            }
        }
    }
    println!("of {count}: hard or soft {hard}, status {status}");
    assert!(hard * 100 >= count * 95 && status * 100 >= count * 95, "{hard} {status} of {count}");
}
