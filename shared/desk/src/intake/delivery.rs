//! A message of ours moves: forward only, in the lattice of `MessageStatus::advance`, and told once per status.

use bus::topic::MESSAGE_MOVED;
use domain::{MessageId, MessageStatus, event::MessageMoved, message::DeliveryError, parts};

use super::batch::Batch;
use crate::{
    DeskError,
    store::{
        delivery,
        delivery::{CarrierId, Outgoing},
        sent_parts,
    },
};

/// Moves a message to what a report says, if that is further on. `None` if there is no such message of ours.
pub(super) async fn advance(
    batch: &mut Batch<'_>,
    id: MessageId,
    next: MessageStatus,
    error: Option<DeliveryError>,
) -> Result<Option<Outgoing>, DeskError> {
    let Some(message) = delivery::lock(&batch.desk.store, &mut batch.tx, id).await? else { return Ok(None) };
    let status = message.status.advance(next);
    if status == message.status {
        return Ok(Some(message));
    }
    let error = error.filter(|_| status == MessageStatus::Failed);
    delivery::set_status(&mut batch.tx, id, status, None, error.as_ref(), batch.now).await?;
    if let Some((id, event)) = moved(&message, status, error) {
        batch.tell(MESSAGE_MOVED, &id, &event)?;
    }
    Ok(Some(Outgoing { status, ..message }))
}

/// Moves one part of a message, and the message to where all its parts are.
pub(super) async fn advance_part(
    batch: &mut Batch<'_>,
    id: MessageId,
    part: CarrierId<'_>,
    next: MessageStatus,
    error: Option<DeliveryError>,
) -> Result<Option<Outgoing>, DeskError> {
    // the message is locked first: receipts of two parts at once must see each other's
    if delivery::lock(&batch.desk.store, &mut batch.tx, id).await?.is_none() {
        return Ok(None);
    }
    let mut all = sent_parts::of(&mut batch.tx, id).await?;
    if let Some(known) = all.iter_mut().find(|known| known.external_id == part.id) {
        let status = parts::part_status(known.status, next);
        if status != known.status {
            known.status = status;
            known.error = error.filter(|_| status == MessageStatus::Failed);
            sent_parts::set(&mut batch.tx, part, status, known.error.as_ref()).await?;
        }
    }
    let whole = parts::whole_status(all.iter().map(|part| part.status)).unwrap_or(next);
    let error = all.into_iter().find_map(|part| part.error);
    advance(batch, id, whole, error).await
}

/// The event, with its id, that tells a move; none for a message that is in no ticket.
pub(crate) fn moved(
    message: &Outgoing,
    status: MessageStatus,
    error: Option<DeliveryError>,
) -> Option<(String, MessageMoved)> {
    let (message_id, session) = (message.id, message.session);
    let event =
        MessageMoved { ticket_id: message.ticket?, message_id, seq: message.seq, status, error, session };
    Some((format!("moved:{message_id}:{status}"), event))
}
