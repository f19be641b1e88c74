//! The notifier's word on an attempt to send.

use domain::{
    MessageStatus,
    event::{DeliveryOutcome, DeliveryReported},
    message::DeliveryError,
};

use super::{
    batch::{Batch, Outcome},
    consented,
    delivery::{advance, advance_part},
};
use crate::{
    DeskError,
    store::{
        delivery,
        delivery::{CarrierId, Early, Outgoing},
        mailboxes, notices, sent_parts,
    },
    text,
};

/// Takes in a report.
pub(super) async fn take_in(batch: &mut Batch<'_>, report: &DeliveryReported) -> Result<Outcome, DeskError> {
    let moved = match &report.outcome {
        DeliveryOutcome::Sent { external_id, more_ids, account, provider } => {
            let ids = [external_id].into_iter().chain(more_ids);
            let carriers: Vec<_> = ids.map(|id| CarrierId { provider, account, id }).collect();
            sent(batch, report, &carriers).await?
        }
        DeliveryOutcome::Failed { error, opted_out } => failed(batch, report, error, *opted_out).await?,
        DeliveryOutcome::Uncertain => {
            advance(batch, report.message_id, MessageStatus::Uncertain, None).await?
        }
    };
    Ok(match moved {
        Some(message) => Outcome::done(format!("the message is {}", message.status), message.ticket),
        None => notice(batch, report).await?,
    })
}

/// A mail to a colleague is in no ticket.
async fn notice(batch: &mut Batch<'_>, report: &DeliveryReported) -> Result<Outcome, DeskError> {
    let Some(notice) = notices::lock(&batch.desk.store, &mut batch.tx, report.message_id).await? else {
        return Ok(Outcome::done("there is no such message", None));
    };
    let next = match report.outcome {
        DeliveryOutcome::Sent { .. } => MessageStatus::Sent,
        DeliveryOutcome::Failed { .. } => MessageStatus::Failed,
        DeliveryOutcome::Uncertain => MessageStatus::Uncertain,
    };
    let status = notice.status.advance(next);
    notices::set(&mut batch.tx, report.message_id, status, None).await?;
    trial(batch, report, status).await?;
    Ok(Outcome::done(format!("the mail to a colleague is {status}"), None))
}

/// A trial mail is shown with its mailbox.
async fn trial(
    batch: &mut Batch<'_>,
    report: &DeliveryReported,
    status: MessageStatus,
) -> Result<(), DeskError> {
    let id = report.message_id;
    let Some(mailbox) = mailboxes::mailbox_of_trial(&mut batch.tx, id).await? else { return Ok(()) };
    let why = match &report.outcome {
        DeliveryOutcome::Failed { error, .. } => Some(text::line(&error.reason)),
        _ => None,
    };
    if mailboxes::trial_moved(&mut batch.tx, id, status, why.as_deref()).await? {
        let packet =
            crate::mailboxes::changed(&mut batch.tx, &mailbox, &format!("{id}:{status}"), batch.now).await?;
        batch.told([packet]);
    }
    Ok(())
}

/// Joins the message with the carrier's names for it, one for each part, and with the receipts that were quicker.
async fn sent(
    batch: &mut Batch<'_>,
    report: &DeliveryReported,
    carriers: &[CarrierId<'_>],
) -> Result<Option<Outgoing>, DeskError> {
    let id = report.message_id;
    // in one order, so that nobody waits for somebody who waits
    let mut held = carriers.to_vec();
    held.sort_unstable_by_key(|carrier| carrier.id);
    held.dedup_by_key(|carrier| carrier.id);
    for carrier in &held {
        delivery::hold_carrier_id(&mut batch.tx, *carrier, batch.now).await?;
    }
    let mut message = advance(batch, id, MessageStatus::Sent, None).await?;
    if let (Some(first), true) = (carriers.first(), message.is_some()) {
        delivery::set_carrier_id(&mut batch.tx, id, *first).await?;
        let in_parts = held.len() > 1;
        if in_parts {
            for carrier in &held {
                sent_parts::add(&mut batch.tx, id, *carrier).await?;
            }
        }
        for carrier in &held {
            for early in delivery::take_early(&mut batch.tx, *carrier).await? {
                message = catch_up(batch, report, in_parts.then_some(*carrier), early).await?;
            }
        }
    }
    for carrier in &held {
        delivery::let_go_of_carrier_id(&mut batch.tx, *carrier).await?;
    }
    Ok(message)
}

/// A receipt that came before the report.
async fn catch_up(
    batch: &mut Batch<'_>,
    report: &DeliveryReported,
    part: Option<CarrierId<'_>>,
    early: Early,
) -> Result<Option<Outgoing>, DeskError> {
    let Early { status, error, opted_out } = early;
    let message = match part {
        Some(part) => advance_part(batch, report.message_id, part, status, error.clone()).await?,
        None => advance(batch, report.message_id, status, error.clone()).await?,
    };
    if let (true, Some(message)) = (opted_out, &message) {
        consented::by_carrier(batch, message, error.as_ref(), report.at).await?;
    }
    Ok(message)
}

/// Some carriers know of an opt-out before we do: it counts here as well (D2).
async fn failed(
    batch: &mut Batch<'_>,
    report: &DeliveryReported,
    error: &DeliveryError,
    opted_out: bool,
) -> Result<Option<Outgoing>, DeskError> {
    let error = DeliveryError { code: text::line(&error.code), reason: text::line(&error.reason) };
    let message = advance(batch, report.message_id, MessageStatus::Failed, Some(error.clone())).await?;
    let Some(message) = message else { return Ok(None) };
    if !opted_out {
        return Ok(Some(message));
    }
    consented::by_carrier(batch, &message, Some(&error), report.at).await?;
    Ok(Some(message))
}
