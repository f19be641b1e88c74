//! Files that come with a mail: every leaf that is not the body, each with a clean name of its own.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use domain::{AttachmentId, message::Attachment};
use mail_parser::{
    Encoding, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};
use uuid::Uuid;

use super::{clean, tnef};

/// Files taken out of one mail; whatever is beyond stays in the original, and the text says so.
pub const MAX_FILES: usize = 300;

/// Media type of bytes nobody knows.
const OPAQUE: &str = "application/octet-stream";

/// A file with its bytes.
#[derive(Clone, Debug)]
pub struct File {
    /// As the event tells it; `blob` is set.
    pub attachment: Attachment,
    /// Its `Content-ID`, without brackets.
    pub content_id: Option<String>,
    /// Its content.
    pub bytes: Bytes,
}

/// What was taken out of a mail.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The files, at most [`MAX_FILES`].
    pub files: Vec<File>,
    /// How many more there are.
    pub left_over: usize,
    /// The text of a mail that is wrapped in a `winmail.dat`, plain and as HTML.
    pub wrapped: Option<(Option<String>, Option<String>)>,
}

/// Takes the files out. Their ids come from the mail's `digest` and their place, so that the same mail sent again
/// overwrites the same blobs. `has_text`: the mail says something without its files.
pub fn take(message: &Message<'_>, digest: &str, has_text: bool) -> Taken {
    let mut taking = Taking {
        space: Uuid::new_v5(&Uuid::NAMESPACE_OID, digest.as_bytes()),
        names: HashSet::new(),
        taken: Taken::default(),
    };
    let whole = super::body::undivided(message).is_some();
    for (at, part) in message.attachments().filter(|_| !whole).enumerate() {
        if taking.taken.files.len() >= MAX_FILES {
            taking.taken.left_over += 1;
        } else if !taking.unwrap(part, at, has_text) {
            let content_type = content_type(part);
            let name = name(part, &content_type, at);
            let content_id = part.content_id().map(|id| id.trim_matches(['<', '>']).to_owned());
            taking.add(&at.to_string(), &name, content_type, content_id, content(message, part));
        }
    }
    taking.taken
}

/// The address of each file by its `Content-ID`, for pictures in HTML.
pub fn by_content_id(files: &[File]) -> HashMap<String, String> {
    files.iter().filter_map(|file| Some((file.content_id.clone()?, file.attachment.url.clone()))).collect()
}

struct Taking {
    space: Uuid,
    names: HashSet<String>,
    taken: Taken,
}

impl Taking {
    fn add(
        &mut self,
        place: &str,
        name: &str,
        content_type: String,
        content_id: Option<String>,
        bytes: Bytes,
    ) {
        if self.taken.files.len() >= MAX_FILES {
            self.taken.left_over += 1;
            return;
        }
        let id = AttachmentId::named(self.space, place);
        let attachment = Attachment {
            id,
            name: unique(name, &mut self.names),
            content_type,
            size: bytes.len() as u64,
            url: format!("/api/v1/attachments/{id}"),
            blob: Some(format!("att/{id}")),
        };
        self.taken.files.push(File { attachment, content_id, bytes });
    }

    /// Takes out what a `winmail.dat` wraps. `false` where it shall be a file as well: it is none, or not all of it
    /// may have been read.
    fn unwrap(&mut self, part: &MessagePart<'_>, at: usize, has_text: bool) -> bool {
        let (PartType::Binary(bytes) | PartType::InlineBinary(bytes)) = &part.body else { return false };
        let Some(mut tnef) = tnef::read(bytes) else { return false };
        for (within, file) in std::mem::take(&mut tnef.files).into_iter().enumerate() {
            let declared = file.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
            let content_type = if is_media_type(&declared) { declared } else { OPAQUE.to_owned() };
            let name = match clean::file_name(&file.name) {
                name if name.is_empty() => {
                    format!("attachment-{}-{}{}", at + 1, within + 1, extension(&content_type))
                }
                name => name,
            };
            let bytes = file.bytes.into_owned().into();
            self.add(&format!("{at}.{within}"), &name, content_type, file.content_id, bytes);
        }
        let said = has_text || tnef.has_words();
        if !has_text && tnef.has_words() && self.taken.wrapped.is_none() {
            self.taken.wrapped = Some((tnef.text, tnef.html));
        }
        tnef.whole && said
    }
}

/// The bytes as they were sent; the parser gives text only decoded into UTF-8.
fn content(message: &Message<'_>, part: &MessagePart<'_>) -> Bytes {
    let encoded =
        message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Bytes::copy_from_slice(bytes),
        PartType::Text(text) | PartType::Html(text) => {
            let decoded = match part.encoding {
                Encoding::None => Some(encoded.to_vec()),
                Encoding::Base64 => base64_decode(encoded),
                Encoding::QuotedPrintable => quoted_printable_decode(encoded),
            };
            decoded.unwrap_or_else(|| text.as_bytes().to_vec()).into()
        }
        PartType::Message(_) if part.encoding == Encoding::None && !encoded.is_empty() => {
            Bytes::copy_from_slice(encoded)
        }
        PartType::Message(nested) => Bytes::copy_from_slice(nested.raw_message()),
        PartType::Multipart(_) => Bytes::new(),
    }
}

fn content_type(part: &MessagePart<'_>) -> String {
    let fallback = match &part.body {
        PartType::Text(_) => "text/plain",
        PartType::Html(_) => "text/html",
        PartType::Message(_) => "message/rfc822",
        _ => OPAQUE,
    };
    let declared =
        part.content_type().map(|ct| format!("{}/{}", ct.ctype(), ct.subtype().unwrap_or_default()));
    let declared = declared.map(|declared| declared.to_ascii_lowercase());
    declared.filter(|declared| is_media_type(declared)).unwrap_or_else(|| fallback.to_owned())
}

/// `kind/subtype`, both tokens of at most 60 characters (RFC 6838 §4.2).
fn is_media_type(text: &str) -> bool {
    let token = |text: &str| {
        let fits = (1..=60).contains(&text.len());
        fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

fn name(part: &MessagePart<'_>, content_type: &str, at: usize) -> String {
    let declared = part.attachment_name().map(clean::file_name).filter(|name| !name.is_empty());
    let subject = || {
        let PartType::Message(nested) = &part.body else { return None };
        let name = clean::file_name(&format!("{}.eml", nested.subject()?.replace(['/', '\\'], " ")));
        (name != "eml").then_some(name)
    };
    declared.or_else(subject).unwrap_or_else(|| format!("attachment-{}{}", at + 1, extension(content_type)))
}

fn extension(content_type: &str) -> &'static str {
    match content_type {
        "application/pdf" => ".pdf",
        "application/zip" => ".zip",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "message/rfc822" | "message/global" => ".eml",
        "message/delivery-status" | "text/plain" | "text/rfc822-headers" => ".txt",
        "text/calendar" => ".ics",
        "text/html" => ".html",
        "text/csv" => ".csv",
        "text/vcard" | "text/x-vcard" => ".vcf",
        "application/pgp-signature" => ".asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => ".p7s",
        _ => "",
    }
}

fn unique(name: &str, names: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut n = 1;
    while !names.insert(candidate.to_lowercase()) {
        n += 1;
        candidate = clean::numbered(name, n);
    }
    candidate
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn taken(parts: &[&str]) -> Vec<File> {
        let mut raw = String::from("From: a@b.c\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n");
        for part in ["Content-Type: text/plain\r\n\r\nbody"].iter().chain(parts) {
            raw += &format!("--x\r\n{part}\r\n");
        }
        raw += "--x--\r\n";
        take(&MessageParser::default().parse(raw.as_bytes()).unwrap(), "digest", true).files
    }

    #[test]
    fn every_leaf_that_is_not_the_body_is_a_file_with_a_name_of_its_own() {
        let files = taken(&[
            "Content-Type: application/pdf; name=\"../a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC",
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"A.pdf\"\r\n\r\nx",
            "Content-Type: image/png\r\nContent-ID: <logo@x>\r\n\r\npng",
            "Content-Type: text/csv; charset=iso-8859-1\r\nContent-Disposition: attachment; filename*=utf-8''%C3%A4.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4;1",
            "Content-Type: message/rfc822\r\n\r\nFrom: c@d.e\r\nSubject: Re: inner/mail\r\n\r\nhello",
            "Content-Type: weird \"thing\"/x\r\n\r\n?",
        ]);
        let shown: Vec<_> =
            files.iter().map(|f| (f.attachment.name.as_str(), f.attachment.content_type.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("a.pdf", "application/pdf"),
                ("A (2).pdf", "application/pdf"),
                ("attachment-3.png", "image/png"),
                ("ä.csv", "text/csv"),
                ("Re inner mail.eml", "message/rfc822"),
                ("attachment-6", "application/octet-stream"),
            ]
        );
        assert_eq!(&files[0].bytes[..], [0, 1, 2]);
        assert_eq!(&files[3].bytes[..], b"\xe4;1");
        assert!(files[4].bytes.starts_with(b"From: c@d.e"));
        assert_eq!(by_content_id(&files)["logo@x"], files[2].attachment.url);
        assert!(files.iter().all(|f| f.attachment.size == f.bytes.len() as u64));
    }

    #[test]
    fn the_same_mail_again_has_the_same_ids() {
        let part = "Content-Type: image/png\r\n\r\npng";
        let (first, again) = (taken(&[part, part]), taken(&[part, part]));
        assert_eq!(first[0].attachment, again[0].attachment);
        assert_ne!(first[0].attachment.id, first[1].attachment.id);
    }
}
