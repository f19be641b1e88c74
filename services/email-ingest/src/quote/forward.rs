//! A mail that somebody passed on: who wrote it first, about what, and what it says. Whether the one who passed it on
//! may speak for them (only our own people may) is not this file's question.

use domain::EmailAddress;

use super::{
    lines::{Block, Marker, bare, block, introduction, is_blank, is_quote, is_rule, marker, marker_by_shape},
    words::{self, Field},
};

/// A mail that was passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// What the one who passed it on wrote above it.
    pub note: String,
    /// Who wrote it.
    pub from: EmailAddress,
    /// Their name.
    pub from_name: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
}

/// Most lines that are looked at for the head of the mail.
const MOST_LINES: usize = 2_000;
/// Most characters of a key such as `Subject`.
const LONGEST_KEY: usize = 60;

/// The mail passed on in a mail with this subject and text. A line that says "forwarded message" is enough; a bare head
/// or introduction is only taken where the subject says so, or where nothing stands above it and the subject is no
/// answer's.
pub fn forwarded(subject: &str, text: &str) -> Option<Forward> {
    let lines: Vec<&str> = text.lines().collect();
    let claims = prefix_of(subject, words::FORWARD_PREFIX);
    let answers = !claims && prefix_of(subject, words::REPLY_PREFIX);
    let mut words_above = false;
    for at in 0..lines.len().min(MOST_LINES) {
        let line = lines[at];
        if is_blank(bare(line)) || is_rule(line) {
            continue;
        }
        let bare_is_enough = claims || (!words_above && !answers);
        let found = match marker(line).or_else(|| marker_by_shape(&lines, at).map(|kind| (kind, ""))) {
            Some((Marker::Forwarded, behind)) => behind_marker(&lines, at, behind),
            Some((Marker::Original, behind)) if bare_is_enough => behind_marker(&lines, at, behind),
            Some(_) => None,
            None if bare_is_enough => by_head(&lines, at).or_else(|| by_introduction(&lines, at)),
            None => None,
        };
        if let Some(found) = found {
            let subject = found.subject.or_else(|| claims.then(|| without_prefix(subject)));
            return Some(Forward { note: note(&lines[..at]), subject, ..found });
        }
        words_above = true;
    }
    None
}

/// Whether a subject begins with one of these words and a colon.
fn prefix_of(subject: &str, prefixes: &[&str]) -> bool {
    let Some((start, _)) = subject.split_once([':', '：']) else { return false };
    let start =
        start.trim().trim_end_matches(|c: char| c.is_ascii_digit() || "[]()".contains(c)).to_lowercase();
    prefixes.contains(&start.trim())
}

fn without_prefix(subject: &str) -> String {
    subject.split_once([':', '：']).map_or(subject, |(_, rest)| rest).trim().to_owned()
}

fn note(lines: &[&str]) -> String {
    lines.join("\n").trim_matches(|c: char| c.is_whitespace() || "-_>".contains(c)).to_owned()
}

/// The head behind a marker: on the lines below, or all on the same line.
fn behind_marker(lines: &[&str], at: usize, behind: &str) -> Option<Forward> {
    if !behind.is_empty()
        && let Some(found) = on_one_line(behind, &lines[at + 1..])
    {
        return Some(found);
    }
    let next = (at + 1..lines.len()).find(|next| !is_blank(bare(lines[*next])))?;
    by_any_head(lines, next).or_else(|| by_introduction(lines, next))
}

fn by_head(lines: &[&str], at: usize) -> Option<Forward> {
    of_head(lines, &block(lines, at).filter(Block::is_head)?)
}

fn by_any_head(lines: &[&str], at: usize) -> Option<Forward> {
    of_head(lines, &block(lines, at)?)
}

fn of_head(lines: &[&str], head: &Block) -> Option<Forward> {
    let (from, from_name) = person(head.get(Field::From)?)?;
    let subject = head.get(Field::Subject).map(str::to_owned).filter(|subject| !subject.is_empty());
    Some(Forward { note: String::new(), from, from_name, subject, text: rest(&lines[head.end..]) })
}

/// `Von: … An: … Betreff: …` without a break between them.
fn on_one_line(line: &str, below: &[&str]) -> Option<Forward> {
    let mut found: Vec<(usize, usize, Field)> = Vec::new();
    for (colon, mark) in line.match_indices([':', '：']) {
        let before = &line[..colon];
        // the longest run of up to three words before the colon that is a known key
        let starts = before.char_indices().rev().take(LONGEST_KEY).filter(|(index, c)| {
            let glued = before[..*index].ends_with(['>', ' ', ';']) || *index == 0;
            c.is_alphabetic() && (glued || c.is_uppercase())
        });
        let keys = starts.take(4).filter_map(|(index, _)| Some((index, words::field(&before[index..])?)));
        if let Some((start, field)) = keys.last() {
            found.push((start, colon + mark.len(), field));
        }
    }
    let value = |wanted: Field| {
        let index = found.iter().position(|(_, _, field)| *field == wanted)?;
        let end = found.get(index + 1).map_or(line.len(), |(start, ..)| *start);
        line.get(found[index].1..end).map(str::trim)
    };
    let (from, from_name) = person(value(Field::From)?)?;
    let subject = value(Field::Subject).map(str::to_owned).filter(|subject| !subject.is_empty());
    Some(Forward { note: String::new(), from, from_name, subject, text: rest(below) })
}

/// "Anna <anna@x.org> wrote:" above the mail.
fn by_introduction(lines: &[&str], at: usize) -> Option<Forward> {
    let end = (at..(at + 4).min(lines.len())).find(|end| introduction(lines, *end) == Some(at))?;
    let whole = lines[at..=end].iter().map(|line| bare(line)).collect::<Vec<_>>().join(" ");
    let (before, behind) = whole.split_once(['<', '('])?;
    let address = behind.split(['>', ')']).next()?;
    let from = EmailAddress::parse(address.trim_start_matches("mailto:")).ok()?;
    Some(Forward {
        note: String::new(),
        from,
        from_name: name_at_end(before),
        subject: None,
        text: rest(&lines[end + 1..]),
    })
}

/// The name between the date and the address: what follows the last comma, digit or quotation mark.
fn name_at_end(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('"');
    let start = text.rfind(|c: char| c == ',' || c == '"' || c.is_ascii_digit()).map_or(0, |at| at + 1);
    let name = text[start..].trim().trim_matches(['"', '\'']).trim();
    (!name.is_empty() && name.chars().count() <= 100).then(|| name.to_owned())
}

/// `John Doe <john@x.org>`, also with `mailto:` in it, quoted, or the bare address.
fn person(value: &str) -> Option<(EmailAddress, Option<String>)> {
    let words = value.split(|c: char| c.is_whitespace() || "<>[]()\"',;".contains(c));
    let address =
        words.map(|w| w.strip_prefix("mailto:").unwrap_or(w)).find_map(|w| EmailAddress::parse(w).ok())?;
    let before = value.split(['<', '[', '(']).next().unwrap_or_default();
    let name = before.trim().trim_matches(|c: char| "\"'*".contains(c) || c.is_whitespace());
    let name = (!name.is_empty() && !name.contains('@')).then(|| name.to_owned());
    Some((address, name))
}

/// The text of the mail, without the quote marks of one level where every line has them.
fn rest(lines: &[&str]) -> String {
    let quoted = lines.iter().find(|line| !is_blank(line)).is_some_and(|line| is_quote(line));
    let one_less = |line: &&str| {
        let line = line.trim_start_matches('\u{feff}');
        match line.trim_start().strip_prefix('>') {
            Some(inner) if quoted => inner.strip_prefix(' ').unwrap_or(inner).to_owned(),
            _ => line.to_owned(),
        }
    };
    lines.iter().map(one_less).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(subject: &str, text: &str) -> Option<(String, Option<String>, Option<String>, String)> {
        let found = forwarded(subject, text)?;
        Some((found.from.to_string(), found.from_name, found.subject, found.text))
    }

    #[test]
    fn a_mail_passed_on_is_unwrapped() {
        let gmail = "see below\n\n---------- Forwarded message ---------\nFrom: Anna Berg <anna@x.org>\nDate: Mon\n\
            Subject: Boots\nTo: <desk@y.org>\n\nToo small.";
        assert_eq!(
            of("Fwd: Boots", gmail),
            Some(("anna@x.org".into(), Some("Anna Berg".into()), Some("Boots".into()), "Too small.".into()))
        );
        assert_eq!(forwarded("Fwd: Boots", gmail).unwrap().note, "see below");
        let yahoo = " ----- Weitergeleitete Nachricht ----- Von: Anna Berg <anna@x.org>An: \"d@y.org\" <d@y.org>Gesendet: \
            Mo.Betreff: Boots\nToo small.";
        assert_eq!(
            of("", yahoo),
            Some(("anna@x.org".into(), Some("Anna Berg".into()), Some("Boots".into()), "Too small.".into()))
        );
    }

    #[test]
    fn an_answer_is_no_forward() {
        let outlook =
            "That is true\n\nFrom: Anna <anna@x.org>\nSent: Monday\nTo: Desk\nSubject: Boots\n\nToo small.";
        assert_eq!(of("Re: Boots", outlook), None);
        assert_eq!(of("Boots", outlook), None);
        assert_eq!(of("FW: Boots", outlook).unwrap().0, "anna@x.org");
        assert_eq!(of("Re: Boots", "Yes\n\nOn 2 Nov 2026, Anna <anna@x.org> wrote:\n> hi"), None);
        assert_eq!(of("", "Forwarded message to you: nothing"), None);
    }
}
