//! What the organisation writes: the message, the ticket's touch and the work for the notifier, in the transaction of
//! whoever asked. Whether it may be written is the caller's question.

use bus::{Packet, topic::MESSAGE_QUEUED};
use domain::{
    Author, AuthorKind, Channel, Direction, Message, MessageId, MessageStatus, PhoneNumber, ProfileId,
    TicketId, Timestamp,
    event::MessageAdded,
    mail_answer::Recipients,
    message::{Attachment, Carried},
    segments,
};
use uuid::Uuid;

use crate::{
    Desk, DeskError,
    departure::Wait,
    follow_up,
    hand_over::{self, Leaving},
    links::{self, Shortened},
    mail_out,
    store::{Tx, mail_answers, messages, messages::NewMessage, outbox, rows::TicketRow, ticket_write},
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
    /// To whom a mail goes, where its writer chose.
    pub recipients: Option<Recipients>,
    /// When it leaves.
    pub departure: Departure,
    /// Whether consent is checked again at the moment of sending (D3).
    pub needs_consent: bool,
    /// Why it is in this ticket, in one sentence.
    pub why: String,
}

/// When a message leaves: by default as soon as its number may send it, outside quiet hours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Departure {
    /// Not before then.
    pub send_at: Option<Timestamp>,
    /// In quiet hours too: somebody decided so.
    pub quiet_override: bool,
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
    let (new, links) = match ticket.view.channel {
        Channel::Sms => with_short_links(desk, tx, new).await?,
        Channel::Email | Channel::Chat => (new, Shortened::default()),
    };
    let (channel, place) = (ticket.view.channel, ticket.last_seq + 1);
    let mut message = written(new.id, channel, ticket.view.id, place, &new, now);
    message.carried.links = links.links;
    let send_at = new.departure.send_at;
    let wait = desk.wait_of(tx, &ticket.view.inbox, message.segments, send_at, now).await?;
    message.send_at = wait.map(Wait::at);
    if channel == Channel::Email {
        message.mail = mail_out::shown(tx, &ticket.view, new.recipients.as_ref(), &message.why).await?;
    }
    touch(ticket, &message);
    ticket_write::save(tx, ticket, now).await?;
    messages::insert(tx, row(ticket, &message, &new, now)).await?;
    links::keep(tx, &message, links.original.as_deref(), now).await?;
    messages::take_files(tx, message.id, &message.attachments).await?;
    if let Some(recipients) = &new.recipients {
        mail_answers::set_recipients(tx, message.id, recipients).await?;
    }
    if message.author.kind == AuthorKind::Agent {
        follow_up::refresh(desk, tx, ticket).await?;
    }
    let mut packets = vec![added(tx, ticket, &message, now).await?];
    match wait {
        Some(wait) => desk.set_departure(tx, message.id, &ticket.view.inbox, wait).await?,
        None => {
            let leaving = Leaving {
                message: &message,
                channel,
                inbox: &ticket.view.inbox,
                recipient: &ticket.view.profile.address,
                ticket: Some(ticket),
                key: &hand_over::key(&message, None),
            };
            packets.extend(hand_over::write(desk, tx, leaving, now).await?);
        }
    }
    Ok((message, packets))
}

/// Tells everybody of a message of a locked ticket.
///
/// # Errors
/// The database refuses.
pub(crate) async fn added(
    tx: &mut Tx,
    ticket: &TicketRow,
    message: &Message,
    now: Timestamp,
) -> Result<Packet, DeskError> {
    let event = MessageAdded {
        ticket: ticket.view.clone(),
        message: text::for_event(message),
        session: ticket.session,
        opened: false,
        sms_consent: ticket.sms_consent,
        answered: false,
    };
    outbox::add(tx, MESSAGE_QUEUED, &format!("msg:{}", message.id), now, &event).await
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
) -> Result<Option<Packet>, DeskError> {
    let now = desk.now();
    let (new, links) = with_short_links(desk, tx, new).await?;
    let mut message = written(new.id, Channel::Sms, TicketId(Uuid::nil()), 0, &new, now);
    message.carried.links = links.links;
    let wait = desk.wait_of(tx, from.as_str(), message.segments, new.departure.send_at, now).await?;
    message.send_at = wait.map(Wait::at);
    let row =
        NewMessage { recipient: Some(to.as_str()), ..row_without_ticket(profile, from, &message, &new, now) };
    messages::insert(tx, row).await?;
    links::keep(tx, &message, links.original.as_deref(), now).await?;
    if let Some(wait) = wait {
        desk.set_departure(tx, message.id, from.as_str(), wait).await?;
        return Ok(None);
    }
    let leaving = Leaving {
        message: &message,
        channel: Channel::Sms,
        inbox: from.as_str(),
        recipient: to.as_str(),
        ticket: None,
        key: &hand_over::key(&message, None),
    };
    hand_over::write(desk, tx, leaving, now).await
}

/// The same message with short links in its text (H3): before anything is counted.
async fn with_short_links(
    desk: &Desk,
    tx: &mut Tx,
    new: NewOutbound,
) -> Result<(NewOutbound, Shortened), DeskError> {
    let links = links::shorten(desk, tx, &new.text).await?;
    Ok((NewOutbound { text: links.text.clone(), ..new }, links))
}

/// Writes down a text that another system sent: into the ticket of its customer and number, where there is one, and
/// otherwise into the customer's history. It is not sent again.
///
/// # Errors
/// The database refuses.
pub(crate) async fn record(
    desk: &Desk,
    tx: &mut Tx,
    ticket: Option<&mut TicketRow>,
    profile: ProfileId,
    (from, sent_at): (&PhoneNumber, Timestamp),
    new: NewOutbound,
) -> Result<Vec<Packet>, DeskError> {
    let now = desk.now();
    let place = ticket.as_ref().map_or((TicketId(Uuid::nil()), 0), |row| (row.view.id, row.last_seq + 1));
    let message = Message {
        status: MessageStatus::Sent,
        sent_at,
        ..written(new.id, Channel::Sms, place.0, place.1, &new, now)
    };
    let Some(ticket) = ticket else {
        messages::insert(tx, row_without_ticket(profile, from, &message, &new, now)).await?;
        return Ok(Vec::new());
    };
    touch(ticket, &message);
    ticket_write::save(tx, ticket, now).await?;
    messages::insert(tx, row(ticket, &message, &new, now)).await?;
    Ok(vec![added(tx, ticket, &message, now).await?])
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
        carried: Carried::default(),
        send_at: None,
        reply_text: None,
        mail: None,
    }
}

/// What a message of ours does to its ticket. Robots and campaigns do not move it up the list, nor hide what the
/// customer said.
fn touch(ticket: &mut TicketRow, message: &Message) {
    ticket.last_seq = message.seq;
    let by_robot = matches!(
        message.author.kind,
        AuthorKind::Keyword | AuthorKind::AutoResponder | AuthorKind::Campaign | AuthorKind::Flow
    );
    if !by_robot {
        ticket.view.preview = text::preview(&message.text, message.attachments.len());
        ticket.view.last_message_at = ticket.view.last_message_at.max(message.sent_at);
    }
    if message.send_at.is_none() {
        sent_to(ticket, message);
    }
}

/// What a message that leaves does to its ticket.
pub(crate) fn sent_to(ticket: &mut TicketRow, message: &Message) {
    if message.author.kind == AuthorKind::Agent {
        ticket.view.last_message_at = ticket.view.last_message_at.max(message.sent_at);
        ticket.view.first_response_at.get_or_insert(message.sent_at);
        ticket.view.waiting_since = None;
    }
}

fn row<'a>(ticket: &'a TicketRow, message: &'a Message, new: &NewOutbound, now: Timestamp) -> NewMessage<'a> {
    NewMessage {
        message,
        ticket: Some(ticket.view.id),
        profile: ticket.view.profile.id,
        channel: ticket.view.channel,
        inbox: &ticket.view.inbox,
        external: None,
        mail: None,
        recipient: Some(&ticket.view.profile.address),
        quiet_override: new.departure.quiet_override,
        needs_consent: new.needs_consent,
        version: ticket.view.version,
        now,
    }
}

fn row_without_ticket<'a>(
    profile: ProfileId,
    from: &'a PhoneNumber,
    message: &'a Message,
    new: &NewOutbound,
    now: Timestamp,
) -> NewMessage<'a> {
    NewMessage {
        message,
        ticket: None,
        profile,
        channel: Channel::Sms,
        inbox: from.as_str(),
        external: None,
        mail: None,
        recipient: None,
        quiet_override: new.departure.quiet_override,
        needs_consent: new.needs_consent,
        version: 0,
        now,
    }
}
