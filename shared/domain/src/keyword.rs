//! Keywords in texts (B2): a whole text that is a word of one of four families.
//!
//! Words: Twilio's default opt-out set, the FCC's per-se words (47 CFR 64.1200(a)(10)) and the usual opt-in words.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

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

const STOP: &[&str] = &[
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "ARRET",
    "STOPP",
    "REMOVE",
];
const START: &[&str] = &["START", "UNSTOP"];
const HELP: &[&str] = &["HELP", "INFO"];
const SUBSCRIBE: &[&str] = &["JOIN"];

/// The family of a text that is a keyword as a whole, and the word. `own` are the organisation's subscribe words.
/// Case, accents, surrounding punctuation and emoji, and inner spaces, `-` and `_` do not matter.
pub fn recognise(text: &str, own: &[String]) -> Option<(KeywordFamily, String)> {
    let word = normalise(text);
    if word.is_empty() || word.len() > 40 {
        return None;
    }
    let is_in = |words: &[&str]| words.contains(&word.as_str());
    let family = if is_in(STOP) {
        KeywordFamily::Stop
    } else if is_in(START) {
        KeywordFamily::Start
    } else if is_in(HELP) {
        KeywordFamily::Help
    } else if is_in(SUBSCRIBE) || own.iter().any(|own| normalise(own) == word) {
        KeywordFamily::Subscribe
    } else {
        return None;
    };
    Some((family, word))
}

/// Upper case, without accents, marks, spaces and anything that is neither letter nor digit.
fn normalise(text: &str) -> String {
    text.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_whole_texts_that_are_keywords() {
        use KeywordFamily::{Help, Start, Stop, Subscribe};
        for (text, family) in [
            ("STOP", Some(Stop)),
            (" stop. ", Some(Stop)),
            ("\"STOP!\"", Some(Stop)),
            ("stop 🛑", Some(Stop)),
            ("Opt-out", Some(Stop)),
            ("ARRÊT", Some(Stop)),
            ("Start", Some(Start)),
            ("help", Some(Help)),
            ("JOIN", Some(Subscribe)),
            ("Summer", Some(Subscribe)),
            ("Can you stop by the store?", None),
            ("I need help with my order", None),
            ("yes", None),
            ("", None),
            ("🛑", None),
        ] {
            let found = recognise(text, &["SUMMER".to_owned()]).map(|(family, _)| family);
            assert_eq!(found, family, "{text}");
        }
    }
}
