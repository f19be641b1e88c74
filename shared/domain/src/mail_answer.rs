//! To whom an answer by mail goes. "Reply" goes to who wrote; "reply all" also to whoever else was in the mail, never to
//! ourselves. Pure.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::address::{EmailAddress, NamedAddress};

/// Local parts at which nobody reads.
const NOBODY: &[&str] = &[
    "no-reply",
    "noreply",
    "do-not-reply",
    "donotreply",
    "no_reply",
    "do_not_reply",
    "mailer-daemon",
    "postmaster",
];

/// To whom a mail of ours goes and under which subject, as its writer chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipients {
    /// `To`; never empty once it is written.
    pub to: Vec<NamedAddress>,
    /// `Cc`.
    pub cc: Vec<NamedAddress>,
    /// Get it without standing in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<EmailAddress>,
    /// The subject, where its writer chose one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// No signature stands under it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub without_signature: bool,
}

/// The mail that is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The customer of the ticket: who wrote, with all that is known of forwards.
    pub customer: Option<NamedAddress>,
    /// Its `From`.
    pub from: Option<NamedAddress>,
    /// Its `Reply-To`.
    pub reply_to: Vec<NamedAddress>,
    /// Its `To`.
    pub to: Vec<NamedAddress>,
    /// Its `Cc`.
    pub cc: Vec<NamedAddress>,
    /// The colleague who passed it on to us.
    pub forwarded_by: Option<EmailAddress>,
    /// It came over a mailing list.
    pub is_list: bool,
}

/// What is ours, and therefore never answered.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    mailboxes: HashSet<EmailAddress>,
}

impl Ours {
    /// The public and the inbound addresses of every mailbox.
    pub fn new(mailboxes: impl IntoIterator<Item = EmailAddress>) -> Self {
        Self { mailboxes: mailboxes.into_iter().collect() }
    }

    /// One of our mailboxes, also with a `+tag`.
    pub fn is_mailbox(&self, address: &EmailAddress) -> bool {
        self.mailboxes.contains(address) || self.mailboxes.contains(&address.without_tag())
    }

    /// An address of a domain of ours at which nobody reads.
    fn is_nobody(&self, address: &EmailAddress) -> bool {
        let ours = self.mailboxes.iter().any(|mailbox| mailbox.domain() == address.domain());
        ours && NOBODY.contains(&address.local_and_tag().0)
    }

    fn takes_no_answer(&self, address: &EmailAddress) -> bool {
        self.is_mailbox(address) || self.is_nobody(address)
    }
}

/// To whom "reply all" goes.
///
/// * `To`: where the writer wants answers (`Reply-To`), else who wrote. A mail that a colleague passed on, or that a list
///   brought, is answered to who wrote it: a list's `Reply-To` would put the answer before everybody.
/// * `Cc`: everybody else in `To` and `Cc`, once.
/// * Never one of our mailboxes, never a no-reply address of ours, never the colleague who passed it on.
pub fn reply_all(mail: &Answered, ours: &Ours) -> Recipients {
    let mut seen = HashSet::new();
    if let Some(by) = &mail.forwarded_by {
        seen.insert(by.without_tag());
    }
    let mut take = |from: &[NamedAddress]| -> Vec<NamedAddress> {
        let fits = |one: &&NamedAddress| !ours.takes_no_answer(&one.address);
        from.iter().filter(fits).filter(|one| seen.insert(one.address.clone())).cloned().collect()
    };
    let honoured = mail.forwarded_by.is_none() && !mail.is_list;
    let mut to = if honoured { take(&mail.reply_to) } else { Vec::new() };
    if to.is_empty() {
        to = take(mail.customer.as_slice());
    }
    if to.is_empty() {
        to = take(mail.from.as_slice());
    }
    // who wrote gets the answer where they asked for it, not twice
    drop((take(mail.customer.as_slice()), take(mail.from.as_slice())));
    let (mut cc, others) = if mail.is_list { Default::default() } else { (take(&mail.to), take(&mail.cc)) };
    cc.extend(others);
    Recipients { to, cc, ..Recipients::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<NamedAddress> {
        let one = |word: &str| NamedAddress::from(EmailAddress::parse(word).unwrap());
        text.split_whitespace().map(one).collect()
    }

    fn shown(list: &[NamedAddress]) -> String {
        list.iter().map(|one| one.address.as_str()).collect::<Vec<_>>().join(" ")
    }

    struct Case {
        says: &'static str,
        from: &'static str,
        reply_to: &'static str,
        to: &'static str,
        cc: &'static str,
        forwarded_by: Option<&'static str>,
        is_list: bool,
        answer: (&'static str, &'static str),
    }

    const PLAIN: Case = Case {
        says: "",
        from: "anna@kunde.example",
        reply_to: "",
        to: "support@example.com",
        cc: "",
        forwarded_by: None,
        is_list: false,
        answer: ("anna@kunde.example", ""),
    };

    #[test]
    fn an_answer_goes_to_everybody_but_ourselves() {
        let cases = [
            Case { says: "who wrote, and nobody else", ..PLAIN },
            Case {
                says: "whoever else was in To or Cc is in Cc, once",
                to: "support@example.com ben@kunde.example",
                cc: "carla@kunde.example ben@kunde.example anna@kunde.example",
                answer: ("anna@kunde.example", "ben@kunde.example carla@kunde.example"),
                ..PLAIN
            },
            Case {
                says: "Reply-To is honoured, and who wrote is not asked twice",
                reply_to: "orders@kunde.example",
                cc: "anna@kunde.example",
                answer: ("orders@kunde.example", ""),
                ..PLAIN
            },
            Case {
                says: "several in Reply-To",
                reply_to: "a@kunde.example b@kunde.example",
                answer: ("a@kunde.example b@kunde.example", ""),
                ..PLAIN
            },
            Case {
                says: "a Reply-To that leads to ourselves is none",
                reply_to: "support@example.com support+tabc@in.example.net",
                ..PLAIN
            },
            Case {
                says: "none of our mailboxes, in whatever form",
                to: "support@example.com sales@example.com support@in.example.net",
                cc: "support+x@example.com support+tabc@in.example.net",
                ..PLAIN
            },
            Case {
                says: "no no-reply address of ours; one of theirs may stay",
                cc: "noreply@example.com no-reply@example.com no-reply@kunde.example",
                answer: ("anna@kunde.example", "no-reply@kunde.example"),
                ..PLAIN
            },
            Case {
                says: "a colleague in Cc who is no mailbox stays",
                cc: "kim@example.com",
                answer: ("anna@kunde.example", "kim@example.com"),
                ..PLAIN
            },
            Case {
                says: "the colleague who passed it on is left out, and so is their Reply-To",
                reply_to: "kim@example.com",
                cc: "kim@example.com ben@kunde.example",
                forwarded_by: Some("kim@example.com"),
                answer: ("anna@kunde.example", "ben@kunde.example"),
                ..PLAIN
            },
            Case {
                says: "a list is not written to: who wrote gets it alone",
                reply_to: "list@lists.example",
                to: "list@lists.example",
                cc: "ben@kunde.example",
                is_list: true,
                ..PLAIN
            },
            Case {
                says: "a mail from ourselves has nobody to answer",
                from: "support@example.com",
                answer: ("", ""),
                ..PLAIN
            },
        ];
        let ours = Ours::new(
            named("support@example.com sales@example.com support@in.example.net")
                .into_iter()
                .map(|one| one.address),
        );
        for case in cases {
            let mail = Answered {
                customer: named(case.from).pop(),
                from: named(case.from).pop(),
                reply_to: named(case.reply_to),
                to: named(case.to),
                cc: named(case.cc),
                forwarded_by: case.forwarded_by.map(|by| by.parse().unwrap()),
                is_list: case.is_list,
            };
            let answer = reply_all(&mail, &ours);
            assert_eq!(
                (shown(&answer.to), shown(&answer.cc)),
                (case.answer.0.to_owned(), case.answer.1.to_owned()),
                "{}",
                case.says
            );
        }
    }

    #[test]
    fn the_customer_goes_before_the_from_of_a_form() {
        let mail = Answered {
            customer: named("anna@kunde.example").pop(),
            from: named("form@shop.example").pop(),
            ..Answered::default()
        };
        assert_eq!(shown(&reply_all(&mail, &Ours::default()).to), "anna@kunde.example");
    }
}
