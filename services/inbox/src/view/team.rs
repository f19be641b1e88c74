//! Teams.

use desk::teams::Team as Kept;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// People who share tickets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Team {
    /// Id.
    pub id: Uuid,
    /// Name; there once.
    pub name: String,
    /// Ids of its members, by name.
    pub members: Vec<Uuid>,
    /// Made.
    pub created_at: Time,
    /// Last changed.
    pub updated_at: Time,
}

impl From<Kept> for Team {
    fn from(team: Kept) -> Self {
        let Kept { id, name, members, created_at, updated_at } = team;
        let members = members.into_iter().map(|user| user.0).collect();
        Self { id: id.0, name, members, created_at: Time(created_at), updated_at: Time(updated_at) }
    }
}
