//! Whoever sets a timer rings, so that nobody has to look for timers all the time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::Timestamp;

const SILENT: i64 = i64::MAX;

/// The earliest timer that was set and not told yet. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bell(Arc<AtomicI64>);

impl Default for Bell {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(SILENT)))
    }
}

impl Bell {
    /// A timer was set.
    pub fn set(&self, due: Timestamp) {
        self.0.fetch_min(due.millis(), Ordering::Relaxed);
    }

    /// The earliest timer to tell of, once. One set by a transaction that is still open may be among them: then whoever
    /// hears of it finds nothing yet, and finds it a tick later.
    pub fn take(&self) -> Option<Timestamp> {
        let due = self.0.swap(SILENT, Ordering::Relaxed);
        (due != SILENT).then(|| Timestamp::from_millis(due))
    }
}
