//! A carrier's word on a text of ours. It may come before the carrier's first answer did, in any order, and often.

use domain::event::SmsReceipt;

use super::{
    batch::{Batch, Outcome},
    delivery::advance,
};
use crate::{
    DeskError,
    ledger::LedgerState,
    store::{
        delivery,
        delivery::{CarrierId, Outgoing},
    },
    text,
};

/// Takes in a receipt.
pub(super) async fn take_in(batch: &mut Batch<'_>, receipt: &SmsReceipt) -> Result<Outcome, DeskError> {
    let word = text::line(&receipt.raw_status);
    let Some(status) = receipt.status else {
        return Ok(Outcome::ledger(
            LedgerState::Receipt,
            format!("{word:?} means nothing here: kept, otherwise ignored"),
        ));
    };
    if let Some(id) = receipt.message_id
        && let Some(message) = advance(batch, id, status, receipt.error.clone()).await?
    {
        return Ok(of(&message, &word));
    }
    let carrier =
        CarrierId { provider: &receipt.provider, account: &receipt.account, id: &receipt.external_id };
    delivery::hold_carrier_id(&mut batch.tx, carrier, batch.now).await?;
    let outcome = match delivery::by_carrier_id(&mut batch.tx, carrier).await? {
        Some(id) => {
            let message = advance(batch, id, status, receipt.error.clone()).await?;
            message.map_or_else(|| early(&word), |message| of(&message, &word))
        }
        None => {
            let error = receipt.error.as_ref();
            delivery::add_early(&mut batch.tx, carrier, status.as_str(), error, batch.now).await?;
            early(&word)
        }
    };
    delivery::let_go_of_carrier_id(&mut batch.tx, carrier).await?;
    Ok(outcome)
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
