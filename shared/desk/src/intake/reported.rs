//! The notifier's word on an attempt to send.

use domain::{
    Channel, MessageStatus,
    consent::{ConsentKind, ConsentRecord, ConsentState},
    event::{DeliveryOutcome, DeliveryReported},
    message::DeliveryError,
};

use super::{
    batch::{Batch, Outcome},
    delivery::advance,
};
use crate::{
    DeskError,
    store::{
        delivery,
        delivery::{CarrierId, Outgoing},
        people,
    },
    text,
};

/// Takes in a report.
pub(super) async fn take_in(batch: &mut Batch<'_>, report: &DeliveryReported) -> Result<Outcome, DeskError> {
    let moved = match &report.outcome {
        DeliveryOutcome::Sent { external_id, account, provider } => {
            sent(batch, report, CarrierId { provider, account, id: external_id }).await?
        }
        DeliveryOutcome::Failed { error, opted_out } => failed(batch, report, error, *opted_out).await?,
        DeliveryOutcome::Uncertain => {
            advance(batch, report.message_id, MessageStatus::Uncertain, None).await?
        }
    };
    Ok(match moved {
        Some(message) => Outcome::done(format!("the message is {}", message.status), message.ticket),
        None => Outcome::done("there is no such message", None),
    })
}

/// Joins the message with the carrier's name for it, and with the receipts that were quicker.
async fn sent(
    batch: &mut Batch<'_>,
    report: &DeliveryReported,
    carrier: CarrierId<'_>,
) -> Result<Option<Outgoing>, DeskError> {
    let id = report.message_id;
    delivery::hold_carrier_id(&mut batch.tx, carrier, batch.now).await?;
    let mut message = advance(batch, id, MessageStatus::Sent, None).await?;
    if message.is_some() {
        delivery::set_carrier_id(&mut batch.tx, id, carrier).await?;
        for (status, error) in delivery::take_early(&mut batch.tx, carrier).await? {
            message = advance(batch, id, status, error).await?;
        }
    }
    delivery::let_go_of_carrier_id(&mut batch.tx, carrier).await?;
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
    for kind in ConsentKind::ALL {
        let record = ConsentRecord {
            kind,
            state: ConsentState::Unsubscribed,
            source: "carrier".into(),
            text: format!("{}: {}", error.code, error.reason),
            number: Some(message.inbox.clone()),
            at: report.at,
        };
        people::add_consent(&mut batch.tx, message.profile, &record).await?;
    }
    let packets =
        batch.desk.touch_tickets(&mut batch.tx, message.profile, Some(Channel::Sms), |_| {}).await?;
    batch.told(packets);
    Ok(Some(message))
}
