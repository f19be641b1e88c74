//! What a crash left in the outbox is published by whoever sweeps.

use crate::{Desk, DeskError, store::outbox};

/// Rows younger than this are being published by the process that wrote them, in milliseconds.
const GRACE: i64 = 2_000;
/// Most packets of one round.
const ROUND: i64 = 500;

impl Desk {
    /// Publishes what was left over; returns how much the bus has now. Replicas may sweep side by side: the bus keeps
    /// the same id once.
    ///
    /// # Errors
    /// The database is away.
    pub async fn publish_left_over(&self) -> Result<usize, DeskError> {
        let Some(bus) = &self.bus else { return Ok(0) };
        let packets = outbox::left_over(&self.store, self.now().plus(-GRACE), ROUND).await?;
        if !packets.is_empty() {
            tracing::info!(packets = packets.len(), "publishing what was left over");
        }
        outbox::publish(&self.store, bus, packets).await
    }
}
