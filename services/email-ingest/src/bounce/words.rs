//! What mail servers write for people when they send no report.

use super::{Reason, Undelivered, codes, one_line, reason};

/// Beginnings, in lower case, of the line behind which the failed mail is quoted.
const ORIGINAL_BELOW: &[&str] = &[
    "--- below this line is a copy of the message",
    "------ this is a copy of the message",
    "--- original message follows",
    "message headers follow",
    "original message headers",
    "----- original message",
    "----- message header follows",
    "---------- original message",
    "--- this is a copy of",
    "your original message",
    "received: ",
    "return-path: ",
    "your message reads",
    "the header of the original message",
    "message header follows",
    "original message follows",
    "content of the message follows",
];
/// Lines around an address that are looked at for its words.
const AROUND: usize = 12;
/// Most addresses of a text that are looked at: each is compared with all others.
const MOST_NAMED: usize = 200;

/// The words for people, and the mail that is quoted below them.
pub fn split(text: &str) -> (String, &str) {
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let lower = line.trim_start().to_lowercase();
        if index > 1 && ORIGINAL_BELOW.iter().any(|start| lower.starts_with(start)) {
            return (text[..at].to_owned(), &text[at..]);
        }
        at += line.len();
    }
    (text.to_owned(), "")
}

/// The lines around the first place that names an address.
pub fn near(words: &str, address: &str) -> String {
    let lines: Vec<&str> = words.lines().collect();
    let lower = |line: &&str| line.to_lowercase();
    let at = lines.iter().position(|line| !address.is_empty() && lower(line).contains(address));
    let Some(at) = at else { return words.lines().take(60).collect::<Vec<_>>().join("\n") };
    let others = |line: &&&str| addresses(line).any(|other| other != address);
    let more = lines[at + 1..].iter().take(AROUND - 1).take_while(|line| !others(line));
    [lines[at]].into_iter().chain(more.copied()).collect::<Vec<_>>().join("\n")
}

/// The recipients that a text names, each with the words that follow it. `own` are the addresses of the report itself.
pub fn recipients(words: &str, failed: &str, own: &[String]) -> Vec<Undelivered> {
    let lines: Vec<&str> = words.lines().collect();
    let place =
        |address: &str| lines.iter().position(|line| line.to_lowercase().contains(address)).unwrap_or(0);
    let mut named: Vec<(String, usize)> = addresses(failed)
        .take(MOST_NAMED)
        .map(|address| (place(&address), address))
        .map(|(at, a)| (a, at))
        .collect();
    for (at, line) in lines.iter().enumerate() {
        for address in addresses(line) {
            let known = named.iter().any(|(known, _)| *known == address) || own.contains(&address);
            if !known && !is_daemon(&address) && named.len() < MOST_NAMED {
                named.push((address, at));
            }
        }
    }
    if named.is_empty() {
        return vec![of(String::new(), words)];
    }
    named.sort_by_key(|(_, at)| *at);
    let starts: Vec<usize> = named.iter().map(|(_, at)| *at).collect();
    let told = |index: usize, at: usize| {
        let next = starts.get(index + 1).copied().filter(|next| *next > at).unwrap_or(lines.len());
        lines[at..next.max(at + 1).min(lines.len()).min(at + 3 * AROUND)].join("\n")
    };
    let found: Vec<Undelivered> = named
        .iter()
        .enumerate()
        .map(|(index, (address, at))| of(address.clone(), &told(index, *at)))
        .collect();
    let telling: Vec<Undelivered> = found.iter().filter(|one| tells(one)).cloned().collect();
    match telling.is_empty() {
        true => vec![of(named[0].0.clone(), words)],
        false => telling,
    }
}

fn tells(one: &Undelivered) -> bool {
    one.reason != Reason::Other || one.reply_code.is_some()
}

fn of(recipient: String, told: &str) -> Undelivered {
    let reply = codes::reply_code(told);
    let status = codes::best([codes::innermost(told)], reply);
    let reason = reason::of(told, told, status, "");
    Undelivered {
        recipient,
        status: status.unwrap_or_else(|| reason.usual_status("")),
        reply_code: reply,
        reason,
        diagnostic: one_line(told),
        delayed: will_try_again(told),
    }
}

fn addresses(line: &str) -> impl Iterator<Item = String> {
    let words = line.split(|c: char| c.is_whitespace() || "<>()[]\"',;:|".contains(c));
    let is_address = |word: &&str| {
        word.split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
    };
    words.map(|word| word.trim_matches(['.', '=', '`'])).filter(is_address).map(str::to_lowercase)
}

fn is_daemon(address: &str) -> bool {
    ["mailer-daemon@", "postmaster@"].iter().any(|start| address.starts_with(start))
}

/// Whether a text says that the server goes on trying.
pub fn will_try_again(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "will be retried",
        "still being retried",
        "only a temporary failure",
        "do not need to re",
        "will keep trying",
        "will continue to try",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}
