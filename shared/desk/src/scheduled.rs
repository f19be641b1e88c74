//! A message that has not left yet: cancelled, or sent sooner than planned.

use bus::{Packet, topic::MESSAGE_MOVED};
use domain::{
    Channel, Direction, Message, MessageId, MessageStatus, TicketId, event::TicketView,
    message::DeliveryError,
};

use crate::{
    Actor, Desk, DeskError,
    departure::there,
    intake, quiet,
    store::{
        Tx, conversation, delivery, delivery::Outgoing, departures, outbox, rows::TicketRow, ticket_write,
    },
};

/// The error code of a cancelled message.
const CANCELED: &str = "canceled";

impl Desk {
    /// Takes back a message that has not been handed to the carrier or relay. Cancelling it again changes nothing.
    ///
    /// # Errors
    /// There is no such message of ours in the ticket; `already_sent`.
    pub async fn cancel_message(
        &self,
        ticket: TicketId,
        id: MessageId,
        actor: &Actor,
    ) -> Result<Message, DeskError> {
        let mut tx = self.store.begin().await?;
        let (row, message) = self.our_message(&mut tx, ticket, id).await?;
        if message.error.as_ref().is_some_and(|error| error.code == CANCELED) {
            return Ok(message);
        }
        let outgoing = self.not_sent(&mut tx, &message).await?;
        let error = DeliveryError { code: CANCELED.into(), reason: format!("{} cancelled it", actor.name) };
        let packets = self.withdraw(&mut tx, row.view, &outgoing, error).await?;
        let message = there(conversation::message(&self.store, &mut tx, ticket, id).await?)?;
        self.commit(tx, packets).await?;
        tracing::info!(message = %id, by = %actor.id, "a message was cancelled");
        Ok(message)
    }

    /// A locked message that waits is not sent any more, for a reason that everybody is told.
    pub(crate) async fn withdraw(
        &self,
        tx: &mut Tx,
        ticket: TicketView,
        outgoing: &Outgoing,
        error: DeliveryError,
    ) -> Result<Vec<Packet>, DeskError> {
        let (id, now) = (outgoing.id, self.now());
        self.clear_departure(tx, id).await?;
        delivery::set_status(tx, id, MessageStatus::Failed, None, Some(&error), now).await?;
        let mut packets = self.tell_changed(tx, Some(ticket), id, now).await?;
        if let Some((key, event)) = intake::moved(outgoing, MessageStatus::Failed, Some(error)) {
            packets.push(outbox::add(tx, MESSAGE_MOVED, &key, now, &event).await?);
        }
        Ok(packets)
    }

    /// Sends a message that waits for a time now; one that waits for its number keeps its place there.
    ///
    /// # Errors
    /// There is no such message of ours in the ticket; `already_sent`; it is quiet, and `quiet_hours_override` is not
    /// given.
    pub async fn send_message_now(
        &self,
        ticket: TicketId,
        id: MessageId,
        quiet_hours_override: bool,
        actor: &Actor,
    ) -> Result<Message, DeskError> {
        let mut tx = self.store.begin().await?;
        let (row, message) = self.our_message(&mut tx, ticket, id).await?;
        let mut outgoing = self.not_sent(&mut tx, &message).await?;
        if !outgoing.waits() || self.has_place(&mut tx, id).await? {
            return Ok(message);
        }
        if !outgoing.quiet_override
            && outgoing.channel == Channel::Sms
            && let Some(number) = outgoing.recipient.as_deref()
            && let Some(quiet) = quiet::quiet_at(&mut tx, outgoing.profile, number, self.now()).await?
        {
            if !quiet_hours_override {
                return Err(quiet.into());
            }
            let why = format!("{}; {}", message.why, quiet.decided_by(actor));
            departures::override_quiet_hours(&mut tx, id, &why).await?;
            outgoing.quiet_override = true;
        }
        let packets = self.leave_now(&mut tx, row, &outgoing).await?;
        let message = there(conversation::message(&self.store, &mut tx, ticket, id).await?)?;
        self.commit(tx, packets).await?;
        tracing::info!(message = %id, by = %actor.id, "a message is sent sooner than planned");
        Ok(message)
    }

    /// A message of ours of a ticket, and the ticket, locked.
    pub(crate) async fn our_message(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        id: MessageId,
    ) -> Result<(TicketRow, Message), DeskError> {
        let row = ticket_write::lock(&self.store, tx, ticket).await?.ok_or(DeskError::NotFound("ticket"))?;
        let message = conversation::message(&self.store, tx, ticket, id).await?;
        let ours = |message: &Message| message.ticket_id == ticket && message.direction == Direction::Out;
        Ok((row, there(message.filter(ours))?))
    }

    /// Locks a message that has not left. One that has is not locked: its carrier's word may be coming in just now.
    pub(crate) async fn not_sent(&self, tx: &mut Tx, message: &Message) -> Result<Outgoing, DeskError> {
        let too_late = |status: MessageStatus| {
            DeskError::conflict("already_sent", format!("it is too late: this message is {status} already"))
        };
        if message.status != MessageStatus::Queued {
            return Err(too_late(message.status));
        }
        let outgoing = self.lock_after_ticket(tx, message.id).await?;
        let outgoing = outgoing.filter(|outgoing| outgoing.ticket == Some(message.ticket_id));
        let outgoing = outgoing.ok_or(DeskError::NotFound("message"))?;
        if outgoing.status == MessageStatus::Queued { Ok(outgoing) } else { Err(too_late(outgoing.status)) }
    }
}
