//! What a chat session said so far, for widgets that come back.

use domain::event::{ChatHistory, ChatHistoryQuery};

use crate::{
    Desk, DeskError,
    store::{messages, presence},
};

/// Most messages of one answer.
const MOST: i64 = 200;

impl Desk {
    /// The session's messages after a place, newest kept. A session's new ticket goes on counting, so one number is
    /// enough to resume.
    ///
    /// # Errors
    /// The database is away.
    pub async fn chat_history(&self, query: &ChatHistoryQuery) -> Result<ChatHistory, DeskError> {
        let tickets = presence::session(&self.store, query.session).await?;
        let Some((newest, status, last_seq)) = tickets.last().cloned() else {
            return Ok(ChatHistory {
                messages: Vec::new(),
                last_seq: 0,
                ticket_status: None,
                ticket_id: None,
            });
        };
        let ids: Vec<_> = tickets.iter().map(|ticket| ticket.0).collect();
        let limit = query.limit.clamp(0, MOST);
        let messages = messages::after(&self.store, &ids, query.after_seq, limit).await?;
        let seen = messages.last().map_or(0, |message| message.seq);
        // snoozed is the agents' business: for the visitor the chat is open
        let status = if status == "closed" { "closed" } else { "open" };
        Ok(ChatHistory {
            messages,
            last_seq: last_seq.max(seen),
            ticket_status: Some(status.to_owned()),
            ticket_id: Some(newest),
        })
    }
}
