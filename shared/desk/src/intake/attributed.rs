//! A text may be the first one after a campaign or flow message (I1–I3). Keywords count: a text is anything a customer
//! sends (A3).

use domain::{Message, ProfileId, Timestamp, attribution::window};

use super::batch::Batch;
use crate::{
    DeskError,
    attribution::{self, Credit},
    store::rows::{self, TicketRow},
};

/// Attributes a text that was just written and takes that into the message and its ticket. Answers the other texts
/// whose attribution changed: this one came late, and one of them was not the first after all.
pub(super) async fn text(
    batch: &mut Batch<'_>,
    ticket: &mut TicketRow,
    message: &mut Message,
) -> Result<Vec<Credit>, DeskError> {
    let mut credits = settle(batch, ticket.view.profile.id, message.sent_at).await?;
    if credits.is_empty() {
        return Ok(credits);
    }
    if let Some(own) = credits.iter().find(|credit| credit.text == message.id) {
        message.carried.attribution.clone_from(&own.campaign);
    }
    let settled = rows::ticket_by_id(&batch.desk.store, &mut *batch.tx, ticket.view.id).await?;
    ticket.view.attribution = settled.and_then(|row| row.view.attribution);
    credits.retain(|credit| credit.text != message.id);
    Ok(credits)
}

/// Attributes a text that was just written and is in no ticket.
pub(super) async fn without_ticket(
    batch: &mut Batch<'_>,
    profile: ProfileId,
    at: Timestamp,
) -> Result<(), DeskError> {
    let credits = settle(batch, profile, at).await?;
    tell(batch, &credits).await
}

/// Tells of other texts whose attribution changed.
pub(super) async fn tell(batch: &mut Batch<'_>, credits: &[Credit]) -> Result<(), DeskError> {
    let packets = attribution::tell(batch.desk, &mut batch.tx, credits).await?;
    batch.told(packets);
    Ok(())
}

async fn settle(batch: &mut Batch<'_>, profile: ProfileId, at: Timestamp) -> Result<Vec<Credit>, DeskError> {
    let window = window(batch.settings().await?.sms.attribution_window_hours);
    attribution::settle(&batch.desk.store, &mut batch.tx, profile, at, window).await
}
