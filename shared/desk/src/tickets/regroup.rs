//! A mail in the wrong ticket: put into another one, or made a ticket of its own. Its message says who did so, and
//! answers to it follow. The place it leaves in its old ticket stays empty.

use bus::{Packet, topic::MESSAGE_CHANGED};
use domain::{
    Channel, Direction, Message, MessageId, TicketId, Timestamp,
    event::{MessageChanged, TicketView},
    mail::{Signal, WhyHere},
    routing::Placed,
    ticket::State,
};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError, entropy,
    store::{Tx, conversation, mail_tickets, outbox, rows::TicketRow, ticket_write},
    text, timers,
};

impl Desk {
    /// Puts a mail into another ticket of the same mailbox. A ticket that has no message left is closed.
    ///
    /// # Errors
    /// There is no such message or ticket; one of them is no mail, or of another mailbox.
    pub async fn move_message(
        &self,
        id: MessageId,
        to: TicketId,
        actor: &Actor,
    ) -> Result<Message, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let place = mail_tickets::whereabouts(&mut tx, id).await?.ok_or(DeskError::NotFound("message"))?;
        if place.ticket == to {
            return Err(DeskError::invalid("ticket_id", "the message is in this ticket already"));
        }
        let (mut source, mut target) = self.lock_both(&mut tx, place.ticket, to).await?;
        if [&source, &target].iter().any(|row| row.view.channel != Channel::Email) {
            return Err(DeskError::invalid(
                "ticket_id",
                "only mails can be moved, and only to tickets of mail",
            ));
        }
        if source.view.inbox != target.view.inbox {
            return Err(DeskError::invalid("ticket_id", "that ticket is of another mailbox"));
        }
        let why = WhyHere {
            signal: Signal::Moved,
            detail: format!("moved here from ticket {} by {}", source.view.number, actor.name),
        };
        let message = self.regroup(&mut tx, id, (&mut source, &mut target), why, now).await?;
        let packets = tell(&mut tx, &source, &target, &message, now).await?;
        self.commit(tx, packets).await?;
        tracing::debug!(message = %id, from = %source.view.id, to = %to, by = %actor.id, "a mail was moved");
        Ok(message)
    }

    /// Makes a ticket of its own out of a mail.
    ///
    /// # Errors
    /// There is no such message in that ticket; it is no mail of a customer, or the only one.
    pub async fn split_ticket(
        &self,
        of: TicketId,
        id: MessageId,
        actor: &Actor,
    ) -> Result<TicketView, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let source = ticket_write::lock(&self.store, &mut tx, of).await?;
        let mut source = source.ok_or(DeskError::NotFound("ticket"))?;
        let place = mail_tickets::whereabouts(&mut tx, id).await?;
        let place = place.filter(|place| place.ticket == of).ok_or(DeskError::NotFound("message"))?;
        let message = conversation::message(&self.store, &mut tx, of, id).await?;
        let message = message.ok_or(DeskError::NotFound("message"))?;
        if source.view.channel != Channel::Email || message.direction != Direction::In {
            return Err(DeskError::invalid("message_id", "only a mail that came in can become a ticket"));
        }
        if place.others == 0 {
            return Err(DeskError::conflict("only_message", "it is the only message of its ticket"));
        }
        let mut target = fresh(&source, &message, now);
        target.view.number = ticket_write::next_number(&self.store, &mut tx).await?;
        ticket_write::insert(&mut tx, &target).await?;
        let why = WhyHere {
            signal: Signal::Split,
            detail: format!("split from ticket {} by {}", source.view.number, actor.name),
        };
        let message = self.regroup(&mut tx, id, (&mut source, &mut target), why, now).await?;
        let packets = tell(&mut tx, &source, &target, &message, now).await?;
        self.commit(tx, packets).await?;
        tracing::debug!(message = %id, from = %of, to = %target.view.id, by = %actor.id, "a ticket was split");
        Ok(target.view)
    }

    /// Two tickets, locked in one order, so that nobody waits for somebody who waits.
    async fn lock_both(
        &self,
        tx: &mut Tx,
        one: TicketId,
        other: TicketId,
    ) -> Result<(TicketRow, TicketRow), DeskError> {
        let mut found = Vec::new();
        for id in [one.min(other), one.max(other)] {
            let row = ticket_write::lock(&self.store, tx, id).await?;
            found.push(row.ok_or(DeskError::NotFound("ticket"))?);
        }
        let (last, first) = (found.pop(), found.pop());
        let (Some(last), Some(first)) = (last, first) else { return Err(DeskError::NotFound("ticket")) };
        Ok(if first.view.id == one { (first, last) } else { (last, first) })
    }

    async fn regroup(
        &self,
        tx: &mut Tx,
        id: MessageId,
        (source, target): (&mut TicketRow, &mut TicketRow),
        why: WhyHere,
        now: Timestamp,
    ) -> Result<Message, DeskError> {
        let message = conversation::message(&self.store, tx, source.view.id, id).await?;
        let mut message = message.ok_or(DeskError::NotFound("message"))?;
        target.last_seq += 1;
        (message.ticket_id, message.seq, message.why) = (target.view.id, target.last_seq, why.detail.clone());
        if let Some(mail) = &mut message.mail {
            mail.why_here = why;
        }
        let place = (target.view.id, target.view.profile.id, message.seq);
        mail_tickets::put(tx, id, place, (&message.why, message.mail.as_deref())).await?;
        for row in [&mut *source, &mut *target] {
            match mail_tickets::newest(tx, row.view.id).await? {
                Some((preview, at)) => {
                    row.view.preview = preview;
                    row.view.last_message_at = Timestamp::from_millis(at);
                }
                None => {
                    row.view.preview = String::new();
                    row.view.unread = false;
                    row.set_state(State::Closed { at: now });
                    timers::clear_wake(tx, row.view.id).await?;
                }
            }
            ticket_write::save(tx, row, now).await?;
        }
        Ok(message)
    }
}

/// A ticket of the same customer and mailbox for this message, still without it.
fn fresh(source: &TicketRow, message: &Message, now: Timestamp) -> TicketRow {
    let mut row = source.clone();
    row.set_state(State::Open);
    row.last_seq = 0;
    row.placed = Placed::Nowhere;
    let view = &mut row.view;
    view.id = TicketId::new(now, &entropy());
    let subject =
        message.mail.as_ref().map(|mail| mail.subject.clone()).filter(|subject| !subject.is_empty());
    view.subject = subject.or_else(|| view.subject.clone());
    (view.assignee, view.team, view.attribution, view.first_response_at) = (None, None, None, None);
    view.waiting_since = Some(message.sent_at);
    view.tags = Vec::new();
    view.unread = false;
    view.version = 1;
    (view.created_at, view.updated_at, view.last_message_at) = (message.sent_at, now, message.sent_at);
    row
}

async fn tell(
    tx: &mut Tx,
    source: &TicketRow,
    target: &TicketRow,
    message: &Message,
    now: Timestamp,
) -> Result<Vec<Packet>, DeskError> {
    let mut packets = Vec::new();
    for row in [source, target] {
        packets.push(ticket_write::changed(tx, row, now).await?);
    }
    let event = MessageChanged { ticket: target.view.clone(), message: text::for_event(message) };
    let key = format!("message:{}:{}", message.id, Uuid::new_v4());
    packets.push(outbox::add(tx, MESSAGE_CHANGED, &key, now, &event).await?);
    Ok(packets)
}
