//! A message from outside lands in a ticket: a new one, or one that is there and may reopen or wake (C-*).

use std::collections::BTreeMap;

use bus::topic::MESSAGE_RECEIVED;
use domain::{
    Author, AuthorKind, Channel, Direction, Message, MessageId, MessageStatus, SessionId, TicketId,
    Timestamp,
    consent::may_text,
    event::{CanReply, CarrierMedia, ChatFacts, FollowUpView, MessageAdded, ProfileSummary, TicketView},
    mail::MailView,
    message::{Attachment, Carried},
    routing::{Event, Placed},
    ticket::{Landing, State},
};
use uuid::Uuid;

use super::{
    attributed,
    batch::Batch,
    media,
    routed::{self, Routed},
};
use crate::{
    DeskError, notices,
    store::{
        addresses::KnownProfile,
        chats,
        messages::{self, MailFacts, NewMessage},
        rows::{TicketRow, consents_of},
        ticket_write,
    },
    text, timers,
};

/// What a message does to the ticket it is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The customer wrote: unread, and the ticket is open whatever it was.
    Opens,
    /// It wants to be seen, but changes no status: a bounce.
    Unread,
    /// It is there for the record: an out-of-office note.
    Quiet,
    /// It is there for the record and not even shown in the list: a keyword.
    Silent,
}

/// A message from outside.
#[derive(Clone, Debug)]
pub(super) struct Incoming<'a> {
    pub id: MessageId,
    pub author: AuthorKind,
    pub text: String,
    pub html: Option<String>,
    pub attachments: Vec<Attachment>,
    pub sent_at: Timestamp,
    pub why: String,
    pub client_id: Option<Uuid>,
    pub segments: Option<i64>,
    /// Carrier, its account, its id.
    pub external: Option<(&'a str, &'a str, &'a str)>,
    /// Files that still lie at the carrier.
    pub media: &'a [CarrierMedia],
    pub mail: Option<MailFacts<'a>>,
    /// What a mail shows besides, and the writer's own words.
    pub shown: Option<(Box<MailView>, Option<String>)>,
    pub effect: Effect,
    /// The desk answers it itself: robots leave it alone.
    pub answered: bool,
}

/// A ticket to open.
#[derive(Clone, Debug)]
pub(super) struct NewTicket<'a> {
    pub id: TicketId,
    pub channel: Channel,
    pub inbox: &'a str,
    pub address: &'a str,
    pub reachable: bool,
    pub session: Option<SessionId>,
    /// Of a chat: the page it begins on and what was filled in before it.
    pub chat: Option<(Option<&'a str>, &'a BTreeMap<String, String>)>,
    pub subject: Option<String>,
    /// A chat's new ticket goes on counting where the session's last one stopped.
    pub last_seq: i64,
}

/// Opens a ticket with its first message.
pub(super) async fn open(
    batch: &mut Batch<'_>,
    profile: &KnownProfile,
    new: NewTicket<'_>,
    mut incoming: Incoming<'_>,
) -> Result<TicketId, DeskError> {
    let id = profile.id.to_string();
    let store = &batch.desk.store;
    let records =
        consents_of(store, &mut *batch.tx, std::slice::from_ref(&id)).await?.remove(&id).unwrap_or_default();
    let number = ticket_write::next_number(store, &mut batch.tx).await?;
    let mut row = TicketRow {
        view: first_view(&new, profile, number, incoming.sent_at, batch.now),
        state: State::Open,
        session: new.session,
        last_seq: new.last_seq,
        reachable: new.reachable,
        sms_consent: false,
        placed: Placed::Nowhere,
    };
    row.set_consent(may_text(&records));
    let message = written(&row, profile, &incoming);
    touch(&mut row, &message, incoming.effect);
    ticket_write::insert(&mut batch.tx, &row).await?;
    if let Some((page, form)) = new.chat {
        chats::begin(&mut batch.tx, row.view.id, page, form).await?;
    }
    let routed = route(batch, &mut row, &message, &mut incoming, Event::Opened).await?;
    if routed.is_some() {
        ticket_write::save(&mut batch.tx, &mut row, batch.now).await?;
    }
    write(batch, &mut row, message, &incoming, (true, routed)).await?;
    Ok(row.view.id)
}

/// Adds a message to a ticket that the transaction has locked and whose state takes it.
pub(super) async fn add(
    batch: &mut Batch<'_>,
    ticket: &mut TicketRow,
    profile: &KnownProfile,
    mut incoming: Incoming<'_>,
) -> Result<(), DeskError> {
    let message = written(ticket, profile, &incoming);
    let mut event = Event::Added;
    if incoming.effect == Effect::Opens {
        match ticket.state.customer_wrote(ticket.view.channel) {
            Landing::Stays => {}
            Landing::Wakes => {
                ticket.set_state(State::Open);
                timers::clear_wake(&mut batch.tx, ticket.view.id).await?;
            }
            Landing::Reopens => {
                ticket.set_state(State::Open);
                event = Event::Reopened;
            }
            Landing::OpensNew => return Err(DeskError::Refused("a closed chat takes no message".into())),
        }
    }
    touch(ticket, &message, incoming.effect);
    let routed = route(batch, ticket, &message, &mut incoming, event).await?;
    ticket_write::save(&mut batch.tx, ticket, batch.now).await?;
    write(batch, ticket, message, &incoming, (false, routed)).await
}

/// Asks the rules, unless nobody wrote who waits for an answer, or the desk answers by itself (B2).
async fn route(
    batch: &mut Batch<'_>,
    ticket: &mut TicketRow,
    message: &Message,
    incoming: &mut Incoming<'_>,
    event: Event,
) -> Result<Option<Routed>, DeskError> {
    if incoming.effect != Effect::Opens || incoming.answered {
        return Ok(None);
    }
    let routed = routed::route(batch, ticket, message, event).await?;
    incoming.answered = routed.as_ref().is_some_and(Routed::answers);
    Ok(routed)
}

fn first_view(
    new: &NewTicket<'_>,
    profile: &KnownProfile,
    number: i64,
    opened: Timestamp,
    now: Timestamp,
) -> TicketView {
    TicketView {
        id: new.id,
        number,
        channel: new.channel,
        inbox: new.inbox.to_owned(),
        status: State::Open.as_str().to_owned(),
        snoozed_until: None,
        subject: new.subject.clone(),
        preview: String::new(),
        profile: ProfileSummary {
            id: profile.id,
            name: profile.name.clone(),
            address: new.address.to_owned(),
            blocked: profile.blocked,
        },
        assignee: None,
        team: None,
        priority: domain::Priority::Normal,
        tags: Vec::new(),
        unread: false,
        created_at: opened,
        updated_at: now,
        last_message_at: opened,
        first_response_at: None,
        waiting_since: None,
        closed_at: None,
        attribution: None,
        can_reply: CanReply { allowed: true, code: None, reason: None },
        visitor_online: new.channel == Channel::Chat,
        chat: new.chat.map(|(page, form)| {
            let follow_up = FollowUpView { status: "here".into(), due_at: None };
            let page = page.map(str::to_owned);
            Box::new(ChatFacts { online: true, page, form: form.clone(), follow_up, ..ChatFacts::default() })
        }),
        version: 1,
    }
}

fn written(ticket: &TicketRow, profile: &KnownProfile, incoming: &Incoming<'_>) -> Message {
    let name = profile.name.clone().unwrap_or_else(|| ticket.view.profile.address.clone());
    let by_customer = matches!(incoming.author, AuthorKind::Customer | AuthorKind::Keyword);
    Message {
        id: incoming.id,
        ticket_id: ticket.view.id,
        seq: ticket.last_seq + 1,
        direction: Direction::In,
        author: Author {
            kind: incoming.author,
            id: by_customer.then_some(profile.id.0),
            name: by_customer.then_some(name),
        },
        text: incoming.text.clone(),
        html: incoming.html.clone(),
        attachments: incoming.attachments.clone(),
        status: MessageStatus::Received,
        error: None,
        segments: incoming.segments,
        sent_at: spoken_at(ticket, incoming.sent_at),
        why: incoming.why.clone(),
        client_id: incoming.client_id,
        carried: Carried { files_pending: media::pending(incoming.media), ..Carried::default() },
        send_at: None,
        reply_text: incoming.shown.as_ref().and_then(|shown| shown.1.clone()),
        mail: incoming.shown.as_ref().map(|shown| shown.0.clone()),
    }
}

/// Visitors read a chat by its numbers, agents by time: one order for both.
fn spoken_at(ticket: &TicketRow, at: Timestamp) -> Timestamp {
    if ticket.view.channel == Channel::Chat { at.max(ticket.view.last_message_at) } else { at }
}

fn touch(ticket: &mut TicketRow, message: &Message, effect: Effect) {
    ticket.last_seq = message.seq;
    if matches!(effect, Effect::Opens | Effect::Unread) {
        ticket.view.unread = true;
    }
    if effect == Effect::Opens {
        ticket.view.waiting_since.get_or_insert(message.sent_at);
    }
    if effect != Effect::Silent {
        ticket.view.preview =
            text::preview(message.reply_text.as_deref().unwrap_or(&message.text), files_of(message));
        ticket.view.last_message_at = ticket.view.last_message_at.max(message.sent_at);
    }
}

/// Those that are here, and those to come.
fn files_of(message: &Message) -> usize {
    message.attachments.len() + usize::try_from(message.carried.files_pending).unwrap_or(0)
}

async fn write(
    batch: &mut Batch<'_>,
    ticket: &mut TicketRow,
    mut message: Message,
    incoming: &Incoming<'_>,
    (opened, routed): (bool, Option<Routed>),
) -> Result<(), DeskError> {
    let row = NewMessage {
        message: &message,
        ticket: Some(ticket.view.id),
        profile: ticket.view.profile.id,
        channel: ticket.view.channel,
        inbox: &ticket.view.inbox,
        external: incoming.external,
        mail: incoming.mail,
        recipient: None,
        quiet_override: false,
        needs_consent: false,
        version: ticket.view.version,
        now: batch.now,
    };
    messages::insert(&mut batch.tx, row).await?;
    messages::add_files(&mut batch.tx, &message, batch.now).await?;
    media::fetch(batch, message.id, &ticket.view.inbox, incoming).await?;
    let closed = ticket.state != State::Open && routed.is_some();
    if let Some(routed) = routed {
        routed::keep(batch, ticket, &message, routed).await?;
    }
    let others = match ticket.view.channel {
        Channel::Sms => attributed::text(batch, ticket, &mut message).await?,
        Channel::Email | Channel::Chat => Vec::new(),
    };
    if incoming.effect == Effect::Opens
        && notices::wanted(batch.settings().await?.as_ref(), ticket.view.channel)
    {
        notices::queue(batch.desk, &mut batch.tx, &message, batch.now).await?;
    }
    let event = MessageAdded {
        ticket: ticket.view.clone(),
        message: text::for_event(&message),
        session: ticket.session,
        opened,
        sms_consent: ticket.sms_consent,
        answered: incoming.answered,
    };
    batch.tell(MESSAGE_RECEIVED, &format!("msg:{}", message.id), &event)?;
    if closed {
        let packet = ticket_write::changed(&mut batch.tx, ticket, batch.now).await?;
        batch.told([packet]);
    }
    attributed::tell(batch, &others).await
}
