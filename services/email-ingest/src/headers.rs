//! The header block of a mail as it stands: names, unfolded values, nothing decoded. One linear pass that cannot fail,
//! so that it serves where real parsing failed too.

use std::borrow::Cow;

/// Headers kept; further ones are not looked at.
const MAX_HEADERS: usize = 1000;
/// Bytes of the header block looked at.
pub const MAX_BLOCK: usize = 256 * 1024;

/// The headers of a mail.
#[derive(Debug, Default)]
pub struct Headers<'a> {
    fields: Vec<(String, Cow<'a, str>)>,
    body: usize,
}

impl<'a> Headers<'a> {
    /// Reads the header block.
    pub fn read(raw: &'a [u8]) -> Self {
        let mut headers = Self { fields: Vec::new(), body: raw.len() };
        let (mut at, mut field) = (0, None);
        while at < raw.len() {
            let end = raw[at..].iter().position(|b| *b == b'\n').map_or(raw.len(), |found| at + found + 1);
            let line = &raw[at..end];
            if matches!(line, b"\r\n" | b"\n") {
                headers.body = end;
                break;
            }
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            if !folded || field.is_none() {
                headers.keep(raw, field.take());
                field = Some(at..end);
            } else if let Some(range) = &mut field {
                range.end = end;
            }
            at = end;
        }
        headers.keep(raw, field);
        headers
    }

    fn keep(&mut self, raw: &'a [u8], field: Option<std::ops::Range<usize>>) {
        let Some(field) = field.filter(|f| f.end <= MAX_BLOCK && self.fields.len() < MAX_HEADERS) else {
            return;
        };
        let field = &raw[field];
        let Some(colon) = field.iter().position(|b| *b == b':') else {
            return;
        };
        let name = field[..colon].trim_ascii_end();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.fields.push((name, unfold(&field[colon + 1..])));
    }

    /// The first header of that name (in lower case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every header of that name (in lower case), from the top.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_ref())
    }

    /// Every header whose name begins so (in lower case).
    pub fn beginning(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(n, _)| n.starts_with(prefix)).map(|(_, value)| value.as_ref())
    }

    /// Where the body begins; the length of the mail if it has none.
    pub fn body_at(&self) -> usize {
        self.body
    }

    /// Whether everything in the header block was looked at.
    pub fn are_whole(&self) -> bool {
        self.body <= MAX_BLOCK && self.fields.len() < MAX_HEADERS
    }
}

fn unfold(value: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(value.trim_ascii()) {
        text if text.contains(['\r', '\n']) => Cow::Owned(text.replace("\r\n", "\n").replace('\n', "")),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_lower_case_and_folded_values_are_unfolded() {
        let raw = b"Subject: one\r\n two\r\nX-Odd : yes\r\nno colon here\r\nReceived: a\nReceived: b\r\n\r\nSubject: body\r\n";
        let headers = Headers::read(raw);
        assert_eq!(headers.get("subject"), Some("one two"));
        assert_eq!(headers.get("x-odd"), Some("yes"));
        assert_eq!(headers.all("received").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(&raw[headers.body_at()..], b"Subject: body\r\n");
    }

    #[test]
    fn a_mail_without_headers_or_body_is_still_read() {
        assert_eq!(Headers::read(b"").body_at(), 0);
        assert_eq!(Headers::read(b"Subject: x").get("subject"), Some("x"));
        assert_eq!(Headers::read(b"\r\nbody").body_at(), 2);
        assert_eq!(Headers::read(b" folded first\r\nA: b\r\n").get("a"), Some("b"));
    }

    #[test]
    fn no_more_than_the_limit_is_kept_and_it_is_said() {
        let raw = "A: b\r\n".repeat(MAX_HEADERS + 1) + "\r\n";
        let headers = Headers::read(raw.as_bytes());
        assert_eq!(headers.all("a").count(), MAX_HEADERS);
        assert!(!headers.are_whole());
    }
}
