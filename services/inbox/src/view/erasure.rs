//! Persons who are erased.

use desk::erasure::{Erasure as Doing, ErasurePlan as Plan, Phase};
use domain::consent::ConsentKind;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, profile::Profile, word};

/// What erasing a person would take.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErasurePlan {
    /// Whom.
    pub profile: Profile,
    /// Profiles: more than one where some were merged.
    pub profiles: i64,
    /// Tickets.
    pub tickets: i64,
    /// Messages.
    pub messages: i64,
    /// Those of them that have not left yet, and will not.
    pub queued: i64,
    /// Notes about their tickets.
    pub notes: i64,
    /// Files.
    pub files: i64,
    /// Mails as they came in.
    pub mails: i64,
    /// Lines of the history of consent.
    pub consents: i64,
    /// Coupons they were given; their codes stay used.
    pub coupons: i64,
    /// The kinds of texts they refused. Only that is remembered, by a keyed hash of the number.
    #[schema(value_type = Vec<word::ConsentKind>)]
    pub refused: Vec<ConsentKind>,
    /// What is to be sent as `confirm`.
    pub confirm: String,
}

/// A person who is erased.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Erasure {
    /// Id.
    pub id: Uuid,
    /// Whose profile it was.
    pub profile_id: Uuid,
    /// Who asked for it.
    pub actor_name: String,
    /// Where it is: `running`, then `cleaning` (what is left of words in the database's own files), then `done`.
    pub state: ErasureState,
    /// Tickets there were.
    pub total: i64,
    /// Tickets that are gone.
    pub tickets: i64,
    /// Messages that are gone.
    pub messages: i64,
    /// When it was asked for.
    pub created_at: Time,
    /// When nothing was left; `null` until then.
    #[schema(required = true)]
    pub finished_at: Option<Time>,
}

/// Where an erasure is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// Tickets go.
    Running,
    /// The database's own files are written anew.
    Cleaning,
    /// Nothing is left.
    Done,
}

impl From<Plan> for ErasurePlan {
    fn from(plan: Plan) -> Self {
        let counts = plan.counts;
        Self {
            profile: plan.profile.into(),
            profiles: counts.profiles,
            tickets: counts.tickets,
            messages: counts.messages,
            queued: counts.queued,
            notes: counts.notes,
            files: counts.files,
            mails: counts.mails,
            consents: counts.consents,
            coupons: counts.coupons,
            refused: plan.refused,
            confirm: plan.confirm,
        }
    }
}

impl From<Doing> for Erasure {
    fn from(one: Doing) -> Self {
        Self {
            id: one.id.0,
            profile_id: one.profile.0,
            tickets: one.tickets(),
            messages: one.messages(),
            finished_at: one.finished_at.filter(|_| one.state == Phase::Done).map(Time),
            actor_name: one.actor_name,
            state: match one.state {
                Phase::Running => ErasureState::Running,
                Phase::Cleaning => ErasureState::Cleaning,
                Phase::Done => ErasureState::Done,
            },
            total: one.total,
            created_at: Time(one.created_at),
        }
    }
}
