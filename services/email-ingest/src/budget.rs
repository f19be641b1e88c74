//! Memory for mails that are being taken in, shared by all doors: when it is used up, senders are told to come again.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes one permit stands for.
const UNIT: usize = 64 * 1024;

/// So many bytes for all mails together.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Budget {
    /// A budget of about so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(units(bytes) as usize)))
    }

    /// A share that grows with the mail and goes back when dropped.
    pub fn share(&self) -> Share {
        Share { budget: self.clone(), held: Vec::new(), units: 0 }
    }
}

/// One mail's share.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    held: Vec<OwnedSemaphorePermit>,
    units: u32,
}

impl Share {
    /// Makes the share large enough for so many bytes; false when there is no room, and then it stays as it was.
    pub fn cover(&mut self, bytes: usize) -> bool {
        let missing = units(bytes).saturating_sub(self.units);
        if missing == 0 {
            return true;
        }
        let Ok(permit) = self.budget.0.clone().try_acquire_many_owned(missing) else {
            return false;
        };
        match self.held.first_mut() {
            Some(held) => held.merge(permit),
            None => self.held.push(permit),
        }
        self.units += missing;
        true
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_grows_until_the_budget_is_used_up_and_gives_back_when_dropped() {
        let budget = Budget::new(4 * UNIT);
        let (mut first, mut second) = (budget.share(), budget.share());
        assert!(first.cover(1) && first.cover(UNIT) && first.cover(3 * UNIT) && first.cover(5));
        assert!(second.cover(UNIT) && !second.cover(UNIT + 1));
        drop(first);
        assert!(second.cover(4 * UNIT));
    }
}
