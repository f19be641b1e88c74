//! A change of many tickets gets on, step by step.

use std::collections::HashMap;

use bus::{Packet, topic::BULK_CHANGED};
use domain::{
    BulkId, TicketId, Timestamp,
    event::{Assignee, BulkChanged},
    ticket::State,
};
use serde::{Deserialize, Serialize};

use super::{Job, Phase, key};
use crate::{
    Desk, DeskError,
    store::{
        Tx,
        bulk::{self as rows, Item, Outcome},
        outbox,
        rows::TicketRow,
        timers,
    },
    tickets::change,
};

/// Tickets of one step, which is one transaction.
const STEP: i64 = 100;
/// Steps before other timers have their turn.
const STEPS: usize = 5;

/// What an undo puts back.
#[derive(Serialize, Deserialize)]
struct Before {
    state: State,
    assignee: Option<Assignee>,
    team: Option<String>,
    tags: Vec<String>,
    unread: bool,
    waiting_since: Option<Timestamp>,
}

impl Before {
    fn of(row: &TicketRow) -> Self {
        let view = row.view.clone();
        Self {
            state: row.state,
            assignee: view.assignee,
            team: view.team,
            tags: view.tags,
            unread: view.unread,
            waiting_since: view.waiting_since,
        }
    }

    fn put_back(self, row: &mut TicketRow) {
        row.set_state(row.state.undone(self.state));
        let view = &mut row.view;
        (view.assignee, view.team, view.tags) = (self.assignee, self.team, self.tags);
        (view.unread, view.waiting_since) = (self.unread, self.waiting_since);
    }
}

impl Desk {
    /// Gets on with a change of many tickets; what is left stays due.
    pub(crate) async fn run_bulk(&self, id: BulkId) -> Result<(), DeskError> {
        for _ in 0..STEPS {
            if !self.bulk_step(id).await? {
                break;
            }
        }
        Ok(())
    }

    /// `false` once nothing is left.
    async fn bulk_step(&self, id: BulkId) -> Result<bool, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let job = rows::lock(&self.store, &mut tx, id).await?;
        let Some(mut job) = job.filter(|job| matches!(job.phase, Phase::Running | Phase::Undoing)) else {
            timers::clear(&mut tx, &key(id)).await?;
            self.commit(tx, Vec::new()).await?;
            return Ok(false);
        };
        let items = rows::next(&mut tx, &job, STEP).await?;
        let mut packets = self.do_items(&mut tx, &mut job, &items, now).await?;
        let more = i64::try_from(items.len()).unwrap_or(STEP) == STEP;
        if !more {
            job.phase = if job.phase == Phase::Undoing { Phase::Undone } else { Phase::Done };
            job.finished_at = Some(now);
            timers::clear(&mut tx, &key(id)).await?;
        }
        job.steps += 1;
        rows::save(&mut tx, &job).await?;
        let told = format!("bulk:{id}:{}", job.steps);
        packets.push(outbox::add(&mut tx, BULK_CHANGED, &told, now, &event(&job)).await?);
        self.commit(tx, packets).await?;
        Ok(more)
    }

    async fn do_items(
        &self,
        tx: &mut Tx,
        job: &mut Job,
        items: &[Item],
        now: Timestamp,
    ) -> Result<Vec<Packet>, DeskError> {
        let locked = rows::lock_tickets(&self.store, tx, items).await?;
        let tickets: HashMap<TicketId, TicketRow> =
            locked.into_iter().map(|row| (row.view.id, row)).collect();
        let mut packets = Vec::new();
        for item in items {
            let ticket = tickets.get(&item.ticket);
            let (outcome, packet) = match (job.phase, ticket) {
                (Phase::Undoing, Some(ticket)) => self.put_back(tx, ticket, item, now).await?,
                (Phase::Undoing, None) => (Outcome::LeftAlone, None),
                (_, Some(ticket)) => self.do_one(tx, job, ticket, now).await?,
                (_, None) => {
                    let reason = "there is no such ticket".to_owned();
                    (Outcome::Refused { code: "not_found", reason }, None)
                }
            };
            rows::settle(tx, job.id, item.ticket, &outcome).await?;
            count(job, &outcome);
            packets.extend(packet);
        }
        Ok(packets)
    }

    async fn do_one(
        &self,
        tx: &mut Tx,
        job: &Job,
        ticket: &TicketRow,
        now: Timestamp,
    ) -> Result<(Outcome, Option<Packet>), DeskError> {
        let patch = job.action.patch(&ticket.view);
        let after = match change::changed_by(tx, ticket, &patch, now).await {
            Ok(after) if after.view == ticket.view => return Ok((Outcome::Same, None)),
            Ok(after) => after,
            Err(DeskError::Conflict { code, reason }) => {
                return Ok((Outcome::Refused { code, reason }, None));
            }
            Err(DeskError::Invalid { field, reason }) => {
                return Ok((Outcome::Refused { code: field, reason }, None));
            }
            Err(other) => return Err(other),
        };
        let before = serde_json::to_string(&Before::of(ticket))
            .map_err(|error| DeskError::Refused(format!("a ticket cannot be written down: {error}")))?;
        let (after, packet) = change::write(&self.store, tx, ticket, after, now).await?;
        Ok((Outcome::Changed { before, version: after.view.version }, Some(packet)))
    }

    /// Puts a ticket back as it was, unless somebody changed it since, or its chat went on in a new ticket.
    async fn put_back(
        &self,
        tx: &mut Tx,
        ticket: &TicketRow,
        item: &Item,
        now: Timestamp,
    ) -> Result<(Outcome, Option<Packet>), DeskError> {
        let before = item.before.as_deref().and_then(|json| serde_json::from_str::<Before>(json).ok());
        let untouched = item.version == Some(ticket.view.version);
        let Some(before) = before.filter(|_| untouched) else { return Ok((Outcome::LeftAlone, None)) };
        if let Some(session) = ticket.session
            && matches!(ticket.state, State::Closed { .. })
            && rows::went_on(tx, session, ticket.view.number).await?
        {
            return Ok((Outcome::LeftAlone, None));
        }
        let mut after = ticket.clone();
        before.put_back(&mut after);
        let (_, packet) = change::write(&self.store, tx, ticket, after, now).await?;
        Ok((Outcome::Restored, Some(packet)))
    }
}

fn count(job: &mut Job, outcome: &Outcome) {
    let counted = match outcome {
        Outcome::Changed { .. } => &mut job.changed,
        Outcome::Same => &mut job.unchanged,
        Outcome::Refused { .. } => &mut job.refused,
        Outcome::Restored => &mut job.restored,
        Outcome::LeftAlone => &mut job.left_alone,
    };
    *counted += 1;
}

fn event(job: &Job) -> BulkChanged {
    BulkChanged {
        id: job.id,
        actor: job.actor,
        state: job.phase.as_str().to_owned(),
        total: job.total,
        changed: job.changed,
        unchanged: job.unchanged,
        refused: job.refused,
        restored: job.restored,
        left_alone: job.left_alone,
    }
}
