//! A change of many tickets (E6).

use desk::bulk::{Job, Phase, Refusals};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// A change of many tickets, and how far it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Bulk {
    /// Id.
    pub id: Uuid,
    /// Who asked for it.
    pub actor_id: Uuid,
    /// Their name.
    pub actor_name: String,
    /// What is done to each.
    #[schema(value_type = word::BulkAction)]
    pub action: &'static str,
    /// Where it is.
    #[schema(value_type = word::BulkState)]
    pub state: &'static str,
    /// How many tickets it is about.
    pub total: i64,
    /// How many were changed.
    pub changed: i64,
    /// How many were like that before.
    pub unchanged: i64,
    /// How many could not be changed.
    pub refused: i64,
    /// Why, most frequent first.
    pub refusals: Vec<BulkRefusal>,
    /// How many an undo has put back.
    pub restored: i64,
    /// How many an undo left alone, as somebody changed them since.
    pub left_alone: i64,
    /// Asked for.
    pub created_at: Time,
    /// The last ticket was changed, or put back.
    #[schema(required = true)]
    pub finished_at: Option<Time>,
    /// How to take it back; `null` once it was.
    #[schema(required = true)]
    pub undo: Option<Undo>,
}

/// Why some tickets could not be changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkRefusal {
    /// Stable code, such as `chat_closed`.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// How many.
    pub count: i64,
}

/// How to take a change back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Undo {
    /// For `POST /undo/{token}`.
    pub token: Uuid,
    /// Not after this time; `null` while the change goes on.
    #[schema(required = true)]
    pub until: Option<Time>,
}

impl Bulk {
    /// A change with why some tickets could not be changed.
    pub fn of(job: Job, refusals: Vec<Refusals>) -> Self {
        let until = job.undo_until().map(Time);
        let open = matches!(job.phase, Phase::Running | Phase::Done);
        let refusals = refusals
            .into_iter()
            .map(|Refusals { code, reason, count }| BulkRefusal { code, reason, count })
            .collect();
        Self {
            id: job.id.0,
            actor_id: job.actor,
            actor_name: job.actor_name,
            action: job.action.as_str(),
            state: job.phase.as_str(),
            total: job.total,
            changed: job.changed,
            unchanged: job.unchanged,
            refused: job.refused,
            refusals,
            restored: job.restored,
            left_alone: job.left_alone,
            created_at: Time(job.created_at),
            finished_at: job.finished_at.map(Time),
            undo: open.then_some(Undo { token: job.id.0, until }),
        }
    }
}
