//! A mail (B4, C-E): which ticket it belongs to is decided by Message-IDs we know, and only for the ticket's customer.

use std::collections::HashMap;

use domain::{
    Address, AuthorKind, Channel, MessageId, MessageStatus, TicketId, Timestamp,
    event::{InboundEmail, MailKind},
    message::DeliveryError,
};

use super::{
    batch::{Batch, Outcome},
    delivery,
    landing::{self, Effect, Incoming, NewTicket},
    profile::whose,
};
use crate::{
    DeskError, entropy,
    ledger::LedgerState,
    store::{
        addresses::KnownProfile,
        mail_ids::{self, KnownMail},
        messages::{self, MailFacts},
        rows::TicketRow,
    },
    text,
};

/// Longest reason of a bounce that is shown with the message it is about, in characters.
const LONGEST_REASON: usize = 300;
/// A `Date` that far from our own clock is not believed, in milliseconds.
const BELIEVED: i64 = 24 * 60 * 60 * 1000;

/// Takes in a mail.
pub(super) async fn take_in(batch: &mut Batch<'_>, mail: &InboundEmail) -> Result<Outcome, DeskError> {
    let ids: Vec<&str> = mail.message_id.iter().chain(&mail.refers_to).map(String::as_str).collect();
    let known = mail_ids::find(&batch.desk.store, &mut batch.tx, mail.mailbox.as_str(), &ids).await?;
    let own = mail.message_id.as_ref().and_then(|id| known.get(id)).copied();
    if own.is_some_and(|own| own.outbound) {
        return Ok(Outcome::ledger(LedgerState::Robot, "our own mail came back to us"));
    }
    if mail.kind == MailKind::Bounce
        && let Some(ours) = mail.refers_to.iter().filter_map(|id| known.get(id)).find(|known| known.outbound)
    {
        return bounce(batch, mail, *ours).await;
    }
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
    match thread_of(batch, mail, &known, &profile).await? {
        Thread::Of(ticket, why) => reply(batch, mail, *ticket, &profile, why).await,
        Thread::New(why) => open(batch, mail, &profile, why).await,
    }
}

enum Thread {
    Of(Box<TicketRow>, &'static str),
    New(&'static str),
}

/// The first mail it refers to that we know and whose ticket is this customer's. Knowing a Message-ID is not being the
/// customer: anybody who was in copy knows it.
async fn thread_of(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    known: &HashMap<String, KnownMail>,
    profile: &KnownProfile,
) -> Result<Thread, DeskError> {
    let mut seen = Vec::new();
    for hit in mail.refers_to.iter().filter_map(|id| known.get(id)) {
        if seen.contains(&hit.ticket) {
            continue;
        }
        seen.push(hit.ticket);
        let row = batch.ticket(hit.ticket).await?;
        if let Some(row) = row.filter(|row| row.view.profile.id == profile.id) {
            return Ok(Thread::Of(
                Box::new(row),
                if hit.outbound {
                    "a reply to our mail of this ticket (In-Reply-To or References)"
                } else {
                    "the same thread as an earlier mail of this ticket (In-Reply-To or References)"
                },
            ));
        }
    }
    Ok(Thread::New(match (mail.refers_to.is_empty(), seen.is_empty()) {
        (true, _) => "the first mail of a thread",
        (false, true) => {
            "it refers to mails that this mailbox does not know, so it opened a ticket of its own"
        }
        (false, false) => "it refers to the ticket of another customer, so it opened a ticket of its own",
    }))
}

async fn reply(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    mut ticket: TicketRow,
    profile: &KnownProfile,
    why: &str,
) -> Result<Outcome, DeskError> {
    let references = joined(mail);
    let effect = if mail.kind == MailKind::AutoReply { Effect::Quiet } else { Effect::Opens };
    let incoming = incoming(batch, mail, &references, AuthorKind::Customer, effect, why);
    let message = incoming.id;
    landing::add(batch, &mut ticket, profile, incoming).await?;
    remember(batch, mail, ticket.view.id, message).await?;
    Ok(Outcome::ticket(why, ticket.view.id, message, profile.id))
}

async fn open(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    profile: &KnownProfile,
    why: &str,
) -> Result<Outcome, DeskError> {
    let references = joined(mail);
    let incoming = incoming(batch, mail, &references, AuthorKind::Customer, Effect::Opens, why);
    let message = incoming.id;
    let subject = text::line(&mail.subject);
    let new = NewTicket {
        id: TicketId::new(batch.now, &entropy()),
        channel: Channel::Email,
        inbox: mail.mailbox.as_str(),
        address: mail.from.as_str(),
        reachable: true,
        session: None,
        subject: (!subject.is_empty()).then_some(subject),
        last_seq: 0,
    };
    let ticket = landing::open(batch, profile, new, incoming).await?;
    remember(batch, mail, ticket, message).await?;
    Ok(Outcome::ticket(why, ticket, message, profile.id))
}

/// A mail of ours did not arrive: its message says so, and the bounce is put beside it.
async fn bounce(batch: &mut Batch<'_>, mail: &InboundEmail, ours: KnownMail) -> Result<Outcome, DeskError> {
    let row = batch.ticket(ours.ticket).await?;
    let mut ticket =
        row.ok_or_else(|| DeskError::Refused("a known mail is of a ticket that is not there".into()))?;
    let customer = &ticket.view.profile;
    let profile = KnownProfile { id: customer.id, name: customer.name.clone(), blocked: customer.blocked };
    let references = joined(mail);
    let why = "a delivery failure of our mail of this ticket";
    let incoming = incoming(batch, mail, &references, AuthorKind::System, Effect::Unread, why);
    let message = incoming.id;
    landing::add(batch, &mut ticket, &profile, incoming).await?;
    remember(batch, mail, ticket.view.id, message).await?;
    let error = DeliveryError { code: "bounced".into(), reason: reason_of(mail) };
    delivery::advance(batch, ours.message, MessageStatus::Failed, Some(error)).await?;
    Ok(Outcome::ticket(why, ticket.view.id, message, profile.id))
}

fn reason_of(mail: &InboundEmail) -> String {
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

fn incoming<'a>(
    batch: &Batch<'_>,
    mail: &'a InboundEmail,
    references: &'a str,
    author: AuthorKind,
    effect: Effect,
    why: &str,
) -> Incoming<'a> {
    Incoming {
        id: MessageId::new(batch.now, &entropy()),
        author,
        text: text::clean(&mail.text),
        html: mail.html.as_deref().map(text::clean),
        attachments: mail.attachments.clone(),
        sent_at: sent_at(mail.sent_at, mail.received_at),
        why: why.to_owned(),
        client_id: None,
        segments: None,
        external: None,
        mail: Some(MailFacts {
            subject: &mail.subject,
            mail_id: mail.message_id.as_deref(),
            references,
            raw: Some(&mail.raw),
        }),
        effect,
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
