//! Names of files in an archive: what they say stays readable, what they could do does not. Pure.

use std::collections::HashSet;

/// Longest name, in characters, without the folder.
const LONGEST: usize = 120;
/// Longest ending that is kept whole.
const LONGEST_ENDING: usize = 12;

/// The names that are taken. Large and small letters are the same: so they are to many disks.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// A path in a folder of ours, for a file that somebody else named; never one that was given before.
    pub(crate) fn give(&mut self, folder: &str, mark: &str, name: &str) -> String {
        let name = harmless(name);
        let (stem, ending) = divided(&name);
        let mut path = format!("{folder}/{mark}{stem}{ending}");
        let mut more = 2;
        while !self.0.insert(path.to_lowercase()) {
            path = format!("{folder}/{mark}{stem} ({more}){ending}");
            more += 1;
        }
        path
    }
}

/// One part of a path on any system: no separators, no controls, nothing that turns the direction of writing, no dots
/// around it, and not endless.
fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim_matches(['.', ' ']).is_empty());
    let kept: String = last.unwrap_or_default().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let kept = kept.trim_matches(['.', ' ']);
    if kept.is_empty() {
        return "file".into();
    }
    let (stem, ending) = divided(kept);
    let room = LONGEST - ending.chars().count();
    let stem: String = stem.chars().take(room).collect();
    format!("{}{ending}", stem.trim_end_matches(['.', ' ']))
}

fn is_plain(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns && !matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// Before and from the last dot on, where that is an ending.
fn divided(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name[at..].chars().count() <= LONGEST_ENDING => name.split_at(at),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_folder_or_deceives() {
        for (given, kept) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("..", "file"),
            ("a/..", "a"),
            ("", "file"),
            (" .htaccess. ", "htaccess"),
            ("C:", "C_"),
            ("a\0b\r\n.txt", "a_b__.txt"),
            ("invoice\u{202e}gpj.exe", "invoice_gpj.exe"),
            ("Rechnung März.pdf", "Rechnung März.pdf"),
        ] {
            assert_eq!(harmless(given), kept, "{given:?}");
        }
        let long = harmless(&format!("{}.tar.gz", "ä".repeat(500)));
        assert_eq!((long.chars().count(), long.ends_with(".gz")), (LONGEST, true));
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::default();
        let mut give = |name| names.give("files/ticket-7", "001-", name);
        assert_eq!(give("a.txt"), "files/ticket-7/001-a.txt");
        assert_eq!(give("A.TXT"), "files/ticket-7/001-A (2).TXT");
        assert_eq!(give("x/a.txt"), "files/ticket-7/001-a (3).txt");
        assert_eq!(give("a (2).txt"), "files/ticket-7/001-a (2) (2).txt");
    }
}
