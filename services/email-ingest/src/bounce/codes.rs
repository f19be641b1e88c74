//! Status codes in what servers say: `550` (RFC 5321 §4.2) and `5.1.1` (RFC 3463).

use std::fmt;

/// An enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// 2 delivered, 4 not now, 5 never.
    pub class: u16,
    /// What it concerns: 1 the address, 2 the mailbox, 4 the network, 7 a policy.
    pub subject: u16,
    /// Which of these.
    pub detail: u16,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Status {
    /// `5.0.0`.
    pub fn general(class: u16) -> Self {
        Self { class, subject: 0, detail: 0 }
    }

    /// Reads `5.1.1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.').map(|n| n.parse::<u16>().ok().filter(|_| n.len() <= 3));
        let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
        (matches!(class, 2 | 4 | 5) && numbers.next().is_none()).then_some(Self { class, subject, detail })
    }

    fn is_vague(self) -> bool {
        self.subject == 0 && self.detail == 0
    }
}

/// Words of a text that may be codes: cut at everything that is neither digit nor dot.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "<>()[]{}#;:,\"'=/-".contains(c))
        .map(|word| word.trim_end_matches('.'))
}

/// The last enhanced code of a failure in a text: servers quote each other, the innermost one knows.
pub fn innermost(text: &str) -> Option<Status> {
    let all: Vec<Status> = words(text).filter_map(Status::parse).filter(|status| status.class != 2).collect();
    all.iter().rev().find(|status| !status.is_vague()).or(all.last()).copied()
}

/// The last SMTP reply of a failure in a text.
pub fn reply_code(text: &str) -> Option<u16> {
    let code = |word: &str| word.parse::<u16>().ok().filter(|n| word.len() == 3 && matches!(n, 400..=599));
    words(text)
        .filter_map(code)
        .filter(|n| matches!(n, 421 | 422 | 432 | 450..=459 | 471 | 500..=559 | 571 | 577))
        .last()
}

/// The most telling of several codes; where none tells, the class of the reply.
pub fn best<const N: usize>(candidates: [Option<Status>; N], reply: Option<u16>) -> Option<Status> {
    let known = || candidates.iter().flatten().filter(|status| status.class != 2);
    let telling = known().find(|status| !status.is_vague()).or_else(|| known().next()).copied();
    telling.or_else(|| reply.map(|code| Status::general(code / 100)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_failure_counts() {
        for (text, status, reply) in [
            ("550 5.1.1 <a@x.org>: no such user", Some("5.1.1"), Some(550)),
            ("554 4.4.7 expired <421 4.4.2 Connection timed out>", Some("4.4.2"), Some(421)),
            ("no mailbox here (#5.1.1 - chkusr)", Some("5.1.1"), None),
            ("version 3.7.11 of 192.0.2.25", None, None),
            ("250 2.0.0 ok", None, None),
        ] {
            assert_eq!(innermost(text).map(|s| s.to_string()).as_deref(), status, "{text}");
            assert_eq!(reply_code(text), reply, "{text}");
        }
    }
}
