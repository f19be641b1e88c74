//! One ticket (F4).

use domain::{TicketId, event::TicketView};

use crate::{Desk, DeskError, store::rows};

impl Desk {
    /// A ticket.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn ticket(&self, id: TicketId) -> Result<TicketView, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        let found = rows::ticket_by_id(&self.store, &mut *connection, id).await?;
        found.map(|row| row.view).ok_or(DeskError::NotFound("ticket"))
    }

    /// The chat session of a ticket, for typing signals.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn session_of(&self, id: TicketId) -> Result<Option<domain::SessionId>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        let found = rows::ticket_by_id(&self.store, &mut *connection, id).await?;
        found.map(|row| row.session).ok_or(DeskError::NotFound("ticket"))
    }
}
