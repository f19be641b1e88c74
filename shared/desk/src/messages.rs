//! The conversation as an agent reads it (F1).

use domain::{Message, MessageId, TicketId};

use crate::{
    Desk, DeskError, Page,
    page::MAX_LIMIT,
    store::{conversation as rows, rows as tickets},
};

impl Desk {
    /// The newest `limit` messages that the ticket's customer and this inbox exchanged on this channel, whichever
    /// ticket they are in, oldest first; only those before `before`, if given. `next_cursor` is the `before` of the
    /// page with the older ones.
    ///
    /// # Errors
    /// There is no such ticket or message; a limit that makes no sense.
    pub async fn messages(
        &self,
        id: TicketId,
        limit: i64,
        before: Option<MessageId>,
    ) -> Result<Page<Message>, DeskError> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(DeskError::invalid("limit", format!("limit must be from 1 to {MAX_LIMIT}")));
        }
        let mut connection = self.store.reader().acquire().await?;
        let ticket = tickets::ticket_by_id(&self.store, &mut *connection, id).await?;
        let ticket = ticket.ok_or(DeskError::NotFound("ticket"))?.view;
        let place = match before {
            Some(before) => {
                let place = rows::place(&mut connection, ticket.profile.id, before).await?;
                Some(place.ok_or_else(|| DeskError::invalid("before", "there is no such message here"))?)
            }
            None => None,
        };
        let mut found = rows::newest(&self.store, &mut connection, &ticket, place, limit + 1).await?;
        let more = found.len() > usize::try_from(limit).unwrap_or(0);
        found.truncate(usize::try_from(limit).unwrap_or(0));
        let next_cursor = found.last().filter(|_| more).map(|oldest| oldest.id.to_string());
        found.reverse();
        Ok(Page { data: found, next_cursor })
    }
}
