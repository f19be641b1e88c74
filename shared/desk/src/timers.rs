//! What happens by itself at a time: a snoozed ticket comes back (G1), a message leaves, a text in parts waits no
//! longer, a mail about a left chat leaves (H8), colleagues are told
//! of new messages (H4), a change of many tickets gets on (E6), a merge of profiles settles, a webhook is told again, a chat in which nobody writes is closed (C-W).

use domain::{TicketId, Timestamp, ticket::State};

use crate::{
    Desk, DeskError,
    bulk::BULK,
    departure::SEND,
    erasure::ERASE,
    follow_up::FOLLOW_UP,
    intake::JOIN,
    merge::MERGE,
    notices::NOTICE,
    settings,
    store::{
        Tx,
        rows::word,
        ticket_write,
        timers::{self, DueTimer, Timer},
    },
    webhooks::WEBHOOK,
};

const WAKE: &str = "wake";
const IDLE: &str = "idle";
const HOUR: i64 = 60 * 60 * 1000;
/// Most timers of one round.
const ROUND: i64 = 100;

/// Has a snoozed ticket come back then; the ticket is locked already.
pub(crate) async fn set_wake(tx: &mut Tx, ticket: TicketId, until: Timestamp) -> Result<(), DeskError> {
    let (key, subject) = (key(ticket), ticket.to_string());
    timers::set(tx, Timer { key: &key, kind: WAKE, subject: &subject, due: until, number: None }).await
}

/// The ticket need not come back any more; it is locked already.
pub(crate) async fn clear_wake(tx: &mut Tx, ticket: TicketId) -> Result<(), DeskError> {
    timers::clear(tx, &key(ticket)).await
}

/// Has a new chat looked at when nobody may have written in it for so many hours (C-W).
pub(crate) async fn watch_idle(
    tx: &mut Tx,
    ticket: TicketId,
    hours: u32,
    now: Timestamp,
) -> Result<(), DeskError> {
    let (key, subject, due) =
        (format!("{IDLE}:{ticket}"), ticket.to_string(), now.plus(HOUR * i64::from(hours)));
    timers::set(tx, Timer { key: &key, kind: IDLE, subject: &subject, due, number: None }).await
}

fn key(ticket: TicketId) -> String {
    format!("{WAKE}:{ticket}")
}

impl Desk {
    /// Does what is due, at most a round of it; returns how much was due. Replicas may run it side by side.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run_due_timers(&self) -> Result<usize, DeskError> {
        let due = timers::due(&self.store, self.now(), ROUND).await?;
        for timer in &due {
            match self.run_timer(timer).await {
                Err(DeskError::Refused(reason)) => {
                    tracing::error!(key = timer.key, reason, "a timer cannot be run")
                }
                Err(DeskError::Busy(reason)) => {
                    tracing::debug!(key = timer.key, reason, "again in the next round")
                }
                other => other?,
            }
        }
        Ok(due.len())
    }

    /// When the next timer is due.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, DeskError> {
        timers::next_due(&self.store).await
    }

    async fn run_timer(&self, timer: &DueTimer) -> Result<(), DeskError> {
        match timer.kind.as_str() {
            WAKE => self.run_wake(timer).await,
            SEND => self.run_departure(timer).await,
            FOLLOW_UP => self.run_follow_up(timer).await,
            IDLE => self.run_idle(timer).await,
            ERASE => self.run_erasure(word(&timer.subject_id)?).await,
            BULK => self.run_bulk(word(&timer.subject_id)?).await,
            WEBHOOK => self.run_webhook(timer).await,
            MERGE => self.run_merge(timer).await,
            NOTICE => self.run_notices(timer).await,
            JOIN => self.end_waiting(&timer.subject_id).await,
            other => Err(DeskError::Refused(format!("a timer of kind {other:?} means nothing here"))),
        }
    }

    /// Closes a chat in which nobody wrote for long; one with a mail that is pending is looked at again later.
    async fn run_idle(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let ticket = ticket_write::lock(&self.store, &mut tx, word(&timer.subject_id)?).await?;
        if timers::take_due(&mut tx, &timer.key, now).await?.is_none() {
            return Ok(());
        }
        let open = ticket.filter(|ticket| !matches!(ticket.state, State::Closed { .. }));
        let Some(mut ticket) = open else { return self.commit(tx, Vec::new()).await };
        let hours = settings::current(&mut *tx).await?.chat.close_after_hours;
        let pending = ticket.view.chat.as_ref().is_some_and(|chat| chat.follow_up.due_at.is_some());
        let due = ticket.view.last_message_at.plus(HOUR * i64::from(hours));
        let snoozed = ticket.state != State::Open;
        if hours == 0 || pending || snoozed || due > now {
            let again = if due > now { due } else { now.plus(HOUR) };
            let (key, subject) = (timer.key.as_str(), timer.subject_id.as_str());
            timers::set(&mut tx, Timer { key, kind: IDLE, subject, due: again, number: None }).await?;
            return self.commit(tx, Vec::new()).await;
        }
        ticket.set_state(ticket.state.close(now));
        ticket_write::save(&mut tx, &mut ticket, now).await?;
        let packet = ticket_write::changed(&mut tx, &ticket, now).await?;
        self.commit(tx, vec![packet]).await
    }

    async fn run_wake(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let ticket = ticket_write::lock(&self.store, &mut tx, word(&timer.subject_id)?).await?;
        if timers::take_due(&mut tx, &timer.key, now).await?.is_none() {
            return Ok(());
        }
        let mut packets = Vec::new();
        if let Some(mut ticket) = ticket
            && ticket.state != State::Open
            && ticket.state.wake(now) == State::Open
        {
            ticket.set_state(State::Open);
            ticket.view.unread = true;
            ticket_write::save(&mut tx, &mut ticket, now).await?;
            packets.push(ticket_write::changed(&mut tx, &ticket, now).await?);
        }
        self.commit(tx, packets).await
    }
}
