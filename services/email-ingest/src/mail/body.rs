//! The body of a mail as text, and as harmless HTML where it had HTML.

use std::collections::HashMap;

use mail_parser::{Message, PartType};

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
    joined(message.html_bodies().filter_map(|part| match &part.body {
        PartType::Html(html) => Some(html::to_text(html)),
        _ => None,
    }))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.map(|part| clean::text(&part, MAX_TEXT)).filter(|part| !part.trim().is_empty()).collect();
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
    let written = written.replace('\0', "");
    if !has_html || !html::is_tame(&written) {
        return None;
    }
    let clean = html::sanitise(&written, pictures);
    (clean.len() <= MAX_HTML && !clean.trim().is_empty()).then_some(clean)
}
