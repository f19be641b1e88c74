//! What people write into the search box, as what is searched for: words, phrases in quotes, and operators.

use crate::{
    filter::{AssigneeFilter, TeamFilter, TicketFilter},
    message::Channel,
    time::Timestamp,
};

mod snippet;
pub mod words;

pub use snippet::{Part, highlighted, snippet};

/// Fewest digits of what may be somebody's number.
const SHORTEST_NUMBER: usize = 5;
/// Most words of a search; the rest does not count.
const MOST_TERMS: usize = 16;

/// The operators, with what they find: the help of the search box.
pub const OPERATORS: [(&str, &str); 9] = [
    ("from:anna", "the customer's name, number or address"),
    ("subject:invoice", "the subject"),
    ("tag:vip", "a tag"),
    ("channel:sms", "sms, email or chat"),
    ("is:unread", "unread, read, open, snoozed, closed, blocked, mine or unassigned"),
    ("assignee:kim", "me, none, or a colleague's name"),
    ("team:returns", "none, or a team's name"),
    ("before:2026-11-01", "last message before that day (UTC)"),
    ("after:2026-11-01", "last message on that day or later (UTC)"),
];

/// Words that stand one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// Words as search knows them; never empty.
    pub words: Vec<String>,
    /// The last word may be only the beginning of one.
    pub begins: bool,
}

/// Something that must be found: any of these phrases.
pub type Term = Vec<Phrase>;

/// What is searched for. Everything must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Anywhere: messages, subject, the customer's name and addresses.
    pub terms: Vec<Term>,
    /// In the customer's name and addresses.
    pub from: Vec<Term>,
    /// In the subject.
    pub subject: Vec<Term>,
    /// The ticket's number.
    pub number: Option<i64>,
    /// Each of these tags.
    pub tags: Vec<String>,
    /// A colleague by a piece of their name or address.
    pub assignee: Option<String>,
    /// A team by a piece of its name.
    pub team: Option<String>,
    /// Last message before this moment.
    pub before: Option<Timestamp>,
    /// Last message at or after this moment.
    pub after: Option<Timestamp>,
    /// Facts that lists filter by.
    pub filter: TicketFilter,
    /// Nothing was found to look for, although something was written: nothing matches.
    pub nothing: bool,
}

impl Search {
    /// Every term that may stand in a text, to show where.
    pub fn shown(&self) -> impl Iterator<Item = &Phrase> {
        self.terms.iter().chain(&self.from).chain(&self.subject).flatten()
    }
}

/// Reads a search.
///
/// # Errors
/// An operator with a value that means nothing, in words for people.
pub fn parse(text: &str) -> Result<Search, String> {
    let mut search = Search::default();
    let pieces = pieces(text);
    let last = pieces.iter().rposition(|piece| piece.operator.is_none());
    let mut free = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let begins = Some(index) == last && !piece.quoted;
        match &piece.operator {
            Some(operator) => operate(&mut search, operator, piece)?,
            None => free.push((piece, begins)),
        }
    }
    plain_words(&mut search, &free);
    let asked = search != Search::default();
    search.nothing =
        !asked && !text.trim().is_empty() && !pieces.iter().all(|piece| piece.operator.is_some());
    Ok(search)
}

fn plain_words(search: &mut Search, free: &[(&Piece, bool)]) {
    if let [(only, _)] = free
        && let Some(number) = only.value.strip_prefix('#').and_then(|number| number.parse().ok())
    {
        search.number = Some(number);
        return;
    }
    if let Some(digits) = digits(free) {
        let mut term = vec![Phrase { words: vec![digits.clone()], begins: true }];
        let apart: Vec<String> =
            free.iter().flat_map(|(piece, _)| words::words(&piece.value)).map(|word| word.text).collect();
        if apart != [digits] {
            term.push(Phrase { words: apart, begins: true });
        }
        search.terms.push(term);
        return;
    }
    search.terms =
        free.iter().filter_map(|(piece, begins)| term(&piece.value, *begins)).take(MOST_TERMS).collect();
}

/// What may be somebody's number, however it is written, as digits.
fn digits(free: &[(&Piece, bool)]) -> Option<String> {
    let all: String = free.iter().map(|(piece, _)| piece.value.as_str()).collect();
    let digits: String = all.chars().filter(char::is_ascii_digit).collect();
    let like_a_number = all.chars().all(|c| c.is_ascii_digit() || "+-()./".contains(c) || c.is_whitespace());
    (like_a_number && digits.len() >= SHORTEST_NUMBER).then_some(digits)
}

fn term(text: &str, begins: bool) -> Option<Term> {
    let words: Vec<String> = words::words(text).into_iter().map(|word| word.text).collect();
    (!words.is_empty()).then(|| vec![Phrase { words, begins }])
}

fn operate(search: &mut Search, operator: &str, piece: &Piece) -> Result<(), String> {
    let value = piece.value.trim();
    // Somebody is still writing.
    if value.is_empty() {
        return Ok(());
    }
    match operator {
        "from" => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            let number = digits.len() >= SHORTEST_NUMBER && !value.chars().any(char::is_alphabetic);
            let found = if number { term(&digits, true) } else { term(value, !piece.quoted) };
            search.from.extend(found);
        }
        "subject" => search.subject.extend(term(value, !piece.quoted)),
        "tag" => search.tags.push(value.to_lowercase()),
        "channel" => search.filter.channel.push(channel(value)?),
        "is" => is(search, &value.to_lowercase())?,
        "assignee" => match value.to_lowercase().as_str() {
            "me" => search.filter.assignee = Some(AssigneeFilter::Me),
            "none" | "nobody" => search.filter.assignee = Some(AssigneeFilter::None),
            name => search.assignee = Some(name.to_owned()),
        },
        "team" => match value.to_lowercase().as_str() {
            "none" => search.filter.team = Some(TeamFilter::None),
            name => search.team = Some(name.to_owned()),
        },
        "before" => search.before = Some(day(operator, value)?),
        _ => search.after = Some(day(operator, value)?),
    }
    Ok(())
}

fn channel(value: &str) -> Result<Channel, String> {
    let value = value.to_lowercase();
    let value = if value == "mail" { "email" } else { value.as_str() };
    value.parse().map_err(|_| format!("channel:{value} is none of: sms, email, chat"))
}

fn is(search: &mut Search, word: &str) -> Result<(), String> {
    let filter = &mut search.filter;
    match word {
        "unread" => filter.unread = Some(true),
        "read" => filter.unread = Some(false),
        "open" | "snoozed" | "closed" => filter.status.push(word.to_owned()),
        "blocked" => filter.blocked = Some(true),
        "mine" => filter.assignee = Some(AssigneeFilter::Me),
        "unassigned" => filter.assignee = Some(AssigneeFilter::None),
        _ => {
            let known = "unread, read, open, snoozed, closed, blocked, mine, unassigned";
            return Err(format!("is:{word} is none of: {known}"));
        }
    }
    Ok(())
}

fn day(operator: &str, value: &str) -> Result<Timestamp, String> {
    let moment = Timestamp::parse(&format!("{value}T00:00:00Z")).or_else(|_| Timestamp::parse(value));
    moment.map_err(|_| format!("{operator}:{value} is not a day, such as {operator}:2026-11-01"))
}

/// A piece of what was written.
#[derive(Debug)]
struct Piece {
    operator: Option<String>,
    value: String,
    quoted: bool,
}

/// Divides at spaces, but not in quotes; a quote that is never closed goes to the end.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let operator = operator_of(rest);
        if let Some(name) = operator {
            rest = rest.get(name.len() + 1..).unwrap_or_default();
        }
        let quoted = rest.starts_with('"');
        let (value, after) = if quoted {
            let inside = rest.get(1..).unwrap_or_default();
            inside.split_once('"').unwrap_or((inside, ""))
        } else {
            rest.split_once(char::is_whitespace).unwrap_or((rest, ""))
        };
        let operator = operator.map(str::to_lowercase);
        if operator.is_some() || !value.trim().is_empty() {
            pieces.push(Piece { operator, value: value.to_owned(), quoted });
        }
        rest = after.trim_start();
    }
    pieces
}

/// The operator that a text begins with. What is no operator is words: "re:fund", "10:30".
fn operator_of(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(':')?;
    let known = OPERATORS.iter().filter_map(|(example, _)| example.split_once(':'));
    known.map(|(known, _)| known).any(|known| known.eq_ignore_ascii_case(name)).then_some(name)
}

#[cfg(test)]
mod tests;
