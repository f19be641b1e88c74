//! Two profiles that become one.

use desk::merge::{Merge as Done, MergePlan as Plan, Taken};
use domain::consent::ConsentKind;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, profile::Profile, word};

/// What a merge would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MergePlan {
    /// The profile that stays, as it is now.
    pub profile: Profile,
    /// The other one, as it is now: its addresses and tickets go to the first.
    pub other: Profile,
    /// How many messages go with it.
    pub messages: i64,
    /// How many lines of the history of consent.
    pub consents: i64,
    /// What the profile that stays knows only from the other.
    pub taken: MergeTaken,
    /// The kinds of texts that one agreed to and the other refused. The stricter word wins.
    #[schema(value_type = Vec<word::ConsentKind>)]
    pub refused: Vec<ConsentKind>,
    /// The kinds of texts that are agreed to afterwards.
    #[schema(value_type = Vec<word::ConsentKind>)]
    pub sms_kinds: Vec<ConsentKind>,
}

/// What one profile knows only from another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MergeTaken {
    /// Name.
    #[schema(required = true)]
    pub name: Option<String>,
    /// IANA time zone.
    #[schema(required = true)]
    pub time_zone: Option<String>,
    /// Place.
    #[schema(required = true)]
    pub location: Option<String>,
    /// The address a visitor gave.
    #[schema(required = true)]
    pub claimed_email: Option<String>,
}

/// A merge that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Merge {
    /// Id; what `unmerge` takes.
    pub id: Uuid,
    /// The profile that stays.
    pub profile_id: Uuid,
    /// The one that is part of it now.
    pub other_id: Uuid,
    /// The name of that one, where known.
    #[schema(required = true)]
    pub other_name: Option<String>,
    /// Who did it.
    pub actor_id: Uuid,
    /// Their name.
    pub actor_name: String,
    /// When.
    pub at: Time,
    /// When it was undone; `null` while it holds.
    #[schema(required = true)]
    pub undone_at: Option<Time>,
}

impl From<Plan> for MergePlan {
    fn from(plan: Plan) -> Self {
        let Plan { kept, gone, messages, consents, taken, refused, sms_kinds } = plan;
        let Taken { name, time_zone, location, claimed_email } = taken;
        let taken = MergeTaken { name, time_zone, location, claimed_email };
        Self { profile: kept.into(), other: gone.into(), messages, consents, taken, refused, sms_kinds }
    }
}

impl From<(Done, Option<String>)> for Merge {
    fn from((merge, other_name): (Done, Option<String>)) -> Self {
        Self {
            id: merge.id.0,
            profile_id: merge.kept.0,
            other_id: merge.gone.0,
            other_name,
            actor_id: merge.actor,
            actor_name: merge.actor_name,
            at: Time(merge.at),
            undone_at: merge.undone_at.map(Time),
        }
    }
}
