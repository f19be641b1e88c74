//! Webhooks: programs elsewhere that are told what happens (H4). [`deliveries`] brings it there, [`body`] says it.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    DeliveryId, Timestamp, WebhookId,
    audit::AuditAction,
    webhook::{DeliveryState, Health, WebhookEvent, WebhookKind},
};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    entropy, sign_in,
    store::{webhook_deliveries, webhooks as rows},
    text,
};

mod body;
mod deliveries;

pub(crate) use deliveries::WEBHOOK;

/// Most webhooks.
const MOST: usize = 50;
/// Longest name, in characters.
const MAX_NAME: usize = 80;
/// Longest address, in bytes.
const MAX_URL: usize = 2_000;
/// How long requests are signed with the secret before too, after it was changed.
const OLD_SECRET_FOR: i64 = 24 * 60 * 60_000;

/// A program that is told what happens.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Id.
    pub id: WebhookId,
    /// Name.
    pub name: String,
    /// In which form it is told.
    pub kind: WebhookKind,
    /// Where. For Slack that is a secret.
    pub url: String,
    /// What requests are signed with.
    pub secret: String,
    /// What it is told.
    pub events: Vec<WebhookEvent>,
    /// It is told.
    pub active: bool,
    /// Why it was switched off by itself.
    pub disabled_why: Option<String>,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// How its receiver does.
    pub health: Health,
    /// The secret before, and until when it counts.
    pub old_secret: Option<(String, Timestamp)>,
}

/// A webhook to make.
#[derive(Clone)]
pub struct NewWebhook {
    /// Name.
    pub name: String,
    /// In which form it is told.
    pub kind: WebhookKind,
    /// Where.
    pub url: String,
    /// What it is told.
    pub events: Vec<WebhookEvent>,
}

/// What changes about a webhook; `None` leaves it.
#[derive(Clone, Default)]
pub struct WebhookPatch {
    /// Name.
    pub name: Option<String>,
    /// Where.
    pub url: Option<String>,
    /// What it is told.
    pub events: Option<Vec<WebhookEvent>>,
    /// It is told.
    pub active: Option<bool>,
}

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Id, by which the receiver knows a repeat.
    pub id: DeliveryId,
    /// For whom.
    pub webhook: WebhookId,
    /// What happened.
    pub event: String,
    /// What is posted.
    pub body: String,
    /// The ticket it speaks of: they are erased together.
    pub ticket: Option<String>,
    /// What became of it.
    pub state: DeliveryState,
    /// Tries so far.
    pub tries: i64,
    /// The try that is due.
    pub attempt: i64,
    /// From when on its day is counted.
    pub begun_at: Timestamp,
    /// The next try, while it is pending.
    pub next_at: Option<Timestamp>,
    /// When it happened.
    pub created_at: Timestamp,
}

/// How a try went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The how-manieth.
    pub attempt: i64,
    /// The receiver's answer, if there was one.
    pub status: Option<u16>,
    /// The beginning of what it said, or why there was no answer.
    pub said: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// When.
    pub at: Timestamp,
}

impl Desk {
    /// Every webhook, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        rows::all(&mut *connection).await
    }

    /// Makes a webhook; its secret is in the answer.
    ///
    /// # Errors
    /// A name, address or events that make no sense; `too_many_webhooks`.
    pub async fn create_webhook(&self, new: NewWebhook, actor: &Actor) -> Result<Webhook, DeskError> {
        let now = self.now();
        let one = Webhook {
            id: WebhookId::new(now, &entropy()),
            name: checked_name(&new.name)?,
            kind: new.kind,
            url: checked_url(&new.url)?,
            secret: fresh_secret(),
            events: checked_events(new.events)?,
            active: true,
            disabled_why: None,
            created_at: now,
            updated_at: now,
            health: Health::default(),
            old_secret: None,
        };
        let mut tx = self.store.begin().await?;
        if rows::all(&mut *tx).await?.len() >= MOST {
            return Err(DeskError::conflict(
                "too_many_webhooks",
                format!("there are {MOST} webhooks already"),
            ));
        }
        rows::save(&mut tx, &one).await?;
        audit::record(&mut tx, actor, Deed::saved(None, &one), now).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(webhook = %one.id, by = %actor.id, "a webhook was added");
        Ok(one)
    }

    /// Changes a webhook. Switched on again, it is as if it had never failed.
    ///
    /// # Errors
    /// There is no such webhook; a name, address or events that make no sense.
    pub async fn change_webhook(
        &self,
        id: WebhookId,
        patch: WebhookPatch,
        actor: &Actor,
    ) -> Result<Webhook, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        // deliveries are locked before their webhook
        if patch.active == Some(true) {
            webhook_deliveries::begin_anew(&mut tx, id, now).await?;
        }
        let mut one = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("webhook"))?;
        let before = one.clone();
        if let Some(name) = &patch.name {
            one.name = checked_name(name)?;
        }
        if let Some(url) = &patch.url {
            one.url = checked_url(url)?;
        }
        if let Some(events) = patch.events {
            one.events = checked_events(events)?;
        }
        if let Some(active) = patch.active {
            (one.active, one.disabled_why) = (active, None);
        }
        (one.updated_at, one.health) = (now, Health::default());
        rows::save(&mut tx, &one).await?;
        audit::record(&mut tx, actor, Deed::saved(Some(&before), &one), now).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(webhook = %id, by = %actor.id, "a webhook was changed");
        Ok(one)
    }

    /// Gives a webhook a new secret; for a day requests are signed with the one before too.
    ///
    /// # Errors
    /// There is no such webhook; `unsigned`: Slack checks no signature.
    pub async fn change_webhook_secret(&self, id: WebhookId, actor: &Actor) -> Result<Webhook, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let mut one = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("webhook"))?;
        if one.kind == WebhookKind::Slack {
            return Err(DeskError::conflict(
                "unsigned",
                "what is told to Slack is not signed: there is no secret",
            ));
        }
        let old = std::mem::replace(&mut one.secret, fresh_secret());
        (one.old_secret, one.updated_at) = (Some((old, now.plus(OLD_SECRET_FOR))), now);
        rows::save(&mut tx, &one).await?;
        audit::record(&mut tx, actor, Deed::of(AuditAction::SecretChanged, &one), now).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(webhook = %id, by = %actor.id, "the secret of a webhook was changed");
        Ok(one)
    }

    /// Takes a webhook away, and what was told to it.
    ///
    /// # Errors
    /// There is no such webhook.
    pub async fn delete_webhook(&self, id: WebhookId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        webhook_deliveries::delete_of(&mut tx, id).await?;
        let one = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("webhook"))?;
        rows::delete(&mut tx, id).await?;
        audit::record(&mut tx, actor, Deed::removed(&one), self.now()).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(webhook = %id, by = %actor.id, "a webhook was deleted");
        Ok(())
    }

    /// A page of what was told to a webhook, newest first, with how each try went.
    ///
    /// # Errors
    /// There is no such webhook; a limit or cursor that makes no sense.
    pub async fn webhook_deliveries(
        &self,
        id: WebhookId,
        page: &crate::PageRequest,
    ) -> Result<crate::Page<(Delivery, Vec<Try>)>, DeskError> {
        let limit = page.limit()?;
        if !self.webhooks().await?.iter().any(|one| one.id == id) {
            return Err(DeskError::NotFound("webhook"));
        }
        let found = webhook_deliveries::page(&self.store, id, page.after()?, limit + 1).await?;
        Ok(crate::Page::cut(found, limit, |(one, _): &(Delivery, Vec<Try>)| {
            (one.created_at.millis(), one.id.to_string())
        }))
    }
}

fn fresh_secret() -> String {
    format!("whsec_{}", STANDARD.encode(Sha256::digest(sign_in::token())))
}

fn checked_name(name: &str) -> Result<String, DeskError> {
    let name = text::line(name).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(DeskError::invalid("name", format!("a name must have 1 to {MAX_NAME} characters")));
    }
    Ok(name)
}

fn checked_url(url: &str) -> Result<String, DeskError> {
    let odd = |reason: &str| DeskError::invalid("url", reason.to_owned());
    if url.len() > MAX_URL {
        return Err(odd("an address may have at most 2000 characters"));
    }
    let url = Url::parse(url.trim())
        .map_err(|_| odd("url must be an address such as https://hooks.example.com/frontdesk"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(odd("url must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(odd("url must not hold a password: requests are signed"));
    }
    Ok(url.into())
}

fn checked_events(mut events: Vec<WebhookEvent>) -> Result<Vec<WebhookEvent>, DeskError> {
    events.sort_unstable_by_key(|event| event.as_str());
    events.dedup();
    if events.is_empty() {
        return Err(DeskError::invalid("events", "name at least one event"));
    }
    Ok(events)
}
