//! Tags.

use desk::tags::Tag as Kept;
use domain::tag::TagColour;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// A word that tickets are sorted by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tag {
    /// Id; it stays when the name changes.
    pub id: Uuid,
    /// As it stands on tickets: lower case, there once.
    pub name: String,
    /// How it is drawn.
    #[schema(value_type = word::TagColour)]
    pub colour: TagColour,
    /// How many tickets have it.
    pub tickets: i64,
    /// Made.
    pub created_at: Time,
    /// Last changed.
    pub updated_at: Time,
}

impl From<(Kept, i64)> for Tag {
    fn from((tag, tickets): (Kept, i64)) -> Self {
        let Kept { id, name, colour, created_at, updated_at } = tag;
        Self { id: id.0, name, colour, tickets, created_at: Time(created_at), updated_at: Time(updated_at) }
    }
}
