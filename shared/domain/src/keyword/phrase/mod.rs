//! Opt-outs in the customer's own words. Better one too many in front of an agent than one too few that counts: a text
//! must be short, must not say the opposite, and must be about texts.

use std::sync::LazyLock;

use super::{
    KeywordFamily, Language,
    plain::{self, Word},
    table::{self, Reach},
};

mod list;

/// Most words of a text in which a phrase counts; politeness around it is not counted.
const MOST_WORDS: usize = 8;
/// How far before a phrase a "not" turns it round, in words of the same clause.
const NOT_BEFORE: usize = 2;

/// Where a phrase may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The text says nothing else, politeness aside.
    Whole,
    /// Anywhere in a short text.
    Anywhere,
}

/// One word of a pattern: any of these, and perhaps it is not there.
#[derive(Debug)]
struct Piece {
    any_of: Vec<String>,
    optional: bool,
}

struct Phrase {
    language: Language,
    place: Place,
    pieces: Vec<Piece>,
}

static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let of = |(language, place, pattern): &(Language, Place, &str)| Phrase {
        language: *language,
        place: *place,
        pieces: pattern.split_whitespace().map(piece).collect(),
    };
    list::PHRASES.iter().map(of).collect()
});

/// `stop`, `me|us`, `the|your?`: a question mark says that the word may be missing.
fn piece(pattern: &str) -> Piece {
    let (words, optional) = pattern.strip_suffix('?').map_or((pattern, false), |words| (words, true));
    Piece { any_of: words.split('|').map(str::to_owned).collect(), optional }
}

/// The words of a text that are an opt-out, if it is one.
pub(super) fn find(text: &str, languages: &[Language]) -> Option<String> {
    let words = plain::words(text);
    let core = without_politeness(&words);
    if core.is_empty() || core.len() > MOST_WORDS || core.iter().any(|word| is_in(list::OTHER_WAYS, word)) {
        return None;
    }
    if is_stop_word(core, core.len() < words.len(), languages) {
        return Some(joined(&words));
    }
    PHRASES
        .iter()
        .filter(|phrase| languages.contains(&phrase.language))
        .find_map(|phrase| phrase.within(core))
}

/// "please STOP", "stop stop stop": a keyword that means nothing else, with politeness around it or said again.
fn is_stop_word(core: &[Word], is_polite: bool, languages: &[Language]) -> bool {
    let is_stop = |words: &[Word]| {
        let word: String = words.iter().map(|word| word.text.to_uppercase()).collect();
        table::find(&word, languages) == Some((KeywordFamily::Stop, Reach::Alone))
    };
    let again = core.len() > 1 && core.iter().all(|word| is_stop(std::slice::from_ref(word)));
    again || (is_polite && is_stop(core))
}

fn without_politeness(words: &[Word]) -> &[Word] {
    let begin = words.iter().position(|word| !is_in(list::BEFORE, word)).unwrap_or(words.len());
    let end = words.iter().rposition(|word| !is_in(list::AFTER, word)).map_or(begin, |last| last + 1);
    words.get(begin..end).unwrap_or_default()
}

impl Phrase {
    fn within(&self, words: &[Word]) -> Option<String> {
        let places = match self.place {
            Place::Whole => 0..1,
            Place::Anywhere => 0..words.len(),
        };
        places.into_iter().find_map(|at| {
            let length = length(&self.pieces, words.get(at..)?)?;
            let fits = self.place == Place::Anywhere || length == words.len();
            let said = fits && !is_turned_round(self.language, &words[..at], &words[at]);
            said.then(|| joined(&words[at..at + length]))
        })
    }
}

/// How many words a pattern takes from the front; the most it can.
fn length(pieces: &[Piece], words: &[Word]) -> Option<usize> {
    let Some((piece, rest)) = pieces.split_first() else { return Some(0) };
    let here = words.first().is_some_and(|word| piece.any_of.contains(&word.text));
    let taken = here.then(|| length(rest, &words[1..]).map(|more| more + 1)).flatten();
    taken.or_else(|| piece.optional.then(|| length(rest, words)).flatten())
}

/// Something before the phrase, in the same clause, makes it say something else: "don't stop", "why did you".
fn is_turned_round(language: Language, before: &[Word], first: &Word) -> bool {
    if first.begins_clause {
        return false;
    }
    let begin = before.iter().rposition(|word| word.begins_clause).unwrap_or(0);
    let clause = before.get(begin..).unwrap_or_default();
    let near = clause.get(clause.len().saturating_sub(NOT_BEFORE)..).unwrap_or_default();
    near.iter().any(|word| is_in(list::not(language), word))
        || clause.iter().any(|word| is_in(list::OPENERS, word))
}

fn is_in(list: &[&str], word: &Word) -> bool {
    list.contains(&word.text.as_str())
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_written_as_texts_are_read() {
        for (_, _, pattern) in list::PHRASES {
            for word in pattern.split_whitespace().flat_map(|piece| piece.trim_end_matches('?').split('|')) {
                assert_eq!(
                    joined(&plain::words(word)),
                    word,
                    "{pattern}: accents and apostrophes are not read"
                );
            }
        }
        let others = [list::BEFORE, list::AFTER, list::OPENERS, list::OTHER_WAYS];
        let lists = others.into_iter().chain(Language::ALL.map(list::not));
        for word in lists.flatten() {
            assert_eq!(joined(&plain::words(word)), *word);
        }
    }
}
