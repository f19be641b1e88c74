//! A delivery failure: who did not get the mail, why, for good or for now, and which mail it was. Reports are read
//! (RFC 3464); where there is none, the words that mail servers write for people. Pure.

use mail_parser::{Message, MimeHeaders, PartType};

mod codes;
mod phrases;
mod reason;
mod report;
mod words;

pub use codes::Status;
pub use reason::Reason;

/// Most recipients of one failure that are kept.
const MOST: usize = 50;
/// Bytes of a report, or of the text for people, that are looked at.
const LONGEST: usize = 256 * 1024;
/// Addresses of the failure itself that are looked at.
const MOST_OWN: usize = 100;

/// A recipient that did not get a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// The address; empty where the mail names none.
    pub recipient: String,
    /// The enhanced status (RFC 3463); its class says whether it was given up.
    pub status: Status,
    /// The SMTP reply, where one is quoted.
    pub reply_code: Option<u16>,
    /// Why.
    pub reason: Reason,
    /// The other server's words, on one line.
    pub diagnostic: String,
    /// The report says that it will be tried again.
    pub delayed: bool,
}

impl Undelivered {
    /// The address will never take a mail: writing again is of no use.
    pub fn is_hard(&self) -> bool {
        self.reason.is_hard()
    }

    /// The server still tries: only a delay is told.
    pub fn is_delay(&self) -> bool {
        self.delayed
    }
}

/// A delivery failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounce {
    /// Everybody who did not get it.
    pub recipients: Vec<Undelivered>,
    /// `Message-ID` of the mail that failed, without brackets.
    pub original_id: Option<String>,
}

/// Reads a mail that is known to be a delivery failure.
pub fn read(message: &Message<'_>) -> Bounce {
    let reports = texts(
        message,
        &["message/delivery-status", "message/global-delivery-status", "message/xdelivery-status"],
    );
    let spoken = spoken(message);
    let (words, quoted) = words::split(&spoken);
    let mut recipients: Vec<Undelivered> =
        reported(reports.iter().flat_map(|text| report::recipients(text)), &words);
    if recipients.is_empty() {
        recipients = reported(report::recipients(&words).into_iter(), &words);
    }
    if recipients.is_empty() {
        let failed = message.header_raw("X-Failed-Recipients").unwrap_or_default();
        recipients = words::recipients(&words, failed, &own_addresses(message));
    }
    recipients.truncate(MOST);
    Bounce { recipients, original_id: original_id(message, quoted) }
}

/// The first ones only: for each, the words are gone through.
fn reported(found: impl Iterator<Item = report::Found>, words: &str) -> Vec<Undelivered> {
    found.take(MOST).map(|found| judge(found, words)).collect()
}

/// What a report says of a recipient, with the words of the text where it says little.
fn judge(found: report::Found, words: &str) -> Undelivered {
    let near = words::near(words, &found.recipient);
    let told = if found.diagnostic.trim().is_empty() { near.clone() } else { found.diagnostic.clone() };
    let inner = codes::innermost(&told);
    let status = codes::best([inner, found.status, codes::innermost(&near)], codes::reply_code(&told));
    let reason = match reason::of(&told, &near, status, &found.action) {
        Reason::Other => reason::of(&near, &near, status, &found.action),
        reason => reason,
    };
    Undelivered {
        recipient: found.recipient,
        reply_code: codes::reply_code(&told).or_else(|| codes::reply_code(&near)),
        status: status.unwrap_or_else(|| reason.usual_status(&found.action)),
        reason,
        diagnostic: one_line(&told),
        delayed: found.action == "delayed" || words::will_try_again(&near),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}

/// The contents of the parts of some types, as text.
fn texts(message: &Message<'_>, types: &[&str]) -> Vec<String> {
    let of_type = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|ct| {
            let whole = format!("{}/{}", ct.ctype(), ct.subtype().unwrap_or_default()).to_ascii_lowercase();
            types.contains(&whole.as_str())
        })
    };
    message
        .parts
        .iter()
        .filter(of_type)
        .map(|part| {
            let contents = part.contents();
            String::from_utf8_lossy(&contents[..contents.len().min(LONGEST)]).into_owned()
        })
        .take(MOST)
        .collect()
}

/// The text for people, of the first parts that have one.
fn spoken(message: &Message<'_>) -> String {
    let mut text = String::new();
    for part in message.parts.iter().take(20) {
        match &part.body {
            PartType::Text(words) => text.push_str(words),
            PartType::Html(html) if text.trim().is_empty() => text.push_str(&crate::html::to_text(html)),
            PartType::Message(_) => break,
            _ => continue,
        }
        text.truncate(text.floor_char_boundary(text.len().min(LONGEST)));
        text.push('\n');
    }
    text
}

/// The addresses the failure itself was sent to: never those that did not get the mail.
fn own_addresses(message: &Message<'_>) -> Vec<String> {
    let to = message.to().into_iter().chain(message.from()).flat_map(|list| list.iter());
    to.filter_map(|one| one.address().map(str::to_lowercase)).take(MOST_OWN).collect()
}

fn original_id(message: &Message<'_>, quoted: &str) -> Option<String> {
    let inner = message.parts.iter().find_map(|part| match &part.body {
        PartType::Message(inner) => inner.message_id().map(str::to_owned),
        _ => None,
    });
    let headers = || {
        texts(message, &["text/rfc822-headers", "message/rfc822-headers"]).iter().find_map(|text| id_in(text))
    };
    inner.or_else(headers).or_else(|| id_in(quoted)).filter(|id| !id.is_empty())
}

/// `Message-ID: <x>` in quoted headers.
fn id_in(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.trim_start_matches(['>', ' ']).split_once(':')?;
        key.eq_ignore_ascii_case("message-id").then(|| value.trim().trim_matches(['<', '>']).to_owned())
    })
}
