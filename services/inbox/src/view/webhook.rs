//! Webhooks and what was told to them.

use desk::webhooks::{Delivery as Told, Try, Webhook as Kept};
use domain::webhook::{DeliveryState, WebhookEvent, WebhookKind};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// A program that is told what happens, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// In which form it is told.
    #[schema(value_type = word::WebhookKind)]
    pub kind: WebhookKind,
    /// Where.
    pub url: String,
    /// What it is told.
    #[schema(value_type = Vec<word::WebhookEvent>)]
    pub events: Vec<WebhookEvent>,
    /// It is told.
    pub active: bool,
    /// Why it was switched off by itself, if it was.
    #[schema(required = true)]
    pub disabled_why: Option<String>,
    /// Until when its receiver, which fails, is left alone; then one try shows whether it is well again.
    #[schema(required = true)]
    pub rests_until: Option<Time>,
    /// Made.
    pub created_at: Time,
    /// Last changed.
    pub updated_at: Time,
}

/// A webhook just made, or its secret just changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AddedWebhook {
    /// Its facts.
    #[serde(flatten)]
    pub facts: Webhook,
    /// What requests are signed with (Standard Webhooks). Shown only now; `null` when the request is repeated, and for
    /// Slack, which checks no signature.
    #[schema(required = true)]
    pub secret: Option<String>,
}

/// One event for one webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// Id; `webhook-id` of every try, by which the receiver knows a repeat.
    pub id: Uuid,
    /// What happened, such as `ticket.created`; `webhook.test` for a try-out.
    pub event: String,
    /// What became of it.
    #[schema(value_type = word::WebhookState)]
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// The next try, while it is pending.
    #[schema(required = true)]
    pub next_at: Option<Time>,
    /// When it happened.
    pub created_at: Time,
    /// What is posted.
    pub body: String,
    /// How each try went, oldest first.
    pub log: Vec<WebhookTry>,
}

/// How a try went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookTry {
    /// The how-manieth.
    pub attempt: i64,
    /// The receiver's answer, if there was one.
    #[schema(required = true)]
    pub status: Option<u16>,
    /// The beginning of what it said, or why there was no answer.
    pub said: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// When.
    pub at: Time,
}

impl From<Kept> for Webhook {
    fn from(kept: Kept) -> Self {
        Self {
            id: kept.id.0,
            name: kept.name,
            kind: kept.kind,
            url: kept.url,
            events: kept.events,
            active: kept.active,
            disabled_why: kept.disabled_why,
            rests_until: kept.health.rests_until.filter(|_| kept.active).map(Time),
            created_at: Time(kept.created_at),
            updated_at: Time(kept.updated_at),
        }
    }
}

impl From<(Told, Vec<Try>)> for WebhookDelivery {
    fn from((told, log): (Told, Vec<Try>)) -> Self {
        let log = log.into_iter().map(|one| WebhookTry {
            attempt: one.attempt,
            status: one.status,
            said: one.said,
            millis: one.millis,
            at: Time(one.at),
        });
        Self {
            id: told.id.0,
            event: told.event,
            state: told.state,
            tries: told.tries,
            next_at: told.next_at.map(Time),
            created_at: Time(told.created_at),
            body: told.body,
            log: log.collect(),
        }
    }
}
