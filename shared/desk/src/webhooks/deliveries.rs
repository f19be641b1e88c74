//! What happened is brought to webhooks: at least once, in no promised order, each under an id of its own that stays.
//!
//! A delivery is written with the work for the notifier. Whatever becomes of that work, a timer asks again: after the
//! pause of a try that failed, or when nobody says how it went. While a receiver fails its deliveries wait for one try at
//! a time ([`webhook::Health`]). A delivery is locked before its webhook.

use bus::{Delivery as Heard, Packet, topic::OUTBOUND_WEBHOOK};
use domain::{
    DeliveryId, Timestamp, WebhookId,
    event::{OutboundWebhook, WebhookPost, WebhookTried, WebhookWork},
    webhook::{self, DeliveryState, Health, WebhookEvent},
};
use serde_json::json;

use super::{Delivery, Webhook, body};
use crate::{
    Actor, Desk, DeskError,
    store::{
        Tx, outbox,
        timers::{self, DueTimer, Timer},
        webhook_deliveries as rows, webhooks,
    },
    text,
};

/// The kind of its timers.
pub(crate) const WEBHOOK: &str = "webhook";
/// How long nothing may be heard of a first try; of each further one that much longer, so that tries which wait for
/// the notifier do not pile up behind each other.
const LOST_AFTER: i64 = 5 * 60_000;
/// The how-manieth try may still make that longer.
const LATEST_LOST: i64 = 12;
/// Rests longer than this are spread.
const LONG_REST: i64 = 60_000;
/// Events told in one transaction.
const TOLD_AT_ONCE: usize = 20;
/// How long it is kept what was told.
const KEPT: i64 = 14 * 24 * 60 * 60_000;
/// Most old deliveries forgotten at once.
const FORGOTTEN: i64 = 200;
/// Longest answer that is kept, in characters.
const MAX_SAID: usize = 500;
/// What a try-out is called.
const TEST: &str = "webhook.test";

impl Desk {
    /// Tells webhooks what was heard of the desk. Heard again, it is told once.
    ///
    /// # Errors
    /// The database is away.
    pub async fn tell_webhooks(&self, heard: &[Heard]) -> Result<(), DeskError> {
        if self.webhooks().await?.iter().any(|hook| hook.active) {
            for some in heard.chunks(TOLD_AT_ONCE) {
                self.tell_some(some).await?;
            }
        }
        Ok(())
    }

    async fn tell_some(&self, heard: &[Heard]) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let hooks = webhooks::all(&mut *tx).await?;
        let mut packets = Vec::new();
        for one in heard {
            for said in body::said(&one.subject, &one.envelope) {
                for hook in hooks.iter().filter(|hook| hook.asks_for(said.event, one.envelope.at)) {
                    let id = DeliveryId::named(hook.id.0, &format!("{}:{}", one.envelope.id, said.event));
                    let (event, at) = (said.event.as_str(), one.envelope.at);
                    let body = body::body(hook.kind, event, &said.data, &said.line, at);
                    let ticket = body::ticket_of(&said.data);
                    let fresh = Delivery { body, ticket, ..Delivery::fresh(hook.id, id, event, at, now) };
                    packets.extend(self.begin_delivery(&mut tx, hook, fresh, now).await?);
                }
            }
        }
        self.commit(tx, packets).await
    }

    /// Forgets what was told long ago.
    ///
    /// # Errors
    /// The database is away.
    pub async fn forget_webhook_deliveries(&self) -> Result<(), DeskError> {
        let before = self.now().plus(-KEPT);
        loop {
            let mut tx = self.store.begin().await?;
            let forgotten = rows::forget(&mut tx, before, FORGOTTEN).await?;
            self.commit(tx, Vec::new()).await?;
            if forgotten < FORGOTTEN.unsigned_abs() {
                return Ok(());
            }
        }
    }

    /// Has a webhook told that this is a try-out.
    ///
    /// # Errors
    /// There is no such webhook; `webhook_off`.
    pub async fn test_webhook(&self, id: WebhookId, actor: &Actor) -> Result<Delivery, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let hook = self.begin_trying(&mut tx, id).await?;
        let (data, line) = (json!({ "by": actor.name }), "A try-out from Frontdesk: it works.");
        let body = body::body(hook.kind, TEST, &data, line, now);
        let delivery = DeliveryId::new(now, &crate::entropy());
        let fresh = Delivery { body, ..Delivery::fresh(id, delivery, TEST, now, now) };
        let packet = self.begin_delivery(&mut tx, &hook, fresh.clone(), now).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        Ok(fresh)
    }

    /// Has something told again, under its id, from now on for a day.
    ///
    /// # Errors
    /// There is no such delivery of this webhook; `webhook_off`.
    pub async fn replay_delivery(&self, hook: WebhookId, id: DeliveryId) -> Result<Delivery, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let found = rows::lock(&self.store, &mut tx, id).await?.filter(|one| one.webhook == hook);
        let webhook = self.begin_trying(&mut tx, hook).await?;
        let mut one = found.ok_or(DeskError::NotFound("delivery"))?;
        (one.state, one.begun_at) = (DeliveryState::Pending, now);
        one.attempt = one.attempt.max(one.tries) + 1;
        let packet = self.hand_over(&mut tx, &webhook, &mut one, now).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        Ok(one)
    }

    /// Somebody wants to see whether a receiver is well: it is not left alone any longer.
    async fn begin_trying(&self, tx: &mut Tx, id: WebhookId) -> Result<Webhook, DeskError> {
        let mut hook = webhooks::lock(&self.store, tx, id).await?.ok_or(DeskError::NotFound("webhook"))?;
        if !hook.active {
            let why = "this webhook is switched off: switch it on first";
            return Err(DeskError::conflict("webhook_off", why));
        }
        hook.health = Health::default();
        webhooks::save(tx, &hook).await?;
        Ok(hook)
    }

    /// What is to be posted in a try, unless that is over or has to wait.
    ///
    /// # Errors
    /// The database is away.
    pub async fn webhook_work(&self, asked: &OutboundWebhook) -> Result<WebhookWork, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let Some(mut one) = rows::lock(&self.store, &mut tx, asked.delivery_id).await? else {
            return Ok(WebhookWork::Drop);
        };
        let due = one.attempt == asked.attempt && one.tries < asked.attempt;
        let hook = webhooks::lock(&self.store, &mut tx, one.webhook).await?.filter(|hook| hook.active);
        let Some(mut hook) = hook.filter(|_| due && one.state == DeliveryState::Pending) else {
            return Ok(WebhookWork::Drop);
        };
        if let Some(until) = hook.health.wait(now) {
            self.wait_until(&mut tx, &mut one, until).await?;
            self.commit(tx, Vec::new()).await?;
            return Ok(WebhookWork::Drop);
        }
        if hook.health.failures > 0 {
            hook.health.begin(now);
            webhooks::save(&mut tx, &hook).await?;
            self.commit(tx, Vec::new()).await?;
        }
        let old_secret = hook.old_secret.filter(|(_, until)| *until > now).map(|(secret, _)| secret);
        let Webhook { id, url, kind, secret, .. } = hook;
        Ok(WebhookWork::Post(WebhookPost {
            webhook_id: id,
            url,
            form: kind,
            secret,
            old_secret,
            body: one.body,
        }))
    }

    /// Writes down how a try went, and what follows. Said again, it changes nothing.
    ///
    /// # Errors
    /// The database is away.
    pub async fn webhook_tried(&self, mut tried: WebhookTried) -> Result<(), DeskError> {
        let now = self.now();
        tried.said = text::clean(&tried.said).chars().take(MAX_SAID).collect();
        let mut tx = self.store.begin().await?;
        let Some(mut one) = rows::lock(&self.store, &mut tx, tried.delivery_id).await? else { return Ok(()) };
        if !rows::tried(&mut tx, &tried).await? {
            return Ok(());
        }
        self.note_health(&mut tx, one.webhook, &tried, now).await?;
        one.tries = one.tries.max(tried.attempt);
        if one.state == DeliveryState::Pending && one.attempt == tried.attempt {
            self.settle_delivery(&mut tx, &mut one, &tried, now).await?;
        }
        rows::save(&mut tx, &one).await?;
        self.commit(tx, Vec::new()).await
    }

    /// The pause after a try is over, or nobody said how it went.
    pub(crate) async fn run_webhook(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let now = self.now();
        let id = timer.subject_id.parse().map_err(|_| DeskError::Refused("no id of a delivery".into()))?;
        let mut tx = self.store.begin().await?;
        let one = rows::lock(&self.store, &mut tx, id).await?;
        if timers::take_due(&mut tx, &timer.key, now).await?.is_none() {
            return Ok(());
        }
        let pending = one.filter(|one| one.state == DeliveryState::Pending);
        let Some(mut one) = pending else { return self.commit(tx, Vec::new()).await };
        let hook = webhooks::lock(&self.store, &mut tx, one.webhook).await?;
        let is_lost = one.tries < one.attempt;
        let is_over = is_lost && now.millis() - one.begun_at.millis() > webhook::GIVEN_UP_AFTER;
        let Some(hook) = hook.filter(|hook| hook.active && !is_over) else {
            (one.state, one.next_at) = (DeliveryState::Failed, None);
            rows::save(&mut tx, &one).await?;
            return self.commit(tx, Vec::new()).await;
        };
        one.attempt += 1;
        let packet = self.hand_over(&mut tx, &hook, &mut one, now).await?;
        self.commit(tx, packet.into_iter().collect()).await
    }

    /// A receiver that took something after it failed is well; one that fails rests.
    async fn note_health(
        &self,
        tx: &mut Tx,
        id: WebhookId,
        tried: &WebhookTried,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let Some(mut hook) = webhooks::lock(&self.store, tx, id).await? else { return Ok(()) };
        let before = hook.health;
        hook.health.tried(webhook::is_taken(tried.status), tried.at, now);
        if hook.health == before { Ok(()) } else { webhooks::save(tx, &hook).await }
    }

    /// `None` if it was begun before.
    async fn begin_delivery(
        &self,
        tx: &mut Tx,
        hook: &Webhook,
        mut one: Delivery,
        now: Timestamp,
    ) -> Result<Option<Packet>, DeskError> {
        if !rows::insert(tx, &one).await? {
            return Ok(None);
        }
        self.hand_over(tx, hook, &mut one, now).await
    }

    /// Hands the try that is due to the notifier, or has it wait for a receiver that fails.
    async fn hand_over(
        &self,
        tx: &mut Tx,
        hook: &Webhook,
        one: &mut Delivery,
        now: Timestamp,
    ) -> Result<Option<Packet>, DeskError> {
        if let Some(until) = hook.health.wait(now) {
            return self.wait_until(tx, one, until).await.map(|()| None);
        }
        one.next_at = Some(now);
        rows::save(tx, one).await?;
        self.ask_again(tx, one.id, now.plus(LOST_AFTER * one.attempt.clamp(1, LATEST_LOST))).await?;
        let work = OutboundWebhook { delivery_id: one.id, attempt: one.attempt };
        let id = format!("webhook:{}:{}", one.id, one.attempt);
        outbox::add(tx, OUTBOUND_WEBHOOK, &id, now, &work).await.map(Some)
    }

    /// After long rests not all of them at once: other timers are not to stand behind them.
    async fn wait_until(&self, tx: &mut Tx, one: &mut Delivery, until: Timestamp) -> Result<(), DeskError> {
        let rest = until.millis() - self.now().millis();
        let spread = if rest > LONG_REST { i64::from(one.id.0.as_fields().0) % rest } else { 0 };
        let until = until.plus(spread);
        one.next_at = Some(until);
        rows::save(tx, one).await?;
        self.ask_again(tx, one.id, until).await
    }

    async fn settle_delivery(
        &self,
        tx: &mut Tx,
        one: &mut Delivery,
        tried: &WebhookTried,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let failed = rows::failures(tx, one.id, one.begun_at).await?;
        let next = webhook::next_try(one.begun_at, now, failed, tried.patience);
        one.next_at = None;
        if webhook::is_taken(tried.status) {
            one.state = DeliveryState::Delivered;
        } else if webhook::is_gone(tried.status) {
            one.state = DeliveryState::Failed;
            self.switch_off(tx, one.webhook, "its receiver says that it is gone for good (410)", now).await?;
        } else if let Some(next) = next {
            one.next_at = Some(next);
            return self.ask_again(tx, one.id, next).await;
        } else {
            one.state = DeliveryState::Failed;
            if !rows::took_any(tx, one.webhook, one.begun_at).await? {
                self.switch_off(tx, one.webhook, "for a day its receiver took nothing", now).await?;
            }
        }
        timers::clear(tx, &key(one.id)).await
    }

    async fn switch_off(
        &self,
        tx: &mut Tx,
        id: WebhookId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let Some(mut hook) = webhooks::lock(&self.store, tx, id).await? else { return Ok(()) };
        (hook.active, hook.disabled_why, hook.updated_at) = (false, Some(why.to_owned()), now);
        tracing::warn!(webhook = %id, why, "a webhook was switched off");
        webhooks::save(tx, &hook).await
    }

    async fn ask_again(&self, tx: &mut Tx, id: DeliveryId, due: Timestamp) -> Result<(), DeskError> {
        let (key, subject) = (key(id), id.to_string());
        timers::set(tx, Timer { key: &key, kind: WEBHOOK, subject: &subject, due, number: None }).await?;
        self.bell.set(due);
        Ok(())
    }
}

impl Webhook {
    /// Whether it is told of what happened then.
    fn asks_for(&self, event: WebhookEvent, at: Timestamp) -> bool {
        self.active && self.events.contains(&event) && self.created_at <= at
    }
}

impl Delivery {
    /// Of what happened then, begun now.
    fn fresh(webhook: WebhookId, id: DeliveryId, event: &str, at: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            webhook,
            event: event.to_owned(),
            body: String::new(),
            ticket: None,
            state: DeliveryState::Pending,
            tries: 0,
            attempt: 1,
            begun_at: now,
            next_at: Some(now),
            created_at: at,
        }
    }
}

fn key(id: DeliveryId) -> String {
    format!("{WEBHOOK}:{id}")
}
