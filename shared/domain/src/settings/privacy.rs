//! How long things are kept.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Fewest and most days that the audit log is kept.
const AUDIT_DAYS: std::ops::RangeInclusive<u32> = 30..=3650;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// The audit log, in days.
    pub audit_days: u32,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { audit_days: 730 }
    }
}

impl Privacy {
    /// From when on lines of the audit log are kept.
    pub fn audit_from(&self, now: Timestamp) -> Timestamp {
        now.plus(-(i64::from(self.audit_days) * DAY))
    }

    /// Whether this makes sense.
    pub(super) fn check(&self) -> Result<(), String> {
        if AUDIT_DAYS.contains(&self.audit_days) {
            return Ok(());
        }
        let (fewest, most) = (AUDIT_DAYS.start(), AUDIT_DAYS.end());
        Err(format!("privacy.audit_days: the audit log is kept for {fewest} to {most} days"))
    }
}
