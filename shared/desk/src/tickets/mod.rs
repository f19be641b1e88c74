//! Tickets as agents work them: the list, one ticket, and what an agent may change about it.

pub(crate) mod change;
pub(crate) mod list;
mod regroup;
mod show;

pub(crate) use change::normalised;
pub use change::{MAX_TAGS, TicketPatch};
pub use list::{AssigneeFilter, Sort, TeamFilter, TicketFilter};
