//! What each line of a mail's text is.

use super::words::{self, Field};

/// Longer lines introduce nothing.
const LONGEST: usize = 500;
/// Most lines that "On Monday, Anna wrote:" is wrapped over.
const MOST_WRAPPED: usize = 4;
/// Most lines of a header block.
const MOST_HEADERS: usize = 24;

/// A line without what quotes it: its leading `>` and white space.
pub fn bare(line: &str) -> &str {
    line.trim_start_matches(|c: char| c == '>' || c == '\u{feff}' || c.is_whitespace()).trim_end()
}

pub fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c == '\u{feff}' || c.is_whitespace())
}

/// Begins with `>`.
pub fn is_quote(line: &str) -> bool {
    line.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace()).starts_with('>')
}

/// A line of dashes or the like, at least three.
pub fn is_rule(line: &str) -> bool {
    let mut strokes = 0;
    let is_stroke = |c| {
        strokes += 1;
        "-_=*—–─━#~".contains(c)
    };
    line.chars().filter(|c| !c.is_whitespace()).all(is_stroke) && strokes >= 3
}

/// `--`, which stands before a signature (RFC 3676 §4.3), also as phones write it.
pub fn is_signature_mark(line: &str) -> bool {
    matches!(line.trim(), "--" | "—" | "–-" | "-- ")
}

/// A line that a device or app adds under a mail.
pub fn is_device_signature(line: &str) -> bool {
    let text = line.trim().trim_matches(|c: char| "<>()[]*_-–—•|\"'".contains(c) || c.is_whitespace());
    if text.is_empty() || text.chars().count() > 200 {
        return false;
    }
    let plain = words::lower(text).replace(['[', ']'], "");
    let few = plain.split_whitespace().count() <= 5;
    words::SENT_FROM.iter().any(|start| plain.starts_with(start))
        || (few && ["from mobile", "from phone", "from my phone"].iter().any(|end| plain.ends_with(end)))
}

/// What an explicit line says of the mail that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// "Forwarded message".
    Forwarded,
    /// "Original message": an answer's quote, or a forward.
    Original,
}

/// What stands behind the words of a marker.
const CLOSES: [char; 8] = ['-', '–', '—', '_', '=', ':', '：', '*'];

/// Whether one of [`CLOSES`] may be in a line: all of them but those below are outside ASCII.
fn may_close(line: &str) -> bool {
    line.bytes().any(|byte| byte >= 0x80 || matches!(byte, b'-' | b'_' | b'=' | b':' | b'*'))
}

/// The marker of a line, and what stands behind it on the same line (some programs go on without a break).
pub fn marker(line: &str) -> Option<(Marker, &str)> {
    let line = bare(line);
    if line.is_empty() || line.len() > 4 * LONGEST {
        return None;
    }
    let dashes = |c: char| "-–—_*=~<>".contains(c) || c.is_whitespace();
    let start = line.trim_start_matches(dashes);
    let had_dashes = line[..line.len() - start.len()].chars().any(|c| "-–—_=".contains(c));
    // most lines are no marker whatever their words: nothing closes them
    if !had_dashes && !may_close(start) {
        return None;
    }
    let lower = words::lower(start);
    let known = |list: &[&str]| {
        list.iter().filter(|phrase| lower.starts_with(**phrase)).map(|p| p.chars().count()).max()
    };
    let (length, kind) = match (known(words::FORWARDED), known(words::ORIGINAL)) {
        (Some(length), _) => (length, Marker::Forwarded),
        (None, Some(length)) => (length, Marker::Original),
        (None, None) => return None,
    };
    let length = length + start.chars().take(length).filter(|c| *c == '\u{307}').count();
    let rest = start.char_indices().nth(length).map_or("", |(at, _)| &start[at..]);
    let behind = rest.trim_start_matches(|c: char| dashes(c) || ":：".contains(c));
    let closed = rest.trim_start().starts_with(CLOSES);
    let ends = behind.is_empty();
    // "Forwarded message:" alone, or words between dashes; a sentence that begins so is none
    ((had_dashes && (closed || ends)) || (ends && closed)).then_some((kind, behind))
}

/// The marker that a line must be by its place and shape, whatever its words: between dashes, or with a colon, right
/// above the head of a mail. A quoted one is what Apple's program writes when it passes a mail on.
pub fn marker_by_shape(lines: &[&str], at: usize) -> Option<Marker> {
    let line = bare(lines[at]);
    if line.is_empty() || line.chars().count() > 80 {
        return None;
    }
    let dashes = |text: &str| text.chars().filter(|c| "-–—_".contains(*c)).count() >= 3;
    let between =
        line.starts_with(['-', '–', '—', '_']) && line.ends_with(['-', '–', '—', '_']) && dashes(line);
    let colon = line.ends_with([':', '：']);
    if !(between || colon) || header(line).is_some_and(|(_, value)| !value.is_empty()) {
        return None;
    }
    let next = (at + 1..lines.len().min(at + 4)).find(|next| !is_blank(bare(lines[*next])))?;
    if !block(lines, next)?.is_head() {
        return None;
    }
    let quoted = is_quote(lines[at]) && is_quote(lines[next]);
    Some(if quoted && colon { Marker::Forwarded } else { Marker::Original })
}

/// A `Key: value` line of a known field, quoted or in bold.
pub fn header(line: &str) -> Option<(Field, &str)> {
    let line = bare(line);
    if line.len() > 4 * LONGEST {
        return None;
    }
    let (key, value) = line.split_once([':', '：'])?;
    let key = key.trim_matches(|c: char| "*_| ".contains(c) || c.is_whitespace());
    (key.chars().count() <= 24).then_some(())?;
    let value = value.trim_matches(|c: char| c == '*' || c.is_whitespace());
    Some((words::field(key)?, value))
}

/// A block of header lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The fields with their values, in their order.
    pub fields: Vec<(Field, String)>,
    /// The first line behind it.
    pub end: usize,
}

impl Block {
    /// The first value of a field.
    pub fn get(&self, wanted: Field) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| value.as_str())
    }

    /// Whether it can only be the head of a mail: a sender, and two of the other fields.
    pub fn is_head(&self) -> bool {
        let others = [Field::Date, Field::Subject, Field::To];
        self.get(Field::From).is_some() && others.iter().filter(|f| self.get(**f).is_some()).count() >= 2
    }
}

/// The block that begins at a line. A blank line between two headers is allowed; a value may be wrapped.
pub fn block(lines: &[&str], start: usize) -> Option<Block> {
    header(lines.get(start)?)?;
    let mut block = Block::default();
    let mut at = start;
    while at < lines.len() && at - start < MOST_HEADERS {
        match header(lines[at]) {
            Some((field, value)) => block.fields.push((field, value.to_owned())),
            None if goes_on(lines, at) => {
                if let (Some((_, value)), false) = (block.fields.last_mut(), is_blank(bare(lines[at]))) {
                    value.push(' ');
                    value.push_str(bare(lines[at]));
                }
            }
            None => break,
        }
        at += 1;
    }
    block.end = at;
    Some(block)
}

/// Whether a line that is no header stands between two: blank, or a wrapped value.
fn goes_on(lines: &[&str], at: usize) -> bool {
    let next = lines.get(at + 1).is_some_and(|line| header(line).is_some());
    let wrapped = lines[at].starts_with([' ', '\t']) && !is_blank(lines[at]);
    next || (wrapped && lines.get(at + 2).is_some_and(|line| header(line).is_some()))
}

/// "On Monday, Anna <anna@x.org> wrote:", wherever it is wrapped, that ends on line `end`: where it begins.
pub fn introduction(lines: &[&str], end: usize) -> Option<usize> {
    let last = bare(lines.get(end)?).trim_end_matches(['*', ' ']);
    if !last.ends_with([':', '：']) && !last.ends_with(">:") {
        return None;
    }
    let depth = quote_depth(lines[end]);
    let same = |at: usize| !is_blank(bare(lines[at])) && quote_depth(lines[at]) == depth;
    let mut start = end;
    let mut facts = Facts::of(last);
    while !facts.suffice() || wants_more(lines, start, &facts) {
        if start == 0 || end - start + 1 >= MOST_WRAPPED || !same(start - 1) {
            break;
        }
        let more = facts.and(&Facts::of(bare(lines[start - 1])));
        if facts.suffice()
            && more == facts
            && !bare(lines[start - 1]).ends_with('<')
            && !leads(lines[start - 1])
        {
            break;
        }
        start -= 1;
        facts = more;
    }
    facts.suffice().then_some(start)
}

/// What speaks for an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    verb: bool,
    address: bool,
    date: bool,
}

impl Facts {
    fn of(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self { verb: false, address: false, date: false };
        }
        let lower = words::lower(text);
        let words: Vec<&str> = lower
            .split(|c: char| c.is_whitespace() || ":：,<>\"".contains(c))
            .filter(|w| !w.is_empty())
            .collect();
        let phrase =
            |verb: &&str| if verb.contains(' ') { lower.contains(*verb) } else { words.contains(verb) };
        Self {
            verb: words::WROTE.iter().any(phrase)
                || words::WROTE_INSIDE.iter().any(|verb| lower.contains(verb)),
            address: lower.split(|c: char| c.is_whitespace() || "<>()[]:;,\"".contains(c)).any(is_address),
            date: has_date(&lower),
        }
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            verb: self.verb || other.verb,
            address: self.address || other.address,
            date: self.date || other.date,
        }
    }

    fn suffice(&self) -> bool {
        [self.verb, self.address, self.date].into_iter().filter(|fact| *fact).count() >= 2
    }
}

/// An introduction without its date, or in the middle of a name and address, begins further up.
fn wants_more(lines: &[&str], start: usize, facts: &Facts) -> bool {
    let Some(above) = start.checked_sub(1).map(|at| bare(lines[at])) else { return false };
    (!facts.date && has_date(&above.to_lowercase()))
        || above.ends_with('<')
        || (!leads(lines[start]) && leads(above))
}

fn leads(line: &str) -> bool {
    let line = words::lower(bare(line));
    let begins =
        |word: &&str| line.strip_prefix(*word).is_some_and(|rest| rest.starts_with([' ', '\u{a0}', ',']));
    words::LEAD.iter().any(begins) && has_date(&line)
}

fn is_address(word: &str) -> bool {
    let word = word.strip_prefix("mailto:").unwrap_or(word);
    word.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && domain.len() > 3)
}

/// A year, or a time of day.
fn has_date(text: &str) -> bool {
    let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    let year = digits.iter().any(|n| n.len() == 4 && (n.starts_with("19") || n.starts_with("20")));
    let clock = text.as_bytes().windows(4).any(|w| {
        w[0].is_ascii_digit()
            && (w[1] == b':' || w[1] == b'.')
            && w[2].is_ascii_digit()
            && w[3].is_ascii_digit()
    });
    year || clock
}

fn quote_depth(line: &str) -> usize {
    line.chars().take_while(|c| *c == '>' || c.is_whitespace()).filter(|c| *c == '>').count()
}
