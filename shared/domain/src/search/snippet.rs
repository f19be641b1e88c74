//! Where a text says what was searched for: in parts, never as markup, so that nothing in it can do harm.

use super::{
    Phrase,
    words::{Word, words},
};

/// Characters shown before the first hit.
const BEFORE: usize = 50;
/// Characters shown from there on.
const SHOWN: usize = 180;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// As it was written.
    pub text: String,
    /// It is what was searched for.
    pub hit: bool,
}

/// The piece of a text around the first hit, on one line; `None` if it has none.
pub fn snippet(text: &str, phrases: &[&Phrase]) -> Option<Vec<Part>> {
    let hits = hits(text, phrases);
    let first = hits.first()?.0;
    let from = back(text, first, BEFORE);
    let to = text.get(from..)?.char_indices().nth(SHOWN).map_or(text.len(), |(at, _)| from + at);
    // A hit that begins inside is shown whole.
    let to = hits.iter().filter(|hit| hit.0 < to).map(|hit| hit.1).fold(to, usize::max);
    let shown: Vec<_> =
        hits.into_iter().filter(|hit| hit.0 < to).map(|(a, b)| (a - from, b - from)).collect();
    let mut parts = cut(text.get(from..to)?, &shown);
    for part in &mut parts {
        part.text = one_line(&part.text);
    }
    if from > 0 {
        parts.insert(0, Part { text: "…".into(), hit: false });
    }
    if to < text.len() {
        parts.push(Part { text: "…".into(), hit: false });
    }
    Some(parts)
}

/// The whole text, in parts.
pub fn highlighted(text: &str, phrases: &[&Phrase]) -> Vec<Part> {
    cut(text, &hits(text, phrases))
}

/// The byte about so many characters before another.
fn back(text: &str, at: usize, characters: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let from = before.char_indices().rev().nth(characters).map_or(0, |(at, _)| at);
    if from == 0 {
        return 0;
    }
    // Not in the middle of a word, where there is a space.
    let spaces = before.get(from..).unwrap_or_default().find(char::is_whitespace);
    spaces.map_or(from, |space| from + space)
}

/// Where the phrases stand (bytes), in order, none inside another.
fn hits(text: &str, phrases: &[&Phrase]) -> Vec<(usize, usize)> {
    let words = words(text);
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest =
            phrases.iter().filter(|phrase| stands(&words, at, phrase)).map(|phrase| phrase.words.len()).max();
        match longest {
            Some(length) => {
                if let (Some(first), Some(last)) = (words.get(at), words.get(at + length - 1)) {
                    found.push((first.from, last.to));
                }
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

fn stands(words: &[Word], at: usize, phrase: &Phrase) -> bool {
    let Some(here) = words.get(at..at + phrase.words.len()) else { return false };
    let last = phrase.words.len() - 1;
    here.iter().zip(&phrase.words).enumerate().all(|(index, (word, wanted))| {
        word.text == *wanted || (phrase.begins && index == last && word.text.starts_with(wanted.as_str()))
    })
}

fn cut(text: &str, hits: &[(usize, usize)]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut push = |from: usize, to: usize, hit: bool| {
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            parts.push(Part { text: text.to_owned(), hit });
        }
    };
    for (from, to) in hits {
        push(at, *from, false);
        push(*from, *to, true);
        at = *to;
    }
    push(at, text.len(), false);
    parts
}

/// Without line breaks and other control characters, with single spaces.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !line.ends_with(' ') {
            line.push(c);
        }
    }
    line
}
