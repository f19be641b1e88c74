//! The last look before a message leaves the house (D3): consent and block are asked for again, and the try is written
//! down before the carrier is called, so that a crash in between is never answered by sending twice.

use bus::topic::MESSAGE_MOVED;
use domain::{
    MessageStatus,
    consent::may_text,
    event::{ClaimSend, ReleaseSend, SendDecision},
    message::DeliveryError,
    ticket::ReplyRefusal,
};

use crate::{
    Desk, DeskError, intake,
    store::{Tx, delivery, delivery::Outgoing, outbox, rows::consents_of},
};

impl Desk {
    /// Whether a message may be sent now. `Send` means: it is recorded as `sending` by this claim.
    ///
    /// # Errors
    /// The database is away: do not send.
    pub async fn claim_send(&self, claim: &ClaimSend) -> Result<SendDecision, DeskError> {
        let mut tx = self.store.begin().await?;
        let Some(message) = delivery::lock(&self.store, &mut tx, claim.message_id).await? else {
            return Ok(drop_because("there is no such message"));
        };
        match message.status {
            MessageStatus::Queued => match self.refusal(&mut tx, &message).await? {
                None => {
                    let (id, sending) = (message.id, MessageStatus::Sending);
                    delivery::set_status(&mut tx, id, sending, Some(claim.claim), None, self.now()).await?;
                    tx.commit().await?;
                    Ok(SendDecision::Send)
                }
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

    /// The carrier surely did not take it: it may be claimed again. Only the try that holds it can give it back.
    ///
    /// # Errors
    /// The database is away.
    pub async fn release_send(&self, release: &ReleaseSend) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let message = delivery::lock(&self.store, &mut tx, release.message_id).await?;
        let held = message.is_some_and(|message| {
            message.status == MessageStatus::Sending && message.claim == Some(release.claim)
        });
        if held {
            delivery::set_status(&mut tx, release.message_id, MessageStatus::Queued, None, None, self.now())
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn refusal(&self, tx: &mut Tx, message: &Outgoing) -> Result<Option<ReplyRefusal>, DeskError> {
        if message.blocked {
            return Ok(Some(ReplyRefusal::ProfileBlocked));
        }
        if message.channel != domain::Channel::Sms || !message.needs_consent {
            return Ok(None);
        }
        let id = message.profile.to_string();
        let records = consents_of(&self.store, &mut **tx, std::slice::from_ref(&id)).await?;
        let consent = records.get(&id).is_some_and(|all| may_text(all));
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
