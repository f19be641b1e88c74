//! A message of ours moves: forward only, in the lattice of `MessageStatus::advance`, and told once per status.

use bus::topic::MESSAGE_MOVED;
use domain::{MessageId, MessageStatus, event::MessageMoved, message::DeliveryError};

use super::batch::Batch;
use crate::{
    DeskError,
    store::{delivery, delivery::Outgoing},
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
