//! Tickets as agents work them: the list, one ticket, and what an agent may change about it.

mod change;
mod list;
mod show;

pub use change::{MAX_TAGS, TicketPatch};
pub use list::{AssigneeFilter, Sort, TicketFilter};
