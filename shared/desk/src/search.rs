//! The search box (E5): tickets, and where what was searched for stands.

use domain::{
    MessageId, TicketId, Timestamp,
    event::TicketView,
    search::{Part, Phrase, highlighted, parse, snippet},
};

use crate::{
    Actor, Desk, DeskError, Page, PageRequest,
    store::{
        rows::word,
        search_index,
        search_query::{self, FoundText},
    },
    tickets::TicketFilter,
};

/// A ticket that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The ticket.
    pub ticket: TicketView,
    /// The newest message with one of the words, around the first of them.
    pub message: Option<FoundMessage>,
    /// The subject, where it has one of the words.
    pub subject: Option<Vec<Part>>,
    /// The customer's name, where it has one of the words; else their address, where that has.
    pub customer: Option<Vec<Part>>,
}

/// Where a message says what was searched for.
#[derive(Clone, Debug)]
pub struct FoundMessage {
    /// The message.
    pub id: MessageId,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The piece around the first word.
    pub parts: Vec<Part>,
}

impl Desk {
    /// A page of tickets, with where the words of `q` stand.
    ///
    /// # Errors
    /// A search, filter, limit or cursor that makes no sense.
    pub async fn search(
        &self,
        filter: &TicketFilter,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<Found>, DeskError> {
        let found = self.tickets(filter, actor, page).await?;
        let search = parse(filter.q.as_deref().unwrap_or_default())
            .map_err(|reason| DeskError::invalid("q", reason))?;
        let phrases: Vec<&Phrase> = search.shown().collect();
        let ids: Vec<TicketId> = found.data.iter().map(|ticket| ticket.id).collect();
        let mut texts = search_query::texts(&self.store, &ids, &phrases).await?;
        let data = found.data.into_iter().map(|ticket| {
            let text = texts.remove(&ticket.id);
            shown(ticket, text, &phrases)
        });
        Ok(Page { data: data.collect::<Result<_, _>>()?, next_cursor: found.next_cursor })
    }

    /// Goes through some of what was there before search was; `false` once all of it has been.
    ///
    /// # Errors
    /// The database is away.
    pub async fn index_backlog(&self) -> Result<bool, DeskError> {
        search_index::catch_up(&self.store).await
    }
}

fn shown(ticket: TicketView, text: Option<FoundText>, phrases: &[&Phrase]) -> Result<Found, DeskError> {
    let message = match text {
        None => None,
        Some(text) => snippet(&text.text, phrases)
            .map(|parts| {
                let sent_at = Timestamp::from_millis(text.sent_at);
                Ok::<_, DeskError>(FoundMessage { id: word(&text.id)?, sent_at, parts })
            })
            .transpose()?,
    };
    let with_hit = |text: &str| {
        let parts = highlighted(text, phrases);
        parts.iter().any(|part| part.hit).then_some(parts)
    };
    let name = ticket.profile.name.as_deref().and_then(with_hit);
    let customer = name.or_else(|| with_hit(&ticket.profile.address));
    let subject = ticket.subject.as_deref().and_then(with_hit);
    Ok(Found { ticket, message, subject, customer })
}
