//! What the search box finds.

use desk::search::Found as FoundTicket;
use domain::search::Part;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, ticket::Ticket};

/// A ticket that was found, and where the words stand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Found {
    /// The ticket.
    pub ticket: Ticket,
    /// The newest message with one of the words.
    #[schema(required = true)]
    pub message: Option<FoundMessage>,
    /// The subject, where it has one of the words.
    #[schema(required = true)]
    pub subject: Option<Vec<FoundPart>>,
    /// The customer's name or address, where it has one of the words.
    #[schema(required = true)]
    pub customer: Option<Vec<FoundPart>>,
}

/// Where a message says what was searched for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundMessage {
    /// The message.
    pub id: Uuid,
    /// When it was sent.
    pub sent_at: Time,
    /// The piece around the first word; texts, never markup.
    pub parts: Vec<FoundPart>,
}

/// A piece of a text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundPart {
    /// As it was written.
    pub text: String,
    /// It is what was searched for.
    pub hit: bool,
}

impl From<FoundTicket> for Found {
    fn from(found: FoundTicket) -> Self {
        let parts = |parts: Vec<Part>| parts.into_iter().map(FoundPart::from).collect();
        Self {
            ticket: found.ticket.into(),
            message: found.message.map(|message| FoundMessage {
                id: message.id.0,
                sent_at: Time(message.sent_at),
                parts: parts(message.parts),
            }),
            subject: found.subject.map(parts),
            customer: found.customer.map(parts),
        }
    }
}

impl From<Part> for FoundPart {
    fn from(part: Part) -> Self {
        let Part { text, hit } = part;
        Self { text, hit }
    }
}
