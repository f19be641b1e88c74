//! The ledger.

use desk::ledger::{LedgerEntry as Entry, LedgerState};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// What became of something taken in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerEntry {
    /// Id.
    pub id: String,
    /// `sms`, `email`, `chat`; empty for what has none.
    pub channel: String,
    /// The sender's id of it.
    pub external_id: String,
    /// When it was taken in.
    pub received_at: Time,
    /// What became of it.
    #[schema(value_type = word::LedgerState)]
    pub state: LedgerState,
    /// Why, in one sentence.
    pub reason: String,
    /// Where it went.
    #[schema(required = true)]
    pub ticket_id: Option<Uuid>,
    /// Whether it can be sent through again.
    pub replayable: bool,
}

impl From<Entry> for LedgerEntry {
    fn from(entry: Entry) -> Self {
        let Entry { id, channel, external_id, received_at, state, reason, ticket_id, replayable } = entry;
        let (received_at, ticket_id) = (Time(received_at), ticket_id.map(|ticket| ticket.0));
        Self { id, channel, external_id, received_at, state, reason, ticket_id, replayable }
    }
}
