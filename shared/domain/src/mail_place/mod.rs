//! To which ticket a mail belongs, and by what signal. Knowing the id of a mail is not being in its conversation: apart
//! from the signed address of a ticket, a signal counts only for a writer who takes part, or a colleague. Pure.

use crate::{address::EmailAddress, id::TicketId, mail::Signal, subject, time::Timestamp};

/// How long a subject alone can lead back to a ticket, in milliseconds.
pub const FRESH: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a mail says about where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The mailbox it came for.
    pub mailbox: &'a str,
    /// Who wrote it.
    pub writer: &'a EmailAddress,
    /// The writer has an account here.
    pub is_colleague: bool,
    /// Its subject.
    pub subject: &'a str,
    /// It refers to other mails at all.
    pub refers: bool,
    /// Now.
    pub now: Timestamp,
}

/// A ticket that something in the mail names.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What names it.
    pub signal: Signal,
    /// The ticket.
    pub ticket: TicketId,
    /// Its mailbox.
    pub mailbox: String,
    /// Its customer's address.
    pub customer: EmailAddress,
    /// The writer's profile is that of the customer, or the writer stands in a mail of the ticket.
    pub takes_part: bool,
    /// Its subject, bare, as of its newest mail.
    pub base_subject: String,
    /// When somebody last wrote in it.
    pub last_message_at: Timestamp,
}

/// Where a mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The ticket it joins; `None`: it opens one.
    pub ticket: Option<TicketId>,
    /// What decided.
    pub signal: Signal,
    /// One sentence for people.
    pub detail: &'static str,
}

/// The place of a mail among the tickets it names, the surest signal first.
pub fn place(letter: &Letter<'_>, hits: &[Hit]) -> Place {
    let mut ordered: Vec<&Hit> = hits.iter().filter(|hit| hit.mailbox == letter.mailbox).collect();
    ordered.sort_by_key(|hit| rank(hit.signal));
    if let Some(hit) = ordered.iter().find(|hit| counts(letter, hit)) {
        return Place { ticket: Some(hit.ticket), signal: hit.signal, detail: why(letter, hit) };
    }
    let foreign = ordered.iter().any(|hit| rank(hit.signal) < rank(Signal::Subject));
    let detail = match (foreign, letter.refers) {
        (true, _) => "it refers to the ticket of another customer, so it opened a ticket of its own",
        (false, true) => {
            "it refers to mails that this mailbox does not know, so it opened a ticket of its own"
        }
        (false, false) => "the first mail of a thread",
    };
    Place { ticket: None, signal: Signal::New, detail }
}

fn rank(signal: Signal) -> usize {
    Signal::ALL.iter().position(|known| *known == signal).unwrap_or(usize::MAX)
}

fn counts(letter: &Letter<'_>, hit: &Hit) -> bool {
    match hit.signal {
        Signal::Token => true,
        Signal::MessageId | Signal::References | Signal::StoredId => hit.takes_part || letter.is_colleague,
        Signal::Participant => hit.takes_part,
        Signal::Subject => {
            let base = subject::base(letter.subject);
            let is_fresh = hit.last_message_at.plus(FRESH) >= letter.now;
            let same = !base.is_empty() && base == hit.base_subject && hit.customer == *letter.writer;
            same && is_fresh && !letter.refers && subject::is_answer(letter.subject)
        }
        Signal::New | Signal::Moved | Signal::Split => false,
    }
}

fn why(letter: &Letter<'_>, hit: &Hit) -> &'static str {
    match hit.signal {
        Signal::Token if hit.takes_part || letter.is_colleague => {
            "it was sent to the signed address of this ticket"
        }
        Signal::Token => "it was sent to the signed address of this ticket, by somebody who is new to it",
        Signal::MessageId => "a reply to our mail of this ticket (In-Reply-To, signed by us)",
        Signal::References => "it refers to an older mail of ours in this ticket (References, signed by us)",
        Signal::Participant => "its subject names this ticket, and its writer takes part in it",
        Signal::Subject => "an answer with this ticket's subject, by its customer, within a week",
        _ => "the same thread as an earlier mail of this ticket (In-Reply-To or References)",
    }
}

#[cfg(test)]
mod tests;
