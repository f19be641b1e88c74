//! A mail of any bytes becomes an event that a broker takes, with harmless text and HTML, under the same key as when
//! nothing but its headers is read. Slowness is a finding too: see `-timeout` in `run`.

#![no_main]

use std::sync::LazyLock;

use domain::{EmailAddress, Timestamp};
use email_ingest::{
    mail::{Arrival, minimal, understand},
    routing::Routes,
};
use host::config::Mailbox;
use libfuzzer_sys::fuzz_target;

static MAILBOX: LazyLock<EmailAddress> = LazyLock::new(|| "support@example.com".parse().expect("an address"));
static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
    let inbound = "support@in.example.net".parse().expect("an address");
    Routes::new(vec![Mailbox { address: MAILBOX.clone(), inbound, imap: None }])
});

fuzz_target!(|raw: &[u8]| {
    let arrival = Arrival {
        envelope_from: None,
        recipient: "support@in.example.net",
        mailbox: &MAILBOX,
        routes: &ROUTES,
        now: Timestamp::from_millis(1_795_200_000_000),
    };
    let (whole, by_headers) = (understand(raw, &arrival).event, minimal::understand(raw, &arrival).event);
    assert_eq!(whole.digest, by_headers.digest);
    assert!(!whole.text.contains('\0') && !whole.subject.contains(['\0', '\n']));
    assert!(serde_json::to_vec(&whole).is_ok_and(|json| json.len() < 900 * 1024));
    if let Some(html) = &whole.html {
        let html = html.to_ascii_lowercase();
        assert!(!["<script", "<iframe", "<form", "<style", "<meta"].iter().any(|tag| html.contains(tag)), "{html}");
    }
    let mut names: Vec<_> = whole.attachments.iter().map(|file| file.name.to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), whole.attachments.len(), "each file has a name of its own");
});
