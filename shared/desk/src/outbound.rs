//! What the organisation writes: the message, the ticket's touch and the work for the notifier, in the transaction of
//! whoever asked. Whether it may be written is the caller's question.

use bus::{
    Packet,
    topic::{MESSAGE_QUEUED, OUTBOUND_EMAIL, OUTBOUND_SMS},
};
use domain::{
    Address, Author, AuthorKind, Channel, Direction, EmailAddress, Message, MessageId, MessageStatus,
    PhoneNumber, ProfileId, TicketId, Timestamp,
    event::{MessageAdded, OutboundEmail, OutboundSms},
    message::Attachment,
    segments,
};
use uuid::Uuid;

use crate::{
    Desk, DeskError, mail_thread, settings,
    store::{
        Tx, mail_ids, messages,
        messages::{MailFacts, NewMessage},
        outbox,
        rows::TicketRow,
        ticket_write,
    },
    text,
};

/// A message to write.
#[derive(Clone, Debug)]
pub(crate) struct NewOutbound {
    /// Its id, new or named.
    pub id: MessageId,
    /// Who writes.
    pub author: Author,
    /// The text.
    pub text: String,
    /// Files that lie there already; the message takes them.
    pub attachments: Vec<Attachment>,
    /// Whether consent is checked again at the moment of sending (D3).
    pub needs_consent: bool,
    /// Why it is in this ticket, in one sentence.
    pub why: String,
}

/// Queues a message of a ticket that the transaction has locked (a chat's is sent at once: the nodes push it). The
/// ticket is changed, saved, and counts one version more.
///
/// # Errors
/// The address cannot be written to; a file is taken; the database refuses.
pub(crate) async fn queue(
    desk: &Desk,
    tx: &mut Tx,
    ticket: &mut TicketRow,
    new: NewOutbound,
) -> Result<(Message, Vec<Packet>), DeskError> {
    let now = desk.now();
    let message = written(new.id, ticket.view.channel, ticket.view.id, ticket.last_seq + 1, &new, now);
    touch(ticket, &message);
    ticket_write::save(tx, ticket, now).await?;
    let mut packets = match ticket.view.channel {
        Channel::Sms => vec![send_sms(tx, ticket, &message, new.needs_consent, now).await?],
        Channel::Email => vec![send_email(tx, ticket, &message, now).await?],
        Channel::Chat => {
            messages::insert(tx, row(ticket, &message, None, new.needs_consent, now)).await?;
            Vec::new()
        }
    };
    messages::take_files(tx, message.id, &message.attachments).await?;
    let event = MessageAdded {
        ticket: ticket.view.clone(),
        message: text::for_event(&message),
        session: ticket.session,
        opened: false,
        sms_consent: ticket.sms_consent,
    };
    packets.insert(0, outbox::add(tx, MESSAGE_QUEUED, &format!("msg:{}", message.id), now, &event).await?);
    Ok((message, packets))
}

/// Queues a text to somebody who has no ticket: the answer to a keyword (B2).
///
/// # Errors
/// The database refuses.
pub(crate) async fn queue_without_ticket(
    desk: &Desk,
    tx: &mut Tx,
    profile: ProfileId,
    (from, to): (&PhoneNumber, &PhoneNumber),
    new: NewOutbound,
) -> Result<Packet, DeskError> {
    let now = desk.now();
    let message = written(new.id, Channel::Sms, TicketId(Uuid::nil()), 0, &new, now);
    let row = NewMessage {
        message: &message,
        ticket: None,
        profile,
        channel: Channel::Sms,
        inbox: from.as_str(),
        external: None,
        mail: None,
        needs_consent: new.needs_consent,
        version: 0,
        now,
    };
    messages::insert(tx, row).await?;
    let work = OutboundSms { message_id: message.id, from: from.clone(), to: to.clone(), text: message.text };
    outbox::add(tx, OUTBOUND_SMS, &format!("out:{}", message.id), now, &work).await
}

fn written(
    id: MessageId,
    channel: Channel,
    ticket_id: TicketId,
    seq: i64,
    new: &NewOutbound,
    now: Timestamp,
) -> Message {
    let text = text::clean(&new.text);
    let segments =
        (channel == Channel::Sms).then(|| i64::try_from(segments::count(&text).count).unwrap_or(i64::MAX));
    Message {
        id,
        ticket_id,
        seq,
        direction: Direction::Out,
        author: new.author.clone(),
        text,
        html: None,
        attachments: new.attachments.clone(),
        status: if channel == Channel::Chat { MessageStatus::Sent } else { MessageStatus::Queued },
        error: None,
        segments,
        sent_at: now,
        why: new.why.clone(),
        client_id: None,
    }
}

/// What a message of ours does to its ticket. Robots do not move it up the list, nor hide what the customer said.
fn touch(ticket: &mut TicketRow, message: &Message) {
    ticket.last_seq = message.seq;
    let by_robot = matches!(message.author.kind, AuthorKind::Keyword | AuthorKind::AutoResponder);
    if !by_robot {
        ticket.view.preview = text::preview(&message.text, message.attachments.len());
        ticket.view.last_message_at = ticket.view.last_message_at.max(message.sent_at);
    }
    if message.author.kind == AuthorKind::Agent {
        ticket.view.first_response_at.get_or_insert(message.sent_at);
    }
}

fn row<'a>(
    ticket: &'a TicketRow,
    message: &'a Message,
    mail: Option<MailFacts<'a>>,
    needs_consent: bool,
    now: Timestamp,
) -> NewMessage<'a> {
    NewMessage {
        message,
        ticket: Some(ticket.view.id),
        profile: ticket.view.profile.id,
        channel: ticket.view.channel,
        inbox: &ticket.view.inbox,
        external: None,
        mail,
        needs_consent,
        version: ticket.view.version,
        now,
    }
}

async fn send_sms(
    tx: &mut Tx,
    ticket: &TicketRow,
    message: &Message,
    needs_consent: bool,
    now: Timestamp,
) -> Result<Packet, DeskError> {
    let Address::Phone(to) = Address::of_sms_sender(&ticket.view.profile.address) else {
        return Err(domain::ticket::ReplyRefusal::Unreachable.into());
    };
    let from =
        PhoneNumber::parse(&ticket.view.inbox).map_err(|error| DeskError::Refused(error.to_string()))?;
    messages::insert(tx, row(ticket, message, None, needs_consent, now)).await?;
    let work = OutboundSms { message_id: message.id, from, to, text: message.text.clone() };
    outbox::add(tx, OUTBOUND_SMS, &format!("out:{}", message.id), now, &work).await
}

async fn send_email(
    tx: &mut Tx,
    ticket: &TicketRow,
    message: &Message,
    now: Timestamp,
) -> Result<Packet, DeskError> {
    let view = &ticket.view;
    let address =
        |text: &str| EmailAddress::parse(text).map_err(|error| DeskError::Refused(error.to_string()));
    let (from, to) = (address(&view.inbox)?, address(&view.profile.address)?);
    let last = messages::last_mail(tx, view.id).await?;
    let subject =
        mail_thread::reply_subject(last.subject.as_deref().or(view.subject.as_deref()).unwrap_or_default());
    let references = mail_thread::references(&last.references, last.mail_id.as_deref());
    let mail_id = mail_thread::mail_id(message.id, from.domain());
    let joined = references.join(" ");
    let mail = MailFacts { subject: &subject, mail_id: Some(&mail_id), references: &joined, raw: None };
    messages::insert(tx, row(ticket, message, Some(mail), true, now)).await?;
    mail_ids::add(tx, &view.inbox, &mail_id, view.id, message.id, true).await?;
    let organization = settings::current(&mut **tx).await?.organization;
    let work = OutboundEmail {
        message_id: message.id,
        from,
        from_name: Some(organization.name),
        to,
        to_name: view.profile.name.clone(),
        subject,
        text: message.text.clone(),
        mail_id,
        in_reply_to: last.mail_id,
        references,
        automatic: message.author.kind != AuthorKind::Agent,
        attachments: message.attachments.clone(),
    };
    outbox::add(tx, OUTBOUND_EMAIL, &format!("out:{}", message.id), now, &work).await
}
