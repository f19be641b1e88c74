//! Mails that end before they say so: cut on their way, or written by a program that forgets the last boundary. The
//! parser takes the part that is left open for a file; closed, it is the text that somebody wrote.

use mail_parser::{Message, MimeHeaders, PartType};
use memchr::memmem;

/// Containers that are looked at; nobody's mail has more.
const MAX_CONTAINERS: usize = 50;

/// What has to stand behind the mail so that each of its containers ends; `None` where they do.
pub fn missing(message: &Message<'_>) -> Option<Vec<u8>> {
    let raw = message.raw_message.as_ref();
    let containers = message.parts.iter().filter(|part| matches!(part.body, PartType::Multipart(_)));
    let boundaries: Vec<&str> = containers
        .take(MAX_CONTAINERS)
        .filter_map(|part| part.content_type()?.attribute("boundary"))
        .collect();
    let is_open = |boundary: &&&str| memmem::find(raw, format!("--{boundary}--").as_bytes()).is_none();
    let open = boundaries.iter().rev().filter(is_open);
    let closed: String = open.map(|boundary| format!("\r\n--{boundary}--\r\n")).collect();
    (!closed.is_empty()).then(|| closed.into_bytes())
}
