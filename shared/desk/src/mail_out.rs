//! The work for the notifier of one mail. The thread is looked at when the mail leaves, not when it was written: it
//! answers what the customer wrote last.

use bus::{Packet, topic::OUTBOUND_EMAIL};
use domain::{
    AuthorKind, EmailAddress, Message, MessageId, NamedAddress, Settings, Timestamp,
    event::{OutboundEmail, QuotedMail, TicketView},
    mail::{MailKind, MailView, Signal, WhyHere},
    mail_answer::Recipients,
};

use crate::{
    Desk, DeskError,
    hand_over::Leaving,
    mail_tag::MailTag,
    mail_thread, settings, signatures,
    store::{
        Tx, departures, mail_answers, mail_ids,
        messages::{self, LastMail},
        outbox,
    },
};

/// Longest quote, in characters: whoever answers has the whole mail.
const LONGEST_QUOTE: usize = 20_000;

/// Writes the work.
///
/// # Errors
/// An address cannot be written to; the database refuses.
pub(crate) async fn write(
    desk: &Desk,
    tx: &mut Tx,
    leaving: Leaving<'_>,
    now: Timestamp,
) -> Result<Packet, DeskError> {
    let Leaving { message, ticket, .. } = leaving;
    let view = &ticket.ok_or_else(|| DeskError::Refused("a mail without a ticket".into()))?.view;
    let from = address(leaving.inbox)?;
    let chosen = mail_answers::recipients(tx, message.id).await?.unwrap_or_default();
    let last = messages::last_mail(tx, view.id).await?;
    let subject = chosen.subject.clone().unwrap_or_else(|| subject_of_answer(&last, view));
    let references = mail_thread::references(&last.references, last.mail_id.as_deref());
    let mail_id = desk.mail_id(message, &from);
    departures::set_mail(tx, message.id, &subject, &mail_id, &references.join(" ")).await?;
    mail_ids::add(tx, leaving.inbox, &mail_id, view.id, message.id, true).await?;
    let settings = settings::current(&mut **tx).await?;
    let by_agent = message.author.kind == AuthorKind::Agent;
    let signs = by_agent && !chosen.without_signature;
    let signature = if signs { signature(tx, &settings, &from, message).await? } else { None };
    let quote = (by_agent && settings.email.quote).then(|| quote(&last, view)).flatten();
    let (to, more_to) = to(&chosen, leaving.recipient, view)?;
    let (reply_to, bounces_to) = desk.ways_back(&from, message, view);
    let work = OutboundEmail {
        message_id: message.id,
        from_name: Some(settings.mail_name(&from).to_owned()),
        from,
        to: to.address,
        to_name: to.name,
        more_to,
        cc: chosen.cc,
        bcc: chosen.bcc,
        reply_to,
        bounces_to,
        signature,
        quote,
        subject,
        text: message.text.clone(),
        mail_id,
        in_reply_to: last.mail_id,
        references,
        automatic: !by_agent,
        attachments: message.attachments.clone(),
        html: None,
        unsubscribe: None,
    };
    outbox::add(tx, OUTBOUND_EMAIL, leaving.key, now, &work).await
}

/// What a mail of ours shows besides its text, as far as it is known when it is written.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn shown(
    tx: &mut Tx,
    view: &TicketView,
    chosen: Option<&Recipients>,
    why: &str,
) -> Result<Option<Box<MailView>>, DeskError> {
    let last = messages::last_mail(tx, view.id).await?;
    let chosen = chosen.cloned().unwrap_or_default();
    let (Ok(from), Ok((to, more_to))) = (address(&view.inbox), to(&chosen, &view.profile.address, view))
    else {
        return Ok(None);
    };
    Ok(Some(Box::new(MailView {
        subject: chosen.subject.unwrap_or_else(|| subject_of_answer(&last, view)),
        subject_changed: false,
        from: from.into(),
        to: [to].into_iter().chain(more_to).collect(),
        cc: chosen.cc,
        reply_to: Vec::new(),
        kind: MailKind::Human,
        forwarded_by: None,
        trust: None,
        why_here: WhyHere { signal: Signal::New, detail: why.to_owned() },
        security: Vec::new(),
        has_html: false,
        original: false,
        unreadable: None,
        appointments: Vec::new(),
    })))
}

impl Desk {
    /// Where bounces of a mail about a chat go: to the mailbox it is from, or, where it is from another address, to the
    /// first one.
    pub(crate) fn chat_bounces(&self, from: &EmailAddress, message: MessageId) -> Option<EmailAddress> {
        let outside = self.outside.as_ref()?;
        let mut mailboxes = [from].into_iter().chain(self.channels().mailboxes.first());
        mailboxes.find_map(|mailbox| outside.bounce_address(mailbox, MailTag::Bounce(message)))
    }

    /// The `Message-ID` of a mail of ours: signed, and made from its id, so that a repeat has the same one.
    fn mail_id(&self, message: &Message, mailbox: &EmailAddress) -> String {
        match &self.outside {
            Some(outside) => {
                let tag = outside.mail_tags().written(MailTag::MailId(message.id), mailbox);
                format!("{tag}@{}", mailbox.domain())
            }
            None => mail_thread::mail_id(message.id, mailbox.domain()),
        }
    }

    /// Where answers go, and where bounces do.
    fn ways_back(
        &self,
        mailbox: &EmailAddress,
        message: &Message,
        view: &TicketView,
    ) -> (Option<EmailAddress>, Option<EmailAddress>) {
        let Some(outside) = &self.outside else { return (None, None) };
        (
            outside.mail_address(mailbox, MailTag::Ticket(view.id)),
            outside.bounce_address(mailbox, MailTag::Bounce(message.id)),
        )
    }
}

/// The subject of an answer: that of the customer's newest mail, which may be another than the ticket's.
pub(crate) fn subject_of_answer(last: &LastMail, view: &TicketView) -> String {
    mail_thread::reply_subject(last.subject.as_deref().or(view.subject.as_deref()).unwrap_or_default())
}

fn address(text: &str) -> Result<EmailAddress, DeskError> {
    EmailAddress::parse(text).map_err(|error| DeskError::Refused(error.to_string()))
}

/// The first of `To`, and the others.
fn to(
    chosen: &Recipients,
    customer: &str,
    view: &TicketView,
) -> Result<(NamedAddress, Vec<NamedAddress>), DeskError> {
    match chosen.to.split_first() {
        Some((first, others)) => Ok((first.clone(), others.to_vec())),
        None => {
            let name = view.profile.name.clone();
            Ok((NamedAddress { address: address(customer)?, name }, Vec::new()))
        }
    }
}

async fn signature(
    tx: &mut Tx,
    settings: &Settings,
    mailbox: &EmailAddress,
    message: &Message,
) -> Result<Option<String>, DeskError> {
    let author = message.author.id.zip(message.author.name.as_deref());
    let is_person = match author {
        Some((id, _)) => mail_answers::is_person(tx, id).await?,
        None => false,
    };
    let person = author.filter(|_| is_person);
    signatures::under(tx, settings, mailbox, person).await
}

fn quote(last: &LastMail, view: &TicketView) -> Option<QuotedMail> {
    let text: String = last.text.trim().chars().take(LONGEST_QUOTE).collect();
    let (at, address) = (last.sent_at?, &view.profile.address);
    let by = view.profile.name.as_ref().map_or_else(|| address.clone(), |name| format!("{name} <{address}>"));
    (!text.is_empty()).then_some(QuotedMail { by, at, text })
}
