//! What happens at the desk is told to programs elsewhere.

use std::{future::Future, pin::Pin};

use bus::{Delivery, Failure, Handler};
use desk::{Desk, DeskError};

/// Hears everything that a webhook may be told.
pub(crate) struct Telling {
    desk: Desk,
}

impl Telling {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk }
    }

    async fn tell(&self, batch: &[Delivery]) -> Result<(), Failure> {
        match self.desk.tell_webhooks(batch).await {
            Err(error @ (DeskError::Unavailable(_) | DeskError::Busy(_))) => Err(Failure::retry(error)),
            Err(error) => Err(Failure::reject(error)),
            Ok(()) => Ok(()),
        }
    }
}

impl Handler for Telling {
    /// All of a batch together; one that fails is told one by one, so that a poisoned event is alone.
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        Box::pin(async move {
            if self.tell(batch).await.is_ok() {
                return batch.iter().map(|_| Ok(())).collect();
            }
            bus::each(batch, |delivery| self.tell(std::slice::from_ref(delivery))).await
        })
    }
}
