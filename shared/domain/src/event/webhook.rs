//! Work for the notifier that tells other programs what happened, what it asks before, and what it says after.

use serde::{Deserialize, Serialize};

use crate::{
    id::{DeliveryId, WebhookId},
    time::Timestamp,
    webhook::WebhookKind,
};

/// A delivery is to be tried. On `outbound.webhook`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundWebhook {
    /// Which.
    pub delivery_id: DeliveryId,
    /// The how-manieth try it is, from 1.
    pub attempt: i64,
}

/// The desk's answer to [`OutboundWebhook`], asked before the try.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WebhookWork {
    /// Go on.
    Post(WebhookPost),
    /// It was tried, given up, or its webhook is switched off.
    Drop,
}

/// A request to make. It holds secrets: never logged.
#[derive(Clone, Serialize, Deserialize)]
pub struct WebhookPost {
    /// Whose it is, for the log.
    pub webhook_id: WebhookId,
    /// Where to.
    pub url: String,
    /// In which form.
    pub form: WebhookKind,
    /// What it is signed with.
    pub secret: String,
    /// What it is signed with too, for a day after the secret was changed.
    #[serde(default)]
    pub old_secret: Option<String>,
    /// The body.
    pub body: String,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTried {
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// Which try.
    pub attempt: i64,
    /// The receiver's answer, if there was one.
    pub status: Option<u16>,
    /// The beginning of what it said, or why there was no answer.
    pub said: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// How long the receiver asks to be left alone, in milliseconds.
    pub patience: Option<i64>,
    /// When it was made.
    pub at: Timestamp,
}
