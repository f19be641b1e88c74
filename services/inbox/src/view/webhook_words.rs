//! The words of webhooks as OpenAPI enumerations, beside those of [`super::word`].

use utoipa::ToSchema;

/// What a webhook can be told.
#[derive(ToSchema)]
pub enum WebhookEvent {
    /// A customer's message opened a ticket.
    #[schema(rename = "ticket.created")]
    TicketCreated,
    /// A ticket changed without a new message.
    #[schema(rename = "ticket.changed")]
    TicketChanged,
    /// A customer wrote.
    #[schema(rename = "message.received")]
    MessageReceived,
    /// The organisation wrote.
    #[schema(rename = "message.queued")]
    MessageQueued,
    /// A message was sent, delivered, read or failed.
    #[schema(rename = "message.status")]
    MessageStatus,
    /// A colleague wrote a note.
    #[schema(rename = "note.added")]
    NoteAdded,
    /// Two profiles became one, or are two again.
    #[schema(rename = "profile.merged")]
    ProfileMerged,
}

/// In which form a webhook is told.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WebhookKind {
    /// JSON, signed as Standard Webhooks describe it.
    Signed,
    /// `{"text": …}`, as Slack's incoming webhooks take it.
    Slack,
}

/// What became of what a webhook was told.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WebhookState {
    /// It is tried, or tried again later.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}
