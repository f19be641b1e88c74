//! Words as search knows them: the same for both databases, as both are given nothing but these. Case, accents and
//! punctuation do not count; a character of Chinese or Japanese is a word of its own.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words of one text that are kept; a longer text is found by its beginning.
const MOST_WORDS: usize = 16_000;
/// Bytes of the words of one text.
const MOST_BYTES: usize = 200 * 1024;
/// Characters of a word; the rest does not count.
const LONGEST: usize = 64;
/// Digits of the shortest end of a number that finds it.
const SHORTEST_END: usize = 4;

/// A word of a text, and where it stands in it (bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As search knows it.
    pub text: String,
    /// Its first byte in the text.
    pub from: usize,
    /// The byte after its last.
    pub to: usize,
}

/// The words of a text, in order.
pub fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut bytes = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_combining_mark(c) {
            if let Some(word) = &mut open {
                word.to = end;
            }
            continue;
        }
        let plain = plain(c);
        if plain.is_empty() {
            found.extend(open.take());
        }
        for c in plain.chars() {
            if stands_alone(c) {
                found.extend(open.take());
                found.push(Word { text: c.into(), from: at, to: end });
                bytes += c.len_utf8();
                continue;
            }
            let word = open.get_or_insert_with(|| Word { text: String::new(), from: at, to: end });
            word.to = end;
            if word.text.chars().count() < LONGEST {
                word.text.push(c);
                bytes += c.len_utf8();
            }
        }
        if found.len() >= MOST_WORDS || bytes >= MOST_BYTES {
            break;
        }
    }
    found.extend(open);
    found.truncate(MOST_WORDS);
    found
}

/// What is kept of a text, so that it is found: its words, divided by spaces.
pub fn document(text: &str) -> String {
    join(words(text))
}

/// What is kept of a customer's address. A number is found by its end too, as people say it without its country.
pub fn address(value: &str) -> String {
    let kept = document(value);
    if !value.starts_with('+') || kept.len() < SHORTEST_END || !kept.bytes().all(|byte| byte.is_ascii_digit())
    {
        return kept;
    }
    let ends = (0..=kept.len() - SHORTEST_END).filter_map(|from| kept.get(from..));
    ends.collect::<Vec<_>>().join(" ")
}

fn join(words: Vec<Word>) -> String {
    words.into_iter().map(|word| word.text).collect::<Vec<_>>().join(" ")
}

/// A character without case and accents; nothing for what is no part of a word.
fn plain(c: char) -> String {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { c.to_ascii_lowercase().to_string() } else { String::new() };
    }
    let mut kept = String::new();
    for c in std::iter::once(c).nfkd().flat_map(char::to_lowercase).nfkd() {
        match c {
            'ß' => kept.push_str("ss"),
            'æ' => kept.push_str("ae"),
            'œ' => kept.push_str("oe"),
            'ø' => kept.push('o'),
            'ł' => kept.push('l'),
            'đ' | 'ð' => kept.push('d'),
            'ı' => kept.push('i'),
            c if is_combining_mark(c) || !c.is_alphanumeric() => {}
            c => kept.push(c),
        }
    }
    kept
}

/// Writing without spaces between words.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_and_punctuation_do_not_count() {
        for (text, kept) in [
            ("Wo ist mein Päckchen? 100%_sicher \\o/", "wo ist mein packchen 100 sicher o"),
            ("STRASSE straße Ærø Łódź", "strasse strasse aero lodz"),
            ("e\u{301}te\u{301} ÉTÉ", "ete ete"),
            ("anna.lee@example.com", "anna lee example com"),
            ("don't", "don t"),
            ("荷物はどこ", "荷 物 は と こ"),
            ("ﾊｰﾄ ㍻", "ハ ー ト 平 成"),
            ("한국어 검색", &document("한국어 검색")),
            ("ﬁne ① x²", "fine 1 x2"),
            ("🎉 🎉", ""),
            ("", ""),
        ] {
            assert_eq!(document(text), kept, "{text}");
        }
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "Ein Päckchen!";
        let words = words(text);
        assert_eq!(&text[words[1].from..words[1].to], "Päckchen");
        let decomposed = "a e\u{301}t";
        let found = super::words(decomposed);
        assert_eq!(&decomposed[found[1].from..found[1].to], "e\u{301}t");
    }

    #[test]
    fn a_number_is_found_by_its_end() {
        let kept = address("+15550002222");
        assert!(
            kept.split(' ').any(|word| word == "5550002222") && kept.split(' ').any(|word| word == "2222")
        );
        assert!(!kept.split(' ').any(|word| word == "222"));
        assert_eq!(address("visitor-1"), "visitor 1");
        assert_eq!(address("+1"), "1");
    }

    #[test]
    fn a_text_without_end_is_kept_to_a_length() {
        assert_eq!(words(&"ab ".repeat(20_000)).len(), MOST_WORDS);
        assert!(document(&"\u{fdfa} ".repeat(60_000)).len() < 2 * MOST_BYTES);
        assert_eq!(document(&"x".repeat(1000)).len(), LONGEST);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_only_words_and_kept_again_is_the_same(text in "\\PC{0,60}") {
            let kept = document(&text);
            prop_assert!(kept.chars().all(|c| c == ' ' || c.is_alphanumeric()));
            prop_assert_eq!(document(&kept), kept);
            for word in words(&text) {
                prop_assert!(text.get(word.from..word.to).is_some());
            }
        }
    }
}
