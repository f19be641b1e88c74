//! One change of many tickets (E6), with undo. Which tickets is settled when it is asked for; the work is a timer's: a
//! crash leaves it due, any replica gets on with it, and each step is one transaction, so that no ticket is changed twice.

use domain::{
    BulkId, TicketId, Timestamp, UserId, event::TicketView, role::Permission, ticket::TransitionError,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError, entropy,
    store::{Tx, bulk as rows, timers as timer_rows, timers::Timer},
    tickets::{TicketFilter, TicketPatch, change, list},
};

mod steps;

/// The kind of the timer that gets on with a change of many tickets.
pub(crate) const BULK: &str = "bulk";
/// Most tickets named one by one.
pub const MAX_IDS: usize = 5_000;
/// Most tickets of one change.
pub const MAX_TICKETS: i64 = 100_000;
/// How long after its end a change can be undone, in milliseconds.
pub const UNDO_MILLIS: i64 = 5 * 60 * 1000;
/// How long what became of each ticket is kept, in milliseconds.
pub(crate) const KEPT_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What is done to each ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Closes it.
    Close,
    /// Opens it again.
    Reopen,
    /// Hides it until then.
    Snooze {
        /// When it comes back.
        until: Timestamp,
    },
    /// Gives it to somebody.
    Assign {
        /// To whom; `None` for nobody.
        assignee: Option<UserId>,
    },
    /// Adds tags.
    Tag {
        /// Which.
        tags: Vec<String>,
    },
    /// Takes tags away.
    Untag {
        /// Which.
        tags: Vec<String>,
    },
    /// Takes the dot away.
    Read,
    /// Sets the dot.
    Unread,
}

impl Action {
    /// `close`, `reopen`, …
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Snooze { .. } => "snooze",
            Self::Assign { .. } => "assign",
            Self::Tag { .. } => "tag",
            Self::Untag { .. } => "untag",
            Self::Read => "read",
            Self::Unread => "unread",
        }
    }

    /// What it means for one ticket.
    fn patch(&self, ticket: &TicketView) -> TicketPatch {
        let status = |status: &str| TicketPatch { status: Some(status.to_owned()), ..TicketPatch::default() };
        match self {
            Self::Close => status("closed"),
            Self::Reopen => status("open"),
            Self::Snooze { until } => TicketPatch { snoozed_until: Some(*until), ..status("snoozed") },
            Self::Assign { assignee } => {
                TicketPatch { assignee_id: Some(*assignee), ..TicketPatch::default() }
            }
            Self::Tag { tags } => {
                let tags = ticket.tags.iter().chain(tags).cloned().collect();
                TicketPatch { tags: Some(tags), ..TicketPatch::default() }
            }
            Self::Untag { tags } => {
                let left = ticket.tags.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
                TicketPatch { tags: Some(left), ..TicketPatch::default() }
            }
            Self::Read => TicketPatch { unread: Some(false), ..TicketPatch::default() },
            Self::Unread => TicketPatch { unread: Some(true), ..TicketPatch::default() },
        }
    }
}

/// Which tickets.
#[derive(Clone, Debug)]
pub enum Which {
    /// These.
    Ids(Vec<TicketId>),
    /// All that match at this moment.
    Matching(Box<TicketFilter>),
}

/// Where a change of many tickets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It goes on.
    Running,
    /// All of it is done.
    Done,
    /// It is being undone.
    Undoing,
    /// It was undone.
    Undone,
}

impl Phase {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Undoing, Self::Undone];

    /// `running`, `done`, `undoing`, `undone`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|phase| phase.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no phase"))
    }
}

/// A change of many tickets, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Id; also what it is undone by.
    pub id: BulkId,
    /// Who asked for it: a person or an API key.
    pub actor: Uuid,
    /// Their name.
    pub actor_name: String,
    /// What is done.
    pub action: Action,
    /// Where it is.
    pub phase: Phase,
    /// How many tickets it is about.
    pub total: i64,
    /// How many were changed.
    pub changed: i64,
    /// How many were like that before.
    pub unchanged: i64,
    /// How many could not be changed.
    pub refused: i64,
    /// How many an undo has put back.
    pub restored: i64,
    /// How many an undo left alone, as somebody changed them since.
    pub left_alone: i64,
    /// Counts what is told of it.
    pub steps: i64,
    /// Asked for.
    pub created_at: Timestamp,
    /// The last ticket was changed, or put back.
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// Until when it can be undone; `None` if it was, or while the end is not known.
    pub fn undo_until(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Done => self.finished_at.map(|at| at.plus(UNDO_MILLIS)),
            Phase::Running | Phase::Undoing | Phase::Undone => None,
        }
    }
}

/// Why some tickets could not be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// Stable code, such as `chat_closed`.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// How many.
    pub count: i64,
}

impl Desk {
    /// Begins a change of many tickets.
    ///
    /// # Errors
    /// Nothing is named; too many are; the action makes no sense.
    pub async fn begin_bulk(&self, which: Which, action: Action, actor: &Actor) -> Result<Job, DeskError> {
        let mut tx = self.store.begin().await?;
        let job = self.begin_bulk_in(&mut tx, which, action, actor).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(id = %job.id, action = job.action.as_str(), tickets = job.total, by = %actor.id, "a change of many tickets begins");
        Ok(job)
    }

    /// Begins a change of many tickets together with something else.
    pub(crate) async fn begin_bulk_in(
        &self,
        tx: &mut Tx,
        which: Which,
        action: Action,
        actor: &Actor,
    ) -> Result<Job, DeskError> {
        let now = self.now();
        let action = checked(action, now)?;
        let mut job = Job {
            id: BulkId::new(now, &entropy()),
            actor: actor.id,
            actor_name: actor.name.clone(),
            action,
            phase: Phase::Running,
            total: 0,
            changed: 0,
            unchanged: 0,
            refused: 0,
            restored: 0,
            left_alone: 0,
            steps: 0,
            created_at: now,
            finished_at: None,
        };
        if let Action::Assign { assignee } = &job.action {
            change::assignee(tx, *assignee).await?;
        }
        job.total = self.settle_which(tx, job.id, which, actor).await?;
        if job.total == 0 {
            (job.phase, job.finished_at) = (Phase::Done, Some(now));
        }
        rows::insert(tx, &job).await?;
        rows::save(tx, &job).await?;
        if job.phase == Phase::Running {
            self.set_bulk(tx, job.id, now).await?;
        }
        Ok(job)
    }

    async fn settle_which(
        &self,
        tx: &mut Tx,
        id: BulkId,
        which: Which,
        actor: &Actor,
    ) -> Result<i64, DeskError> {
        match which {
            Which::Ids(mut ids) => {
                ids.sort_unstable();
                ids.dedup();
                if ids.is_empty() || ids.len() > MAX_IDS {
                    return Err(DeskError::invalid(
                        "ids",
                        format!("name 1 to {MAX_IDS} tickets, or a filter"),
                    ));
                }
                rows::take(&self.store, tx, id, &ids).await?;
                Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
            }
            Which::Matching(filter) => {
                list::check(&filter)?;
                let taken = rows::take_matching(&self.store, tx, id, &filter, actor, MAX_TICKETS + 1).await?;
                if taken > MAX_TICKETS {
                    let reason = format!("more than {MAX_TICKETS} tickets match: narrow the filter");
                    return Err(DeskError::invalid("filter", reason));
                }
                Ok(taken)
            }
        }
    }

    /// A change of many tickets, and why some could not be changed.
    ///
    /// # Errors
    /// There is no such change, or it was asked for more than a week ago.
    pub async fn bulk(&self, id: BulkId) -> Result<(Job, Vec<Refusals>), DeskError> {
        let job = rows::find(&self.store, id).await?.ok_or(DeskError::NotFound("change"))?;
        let refusals = if job.refused > 0 { rows::refusals(&self.store, id).await? } else { Vec::new() };
        Ok((job, refusals))
    }

    /// Takes a change of many tickets back, also while it goes on. Asked again, it is the same undo.
    ///
    /// # Errors
    /// There is no such change; `undo_expired`; it is somebody else's, and not for this role.
    pub async fn undo_bulk(&self, id: BulkId, actor: &Actor) -> Result<Job, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let mut job = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("change"))?;
        if job.actor != actor.id && !actor.role.may(Permission::ManageInbox) {
            return Err(DeskError::Forbidden("what another did is undone by them, or by a manager".into()));
        }
        match job.phase {
            Phase::Undoing | Phase::Undone => return Ok(job),
            Phase::Done if job.undo_until().is_none_or(|until| until < now) => {
                return Err(DeskError::conflict("undo_expired", "this was too long ago to be undone"));
            }
            Phase::Done | Phase::Running => {}
        }
        (job.phase, job.finished_at) = (Phase::Undoing, None);
        rows::save(&mut tx, &job).await?;
        self.set_bulk(&mut tx, id, now).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(%id, by = %actor.id, "a change of many tickets is undone");
        Ok(job)
    }

    async fn set_bulk(&self, tx: &mut Tx, id: BulkId, now: Timestamp) -> Result<(), DeskError> {
        let (key, subject) = (key(id), id.to_string());
        timer_rows::set(tx, Timer { key: &key, kind: BULK, subject: &subject, due: now, number: None })
            .await?;
        self.bell.set(now);
        Ok(())
    }
}

/// The key of its timer.
fn key(id: BulkId) -> String {
    format!("{BULK}:{id}")
}

/// An action that makes sense now.
fn checked(action: Action, now: Timestamp) -> Result<Action, DeskError> {
    let tags = |tags: Vec<String>| {
        let tags = change::normalised(&tags)?;
        if tags.is_empty() { Err(DeskError::invalid("tags", "name at least one tag")) } else { Ok(tags) }
    };
    Ok(match action {
        Action::Snooze { until } if until <= now => {
            return Err(TransitionError::SnoozeInThePast.into());
        }
        Action::Tag { tags: given } => Action::Tag { tags: tags(given)? },
        Action::Untag { tags: given } => Action::Untag { tags: tags(given)? },
        other => other,
    })
}
