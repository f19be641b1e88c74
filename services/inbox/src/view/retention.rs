//! What was kept long enough.

use desk::retention::Over;
use serde::Serialize;
use utoipa::ToSchema;

/// How many closed tickets of each channel are older than they would be kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketsOver {
    /// Of texts.
    pub sms: i64,
    /// Of mails.
    pub email: i64,
    /// Of chats.
    pub chat: i64,
}

impl From<Over> for TicketsOver {
    fn from(over: Over) -> Self {
        Self { sms: over.sms, email: over.email, chat: over.chat }
    }
}
