//! Why a mail did not arrive, by the words servers use and the code they give.

use super::{codes::Status, phrases::TABLE};

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no such mailbox.
    NoSuchUser,
    /// There is no such domain, or it has no mail server.
    NoSuchHost,
    /// The customer has another address now.
    Moved,
    /// The domain takes no mail at all (RFC 7505, RFC 1846).
    TakesNoMail,
    /// The mailbox is full.
    MailboxFull,
    /// The mailbox is switched off for now.
    Suspended,
    /// The mail is too large.
    TooLarge,
    /// It looks like spam, or like malware.
    Spam,
    /// The server does not like ours: reputation, authentication, relaying, a policy.
    Refused,
    /// It could not be reached in time, or still is being tried.
    Delayed,
    /// The server is broken.
    Broken,
    /// Something else.
    Other,
}

impl Reason {
    /// The address will never take a mail.
    pub fn is_hard(self) -> bool {
        matches!(self, Self::NoSuchUser | Self::NoSuchHost | Self::Moved | Self::TakesNoMail)
    }

    /// One sentence for people; what the other server said, where we have no better word.
    pub fn words(self, diagnostic: &str) -> String {
        let known = match self {
            Self::NoSuchUser => "there is no such mailbox",
            Self::NoSuchHost => "there is no mail server for this address",
            Self::Moved => "the customer has another address now",
            Self::TakesNoMail => "this domain takes no mail",
            Self::MailboxFull => "the mailbox is full",
            Self::Suspended => "the mailbox is switched off",
            Self::TooLarge => "the mail is too large for the other side",
            Self::Spam => "the other side took it for spam",
            Self::Refused => "the other side refuses mail from our server",
            Self::Delayed => "the other server could not be reached in time",
            Self::Broken => "the other server is out of order",
            Self::Other => "",
        };
        match (known.is_empty(), diagnostic.is_empty()) {
            (true, true) => "the mail could not be delivered".to_owned(),
            (true, false) => diagnostic.to_owned(),
            (false, true) => known.to_owned(),
            (false, false) => format!("{known} ({diagnostic})"),
        }
    }

    /// The code where none is given: it was given up unless the report says that it was not.
    pub fn usual_status(self, action: &str) -> Status {
        Status::general(if action == "delayed" || self == Self::Delayed { 4 } else { 5 })
    }
}

/// The reason in what a server said; the words `around` it say at which step.
pub fn of(told: &str, around: &str, status: Option<Status>, action: &str) -> Reason {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let (told, around) = (squeezed(told), squeezed(around));
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| told.contains(phrase));
    let step = |phrases: &[&str]| phrases.iter().any(|phrase| around.contains(phrase));
    let by_words = TABLE.iter().find(|(_, phrases)| has(phrases)).map(|(reason, _)| *reason);
    let by_code = status.map_or(Reason::Other, of_code);
    match by_words {
        // who refuses the sender, or a mail it has read, knows the mailbox, whatever it says
        Some(Reason::NoSuchUser) if step(REFUSED_LATER) || (step(REFUSED_SENDER) && !step(&["rcpt to"])) => {
            Reason::Refused
        }
        Some(reason) => reason,
        None if by_code == Reason::Other && action == "delayed" => Reason::Delayed,
        None if by_code == Reason::Other && has(&["mailbox unavailable"]) => Reason::Suspended,
        None => by_code,
    }
}

/// The server said so after it had the whole mail.
const REFUSED_LATER: &[&str] = &["in reply to end of data", "after end of data", "after sending the message"];
/// The server said so to the sender's address.
const REFUSED_SENDER: &[&str] = &["after mail from", "in reply to mail from", ">>> mail from"];

/// RFC 3463 §3.
fn of_code(status: Status) -> Reason {
    match (status.class, status.subject, status.detail) {
        (5, 1, 0 | 1 | 3) => Reason::NoSuchUser,
        (_, 1, 2) | (5, 4, 4) => Reason::NoSuchHost,
        (_, 1, 6) => Reason::Moved,
        (_, 1, 10) => Reason::TakesNoMail,
        (_, 2, 1) => Reason::Suspended,
        (_, 2, 2) => Reason::MailboxFull,
        (_, 2 | 3, 3 | 4) => Reason::TooLarge,
        (_, 3, _) => Reason::Broken,
        (_, 4, _) => Reason::Delayed,
        (_, 6, _) => Reason::Spam,
        (_, 7, _) => Reason::Refused,
        _ => Reason::Other,
    }
}
