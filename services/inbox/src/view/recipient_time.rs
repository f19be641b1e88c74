//! The customer's time.

use desk::quiet;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, document::QuietHours, word};

/// What the customer's clocks show.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecipientTime {
    /// IANA names, the likeliest first; empty if nothing is known.
    pub time_zones: Vec<String>,
    /// From what they are known.
    #[schema(value_type = word::ZoneSource)]
    pub source: &'static str,
    /// Such as `21:14`; where the zones differ, that of the one where it is quiet.
    #[schema(required = true)]
    pub local_time: Option<String>,
    /// A text would be refused now.
    pub quiet: bool,
    /// When it would be taken, where it would not be now.
    #[schema(required = true)]
    pub next_allowed_at: Option<Time>,
    /// The hours of the settings.
    pub quiet_hours: QuietHours,
}

impl From<quiet::RecipientTime> for RecipientTime {
    fn from(time: quiet::RecipientTime) -> Self {
        let domain::settings::QuietHours { from, to } = time.quiet_hours;
        Self {
            time_zones: time.time_zones,
            source: time.source.as_str(),
            local_time: time.local_time,
            quiet: time.quiet,
            next_allowed_at: time.next_allowed_at.map(Time),
            quiet_hours: QuietHours { from, to },
        }
    }
}
