//! The list of tickets (E3, E5) and the badge (E2).

use domain::{Channel, ProfileId, Timestamp, UserId, event::TicketView};

use crate::{Actor, Desk, DeskError, Page, PageRequest, store::ticket_list as rows};

/// Longest text to search for, in characters.
const MAX_SEARCH: usize = 200;

/// Whose tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// Those of the one who asks.
    Me,
    /// Nobody's.
    None,
    /// Those of one person.
    User(UserId),
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// `-last_message_at`: newest message first.
    #[default]
    NewestMessage,
    /// `last_message_at`: longest without a message first.
    OldestMessage,
    /// `-created_at`: newest ticket first.
    Newest,
    /// `created_at`: oldest ticket first.
    Oldest,
}

impl std::str::FromStr for Sort {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "-last_message_at" => Ok(Self::NewestMessage),
            "last_message_at" => Ok(Self::OldestMessage),
            "-created_at" => Ok(Self::Newest),
            "created_at" => Ok(Self::Oldest),
            _ => Err(format!(
                "{text:?} is none of: -last_message_at, last_message_at, -created_at, created_at"
            )),
        }
    }
}

/// Which tickets (E5). What is empty or `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// `open`, `snoozed`, `closed`.
    pub status: Vec<String>,
    /// Channels.
    pub channel: Vec<Channel>,
    /// Whose.
    pub assignee: Option<AssigneeFilter>,
    /// With or without the dot.
    pub unread: Option<bool>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this customer.
    pub profile: Option<ProfileId>,
    /// Words in the subject, the messages, the customer's name or addresses; or `#` and the ticket's number.
    pub q: Option<String>,
    /// Opened at or after this moment.
    pub created_from: Option<Timestamp>,
    /// Opened before this moment.
    pub created_to: Option<Timestamp>,
    /// Last changed at or after this moment.
    pub updated_from: Option<Timestamp>,
    /// Last changed before this moment.
    pub updated_to: Option<Timestamp>,
    /// Order.
    pub sort: Sort,
}

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
        let by_message = matches!(filter.sort, Sort::NewestMessage | Sort::OldestMessage);
        Ok(Page::cut(views, limit, |view: &TicketView| {
            let at = if by_message { view.last_message_at } else { view.created_at };
            (at.millis(), view.id.to_string())
        }))
    }

    /// Profiles with unread tickets (E2).
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn badge(&self) -> Result<i64, DeskError> {
        rows::unread_profiles(&self.store).await
    }
}

fn check(filter: &TicketFilter) -> Result<(), DeskError> {
    if let Some(odd) =
        filter.status.iter().find(|word| !matches!(word.as_str(), "open" | "snoozed" | "closed"))
    {
        return Err(DeskError::invalid("status", format!("{odd:?} is none of: open, snoozed, closed")));
    }
    if filter.q.as_ref().is_some_and(|q| q.chars().count() > MAX_SEARCH) {
        return Err(DeskError::invalid("q", format!("a search may have at most {MAX_SEARCH} characters")));
    }
    Ok(())
}
