//! Makes durable: on the bus, or in the spool when the bus does not confirm in time. While anything waits in the spool,
//! what comes goes behind it, so that one customer's texts stay in order.

use std::time::Duration;

use bus::{Bus, Packet, PublishError};
use tokio::time::timeout;

use crate::{
    packing::Parcel,
    spool::{Spool, Unspooled},
};

/// The most impatient carrier (Telnyx) waits two seconds for the whole answer. While the connection is known to be lost
/// the bus says so in a third of this.
const PUBLISH_WITHIN: Duration = Duration::from_secs(1);

/// Where everything goes.
pub struct Intake {
    /// First choice.
    pub bus: Bus,
    /// Second choice.
    pub spool: Spool,
}

impl Intake {
    /// Returns once everything is durable.
    ///
    /// # Errors
    /// It is not known to be; or a part of it can never be, then the rest is.
    pub async fn keep(&self, parcels: Vec<Parcel>) -> Result<(), Unspooled> {
        if parcels.is_empty() {
            return Ok(());
        }
        if self.spool.is_in_use() {
            return self.spool.keep(&parcels).await;
        }
        let packets: Vec<Packet> = parcels.iter().map(|parcel| parcel.packet.clone()).collect();
        let published = timeout(PUBLISH_WITHIN, self.bus.publish_all(packets)).await.unwrap_or_default();
        let (mut left, mut refused) = (Vec::new(), Ok(()));
        for (nth, parcel) in parcels.into_iter().enumerate() {
            match published.get(nth) {
                Some(Ok(_)) => {}
                Some(Err(PublishError::Refused(why))) => refused = Err(Unspooled::Refused(why.clone())),
                Some(Err(PublishError::Unavailable(_))) | None => left.push(parcel),
            }
        }
        if !left.is_empty() {
            tracing::warn!("the bus does not confirm: webhooks go to the spool");
            self.spool.keep(&left).await?;
        }
        refused
    }
}
