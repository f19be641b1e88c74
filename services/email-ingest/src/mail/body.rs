//! The body of a mail as text, and as harmless HTML where it had HTML.

use std::collections::HashMap;

use mail_parser::{Message, MimeHeaders, PartType};

use super::clean;
use crate::html;

/// Text kept in the event, in bytes.
pub const MAX_TEXT: usize = 256 * 1024;
/// HTML kept in the event, in bytes; longer HTML is left out, the text is there.
pub const MAX_HTML: usize = 256 * 1024;

/// The whole text: every text part in order, from HTML where there is no text.
pub fn text(message: &Message<'_>) -> String {
    let written = joined(message.text_bodies().filter_map(|part| match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        PartType::Html(html) => Some(html::to_text(html)),
        _ => None,
    }));
    if !written.is_empty() {
        return written;
    }
    let shown = joined(message.html_bodies().filter_map(|part| match &part.body {
        PartType::Html(html) => Some(html::to_text(html)),
        _ => None,
    }));
    if shown.is_empty() { joined(undivided(message).into_iter().map(str::to_owned)) } else { shown }
}

/// The text of a mail that came wrapped: as written, else what its HTML says.
pub fn wrapped_text(text: Option<&str>, html: Option<&str>) -> String {
    let said = text.map(str::to_owned).or_else(|| html.map(html::to_text));
    joined(said.into_iter())
}

/// The text of a mail that says it has parts but has none.
pub fn undivided<'a>(message: &'a Message<'_>) -> Option<&'a str> {
    let root = message.root_part();
    let is_multipart = root.content_type().is_some_and(|ct| ct.ctype().eq_ignore_ascii_case("multipart"));
    match &root.body {
        PartType::Text(text) if is_multipart => Some(text),
        _ => None,
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> =
        parts.map(|part| clean::text(&part, MAX_TEXT)).filter(|part| !part.trim().is_empty()).collect();
    clean::text(&parts.join("\n\n"), MAX_TEXT)
}

/// The HTML, sanitised; `None` where the mail has none, or it is too wild or too large.
pub fn html(message: &Message<'_>, pictures: &HashMap<String, String>) -> Option<String> {
    let mut written = String::new();
    let mut has_html = false;
    for part in message.html_bodies() {
        match &part.body {
            PartType::Html(html) => {
                has_html = true;
                written.push_str(html);
            }
            PartType::Text(text) => {
                let text = text.replace('&', "&amp;").replace('<', "&lt;");
                written.push_str(&format!("<pre>{text}</pre>"));
            }
            _ => {}
        }
    }
    has_html.then(|| harmless(&written, pictures)).flatten()
}

/// HTML sanitised; `None` where it is too wild or too large.
pub fn harmless(written: &str, pictures: &HashMap<String, String>) -> Option<String> {
    let written = written.replace('\0', "");
    if !html::is_tame(&written) {
        return None;
    }
    let clean = html::sanitise(&written, pictures);
    (clean.len() <= MAX_HTML && !clean.trim().is_empty()).then_some(clean)
}
