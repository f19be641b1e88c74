//! What happens by itself at a time: a snoozed ticket comes back (G1).

use domain::{TicketId, Timestamp, ticket::State};

use crate::{
    Desk, DeskError,
    store::{Tx, rows::word, ticket_write, timers, timers::DueTimer},
};

const WAKE: &str = "wake";
/// Most timers of one round.
const ROUND: i64 = 100;

/// Has a snoozed ticket come back then; the ticket is locked already.
pub(crate) async fn set_wake(tx: &mut Tx, ticket: TicketId, until: Timestamp) -> Result<(), DeskError> {
    timers::set(tx, &key(ticket), WAKE, &ticket.to_string(), until).await
}

/// The ticket need not come back any more; it is locked already.
pub(crate) async fn clear_wake(tx: &mut Tx, ticket: TicketId) -> Result<(), DeskError> {
    timers::clear(tx, &key(ticket)).await
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
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let ticket = match timer.kind.as_str() {
            WAKE => ticket_write::lock(&self.store, &mut tx, word(&timer.subject_id)?).await?,
            other => return Err(DeskError::Refused(format!("a timer of kind {other:?} means nothing here"))),
        };
        if !timers::take_due(&mut tx, &timer.key, now).await? {
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
