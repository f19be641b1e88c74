//! How many SMS segments a text costs (D5): GSM-7 160/153 septets (3GPP TS 23.038), UCS-2 70/67 16-bit units, and which
//! characters make it dear.

use std::collections::HashMap;

/// How a carrier writes a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character.
    Gsm7,
    /// Sixteen bits a character.
    Ucs2,
}

impl Encoding {
    /// `GSM-7` or `UCS-2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// Units of a text that fits into one segment.
    pub fn single(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units of one segment of a longer text: its header takes the rest.
    pub fn per_segment(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    fn cost(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or(1),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How it is written.
    pub encoding: Encoding,
    /// Number of segments, at least 1.
    pub count: usize,
    /// Units used: septets in GSM-7, 16-bit units in UCS-2.
    pub units: usize,
    /// Units still free in the last segment.
    pub left: usize,
    /// The first character that is not in GSM-7, if any: it makes the whole text UCS-2.
    pub ucs2_because: Option<char>,
}

/// A character that is not in GSM-7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd {
    /// The character.
    pub character: char,
    /// What says the same in GSM-7; none for letters and pictures, whose meaning would change.
    pub substitute: Option<&'static str>,
    /// How often it is there.
    pub count: usize,
}

/// Septets of a character in GSM-7: 1 in the basic table, 2 in its extension, none outside. Ranges, not a search: it is
/// asked for every character of every text, at every key pressed.
fn septets(c: char) -> Option<usize> {
    match c {
        ' '..='Z' | 'a'..='z' | '\n' | '\r' | '_' => Some(1),
        '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' | '\u{c}' => Some(2),
        '£' | '¥' | '¤' | '§' | '¡' | '¿' | 'Ä' | 'Å' | 'Æ' | 'Ç' | 'É' | 'Ñ' | 'Ö' | 'Ø' | 'Ü' | 'ß'
        | 'à' | 'ä' | 'å' | 'æ' | 'è' | 'é' | 'ì' | 'ñ' | 'ò' | 'ö' | 'ø' | 'ù' | 'ü' => Some(1),
        'Δ' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' => Some(1),
        _ => None,
    }
}

/// What says the same in GSM-7: only for marks and spaces, never for letters.
fn substitute(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‚' | '‛' | '′' | 'ʼ' | '´' | '`' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '\u{2011}' | '‒' | '–' | '—' | '―' | '−' | '•' => "-",
        '…' => "...",
        '⁄' => "/",
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '\u{2028}' | '\u{2029}' => "\n",
        // nobody sees these: soft hyphen, zero width space, word joiner, byte order mark
        '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' => "",
        _ => return None,
    })
}

/// Counts segments as carriers do: a character that takes two units never straddles two segments.
pub fn count(text: &str) -> Segments {
    let ucs2_because = text.chars().find(|c| septets(*c).is_none());
    let encoding = if ucs2_because.is_some() { Encoding::Ucs2 } else { Encoding::Gsm7 };
    let units: usize = text.chars().map(|c| encoding.cost(c)).sum();
    let (count, left) = match encoding.single().checked_sub(units) {
        Some(left) => (1, left),
        None => parts(text, encoding),
    };
    Segments { encoding, count, units, left, ucs2_because }
}

/// Segments of a longer text, and what is left of the last one.
fn parts(text: &str, encoding: Encoding) -> (usize, usize) {
    let room = encoding.per_segment();
    let (full, used) = text.chars().map(|c| encoding.cost(c)).fold((0, 0), |(full, used), cost| {
        if used + cost > room { (full + 1, cost) } else { (full, used + cost) }
    });
    (full + 1, room - used)
}

/// Every character that is not in GSM-7, in the order they appear, each once.
pub fn odd(text: &str) -> Vec<Odd> {
    let (mut found, mut places) = (Vec::new(), HashMap::new());
    for character in text.chars().filter(|c| septets(*c).is_none()) {
        let place = *places.entry(character).or_insert(found.len());
        if place == found.len() {
            found.push(Odd { character, substitute: substitute(character), count: 0 });
        }
        if let Some(odd) = found.get_mut(place) {
            odd.count += 1;
        }
    }
    found
}

/// The text in GSM-7, if substitutes alone can do that; `None` if it is already, or has letters or pictures outside it.
pub fn plain(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut changed = false;
    for c in text.chars() {
        if septets(c).is_some() {
            plain.push(c);
        } else {
            plain.push_str(substitute(c)?);
            changed = true;
        }
    }
    changed.then_some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn d5_segments_by_length_and_alphabet() {
        for (text, segments, left, ucs2) in [
            (String::new(), 1, 160, false),
            ("a".repeat(160), 1, 0, false),
            ("a".repeat(161), 2, 145, false),
            ("a".repeat(306), 2, 0, false),
            ("a".repeat(307), 3, 152, false),
            ("€".repeat(80), 1, 0, false),
            ("€".repeat(81), 2, 143, false),
            ("ж".repeat(70), 1, 0, true),
            ("ж".repeat(71), 2, 63, true),
            ("🙂".repeat(35), 1, 0, true),
            ("🙂".repeat(36), 2, 61, true),
        ] {
            let found = count(&text);
            assert_eq!(
                (found.count, found.left, found.ucs2_because.is_some()),
                (segments, left, ucs2),
                "{text}"
            );
        }
    }

    #[test]
    fn d5_gsm_7_has_127_characters_and_10_behind_the_escape() {
        let of =
            |n| (0..=char::MAX as u32).filter_map(char::from_u32).filter(|c| septets(*c) == Some(n)).count();
        assert_eq!((of(1), of(2)), (127, 10));
    }

    #[test]
    fn d5_every_odd_character_is_named_once_with_what_says_the_same() {
        let text = "“Hi” – it’s Zoë’s…\u{a0}🙂";
        let found: Vec<_> = odd(text).iter().map(|o| (o.character, o.substitute, o.count)).collect();
        assert_eq!(
            found,
            [
                ('“', Some("\""), 1),
                ('”', Some("\""), 1),
                ('–', Some("-"), 1),
                ('’', Some("'"), 2),
                ('ë', None, 1),
                ('…', Some("..."), 1),
                ('\u{a0}', Some(" "), 1),
                ('🙂', None, 1),
            ]
        );
    }

    #[test]
    fn d5_marks_become_plain_and_letters_are_never_touched() {
        for (text, plainly) in [
            ("“Hi” – it’s us…", Some("\"Hi\" - it's us...")),
            ("a\tb\u{a0}c\u{200b}d", Some("a b cd")),
            ("Hi, it is us", None),
            ("Grüße, Ångström", None),
            ("it’s Zoë", None),
            ("it’s you 🙂", None),
            ("", None),
        ] {
            assert_eq!(plain(text).as_deref(), plainly, "{text}");
        }
        let all = (0..=char::MAX as u32).filter_map(char::from_u32);
        for (c, instead) in all.filter_map(|c| Some((c, substitute(c)?))) {
            assert!(instead.chars().all(|s| septets(s).is_some()), "{c:?}: its substitute is not in GSM-7");
            assert!(!c.is_alphabetic() || c == 'ʼ', "{c:?} is a letter");
            assert!(septets(c).is_none(), "{c:?} needs no substitute");
        }
    }

    proptest! {
        #[test]
        fn d5_what_is_left_is_what_still_fits(text in "[a-z€’ж🙂]{0,400}") {
            let (before, filler) = (count(&text), if count(&text).encoding == Encoding::Gsm7 { "a" } else { "ж" });
            let filled = count(&format!("{text}{}", filler.repeat(before.left)));
            prop_assert_eq!((filled.count, filled.left), (before.count, 0));
            let over = count(&format!("{text}{}", filler.repeat(before.left + 1)));
            prop_assert!(over.count > before.count);
        }

        #[test]
        fn d5_plain_text_is_gsm_7(text in "[a-z ’“”–…\t]{0,80}") {
            let became = plain(&text).unwrap_or(text);
            prop_assert_eq!(count(&became).encoding, Encoding::Gsm7);
            prop_assert!(odd(&became).is_empty());
        }
    }
}
