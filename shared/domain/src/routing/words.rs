//! Words and phrases in a text: whole words, whatever their case. Pure.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A text as it is compared: without case, and each character written in one way.
pub(super) fn folded(text: &str) -> String {
    // by way of capitals, so that ß is SS and a final sigma like any other
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Whether a folded text has a word, or the words of a phrase one after the other. Writing without spaces has no words
/// to tell apart: there the phrase may stand anywhere.
pub(super) fn has(folded_text: &str, phrase: &str) -> bool {
    let phrase = folded(phrase);
    if phrase.chars().any(is_unspaced) {
        return folded_text.contains(phrase.trim());
    }
    let (text, wanted) = (words(folded_text), words(&phrase));
    !wanted.is_empty() && text.windows(wanted.len()).any(|some| some == wanted.as_slice())
}

/// Whether there is anything to look for in a phrase.
pub(super) fn says_something(phrase: &str) -> bool {
    phrase.chars().any(char::is_alphanumeric)
}

fn words(folded: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    folded.split(|c: char| !is_part(c)).filter(|word| !word.is_empty()).collect()
}

/// Chinese, Japanese, Thai, Lao, Burmese, Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j2_whole_words_whatever_their_case() {
        for (text, phrase, found) in [
            ("I want a refund.", "refund", true),
            ("REFUND!!!", "refund", true),
            ("refunds are nice", "refund", false),
            ("prerefund", "refund", false),
            ("where is my  order?", "my order", true),
            ("order my", "my order", false),
            ("money-back guarantee", "money back", true),
            ("STRASSE", "straße", true),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς", true),
            ("RÜCKGABE bitte", "rückgabe", true),
            ("Ru\u{308}ckgabe", "rückgabe", true),
            ("ｒｅｆｕｎｄ", "refund", true),
            ("我要退款，谢谢", "退款", true),
            ("ขอคืนเงินครับ", "คืนเงิน", true),
            ("हिन्दी में लिखें", "हिन्दी", true),
            ("refund😀", "refund", true),
            ("", "refund", false),
            ("anything", "!?", false),
        ] {
            assert_eq!(has(&folded(text), phrase), found, "{phrase:?} in {text:?}");
        }
    }
}
