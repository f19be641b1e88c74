//! When a message leaves: at once, at a time somebody chose, or at its place in the queue of its number. What waits has a
//! timer; the transaction that takes the timer writes the work for the notifier, so a crash loses nothing and sends once.

use bus::{Packet, topic::MESSAGE_CHANGED};
use domain::{
    AuthorKind, Channel, Message, MessageId, MessageStatus, PhoneNumber, TicketId, Timestamp,
    event::{MessageChanged, TicketView},
    pace::{Pace, ceiling, micros},
};
use uuid::Uuid;

use crate::{
    Desk, DeskError,
    hand_over::{self, Leaving},
    quiet,
    store::{
        Tx, campaigns, conversation, delivery,
        delivery::Outgoing,
        departures, outbox, pace,
        rows::{TicketRow, word},
        ticket_write,
        timers::{self, DueTimer, Timer},
    },
    text,
};

/// The kind of the timer of a message that waits.
pub(crate) const SEND: &str = "send";
/// A number that is later than this, in milliseconds, has its whole queue moved: texts that are late together would
/// leave together.
const LATE: i64 = 150;

/// Longest rest that a carrier gets, in milliseconds.
const LONGEST_REST: i64 = 60 * 60 * 1000;

/// What a message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A time.
    Until(Timestamp),
    /// Its place in the queue of its number.
    Place(Timestamp),
}

impl Wait {
    /// When that is.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Until(at) | Self::Place(at) => at,
        }
    }
}

/// The key of the timer of a message that waits.
pub(crate) fn timer_key(id: MessageId) -> String {
    format!("{SEND}:{id}")
}

/// Whether a message of that author wakes people up. An answer to somebody who just wrote does not (D6).
fn keeps_quiet_hours(author: AuthorKind) -> bool {
    matches!(author, AuthorKind::Agent | AuthorKind::Campaign | AuthorKind::Flow)
}

impl Desk {
    /// What a new message of ours waits for; `None` if it may leave now. A place in the queue of its number is taken in
    /// this transaction: replicas share one queue.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn wait_of(
        &self,
        tx: &mut Tx,
        inbox: &str,
        segments: Option<i64>,
        send_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Wait>, DeskError> {
        if let Some(at) = send_at.filter(|at| *at > now) {
            return Ok(Some(Wait::Until(at)));
        }
        let (Some(segments), Some(pace)) = (segments, self.pace(inbox)) else { return Ok(None) };
        let place = pace::reserve(&self.store, tx, inbox, Some(pace), segments, now).await?;
        Ok((place > now).then_some(Wait::Place(place)))
    }

    fn pace(&self, inbox: &str) -> Option<Pace> {
        self.channels.paces.get(&PhoneNumber::parse(inbox).ok()?).copied()
    }

    /// Has a message that is in the database wait.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn set_departure(
        &self,
        tx: &mut Tx,
        id: MessageId,
        inbox: &str,
        wait: Wait,
    ) -> Result<(), DeskError> {
        let number = matches!(wait, Wait::Place(_)).then_some(inbox);
        let (key, subject) = (timer_key(id), id.to_string());
        let timer = Timer { key: &key, kind: SEND, subject: &subject, due: wait.at(), number };
        self.bell.set(wait.at());
        timers::set(tx, timer).await
    }

    /// Locks, in this order, the queue a message has a place in and the message; its ticket is locked already. Whoever
    /// moves a queue touches every message in it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn lock_after_ticket(
        &self,
        tx: &mut Tx,
        id: MessageId,
    ) -> Result<Option<Outgoing>, DeskError> {
        if let Some(number) = timers::number_of(tx, &timer_key(id)).await? {
            pace::lock(&self.store, tx, &number).await?;
        }
        delivery::lock(&self.store, tx, id).await
    }

    /// Does what a timer of a waiting message asks for.
    ///
    /// # Errors
    /// The database refuses; the timer stays.
    pub(crate) async fn run_departure(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let id = word(&timer.subject_id)?;
        let mut tx = self.store.begin().await?;
        let ticket = match departures::ticket_of(&mut tx, id).await? {
            Some(ticket) => ticket_write::lock(&self.store, &mut tx, ticket).await?,
            None => None,
        };
        if let Some(number) = &timer.number {
            pace::lock(&self.store, &mut tx, number).await?;
        }
        let now = self.now();
        let undo = timers::undo(&mut tx, &timer.key).await?;
        // before the message is locked: if another replica did this, it may be with its carrier by now
        let Some(due) = timers::take_due(&mut tx, &timer.key, now).await? else { return Ok(()) };
        let message = delivery::lock(&self.store, &mut tx, id).await?.filter(Outgoing::waits);
        let Some(message) = message else { return self.commit(tx, Vec::new()).await };
        let late = now.millis() - due.millis();
        if let Some(number) = timer.number.as_deref().filter(|_| late > LATE) {
            pace::shift(&mut tx, number, late).await?;
        }
        let packets = self.go_on(&mut tx, ticket, &message, timer.number.is_some()).await?;
        still_undone_by(&mut tx, &timer.key, undo).await?;
        self.commit(tx, packets).await
    }

    /// A locked message has waited: it leaves, unless it must wait for something else.
    async fn go_on(
        &self,
        tx: &mut Tx,
        ticket: Option<TicketRow>,
        message: &Outgoing,
        has_place: bool,
    ) -> Result<Vec<Packet>, DeskError> {
        let now = self.now();
        if let Some(until) = self.quiet_until(tx, message, now).await? {
            return self.put_off(tx, ticket.map(|ticket| ticket.view), message, Wait::Until(until)).await;
        }
        let wait = if has_place {
            None
        } else {
            self.wait_of(tx, &message.inbox, message.segments, None, now).await?
        };
        match wait {
            Some(wait) => self.put_off(tx, ticket.map(|ticket| ticket.view), message, wait).await,
            None => self.depart(tx, ticket, message, now).await,
        }
    }

    /// Until when quiet hours hold a message.
    async fn quiet_until(
        &self,
        tx: &mut Tx,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, DeskError> {
        let Some(number) = message.recipient.as_deref().filter(|_| message.channel == Channel::Sms) else {
            return Ok(None);
        };
        if message.quiet_override || !keeps_quiet_hours(message.author) {
            return Ok(None);
        }
        Ok(quiet::quiet_at(tx, message.profile, number, now).await?.map(|quiet| quiet.until))
    }

    /// What a locked message that was handed over already must still wait for: it became quiet meanwhile, or its
    /// carrier asked for time.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn wait_after_all(
        &self,
        tx: &mut Tx,
        message: &Outgoing,
    ) -> Result<Option<Wait>, DeskError> {
        let now = self.now();
        if let Some(until) = self.quiet_until(tx, message, now).await? {
            return Ok(Some(Wait::Until(until)));
        }
        let Some(segments) = message.segments.filter(|_| message.channel == Channel::Sms) else {
            return Ok(None);
        };
        if pace::held_until(tx, &message.inbox).await?.is_none_or(|until| until <= now) {
            return Ok(None);
        }
        let pace = self.pace(&message.inbox);
        let place = pace::reserve(&self.store, tx, &message.inbox, pace, segments, now).await?;
        Ok((place > now).then_some(Wait::Place(place)))
    }

    /// The carrier of a locked message wants rest, in milliseconds: the whole queue of its number moves, behind the
    /// message itself.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn slow_down(
        &self,
        tx: &mut Tx,
        message: &Outgoing,
        after: i64,
    ) -> Result<(), DeskError> {
        let (number, now) = (message.inbox.as_str(), self.now());
        let held_until = now.plus(after.clamp(0, LONGEST_REST));
        let mut queue = pace::lock(&self.store, tx, number).await?;
        queue.held_until = queue.held_until.max(held_until);
        let cost = self.pace(number).map_or(0, |pace| pace.cost(message.segments.unwrap_or(1)));
        let free = micros(held_until) + cost;
        let first = pace::first_place(tx, number).await?;
        if first.is_none() {
            queue.free_at = queue.free_at.max(free);
        }
        pace::save(tx, number, queue).await?;
        match first.map(|first| ceiling(free).millis() - first.millis()) {
            Some(by) if by > 0 => pace::shift(tx, number, by).await,
            _ => Ok(()),
        }
    }

    /// A locked message waits (again), and everybody is told until when.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn put_off(
        &self,
        tx: &mut Tx,
        ticket: Option<TicketView>,
        message: &Outgoing,
        wait: Wait,
    ) -> Result<Vec<Packet>, DeskError> {
        let now = self.now();
        departures::set_send_at(tx, message.id, Some(wait.at()), now).await?;
        self.set_departure(tx, message.id, &message.inbox, wait).await?;
        self.tell_changed(tx, ticket, message.id, now).await
    }

    /// A locked message leaves: its work is written, and it was sent now.
    async fn depart(
        &self,
        tx: &mut Tx,
        mut ticket: Option<TicketRow>,
        outgoing: &Outgoing,
        now: Timestamp,
    ) -> Result<Vec<Packet>, DeskError> {
        departures::set_left(tx, outgoing.id, now).await?;
        let message = conversation::message(&self.store, tx, nowhere(outgoing.ticket), outgoing.id).await?;
        let message = message.ok_or_else(|| DeskError::Refused("a locked message is gone".into()))?;
        if matches!(message.author.kind, AuthorKind::Campaign | AuthorKind::Flow) {
            campaigns::set_sent_at(tx, message.id, now).await?;
        }
        if let Some(ticket) = &mut ticket {
            crate::outbound::sent_to(ticket, &message);
            ticket_write::save(tx, ticket, now).await?;
        }
        let key = hand_over::key(&message, Some(now));
        let leaving = Leaving {
            message: &message,
            channel: outgoing.channel,
            inbox: &outgoing.inbox,
            recipient: outgoing.recipient.as_deref().unwrap_or_default(),
            ticket: ticket.as_ref(),
            key: &key,
        };
        let work = hand_over::write(self, tx, leaving, now).await?;
        let mut packets = self.tell_changed(tx, ticket.map(|ticket| ticket.view), message.id, now).await?;
        packets.extend(work);
        Ok(packets)
    }

    /// Sends a locked message that waits, now: also called by whoever does not want to wait.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn leave_now(
        &self,
        tx: &mut Tx,
        ticket: TicketRow,
        message: &Outgoing,
    ) -> Result<Vec<Packet>, DeskError> {
        let key = timer_key(message.id);
        let undo = timers::undo(tx, &key).await?;
        timers::clear(tx, &key).await?;
        let packets = self.go_on(tx, Some(ticket), message, false).await?;
        still_undone_by(tx, &key, undo).await?;
        Ok(packets)
    }

    /// A locked message waits for nothing any more.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn clear_departure(&self, tx: &mut Tx, id: MessageId) -> Result<(), DeskError> {
        timers::clear(tx, &timer_key(id)).await?;
        departures::set_send_at(tx, id, None, self.now()).await
    }

    /// Whether a message waits for its place in the queue of its number.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn has_place(&self, tx: &mut Tx, id: MessageId) -> Result<bool, DeskError> {
        Ok(timers::number_of(tx, &timer_key(id)).await?.is_some())
    }

    /// Tells everybody what a message is now; nobody is told of one that is in no ticket.
    ///
    /// # Errors
    /// The database refuses.
    pub(crate) async fn tell_changed(
        &self,
        tx: &mut Tx,
        ticket: Option<TicketView>,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Vec<Packet>, DeskError> {
        let Some(ticket) = ticket else { return Ok(Vec::new()) };
        let Some(message) = conversation::message(&self.store, tx, ticket.id, id).await? else {
            return Ok(Vec::new());
        };
        let event = MessageChanged { ticket, message: text::for_event(&message) };
        let key = format!("message:{id}:{}", Uuid::new_v4());
        Ok(vec![outbox::add(tx, MESSAGE_CHANGED, &key, now, &event).await?])
    }

    /// Texts that wait to be handed to their carrier, by number of ours.
    ///
    /// # Errors
    /// The database is away.
    pub async fn waiting_by_number(&self) -> Result<Vec<(String, i64)>, DeskError> {
        pace::waiting(&self.store).await
    }
}

/// A message that waits once more is taken back like before: what it did to its ticket stays with its new timer.
async fn still_undone_by(tx: &mut Tx, key: &str, undo: Option<String>) -> Result<(), DeskError> {
    match undo {
        Some(undo) => timers::set_undo(tx, key, &undo).await,
        None => Ok(()),
    }
}

/// The id that stands for no ticket.
fn nowhere(ticket: Option<TicketId>) -> TicketId {
    ticket.unwrap_or(TicketId(Uuid::nil()))
}

impl Outgoing {
    /// Not handed over yet.
    pub(crate) fn waits(&self) -> bool {
        self.status == MessageStatus::Queued && self.send_at.is_some()
    }
}

/// A message as it is now, where it is known to be there.
pub(crate) fn there(message: Option<Message>) -> Result<Message, DeskError> {
    message.ok_or(DeskError::NotFound("message"))
}
