//! `winmail.dat`: what Outlook and Exchange wrap a mail into when they take the other side for one of their own
//! (MS-OXTNEF). Its files and its words are taken out. Nothing is unpacked or decompressed: every file is a piece of
//! the input, or the words of a message within. Input that breaks off gives what stands before the break.

use std::borrow::Cow;

use cursor::Cursor;
use props::{Props, Value};

mod cursor;
mod props;
mod words;

/// First four bytes (MS-OXTNEF 2.1.3.1, `TNEFSignature`), little-endian.
const SIGNATURE: u32 = 0x223e_9f78;
/// Messages within messages that are looked into.
const MAX_DEPTH: usize = 2;
/// Files taken out of one container, so that a million empty ones cost nothing.
const MAX_FILES: usize = super::files::MAX_FILES;

/// Attributes with their types (MS-OXTNEF 2.1.3.2, `idAttribute`).
mod attribute {
    pub const BODY: u32 = 0x0002_800c;
    pub const CODE_PAGE: u32 = 0x0006_9007;
    pub const MESSAGE_PROPS: u32 = 0x0006_9003;
    /// Begins an attachment; what follows is about it.
    pub const RENDER_DATA: u32 = 0x0006_9002;
    pub const ATTACH_TITLE: u32 = 0x0001_8010;
    pub const ATTACH_DATA: u32 = 0x0006_800f;
    pub const ATTACHMENT_PROPS: u32 = 0x0006_9005;
}

/// A file of the container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File<'a> {
    /// Name as written, empty where there is none.
    pub name: String,
    /// Media type as written, not checked.
    pub content_type: Option<String>,
    /// `Content-ID`, without brackets.
    pub content_id: Option<String>,
    /// Its content.
    pub bytes: Cow<'a, [u8]>,
}

/// What a container holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tnef<'a> {
    /// Plain text of the message.
    pub text: Option<String>,
    /// HTML of the message, as written.
    pub html: Option<String>,
    /// Files in order, those of messages within at the place of the message.
    pub files: Vec<File<'a>>,
    /// It was read to its end.
    pub whole: bool,
}

impl Tnef<'_> {
    /// It has a body that can be shown.
    pub const fn has_words(&self) -> bool {
        self.text.is_some() || self.html.is_some()
    }
}

/// Reads a container; `None` if it is none.
pub fn read(bytes: &[u8]) -> Option<Tnef<'_>> {
    read_at(bytes, 0)
}

fn read_at(bytes: &[u8], depth: usize) -> Option<Tnef<'_>> {
    let mut cursor = Cursor::new(bytes);
    (cursor.u32()? == SIGNATURE).then_some(())?;
    cursor.take(2)?;
    let mut reading = Reading { depth, code_page: words::WESTERN, found: Tnef::default(), open: None };
    while let Some((id, data)) = next(&mut cursor) {
        reading.attribute(id, data);
    }
    reading.close();
    reading.found.whole = cursor.is_at_end();
    Some(reading.found)
}

/// The next attribute. Its checksum is not compared: half a file is better than none.
fn next<'a>(cursor: &mut Cursor<'a>) -> Option<(u32, &'a [u8])> {
    cursor.take(1)?;
    let id = cursor.u32()?;
    let length = cursor.u32()? as usize;
    let data = cursor.take(length)?;
    cursor.take(2)?;
    Some((id, data))
}

/// An attachment whose attributes are being read.
#[derive(Default)]
struct Open<'a> {
    file: File<'a>,
    /// A message in its place (`PidTagAttachDataObject`), itself a container.
    within: Option<&'a [u8]>,
}

struct Reading<'a> {
    depth: usize,
    code_page: u32,
    found: Tnef<'a>,
    open: Option<Open<'a>>,
}

impl<'a> Reading<'a> {
    fn attribute(&mut self, id: u32, data: &'a [u8]) {
        let code_page = self.code_page;
        match id {
            attribute::CODE_PAGE => self.code_page = Cursor::new(data).u32().unwrap_or(code_page),
            attribute::BODY => self.found.text = written(words::narrow(data, code_page)),
            attribute::MESSAGE_PROPS => self.message(data),
            attribute::RENDER_DATA => {
                self.close();
                self.open = Some(Open::default());
            }
            attribute::ATTACH_TITLE => {
                let file = &mut self.open.get_or_insert_default().file;
                if file.name.is_empty() {
                    file.name = words::narrow(data, code_page);
                }
            }
            attribute::ATTACH_DATA => self.open.get_or_insert_default().file.bytes = data.into(),
            attribute::ATTACHMENT_PROPS => self.attachment(data),
            _ => {}
        }
    }

    fn message(&mut self, data: &'a [u8]) {
        for (tag, value) in Props::new(data) {
            match tag {
                props::BODY => {
                    let text = words::of(&value, self.code_page).and_then(written);
                    self.found.text = text.or(self.found.text.take());
                }
                props::BODY_HTML => self.found.html = words::of(&value, self.code_page).and_then(written),
                _ => {}
            }
        }
    }

    fn attachment(&mut self, data: &'a [u8]) {
        let code_page = self.code_page;
        let open = self.open.get_or_insert_default();
        let mut name = None;
        for (tag, value) in Props::new(data) {
            let words = || words::of(&value, code_page).and_then(written);
            match (tag, &value) {
                (props::ATTACH_LONG_FILENAME, _) => name = words().or(name),
                (props::DISPLAY_NAME | props::ATTACH_FILENAME, _) => name = name.or_else(words),
                (props::ATTACH_MIME_TAG, _) => open.file.content_type = words(),
                (props::ATTACH_CONTENT_ID, _) => {
                    open.file.content_id = words().map(|id| id.trim_matches(['<', '>']).to_owned());
                }
                (props::ATTACH_DATA, Value::Binary(bytes)) => open.file.bytes = (*bytes).into(),
                (props::ATTACH_DATA, Value::Object(bytes)) => open.within = Some(bytes),
                _ => {}
            }
        }
        if let Some(name) = name {
            open.file.name = name;
        }
    }

    /// The attachment that is being read is whole.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut files = match open.within {
            Some(within) => self.within(within, open.file),
            None => vec![open.file],
        };
        files.truncate(MAX_FILES.saturating_sub(self.found.files.len()));
        self.found.files.append(&mut files);
    }

    /// The files of an object in the place of `file`. It is a file as it stands where it is no message (an OLE
    /// object), lies too deep, or may hold more than what could be read.
    fn within(&self, bytes: &'a [u8], file: File<'a>) -> Vec<File<'a>> {
        let depth = self.depth + 1;
        let message = (depth <= MAX_DEPTH).then(|| read_at(bytes, depth)).flatten().unwrap_or_default();
        let is_read = message.whole && message.has_words();
        let mut files = message_files(&file.name, message);
        if !is_read {
            files.push(File { bytes: bytes.into(), ..file });
        }
        files
    }
}

/// A message within: its words as a file under its name, then its own files.
fn message_files<'a>(name: &str, message: Tnef<'a>) -> Vec<File<'a>> {
    let words = match (message.text, message.html) {
        (Some(text), _) => Some((text, "txt", "text/plain")),
        (None, Some(html)) => Some((html, "html", "text/html")),
        (None, None) => None,
    };
    let words = words.map(|(words, extension, content_type)| File {
        name: if name.is_empty() { String::new() } else { format!("{name}.{extension}") },
        content_type: Some(content_type.to_owned()),
        content_id: None,
        bytes: words.into_bytes().into(),
    });
    words.into_iter().chain(message.files).collect()
}

fn written(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
