//! Apart from quotes and signature, nothing is invented and nothing becomes nothing.

#![no_main]

use std::collections::HashSet;

use email_ingest::quote::{forwarded, reply_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let reply = reply_text(text);
    let lines: HashSet<&str> = text.lines().map(str::trim_end).collect();
    assert!(reply.lines().all(|line| lines.contains(line.trim_end())), "a line that nobody wrote: {reply:?}");
    assert_eq!(reply.trim().is_empty(), text.trim().is_empty(), "the whole text is lost");
    let (subject, body) = text.split_once('\n').unwrap_or(("", text));
    if let Some(found) = forwarded(subject, body) {
        assert!(found.text.len() <= body.len() && found.note.len() <= body.len());
    }
});
