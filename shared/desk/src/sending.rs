//! The last look before a message leaves the house (D3): consent and block are asked for again, and the try is written
//! down before the carrier is called, so that a crash in between is never answered by sending twice.

use bus::topic::MESSAGE_MOVED;
use domain::{
    Channel, MessageStatus,
    consent::{may_text, opted_out_since},
    event::{ClaimSend, ReleaseSend, SendDecision},
    message::DeliveryError,
    ticket::ReplyRefusal,
};

use crate::{
    Desk, DeskError, intake,
    store::{
        Tx, delivery,
        delivery::Outgoing,
        outbox,
        rows::{consents_of, ticket_by_id},
    },
};

impl Desk {
    /// Whether a message may be sent now. `Send` means: it is recorded as `sending` by this claim.
    ///
    /// # Errors
    /// The database is away: do not send.
    pub async fn claim_send(&self, claim: &ClaimSend) -> Result<SendDecision, DeskError> {
        let mut tx = self.store.begin().await?;
        let Some(message) = delivery::lock(&self.store, &mut tx, claim.message_id).await? else {
            let decision = self.claim_notice(tx, claim).await?;
            return Ok(decision.unwrap_or_else(|| drop_because("there is no such message")));
        };
        match message.status {
            MessageStatus::Queued => match self.refusal(&mut tx, &message).await? {
                None => self.claim_queued(tx, &message, claim).await,
                Some(refusal) => {
                    let error = DeliveryError { code: refusal.code().into(), reason: refusal.to_string() };
                    self.end(tx, &message, MessageStatus::Failed, Some(error)).await?;
                    Ok(drop_because(refusal))
                }
            },
            MessageStatus::Sending if message.claim == Some(claim.claim) => Ok(SendDecision::Send),
            MessageStatus::Sending => {
                self.end(tx, &message, MessageStatus::Uncertain, None).await?;
                Ok(SendDecision::Uncertain)
            }
            MessageStatus::Uncertain => Ok(SendDecision::Uncertain),
            other => Ok(drop_because(format!("it is {other} already"))),
        }
    }

    async fn claim_queued(
        &self,
        mut tx: Tx,
        message: &Outgoing,
        claim: &ClaimSend,
    ) -> Result<SendDecision, DeskError> {
        if message.waits() {
            return Ok(drop_because("it waits for its time"));
        }
        if let Some(wait) = self.wait_after_all(&mut tx, message).await? {
            let ticket = match message.ticket {
                Some(ticket) => ticket_by_id(&self.store, &mut *tx, ticket).await?.map(|row| row.view),
                None => None,
            };
            let packets = self.put_off(&mut tx, ticket, message, wait).await?;
            self.commit(tx, packets).await?;
            return Ok(drop_because(format!("it waits until {}", wait.at())));
        }
        let sending = MessageStatus::Sending;
        delivery::set_status(&mut tx, message.id, sending, Some(claim.claim), None, self.now()).await?;
        tx.commit().await?;
        Ok(SendDecision::Send)
    }

    /// The carrier surely did not take it: it may be claimed again. Only the try that holds it can give it back.
    ///
    /// # Errors
    /// The database is away.
    pub async fn release_send(&self, release: &ReleaseSend) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let Some(message) = delivery::lock(&self.store, &mut tx, release.message_id).await? else {
            return self.release_notice(tx, release).await;
        };
        if message.status != MessageStatus::Sending || message.claim != Some(release.claim) {
            return Ok(());
        }
        delivery::set_status(&mut tx, message.id, MessageStatus::Queued, None, None, self.now()).await?;
        if let (Channel::Sms, Some(after)) = (message.channel, release.retry_after_ms) {
            self.slow_down(&mut tx, &message, after).await?;
        }
        self.commit(tx, Vec::new()).await
    }

    async fn refusal(&self, tx: &mut Tx, message: &Outgoing) -> Result<Option<ReplyRefusal>, DeskError> {
        if message.blocked {
            return Ok(Some(ReplyRefusal::ProfileBlocked));
        }
        if message.channel != Channel::Sms || message.confirms_opt_out {
            return Ok(None);
        }
        let id = message.profile.to_string();
        let records = consents_of(&self.store, &mut **tx, std::slice::from_ref(&id)).await?;
        let records = records.get(&id).map_or(&[][..], Vec::as_slice);
        // what needs no consent (an automatic answer) is still not sent to somebody who said STOP after it was written
        let consent = if message.needs_consent {
            may_text(records)
        } else {
            !opted_out_since(records, message.written_at)
        };
        Ok((!consent).then_some(ReplyRefusal::SmsNoConsent))
    }

    async fn end(
        &self,
        mut tx: Tx,
        message: &Outgoing,
        status: MessageStatus,
        error: Option<DeliveryError>,
    ) -> Result<(), DeskError> {
        let now = self.now();
        delivery::set_status(&mut tx, message.id, status, None, error.as_ref(), now).await?;
        let mut packets = Vec::new();
        if let Some((id, event)) = intake::moved(message, status, error) {
            packets.push(outbox::add(&mut tx, MESSAGE_MOVED, &id, now, &event).await?);
        }
        self.commit(tx, packets).await
    }
}

fn drop_because(reason: impl std::fmt::Display) -> SendDecision {
    SendDecision::Drop { reason: reason.to_string() }
}
