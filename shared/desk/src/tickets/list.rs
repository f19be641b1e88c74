//! The list of tickets (E3, E5) and the badge (E2).

pub use domain::filter::{AssigneeFilter, Sort, TeamFilter, TicketFilter};
use domain::{event::TicketView, search::parse};

use crate::{Actor, Desk, DeskError, Page, PageRequest, store::ticket_list as rows};

/// Longest text to search for, in characters.
const MAX_SEARCH: usize = 200;

impl Desk {
    /// A page of tickets.
    ///
    /// # Errors
    /// A filter, limit or cursor that makes no sense.
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<TicketView>, DeskError> {
        check(filter)?;
        let limit = page.limit()?;
        let found = rows::page(&self.store, filter, actor, page.after()?, limit + 1).await?;
        let views = found.into_iter().map(|row| row.view).collect();
        Ok(Page::cut(views, limit, |view: &TicketView| (filter.sort.key(view), view.id.to_string())))
    }

    /// How many tickets match, at most [`rows::COUNTED`] and one.
    ///
    /// # Errors
    /// A filter that makes no sense.
    pub async fn count_tickets(&self, filter: &TicketFilter, actor: &Actor) -> Result<i64, DeskError> {
        check(filter)?;
        rows::count(&self.store, filter, actor).await
    }

    /// Profiles with unread tickets (E2).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn badge(&self) -> Result<i64, DeskError> {
        rows::unread_profiles(&self.store).await
    }
}

/// Whether a filter makes sense.
pub(crate) fn check(filter: &TicketFilter) -> Result<(), DeskError> {
    let words: [(_, _, &[&str]); 2] = [
        ("status", &filter.status, &["open", "snoozed", "closed"]),
        ("attribution", &filter.attribution, &["campaign", "flow"]),
    ];
    for (field, given, known) in words {
        if let Some(odd) = given.iter().find(|word| !known.contains(&word.as_str())) {
            return Err(DeskError::invalid(field, format!("{odd:?} is none of: {}", known.join(", "))));
        }
    }
    if let Some(q) = &filter.q {
        parse(q).map_err(|reason| DeskError::invalid("q", reason))?;
    }
    if filter.q.as_ref().is_some_and(|q| q.chars().count() > MAX_SEARCH) {
        return Err(DeskError::invalid("q", format!("a search may have at most {MAX_SEARCH} characters")));
    }
    Ok(())
}
