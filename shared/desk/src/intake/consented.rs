//! What customers and carriers say about consent, written into the history (D2).

use domain::{
    Channel, ProfileId, Timestamp,
    consent::{ConsentKind, ConsentRecord, ConsentState, has_opted_out, may_text},
    event::InboundSms,
    message::DeliveryError,
};

use super::batch::Batch;
use crate::{
    DeskError,
    store::{delivery::Outgoing, people, rows},
    text,
};

/// How things stand before a text is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The customer may be sent texts.
    pub subscribed: bool,
    /// The customer said no, and nothing else since.
    pub opted_out: bool,
}

/// How a customer stands.
pub(super) async fn standing(batch: &mut Batch<'_>, profile: ProfileId) -> Result<Standing, DeskError> {
    let id = profile.to_string();
    let records =
        rows::consents_of(&batch.desk.store, &mut *batch.tx, std::slice::from_ref(&id)).await?.remove(&id);
    let records = records.unwrap_or_default();
    Ok(Standing { subscribed: may_text(&records), opted_out: has_opted_out(&records) })
}

/// A customer's text says yes or no, to both kinds: a keyword does not say which. The same text again (after a
/// quarantine) is recorded once.
pub(super) async fn by_text(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    profile: ProfileId,
    state: ConsentState,
    source: &str,
) -> Result<(), DeskError> {
    let once = format!("sms:{}:{}:{}", sms.provider, sms.account, sms.external_id);
    let said = Said {
        state,
        source: text::line(source),
        text: text::clean(&sms.text),
        number: sms.to.to_string(),
        at: sms.received_at,
    };
    record(batch, profile, &once, said).await
}

/// A carrier refuses a text of ours because the customer opted out there.
pub(super) async fn by_carrier(
    batch: &mut Batch<'_>,
    message: &Outgoing,
    error: Option<&DeliveryError>,
    at: Timestamp,
) -> Result<(), DeskError> {
    let said = Said {
        state: ConsentState::Unsubscribed,
        source: "carrier".into(),
        text: error
            .map_or_else(String::new, |error| text::line(&format!("{}: {}", error.code, error.reason))),
        number: message.inbox.clone(),
        at,
    };
    let once = format!("carrier:{}", message.id);
    record(batch, message.profile, &once, said).await
}

struct Said {
    state: ConsentState,
    source: String,
    text: String,
    number: String,
    at: Timestamp,
}

async fn record(batch: &mut Batch<'_>, profile: ProfileId, once: &str, said: Said) -> Result<(), DeskError> {
    for kind in ConsentKind::ALL {
        let record = ConsentRecord {
            kind,
            state: said.state,
            source: said.source.clone(),
            text: said.text.clone(),
            number: Some(said.number.clone()),
            at: said.at,
        };
        people::add_consent(&mut batch.tx, profile, Some(once), &record).await?;
    }
    let packets = batch.desk.touch_tickets(&mut batch.tx, profile, Some(Channel::Sms), |_| {}).await?;
    batch.told(packets);
    Ok(())
}
