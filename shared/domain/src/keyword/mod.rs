//! What a text means (B2): a word that acts, an opt-out in the customer's own words, or words for people. Pure.
//!
//! * [`table`]: the words, and what becomes of each.
//! * [`phrase`]: opt-outs that are no single word, such as "please stop texting me".
//! * [`plain`]: texts without case, accents, decoration and what nobody sees.
//!
//! `texts.md` beside this file says for many texts what happens; a test reads it.

use serde::{Deserialize, Serialize};

mod phrase;
mod plain;
mod table;

#[cfg(test)]
mod tests;

/// A text longer than this, in characters, is never a keyword or an opt-out phrase.
const LONGEST: usize = 400;

/// What a keyword asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeywordFamily {
    /// JOIN and the organisation's own words: gives marketing and transactional consent.
    Subscribe,
    /// START, UNSTOP: gives consent back.
    Start,
    /// STOP and its family: takes consent away.
    Stop,
    /// HELP, INFO.
    Help,
}

/// A language with words of its own in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "ISO 639-1")]
pub enum Language {
    En,
    Es,
    Fr,
    It,
    Pt,
    De,
    Nl,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 7] = [Self::En, Self::Es, Self::Fr, Self::It, Self::Pt, Self::De, Self::Nl];
}

/// Which words count for a text.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// The languages whose words count, besides the words that the law and the carriers ask for everywhere.
    pub languages: &'a [Language],
    /// The organisation's own subscribe words for this number, as somebody typed them.
    pub subscribe: &'a [&'a str],
    /// The customer is opted out now: only then a YES is an opt-in.
    pub opted_out: bool,
}

/// What a text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Words for people (B1).
    Text,
    /// The whole text is a keyword: it acts at once (B2).
    Keyword {
        /// What it asks for.
        family: KeywordFamily,
        /// The word, in capitals and without spaces: `OPTOUT`.
        word: String,
        /// It is an ordinary answer as well (CANCEL, END): an agent gets it, too.
        also_text: bool,
    },
    /// An opt-out in the customer's own words (47 CFR 64.1200(a)(10): "any reasonable means"): it counts, and an agent
    /// gets the text, who can tell whether it was meant so.
    OptOut {
        /// The words that say so, in small letters.
        phrase: String,
    },
}

/// Reads a text.
pub fn read(text: &str, vocabulary: &Vocabulary<'_>) -> Meaning {
    if text.chars().nth(LONGEST).is_some() {
        return Meaning::Text;
    }
    let word = plain::word(text);
    if let Some((family, reach)) = table::find(&word, vocabulary.languages) {
        return match reach {
            table::Reach::Alone => Meaning::Keyword { family, word, also_text: false },
            table::Reach::AndAgent => Meaning::Keyword { family, word, also_text: true },
            table::Reach::IfOptedOut if vocabulary.opted_out => {
                Meaning::Keyword { family, word, also_text: false }
            }
            table::Reach::IfOptedOut => Meaning::Text,
        };
    }
    if !word.is_empty() && vocabulary.subscribe.iter().any(|own| plain::word(own) == word) {
        return Meaning::Keyword { family: KeywordFamily::Subscribe, word, also_text: false };
    }
    phrase::find(text, vocabulary.languages).map_or(Meaning::Text, |phrase| Meaning::OptOut { phrase })
}

/// Whether the whole text is an opt-in word that counts only while the customer is opted out (YES).
pub fn is_conditional(text: &str, languages: &[Language]) -> bool {
    matches!(table::find(&plain::word(text), languages), Some((_, table::Reach::IfOptedOut)))
}

/// What a subscribe word of the organisation's would mean without it; `None` if it is free. A word that is empty or
/// longer than [`LONGEST_OWN`] is none at all.
pub fn taken(own: &str) -> Option<KeywordFamily> {
    table::find(&plain::word(own), &Language::ALL).map(|(family, _)| family)
}

/// Longest subscribe word of the organisation's, in characters.
pub const LONGEST_OWN: usize = 40;

/// Whether a word can be a subscribe word at all: it has letters or digits, and is no essay.
pub fn can_be_own(own: &str) -> bool {
    own.chars().count() <= LONGEST_OWN && !plain::word(own).is_empty()
}
