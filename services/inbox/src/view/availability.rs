//! Who can be given tickets.

use desk::availability::Availability as Kept;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::word;

/// Whether somebody can be given tickets, and how much they have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Availability {
    /// Who.
    pub user_id: Uuid,
    /// `available`: here, their console is open; `away`: they take no tickets until they say otherwise; `offline`:
    /// their console was not open for five minutes, or they signed out.
    #[schema(value_type = word::AvailabilityState)]
    pub status: String,
    /// Open tickets that rules give them at most; `null` for as many as come.
    #[schema(required = true)]
    pub capacity: Option<i64>,
    /// Open tickets of theirs.
    pub open_tickets: i64,
}

impl From<Kept> for Availability {
    fn from(kept: Kept) -> Self {
        let Kept { user, state, capacity, open } = kept;
        Self { user_id: user.0, status: state.as_str().to_owned(), capacity, open_tickets: open }
    }
}
