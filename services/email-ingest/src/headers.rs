//! The header block of a mail as it stands: names, unfolded values, nothing decoded. One linear pass that cannot fail,
//! so that it serves where real parsing failed too.

use std::{borrow::Cow, ops::Range};

/// Headers kept; further ones are not looked at.
const MAX_HEADERS: usize = 1000;
/// Bytes of all headers together that are looked at.
const MAX_BLOCK: usize = 256 * 1024;
/// Bytes of one header that are looked at: hundreds of addresses.
const MAX_FIELD: usize = 64 * 1024;

/// The headers of a mail.
#[derive(Debug, Default)]
pub struct Headers<'a> {
    fields: Vec<(String, Cow<'a, str>)>,
    /// Where the kept ones stand.
    kept: Vec<Range<usize>>,
    /// Their bytes.
    size: usize,
    /// Something was left out.
    cut: bool,
    body: usize,
}

impl<'a> Headers<'a> {
    /// Reads the header block.
    pub fn read(raw: &'a [u8]) -> Self {
        let mut headers = Self { body: raw.len(), ..Self::default() };
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

    fn keep(&mut self, raw: &'a [u8], field: Option<Range<usize>>) {
        let Some(whole) = field else { return };
        let place = whole.start..whole.end.min(whole.start + MAX_FIELD);
        self.cut |= place != whole;
        if self.fields.len() >= MAX_HEADERS || self.size + place.len() > MAX_BLOCK {
            self.cut = true;
            return;
        }
        let field = &raw[place.clone()];
        let Some(colon) = field.iter().position(|b| *b == b':') else {
            return;
        };
        let name = field[..colon].trim_ascii_end();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.fields.push((name, unfold(&field[colon + 1..])));
        self.size += place.len();
        self.kept.push(place);
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

    /// Whether nothing in the mail is a header.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Where the body begins; the length of the mail if it has none.
    pub fn body_at(&self) -> usize {
        self.body
    }

    /// The mail with these headers alone, for who cannot bear all of them; `None` where these are all.
    pub fn shortened(&self, raw: &[u8]) -> Option<Vec<u8>> {
        self.cut.then(|| {
            let fields = self.kept.iter().flat_map(|place| [raw[place.clone()].trim_ascii_end(), b"\r\n"]);
            fields.chain([&b"\r\n"[..], &raw[self.body..]]).collect::<Vec<_>>().concat()
        })
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
        assert_eq!(headers.shortened(raw.as_bytes()).unwrap().len(), MAX_HEADERS * 6 + 2);
        assert_eq!(Headers::read(b"A: b\r\n\r\n").shortened(b"A: b\r\n\r\n"), None);
    }

    #[test]
    fn behind_a_header_without_end_the_others_are_read() {
        let raw = format!("To: {}\r\nSubject: hi\r\n\r\nbody", "a@x.org, ".repeat(200_000));
        let headers = Headers::read(raw.as_bytes());
        assert_eq!((headers.get("subject"), headers.get("to").unwrap().len()), (Some("hi"), MAX_FIELD - 4));
        let shortened = headers.shortened(raw.as_bytes()).unwrap();
        assert!(shortened.ends_with(b"\r\nSubject: hi\r\n\r\nbody") && shortened.len() < MAX_FIELD + 100);
    }
}
