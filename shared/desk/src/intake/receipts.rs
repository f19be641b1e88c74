//! A carrier's word on a text of ours. It may come before the carrier's first answer did, in any order, and often; and
//! where a carrier takes a long text in parts, once for each part.

use domain::{MessageId, MessageStatus, event::SmsReceipt};

use super::{
    batch::{Batch, Outcome},
    consented,
    delivery::{advance, advance_part},
};
use crate::{
    DeskError,
    ledger::LedgerState,
    store::{
        delivery,
        delivery::{CarrierId, Early, Outgoing},
        sent_parts,
    },
    text,
};

/// Takes in a receipt.
pub(super) async fn take_in(batch: &mut Batch<'_>, receipt: &SmsReceipt) -> Result<Outcome, DeskError> {
    let word = text::line(&receipt.raw_status);
    if receipt.status.is_none() && !receipt.opted_out {
        let reason = format!("{word:?} means nothing here: kept, otherwise ignored");
        return Ok(Outcome::ledger(LedgerState::Receipt, reason));
    }
    let carrier =
        CarrierId { provider: &receipt.provider, account: &receipt.account, id: &receipt.external_id };
    delivery::hold_carrier_id(&mut batch.tx, carrier, batch.now).await?;
    let found = whose(batch, receipt, carrier).await?;
    let message = moved(batch, receipt, carrier, found).await?;
    delivery::let_go_of_carrier_id(&mut batch.tx, carrier).await?;
    let Some(message) = message else { return Ok(early(&word)) };
    if receipt.opted_out {
        consented::by_carrier(batch, &message, receipt.error.as_ref(), receipt.received_at).await?;
    }
    Ok(of(&message, &word))
}

/// Which message a receipt is of.
#[derive(Clone, Copy, Debug)]
enum Whose {
    /// Of a part of it.
    Part(MessageId),
    /// Of all of it.
    Whole(MessageId),
    /// It names the message, which may have gone out in parts that nobody has told us of yet.
    Unclear(MessageId),
    /// Nobody knows yet.
    Nobody,
}

async fn whose(
    batch: &mut Batch<'_>,
    receipt: &SmsReceipt,
    carrier: CarrierId<'_>,
) -> Result<Whose, DeskError> {
    if let Some(id) = sent_parts::message_of(&mut batch.tx, carrier).await? {
        return Ok(Whose::Part(id));
    }
    if let Some(id) = delivery::by_carrier_id(&mut batch.tx, carrier).await? {
        return Ok(Whose::Whole(id));
    }
    Ok(match receipt.message_id {
        Some(id) if sent_parts::may_have_some(&mut batch.tx, id).await? => Whose::Unclear(id),
        Some(id) => Whose::Whole(id),
        None => Whose::Nobody,
    })
}

/// Moves the message, or keeps the receipt until its message is known.
async fn moved(
    batch: &mut Batch<'_>,
    receipt: &SmsReceipt,
    carrier: CarrierId<'_>,
    found: Whose,
) -> Result<Option<Outgoing>, DeskError> {
    // a word that only says "opted out" moves nothing
    let status = receipt.status.unwrap_or(MessageStatus::Queued);
    let error = receipt.error.clone();
    let message = match found {
        Whose::Part(id) => return advance_part(batch, id, carrier, status, error).await,
        Whose::Whole(id) => advance(batch, id, status, error).await?,
        Whose::Unclear(id) => advance(batch, id, of_some_part(status), error).await?,
        Whose::Nobody => None,
    };
    if message.is_none() || matches!(found, Whose::Unclear(_)) {
        let early = Early { status, error: receipt.error.clone(), opted_out: receipt.opted_out };
        delivery::add_early(&mut batch.tx, carrier, &early, batch.now).await?;
    }
    Ok(message)
}

/// What a word on some part says of the whole: a failure is one, but one that arrived is not all.
fn of_some_part(status: MessageStatus) -> MessageStatus {
    match status {
        MessageStatus::Delivered | MessageStatus::Read => MessageStatus::Sent,
        other => other,
    }
}

fn of(message: &Outgoing, word: &str) -> Outcome {
    let outcome = Outcome::ledger(LedgerState::Receipt, format!("{word}: the message is {}", message.status));
    Outcome { ticket: message.ticket, message: Some(message.id), profile: Some(message.profile), ..outcome }
}

fn early(word: &str) -> Outcome {
    Outcome::ledger(
        LedgerState::Receipt,
        format!("{word}: kept until a message of ours has this id at the carrier"),
    )
}
