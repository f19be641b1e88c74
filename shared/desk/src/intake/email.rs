//! A mail (B4, C-E): its bounces, its own copies, its ticket.

use std::collections::HashMap;

use domain::{
    Address, AuthorKind, Channel, EmailAddress, MessageId, MessageStatus, TicketId, Timestamp,
    event::{InboundEmail, MailKind},
    mail::{Signal, WhyHere},
    message::DeliveryError,
    subject,
};

use super::{
    batch::{Batch, Outcome},
    chat_mail, delivery, erased,
    landing::{self, Effect, Incoming, NewTicket},
    mail_place, mail_view, mailbox,
    profile::whose,
    trust,
};
use crate::{
    DeskError, entropy,
    ledger::LedgerState,
    store::{
        addresses::KnownProfile,
        departures,
        mail_ids::{self, KnownMail},
        mail_tickets,
        messages::{self, MailFacts},
        rows::TicketRow,
    },
    text,
};

/// Longest reason of a bounce that is shown with the message it is about, in characters.
const LONGEST_REASON: usize = 300;
/// A `Date` that far from our own clock is not believed, in milliseconds.
const BELIEVED: i64 = 24 * 60 * 60 * 1000;
/// Older mails of a new conversation that are remembered as its own.
const MOST_REFERENCES: usize = 20;

/// Takes in a mail.
pub(super) async fn take_in(batch: &mut Batch<'_>, mail: &InboundEmail) -> Result<Outcome, DeskError> {
    if let Some(outcome) = mailbox::take_in(batch, mail).await? {
        return Ok(outcome);
    }
    let ids: Vec<&str> = mail.message_id.iter().chain(&mail.refers_to).map(String::as_str).collect();
    let known = mail_ids::find(&batch.desk.store, &mut batch.tx, mail.mailbox.as_str(), &ids).await?;
    let own = mail.message_id.as_ref().and_then(|id| known.get(id)).copied();
    if own.is_some_and(|own| own.outbound) {
        return Ok(Outcome::ledger(LedgerState::Robot, "our own mail came back to us"));
    }
    if let Some(id) = &mail.message_id
        && own.is_none()
        && erased::is_mail(batch, mail.mailbox.as_str(), id).await?
    {
        return Ok(Outcome::erased());
    }
    if mail.kind == MailKind::Bounce
        && let Some((ours, signal)) = bounced(batch, mail, &known).await?
    {
        return bounce(batch, mail, ours, signal).await;
    }
    if let Some(chat) = chat_mail::answered(batch, mail, &known).await? {
        return chat_mail::take_in(batch, mail, chat).await;
    }
    let is_colleague = mail_tickets::is_colleague(&mut batch.tx, &mail.from).await?;
    let unwrapped = if is_colleague { passed_on(mail, &known) } else { None };
    let (mail, by) = match &unwrapped {
        Some((customers, colleague)) => (customers, Some(colleague)),
        None => (mail, None),
    };
    let profile =
        whose(batch, &Address::Email(mail.from.clone()), text::name(mail.from_name.as_deref())).await?;
    if profile.blocked {
        return Ok(Outcome::blocked(profile.id));
    }
    if let Some(own) = own
        && messages::says(&mut batch.tx, own.message, profile.id, &text::clean(&mail.text)).await?
    {
        let reason = "the same mail (Message-ID, sender and text) came another way before";
        return Ok(Outcome { ticket: Some(own.ticket), ..Outcome::ledger(LedgerState::Duplicate, reason) });
    }
    if by.is_some() {
        let why = "a colleague passed it on: it opened a ticket of its writer";
        return open(batch, mail, &profile, (why, by)).await;
    }
    let place = mail_place::find(batch, mail, &known, &profile, is_colleague).await?;
    let ticket = match place.ticket {
        Some(ticket) => batch.ticket(ticket).await?,
        None => None,
    };
    match ticket {
        Some(ticket) => reply(batch, mail, ticket, &profile, (place.signal, place.detail)).await,
        None => open(batch, mail, &profile, (place.detail, None)).await,
    }
}

/// A mail that a colleague passed on, as its writer's, with the colleague's address: only our own people may speak for
/// somebody else, and only to begin a conversation.
fn passed_on(
    mail: &InboundEmail,
    known: &HashMap<String, KnownMail>,
) -> Option<(InboundEmail, EmailAddress)> {
    let is_new = !mail.refers_to.iter().any(|id| known.contains_key(id));
    let original = mail.forwarded.as_ref().filter(|_| is_new && mail.kind == MailKind::Human)?;
    if original.from == mail.mailbox || original.from == mail.from {
        return None;
    }
    let mut customers = mail.clone();
    customers.from = original.from.clone();
    customers.from_name.clone_from(&original.from_name);
    let subject = original.subject.clone().filter(|subject| !subject.is_empty());
    customers.subject = subject.unwrap_or_else(|| subject::bare(&mail.subject).to_owned());
    customers.reply_text = Some(original.text.clone()).filter(|text| !text.trim().is_empty());
    (customers.refers_to, customers.references) = (Vec::new(), Vec::new());
    Some((customers, mail.from.clone()))
}

async fn reply(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    mut ticket: TicketRow,
    profile: &KnownProfile,
    (signal, why): (Signal, &str),
) -> Result<Outcome, DeskError> {
    let references = joined(mail);
    let base = subject::base(&mail.subject);
    let effect = if mail.kind == MailKind::AutoReply { Effect::Quiet } else { Effect::Opens };
    let seen = seen(&ticket, signal, why);
    let incoming = incoming(batch, mail, (&references, &base), AuthorKind::Customer, effect, seen);
    let message = incoming.id;
    landing::add(batch, &mut ticket, profile, incoming).await?;
    remember(batch, mail, ticket.view.id, message).await?;
    trust::ask(batch, mail, message)?;
    Ok(Outcome::ticket(why, ticket.view.id, message, profile.id))
}

async fn open(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    profile: &KnownProfile,
    (why, by): (&str, Option<&EmailAddress>),
) -> Result<Outcome, DeskError> {
    let references = joined(mail);
    let base = subject::base(&mail.subject);
    let why_here = WhyHere { signal: Signal::New, detail: why.to_owned() };
    let seen = Seen { of_ticket: None, why: why_here, by: by.cloned() };
    let incoming = incoming(batch, mail, (&references, &base), AuthorKind::Customer, Effect::Opens, seen);
    let message = incoming.id;
    let subject = text::line(&mail.subject);
    let new = NewTicket {
        id: TicketId::new(batch.now, &entropy()),
        channel: Channel::Email,
        inbox: mail.mailbox.as_str(),
        address: mail.from.as_str(),
        reachable: true,
        session: None,
        chat: None,
        subject: (!subject.is_empty()).then_some(subject),
        last_seq: 0,
    };
    let ticket = landing::open(batch, profile, new, incoming).await?;
    remember(batch, mail, ticket, message).await?;
    trust::ask(batch, mail, message)?;
    // whoever answers an older mail of this conversation, one that never came here, joins it
    for id in mail.references.iter().rev().take(MOST_REFERENCES) {
        mail_ids::add(&mut batch.tx, mail.mailbox.as_str(), id, ticket, message, false).await?;
    }
    Ok(Outcome::ticket(why, ticket, message, profile.id))
}

/// Which of our mails a bounce is about: by the signed address it was sent to, which nobody can make up, else by the
/// ids it names.
async fn bounced(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    known: &HashMap<String, KnownMail>,
) -> Result<Option<(KnownMail, Signal)>, DeskError> {
    if let Some(message) = mail_place::bounced(batch.desk, mail)
        && let Some(ticket) = departures::ticket_of(&mut batch.tx, message).await?
    {
        return Ok(Some((KnownMail { ticket, message, outbound: true }, Signal::Token)));
    }
    let ours = mail.refers_to.iter().filter_map(|id| known.get(id)).find(|known| known.outbound);
    Ok(ours.map(|ours| (*ours, Signal::MessageId)))
}

/// A mail of ours did not arrive: its message says so, and the bounce is put beside it.
async fn bounce(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    ours: KnownMail,
    signal: Signal,
) -> Result<Outcome, DeskError> {
    let row = batch.ticket(ours.ticket).await?;
    let Some(mut ticket) = row else { return Ok(Outcome::erased()) };
    let customer = &ticket.view.profile;
    let profile = KnownProfile { id: customer.id, name: customer.name.clone(), blocked: customer.blocked };
    let references = joined(mail);
    let delayed = !mail.undelivered.is_empty() && mail.undelivered.iter().all(|one| one.delayed);
    let why = match delayed {
        true => "our mail of this ticket is late: the other side is still being tried",
        false => "a delivery failure of our mail of this ticket",
    };
    let base = subject::base(&mail.subject);
    let seen = Seen { of_ticket: None, ..seen(&ticket, signal, why) };
    let incoming = incoming(batch, mail, (&references, &base), AuthorKind::System, Effect::Unread, seen);
    let message = incoming.id;
    landing::add(batch, &mut ticket, &profile, incoming).await?;
    remember(batch, mail, ticket.view.id, message).await?;
    if !delayed {
        let error = DeliveryError { code: code_of(mail), reason: reason_of(mail) };
        delivery::advance(batch, ours.message, MessageStatus::Failed, Some(error)).await?;
    }
    Ok(Outcome::ticket(why, ticket.view.id, message, profile.id))
}

/// `5.1.1` of the first who will not get it, else only that it came back.
fn code_of(mail: &InboundEmail) -> String {
    let failed = mail.undelivered.iter().find(|one| !one.delayed);
    failed.map_or_else(|| "bounced".to_owned(), |one| text::line(&one.status))
}

fn reason_of(mail: &InboundEmail) -> String {
    if let Some(one) = mail.undelivered.iter().find(|one| !one.delayed) {
        return text::line(&one.reason).chars().take(LONGEST_REASON).collect();
    }
    let words = text::line(&mail.text).split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = if words.is_empty() { text::line(&mail.subject) } else { words };
    shown.chars().take(LONGEST_REASON).collect()
}

async fn remember(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    ticket: TicketId,
    message: MessageId,
) -> Result<(), DeskError> {
    let Some(id) = &mail.message_id else { return Ok(()) };
    mail_ids::add(&mut batch.tx, mail.mailbox.as_str(), id, ticket, message, false).await
}

fn joined(mail: &InboundEmail) -> String {
    text::line(&mail.references.join(" "))
}

/// Where a mail was put, and why.
struct Seen {
    /// The subject of the ticket it joins.
    of_ticket: Option<String>,
    why: WhyHere,
    /// The colleague who passed it on.
    by: Option<EmailAddress>,
}

fn seen(ticket: &TicketRow, signal: Signal, why: &str) -> Seen {
    Seen { of_ticket: ticket.view.subject.clone(), why: WhyHere { signal, detail: why.to_owned() }, by: None }
}

fn incoming<'a>(
    batch: &Batch<'_>,
    mail: &'a InboundEmail,
    (references, base_subject): (&'a str, &'a str),
    author: AuthorKind,
    effect: Effect,
    seen: Seen,
) -> Incoming<'a> {
    Incoming {
        id: MessageId::new(batch.now, &entropy()),
        author,
        text: text::clean(&mail.text),
        html: mail.html.as_deref().map(text::clean),
        attachments: mail.attachments.clone(),
        sent_at: sent_at(mail.sent_at, mail.received_at),
        why: seen.why.detail.clone(),
        client_id: None,
        segments: None,
        external: None,
        media: &[],
        mail: Some(MailFacts {
            subject: &mail.subject,
            mail_id: mail.message_id.as_deref(),
            references,
            raw: Some(&mail.raw),
            base_subject,
        }),
        shown: Some(mail_view::shown(mail, seen.of_ticket.as_deref(), seen.why, seen.by)),
        effect,
        answered: false,
    }
}

/// `Date` where it can be believed, else when we took it in.
fn sent_at(date: Option<Timestamp>, received: Timestamp) -> Timestamp {
    date.filter(|date| *date <= received && date.plus(BELIEVED) >= received).unwrap_or(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_from_another_age_is_not_believed() {
        let at = |millis| Timestamp::from_millis(millis);
        let received = at(1_763_700_000_000);
        assert_eq!(sent_at(Some(at(1_763_699_000_000)), received), at(1_763_699_000_000));
        for odd in [None, Some(at(0)), Some(at(1_763_700_000_001))] {
            assert_eq!(sent_at(odd, received), received);
        }
    }
}
