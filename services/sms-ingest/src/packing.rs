//! What was accepted, as it travels. The ids say what is the same: a carrier that posts twice is heard once.

use bus::{Bus, Packet, PublishError, topic};
use domain::event::{InboundHeld, InboundSms, SmsReceipt};

/// An event on its way to the bus.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The event.
    pub packet: Packet,
    /// Parcels of the same order do not overtake each other: one customer's texts, the receipts of one message.
    pub order: u64,
}

/// A text.
///
/// # Errors
/// It cannot be written as JSON.
pub fn message(bus: &Bus, sms: &InboundSms) -> Result<Parcel, PublishError> {
    let id = format!("sms:{}:{}:{}", sms.provider, sms.account, sms.external_id);
    let packet = bus.pack(topic::INBOUND_SMS, &id, sms)?;
    Ok(Parcel { packet, order: order_of(&[&sms.from, sms.to.as_str()]) })
}

/// A word on a text of ours: each word counts once.
///
/// # Errors
/// It cannot be written as JSON.
pub fn receipt(bus: &Bus, receipt: &SmsReceipt) -> Result<Parcel, PublishError> {
    let SmsReceipt { provider, account, external_id, .. } = receipt;
    let id = format!("rcpt:{provider}:{account}:{external_id}:{}", word(&receipt.raw_status));
    let packet = bus.pack(topic::RECEIPT_SMS, &id, receipt)?;
    Ok(Parcel { packet, order: order_of(&[provider, account, external_id]) })
}

/// Something for the ledger.
///
/// # Errors
/// It cannot be written as JSON.
pub fn held(bus: &Bus, id: &str, held: &InboundHeld) -> Result<Parcel, PublishError> {
    let packet = bus.pack(topic::INBOUND_HELD, id, held)?;
    Ok(Parcel { packet, order: order_of(&[&held.source, &held.external_id]) })
}

/// FNV-1a (64 bits): the same after a restart and in every release, because it is written to the spool.
fn order_of(names: &[&str]) -> u64 {
    let bytes = names.iter().flat_map(|name| name.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A status word as part of a dedup id: short and visible.
fn word(status: &str) -> String {
    status.chars().filter(char::is_ascii_graphic).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_where_they_end() {
        assert_eq!(order_of(&["+1555", "22"]), order_of(&["+1555", "22"]));
        assert_ne!(order_of(&["+1555", "22"]), order_of(&["+15552", "2"]));
    }
}
