//! Texts as they are compared: without case, accents, decoration, and what nobody sees. Keyboards put in zero-width
//! characters, variation selectors, curly quotes and emoji by themselves.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The text as one word in capitals: decoration around it is gone, inner spaces, hyphens and underscores too, and the
/// dots of letters that were spelled out (`S.T.O.P.`). Empty when there is no letter or digit.
pub(super) fn word(text: &str) -> String {
    let folded = folded(text);
    let core = folded.trim_matches(|c: char| !c.is_alphanumeric());
    let spelled_out = core.contains('.') && core.split('.').all(|letter| letter.chars().count() <= 1);
    core.chars()
        .filter(|c| !(c.is_whitespace() || is_hyphen(*c) || (spelled_out && *c == '.')))
        .flat_map(char::to_uppercase)
        .collect()
}

/// A word of a sentence, in small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The word; apostrophes are gone: `dont`.
    pub text: String,
    /// A comma, a full stop or the like comes before it.
    pub begins_clause: bool,
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut current, mut boundary) = (String::new(), true);
    for c in folded(text).chars().chain([' ']) {
        if c.is_alphanumeric() {
            current.extend(c.to_lowercase());
        } else if !is_apostrophe(c) {
            if !current.is_empty() {
                words.push(Word { text: std::mem::take(&mut current), begins_clause: boundary });
                boundary = false;
            }
            boundary |= !(c.is_whitespace() || is_hyphen(c) || c == '/') || c == '\n';
        }
    }
    words
}

/// NFKC in effect, without accents, marks, zero-width characters, variation selectors and controls.
fn folded(text: &str) -> String {
    text.chars()
        .map(|c| if is_apostrophe(c) { '\'' } else { c })
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_unseen(*c))
        .flat_map(char::to_uppercase)
        .collect()
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '＇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_is_left_without_decoration() {
        for (text, word_of_it) in [
            ("  stop.\r\n", "STOP"),
            ("\"Stop!\"", "STOP"),
            ("(stop)", "STOP"),
            ("ＳＴＯＰ", "STOP"),
            ("𝗦𝗧𝗢𝗣", "STOP"),
            ("s\u{200b}top\u{fe0f}", "STOP"),
            ("ARRE\u{302}T", "ARRET"),
            ("S.T.O.P.", "STOP"),
            ("S T O P", "STOP"),
            ("opt-out", "OPTOUT"),
            ("No, más", "NO,MAS"),
            ("don't", "DON'T"),
            ("straße", "STRASSE"),
            ("🛑", ""),
            ("", ""),
        ] {
            assert_eq!(word(text), word_of_it, "{text:?}");
        }
    }

    #[test]
    fn words_know_where_a_clause_begins() {
        let seen: Vec<_> =
            words("No, don’t STOP-it… now").into_iter().map(|w| (w.text, w.begins_clause)).collect();
        let expected = [("no", true), ("dont", true), ("stop", false), ("it", false), ("now", true)];
        assert_eq!(seen, expected.map(|(text, begins)| (text.to_owned(), begins)));
    }
}
