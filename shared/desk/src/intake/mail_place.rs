//! Which ticket a mail belongs to: what the database knows of what the mail names. The decision is the domain's.

use std::collections::HashMap;

use domain::{
    EmailAddress, MessageId, TicketId,
    event::InboundEmail,
    mail::Signal,
    mail_place::{Hit, Letter, Place, place},
    subject,
};

use super::batch::Batch;
use crate::{
    Desk, DeskError,
    mail_tag::MailTag,
    store::{
        addresses::KnownProfile,
        mail_ids::KnownMail,
        mail_tickets,
        rows::{self, TicketRow},
    },
};

/// Where this mail goes, of a writer with this profile.
pub(super) async fn find(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    known: &HashMap<String, KnownMail>,
    profile: &KnownProfile,
    is_colleague: bool,
) -> Result<Place, DeskError> {
    let mut named = by_ids(mail, known);
    named.extend(by_address(batch.desk, mail).map(|ticket| (Signal::Token, ticket)));
    if let Some(number) = subject::ticket_number(&mail.subject) {
        let ticket = mail_tickets::numbered(&mut batch.tx, mail.mailbox.as_str(), number).await?;
        named.extend(ticket.map(|ticket| (Signal::Participant, ticket)));
    }
    let base = subject::base(&mail.subject);
    if mail.refers_to.is_empty() && !base.is_empty() {
        let ticket = mail_tickets::about(&mut batch.tx, mail.mailbox.as_str(), profile.id, &base).await?;
        named.extend(ticket.map(|ticket| (Signal::Subject, ticket)));
    }
    let mut hits = Vec::new();
    for (signal, ticket) in named {
        let row = rows::ticket_by_id(&batch.desk.store, &mut *batch.tx, ticket).await?;
        if let Some(hit) = match row {
            Some(row) => seen(batch, &row, signal, mail, profile, &base).await?,
            None => None,
        } {
            hits.push(hit);
        }
    }
    let letter = Letter {
        mailbox: mail.mailbox.as_str(),
        writer: &mail.from,
        is_colleague,
        subject: &mail.subject,
        refers: !mail.refers_to.is_empty(),
        now: batch.now,
    };
    Ok(place(&letter, &hits))
}

/// The tickets of the ids it refers to, each by its surest id.
fn by_ids(mail: &InboundEmail, known: &HashMap<String, KnownMail>) -> Vec<(Signal, TicketId)> {
    let mut named: Vec<(Signal, TicketId)> = Vec::new();
    for (place, id) in mail.refers_to.iter().enumerate() {
        let Some(found) = known.get(id) else { continue };
        let signal = match (found.outbound, place) {
            (true, 0) => Signal::MessageId,
            (true, _) => Signal::References,
            (false, _) => Signal::StoredId,
        };
        if !named.contains(&(signal, found.ticket)) {
            named.push((signal, found.ticket));
        }
    }
    named
}

/// The ticket whose signed address it was sent to: by the envelope, else by its head, where forwarders leave it alone.
fn by_address(desk: &Desk, mail: &InboundEmail) -> Option<TicketId> {
    let tags = desk.outside.as_ref()?.mail_tags();
    let envelope = EmailAddress::parse(&mail.recipient).ok();
    let head = mail.to.iter().chain(&mail.cc).map(|one| &one.address);
    envelope.iter().chain(head).find_map(|address| match tags.of_address(address, &mail.mailbox)? {
        MailTag::Ticket(ticket) => Some(ticket),
        _ => None,
    })
}

/// The message whose signed bounce address it was sent to.
pub(super) fn bounced(desk: &Desk, mail: &InboundEmail) -> Option<MessageId> {
    let recipient = EmailAddress::parse(&mail.recipient).ok()?;
    match desk.outside.as_ref()?.mail_tags().of_address(&recipient, &mail.mailbox)? {
        MailTag::Bounce(message) => Some(message),
        _ => None,
    }
}

async fn seen(
    batch: &mut Batch<'_>,
    row: &TicketRow,
    signal: Signal,
    mail: &InboundEmail,
    profile: &KnownProfile,
    base: &str,
) -> Result<Option<Hit>, DeskError> {
    let view = &row.view;
    let Ok(customer) = EmailAddress::parse(&view.profile.address) else { return Ok(None) };
    let takes_part =
        view.profile.id == profile.id || mail_tickets::stands_in(&mut batch.tx, view.id, &mail.from).await?;
    let subject = view.subject.as_deref().unwrap_or_default();
    Ok(Some(Hit {
        signal,
        ticket: view.id,
        mailbox: view.inbox.clone(),
        customer,
        takes_part,
        // a ticket found by its subject was found by that of one of its mails
        base_subject: if signal == Signal::Subject { base.to_owned() } else { subject::base(subject) },
        last_message_at: view.last_message_at,
    }))
}
