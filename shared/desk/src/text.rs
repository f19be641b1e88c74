//! Texts as the desk keeps and shows them. Pure.

use domain::Message;

/// Longest text of one message, in bytes; the rest is cut off. Raw mail lies whole in blobs.
const MAX_TEXT: usize = 256 * 1024;
/// Longest preview in a list, in characters.
const MAX_PREVIEW: usize = 140;
/// Longest name or subject, in bytes.
const MAX_LINE: usize = 1000;
/// Text and HTML of a message longer than this do not travel in events: readers ask for the message instead.
const MAX_IN_EVENT: usize = 96 * 1024;

/// A text that both databases take: without NUL, which PostgreSQL refuses, and not longer than [`MAX_TEXT`].
pub(crate) fn clean(text: &str) -> String {
    cut(&text.replace('\0', ""), MAX_TEXT).to_owned()
}

/// A line (name, subject) without control characters and not endless.
pub(crate) fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(plain.trim(), MAX_LINE).to_owned()
}

/// A name, where it says something.
pub(crate) fn name(text: Option<&str>) -> Option<String> {
    text.map(line).filter(|name| !name.is_empty())
}

/// What a list shows of a message: its first words, on one line.
pub(crate) fn preview(text: &str, files: usize) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() && files > 0 {
        words = if files == 1 { "1 file".into() } else { format!("{files} files") };
    }
    if words.chars().count() <= MAX_PREVIEW {
        return words;
    }
    words.chars().take(MAX_PREVIEW - 1).chain(['…']).collect()
}

/// The message as it travels in an event: complete, unless it is so long that the bus might refuse it.
pub(crate) fn for_event(message: &Message) -> Message {
    let mut message = message.clone();
    if message.html.as_ref().is_some_and(|html| html.len() + message.text.len() > MAX_IN_EVENT) {
        message.html = None;
    }
    if message.reply_text.as_ref().is_some_and(|reply| reply.len() + message.text.len() > MAX_IN_EVENT) {
        message.reply_text = None;
    }
    if message.text.len() > MAX_IN_EVENT {
        message.text = cut(&message.text, MAX_IN_EVENT).to_owned();
    }
    message
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_short_line() {
        assert_eq!(preview("Where is\r\n\r\n  my order?", 0), "Where is my order?");
        assert_eq!(preview("  ", 2), "2 files");
        let long = preview(&"ä".repeat(500), 0);
        assert_eq!((long.chars().count(), long.ends_with('…')), (140, true));
    }

    #[test]
    fn what_a_database_refuses_is_taken_out() {
        assert_eq!(clean("a\0b"), "ab");
        assert_eq!(clean(&"€".repeat(100_000)).len(), 262_143, "cut between characters");
        assert_eq!(line(" a\r\nBcc: b "), "a  Bcc: b");
        assert_eq!(name(Some(" \t")), None);
    }
}
