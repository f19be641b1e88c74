//! What every door does with a mail: keep the raw bytes, understand it, keep its files, publish; only then is it ours.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bus::{Bus, topic::INBOUND_EMAIL};
use bytes::Bytes;
use domain::{Clock, event::MailClient};
use host::{Blobs, Metrics, config::Mailbox};
use tokio::time::timeout;

use crate::{
    budget::Budget,
    guard::{Case, Guard},
    headers::Headers,
    mail::{Understood, raw_key},
    routing::Routes,
    unpublished::Unpublished,
};

/// Servers a mail may have passed; more is a loop (RFC 5321 §6.3).
const MAX_RECEIVED: usize = 50;
/// A mail is durable within this time or put off; senders wait ten minutes for the final reply.
const DEADLINE: Duration = Duration::from_secs(30);

/// Who a mail is from and for.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// The envelope sender, empty for `<>`; `None` where the door does not tell it.
    pub from: Option<String>,
    /// The envelope recipients, as given.
    pub recipients: Vec<String>,
    /// Who handed it to us, where the door knows it.
    pub client: Option<MailClient>,
}

/// A mail that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The event's id of the first mailbox.
    pub id: String,
}

/// Why a mail is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// It went round in circles.
    Loop,
    /// It is not known to be durable: the sender must keep it. The reason is for the log.
    NotDurable(String),
}

/// Takes mails in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    bus: Bus,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    routes: Arc<Routes>,
    budget: Budget,
    guard: Guard,
    metrics: Metrics,
    unpublished: Unpublished,
}

impl Intake {
    /// Over the process's bus, blobs and clock; `budget` bounds the mails in memory.
    pub fn new(
        bus: Bus,
        blobs: Blobs,
        clock: Arc<dyn Clock>,
        routes: Arc<Routes>,
        budget: Budget,
        metrics: Metrics,
    ) -> Self {
        Self {
            bus,
            blobs,
            clock,
            routes,
            budget,
            guard: Guard::default(),
            metrics,
            unpublished: Unpublished::default(),
        }
    }

    /// Memory for mails being read.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The mailboxes.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Takes a mail in, once per mailbox among its recipients. `Ok` means durable.
    ///
    /// # Errors
    /// [`Refusal`]. It may have been kept in part: sent again, nothing is doubled.
    pub async fn accept(&self, envelope: &Envelope, raw: Bytes) -> Result<Accepted, Refusal> {
        let outcome = self.decide(envelope, raw).await;
        let label = match &outcome {
            Ok(_) => "kept",
            Err(Refusal::Loop) => "loop",
            Err(Refusal::NotDurable(_)) => "put_off",
        };
        self.metrics.counter("frontdesk_mails_total", &[("outcome", label)]).increment();
        outcome
    }

    async fn decide(&self, envelope: &Envelope, raw: Bytes) -> Result<Accepted, Refusal> {
        if Headers::read(&raw).all("received").count() > MAX_RECEIVED {
            return Err(Refusal::Loop);
        }
        match timeout(DEADLINE, Box::pin(self.keep(envelope, raw))).await {
            Ok(kept) => kept.map_err(|error| Refusal::NotDurable(format!("{error:#}"))),
            Err(_) => Err(Refusal::NotDurable(format!("it took longer than {DEADLINE:?}"))),
        }
    }

    async fn keep(&self, envelope: &Envelope, raw: Bytes) -> anyhow::Result<Accepted> {
        let mut mailboxes = self.mailboxes(envelope).into_iter();
        let (recipient, mailbox) = mailboxes
            .next()
            .ok_or_else(|| anyhow::anyhow!("none of the recipients has a mailbox any more"))?;
        // While the disk takes the raw bytes, the mail is understood.
        let (key, understood) =
            tokio::join!(self.kept(&raw), self.understand(envelope, recipient, mailbox, &raw));
        let pending = self.unpublished.pending(raw.clone(), key?);
        let key = &pending.key;
        let id = self.publish(understood, key, raw.len()).await?;
        // One after the other: each has the mail's files in memory once more.
        for (recipient, mailbox) in mailboxes {
            let understood = self.understand(envelope, recipient, mailbox, &raw).await;
            self.publish(understood, key, raw.len()).await?;
        }
        pending.published();
        Ok(Accepted { id })
    }

    /// The key of the raw bytes, once they are on the disk.
    async fn kept(&self, raw: &Bytes) -> anyhow::Result<String> {
        if let Some(key) = self.unpublished.find(raw, &self.blobs).await {
            return Ok(key);
        }
        self.blobs.keep(raw.clone(), || raw_key(raw)).await
    }

    /// Each mailbox once, with the recipient that named it first.
    fn mailboxes<'a>(&'a self, envelope: &'a Envelope) -> Vec<(&'a str, &'a Mailbox)> {
        let mut seen = HashSet::new();
        let known = envelope.recipients.iter().filter_map(|r| Some((r.as_str(), self.routes.find(r)?)));
        known.filter(|(_, mailbox)| seen.insert(&mailbox.address)).collect()
    }

    async fn understand(
        &self,
        envelope: &Envelope,
        recipient: &str,
        mailbox: &Mailbox,
        raw: &Bytes,
    ) -> Understood {
        let case = Case {
            raw: raw.clone(),
            envelope_from: envelope.from.clone(),
            recipient: recipient.to_owned(),
            mailbox: mailbox.address.clone(),
            routes: self.routes.clone(),
            now: self.clock.now(),
        };
        let mut understood = self.guard.understand(case).await;
        understood.event.client.clone_from(&envelope.client);
        understood
    }

    /// Keeps the files and publishes the event of the mail that lies under `raw`; its id.
    async fn publish(&self, understood: Understood, raw: &str, size: usize) -> anyhow::Result<String> {
        let Understood { mut event, blobs } = understood;
        raw.clone_into(&mut event.raw);
        let files = blobs.into_iter().map(|(key, bytes)| async move { self.blobs.put(&key, bytes).await });
        futures::future::try_join_all(files).await?;
        let id = format!("mail:{}:{}", event.mailbox, event.digest);
        let published = self.bus.publish(INBOUND_EMAIL, &id, &event).await?;
        if published.duplicate {
            // The bus keeps the first one alone: of the bytes that lie here for this one nobody would ever hear.
            self.bus.publish(INBOUND_EMAIL, &format!("{id}:{raw}"), &event).await?;
        }
        tracing::info!(%id, kind = ?event.kind, duplicate = published.duplicate, bytes = size, "a mail was taken in");
        Ok(id)
    }
}
