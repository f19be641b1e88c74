//! What a chat session said so far, for widgets that come back.

use domain::{
    Address, SessionId,
    event::{
        ChatHistory, ChatHistoryQuery, ChatStanding, ChatStandingQuery, PastChat, PastChatsOf, PastChatsQuery,
    },
};

use crate::{
    Desk, DeskError,
    store::{chats, messages, presence},
};

/// Most messages of one answer.
const MOST: i64 = 200;
/// Most sessions of one question.
const MOST_SESSIONS: usize = 500;
/// Most earlier chats of one answer.
const MOST_PAST: i64 = 5;
/// Most messages of an earlier chat.
const OF_ONE: i64 = 50;

/// Where the button of a mail leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatDoor {
    /// The page the chat began on, if it is known.
    pub page: Option<String>,
    /// The site.
    pub site: String,
    /// The session.
    pub session: SessionId,
}

impl Desk {
    /// The session's messages after a place, newest kept. A session's new ticket goes on counting, so one number is
    /// enough to resume.
    ///
    /// # Errors
    /// The database is away.
    pub async fn chat_history(&self, query: &ChatHistoryQuery) -> Result<ChatHistory, DeskError> {
        let tickets = presence::session(&self.store, query.session).await?;
        let Some(newest) = tickets.last() else {
            return Ok(ChatHistory {
                messages: Vec::new(),
                last_seq: 0,
                ticket_status: None,
                ticket_id: None,
                read_seq: 0,
            });
        };
        let ids: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
        let limit = query.limit.clamp(0, MOST);
        let messages = messages::after(&self.store, &ids, query.after_seq, limit).await?;
        let seen = messages.last().map_or(0, |message| message.seq);
        // snoozed is the agents' business: for the visitor the chat is open
        let status = if newest.status == "closed" { "closed" } else { "open" };
        Ok(ChatHistory {
            messages,
            last_seq: newest.last_seq.max(seen),
            ticket_status: Some(status.to_owned()),
            ticket_id: Some(newest.id),
            read_seq: tickets.iter().map(|ticket| ticket.read_seq).max().unwrap_or(0),
        })
    }

    /// How far sessions are, for nodes that may not have been told of everything.
    ///
    /// # Errors
    /// Too many at once; the database is away.
    pub async fn chat_standing(&self, query: &ChatStandingQuery) -> Result<Vec<ChatStanding>, DeskError> {
        if query.sessions.len() > MOST_SESSIONS {
            return Err(DeskError::Refused(format!("at most {MOST_SESSIONS} sessions at once")));
        }
        presence::standing(&self.store, &query.sessions).await
    }

    /// The newest earlier chats of somebody who proved who they are, oldest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn past_chats(&self, query: &PastChatsQuery) -> Result<Vec<PastChat>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        let site = query.site.as_str();
        let found = match &query.of {
            PastChatsOf::Signed { id } => {
                let address = Address::External(format!("{site}:{id}"));
                chats::of_profile(&mut connection, &address, site, query.except, MOST_PAST).await?
            }
            PastChatsOf::Session { session } => {
                chats::of_session(&mut connection, *session, site, MOST_PAST).await?
            }
        };
        drop(connection);
        let mut past = Vec::with_capacity(found.len());
        for (ticket, status) in found.into_iter().rev() {
            let messages = messages::after(&self.store, &[ticket], 0, OF_ONE).await?;
            past.push(PastChat { ticket, status, messages });
        }
        Ok(past)
    }

    /// The chat of a mail's button.
    ///
    /// # Errors
    /// The link is not ours, or its time is over; the database is away.
    pub async fn chat_door(&self, token: &str) -> Result<ChatDoor, DeskError> {
        let opened = self.outside.as_ref().and_then(|outside| outside.open_chat_link(token, self.now()));
        let (session, site) = opened.ok_or(DeskError::NotFound("chat"))?;
        let mut connection = self.store.reader().acquire().await?;
        let began = chats::began(&mut connection, session).await?;
        let (_, page) = began.ok_or(DeskError::NotFound("chat"))?;
        Ok(ChatDoor { page, site, session })
    }
}
