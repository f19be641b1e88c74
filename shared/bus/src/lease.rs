//! Work that one process at a time shall do. A lease keeps others from doing it at the same time as a rule, not for certain:
//! a process that was stopped in the middle may go on for a moment when another has begun. Whatever is done under one has to
//! bear being done twice.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::Transport;

/// How long a lease outlasts the last word of its holder.
pub const LEASE_LASTS: Duration = Duration::from_secs(15);
/// Between two renewals.
const RENEWED_EVERY: Duration = Duration::from_secs(4);
/// Without a renewal for so long it is not relied upon any more.
const TRUSTED_FOR: Duration = Duration::from_secs(11);

/// A lease that is held; see [`crate::Bus::lease`].
pub struct Lease {
    transport: Arc<dyn Transport>,
    name: String,
    held: u64,
    renewed: Instant,
}

impl Lease {
    pub(crate) async fn take(transport: Arc<dyn Transport>, name: String) -> anyhow::Result<Option<Self>> {
        let renewed = Instant::now();
        let held = transport.take_lease(&name, None).await?;
        Ok(held.map(|held| Self { transport, name, held, renewed }))
    }

    /// Renews it for as long as this is waited for; ends when it is lost.
    pub async fn lost(&mut self) {
        loop {
            sleep(RENEWED_EVERY).await;
            let asked = Instant::now();
            let left = TRUSTED_FOR.saturating_sub(self.renewed.elapsed());
            let renewal = self.transport.take_lease(&self.name, Some(self.held));
            match tokio::time::timeout(left, renewal).await {
                Ok(Ok(Some(held))) => (self.held, self.renewed) = (held, asked),
                Ok(Ok(None)) => return,
                Ok(Err(error)) => tracing::debug!(%error, name = self.name, "a lease could not be renewed"),
                Err(_) => {}
            }
            if self.renewed.elapsed() >= TRUSTED_FOR {
                return;
            }
        }
    }

    /// Gives it back, so that another need not wait.
    pub async fn release(self) {
        self.transport.release_lease(&self.name, self.held).await;
    }
}
