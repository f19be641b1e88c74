//! Which files visitors may send, and how files are shown to them. Pure.

use domain::picture;

/// Largest file, in bytes.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// Largest request with a file in it.
pub const LARGEST_REQUEST: usize = LARGEST + 64 * 1024;
/// Pictures that browsers only ever draw.
const HARMLESS: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];
/// Endings of what runs when it is opened.
const RUNS: &[&str] = &[
    "app", "apk", "bat", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "gadget", "hta", "inf", "iso",
    "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "pkg", "ps1", "reg", "rpm", "scf", "scr", "sh",
    "sys", "url", "vb", "vbe", "vbs", "wsf", "wsh",
];
/// First bytes of what runs.
const PROGRAMS: &[&[u8]] = &[b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
/// Types that a browser may take for a page.
const PAGES: &[&str] = &["html", "xml", "svg", "javascript", "ecmascript"];

/// Whether a file may be sent.
pub fn may_be_sent(name: &str, bytes: &[u8]) -> bool {
    let ending = name.trim_end_matches(['.', ' ']).rsplit_once('.').map(|(_, ending)| ending);
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    !RUNS.contains(&ending.as_str()) && !PROGRAMS.iter().any(|magic| bytes.starts_with(magic))
}

/// The media type a file is kept under: pictures by their content; what could be taken for a page is bytes.
pub fn content_type(bytes: &[u8], called: &str) -> String {
    let found = picture::content_type(bytes, called);
    if PAGES.iter().any(|page| found.contains(page)) { "application/octet-stream".into() } else { found }
}

/// A type that a file may be shown with, and whether it may be shown at all, instead of saved.
pub fn shown(content_type: &str) -> (&str, bool) {
    if HARMLESS.contains(&content_type) {
        (content_type, true)
    } else if PAGES.iter().any(|page| content_type.contains(page)) {
        ("application/octet-stream", false)
    } else {
        (content_type, false)
    }
}

/// The last part of a path, on one line, at most 120 characters.
pub fn name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let odd =
        |c: &char| c.is_control() || matches!(c, '"' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = last.chars().filter(|c| !odd(c)).take(120).collect();
    let kept = kept.trim().trim_start_matches('.').to_owned();
    if kept.is_empty() { "file".into() } else { kept }
}

/// A name as `x-file-name` carries it: percent-encoded UTF-8 (RFC 3986 §2.1).
pub fn decoded(header: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), header.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `Content-Disposition` (RFC 6266): the name as RFC 8187 writes it, whatever characters it has.
pub fn disposition(name: &str, inline: bool) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let escape = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("{kind}; filename*=UTF-8''{}", name.bytes().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_refused_whatever_it_is_called() {
        for (name, bytes, may) in [
            ("mug.jpg", &b"\xff\xd8\xff"[..], true),
            ("order.pdf", b"%PDF-1.7", true),
            ("table.xlsx", b"PK\x03\x04", true),
            ("no ending", b"hello", true),
            ("virus.EXE", b"", false),
            ("photo.jpg.scr", b"", false),
            ("trailing.js. ", b"", false),
            ("photo.jpg", b"MZ\x90", false),
            ("notes.txt", b"#!/bin/sh", false),
        ] {
            assert_eq!(may_be_sent(name, bytes), may, "{name}");
        }
    }

    #[test]
    fn what_could_be_taken_for_a_page_is_never_shown() {
        for (called, kept) in [
            ("image/svg+xml", "application/octet-stream"),
            ("text/html; charset=utf-8", "application/octet-stream"),
            ("application/xhtml+xml", "application/octet-stream"),
            ("image/png", "application/octet-stream"),
            ("application/pdf", "application/pdf"),
            ("text/plain", "text/plain"),
        ] {
            assert_eq!(content_type(b"<svg onload=alert(1)>", called), kept, "{called}");
            assert!(!shown(kept).1, "{called}");
        }
        assert_eq!(shown("image/svg+xml"), ("application/octet-stream", false), "nor one of an agent");
        assert_eq!(shown(&content_type(b"\x89PNG\r\n\x1a\n", "text/html")), ("image/png", true));
    }

    #[test]
    fn names_are_harmless() {
        assert_eq!(name("../../etc/passwd"), "passwd");
        assert_eq!(name("invoice\u{202e}fdp.exe\r\n"), "invoicefdp.exe");
        assert_eq!(name(".."), "file");
        assert_eq!(decoded("M%C3%A4rz%20%zz%4"), "März %zz%4");
        let header = disposition("Rechnung „März\".pdf\r\nX: y", false);
        assert!(header.is_ascii() && header.starts_with("attachment") && !header.contains(['\r', '\n', '"']));
    }
}
