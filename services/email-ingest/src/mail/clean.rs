//! Text of strangers made safe to show: no controls, nothing that turns the reading direction, bounded.

use unicode_normalization::UnicodeNormalization;

/// Longest file name, in bytes.
const MAX_FILE_NAME: usize = 200;
/// Longest extension that is kept when a file name is shortened, in bytes.
const MAX_EXTENSION: usize = 16;

/// Characters that change how others are shown: bidirectional controls, invisible marks, the BOM.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{200b}' | '\u{feff}' | '\u{fdd0}')
}

/// One line: controls and runs of white space become one space, deceptive characters go, at most `max` characters.
pub fn line(text: &str, max: usize) -> String {
    let shown: String =
        text.chars().filter(|c| !is_deceptive(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let folded = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    folded.chars().take(max).collect()
}

/// Many lines: no NUL, line breaks of one kind, no white space at the end. Cut to `max` bytes, and then it says so.
pub fn text(text: &str, max: usize) -> String {
    // Twice as much is enough to fill it, with CRLF at every other character; the rest need not be copied.
    let head = &text[..text.floor_char_boundary(text.len().min(2 * max + 2))];
    let mut clean = String::with_capacity(head.len());
    let mut rest = head;
    while let Some((before, control, behind)) = split_at_control(rest) {
        clean.push_str(before);
        match control {
            '\n' | '\t' => clean.push(control),
            '\r' if !behind.starts_with('\n') => clean.push('\n'),
            _ => {}
        }
        rest = behind;
    }
    clean.push_str(rest);
    let clean = clean.trim_end();
    if clean.len() <= max && (head.len() == text.len() || text[head.len()..].trim_end().is_empty()) {
        return clean.to_owned();
    }
    format!(
        "{}\n[the rest is in the original mail]",
        &clean[..clean.floor_char_boundary(max.min(clean.len()))]
    )
}

fn split_at_control(text: &str) -> Option<(&str, char, &str)> {
    // A control is a byte below the space, DEL, or U+0080 to U+009F: 0xC2 and one below 0xA0.
    let bytes = text.as_bytes();
    let is_control = |at: usize| {
        let byte = bytes[at];
        byte < b' ' || byte == 0x7f || (byte == 0xc2 && bytes.get(at + 1).is_some_and(|next| *next < 0xa0))
    };
    let at = (0..bytes.len()).find(|at| is_control(*at))?;
    let control = text[at..].chars().next()?;
    Some((&text[..at], control, &text[at + control.len_utf8()..]))
}

/// A display name, unless there is nothing in it or it only repeats an address.
pub fn display_name(name: &str) -> Option<String> {
    let name = line(name, 200);
    let name = name.trim_matches(['"', '\'', ' ', '<', '>']);
    (!name.is_empty() && domain::EmailAddress::parse(name).is_err()).then(|| name.to_owned())
}

/// A file name without path, controls and deceptive characters, in NFC, at most 200 bytes with its extension kept;
/// empty when nothing is left.
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String =
        line(last, 1000).nfc().filter(|c| !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')).collect();
    let clean = clean.trim_matches(['.', ' ']);
    shorten(clean, MAX_FILE_NAME)
}

/// The name with ` (n)` before its extension.
pub fn numbered(name: &str, n: usize) -> String {
    let (stem, extension) = split_extension(name);
    let mark = format!(" ({n})");
    let stem =
        &stem[..stem.floor_char_boundary(stem.len().min(MAX_FILE_NAME - mark.len() - extension.len()))];
    format!("{stem}{mark}{extension}")
}

fn shorten(name: &str, max: usize) -> String {
    if name.len() <= max {
        return name.to_owned();
    }
    let (stem, extension) = split_extension(name);
    format!("{}{extension}", &stem[..stem.floor_char_boundary(max - extension.len())])
}

fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= MAX_EXTENSION => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_no_controls_and_nothing_deceptive() {
        assert_eq!(line(" a\r\n\tb\0c\u{202e}d\u{200b} ", 10), "a b cd");
        assert_eq!(line("äöüß", 2), "äö");
        assert_eq!(text("a\r\nb\rc\0\x1b[1m\td \n\n", 100), "a\nb\nc[1m\td");
        assert_eq!(text("ä\u{80}\u{9f}\u{a0}¿\u{7f}é", 100), "ä\u{a0}¿é");
        assert_eq!(text("aäb", 2), "a\n[the rest is in the original mail]");
    }

    #[test]
    fn a_name_that_is_only_an_address_is_none() {
        assert_eq!(display_name("\"Anna\r\n Berg\"").as_deref(), Some("Anna Berg"));
        assert_eq!(display_name("'Anna Berg'").as_deref(), Some("Anna Berg"));
        for none in ["", " ", "\"\"", "anna@example.org", "\u{202e}"] {
            assert_eq!(display_name(none), None, "{none:?}");
        }
    }

    #[test]
    fn file_names_have_no_path_and_fit() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.pdf", "a.pdf"),
            ("..", ""),
            (".hidden", "hidden"),
            ("inv\u{202e}fdp.exe", "invfdp.exe"),
            ("a\0b\r\n.txt", "a b .txt"),
            ("Ra\u{308}der.pdf", "R\u{e4}der.pdf"),
            ("a<b>:\"c|?*.txt", "abc.txt"),
        ] {
            assert_eq!(file_name(given), kept);
        }
        let long = file_name(&format!("{}.pdf", "ä".repeat(300)));
        assert!(long.len() <= 200 && long.ends_with("ä.pdf"), "{long}");
        assert_eq!(numbered("a.tar.gz", 2), "a.tar (2).gz");
        assert!(numbered(&long, 12).len() <= 200);
    }
}
