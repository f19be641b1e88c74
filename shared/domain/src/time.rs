//! Time as the product speaks it: milliseconds since 1970 inside, RFC 3339 in UTC outside.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Latest moment that RFC 3339 can write (year 9999).
const LAST: i64 = 253_402_300_799_999;

impl Timestamp {
    /// A moment given in milliseconds since 1970; outside the years 1970 to 9999 it is clamped.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, LAST))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// This moment, `millis` later (or earlier, when negative).
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Reads RFC 3339 (any offset).
    pub fn parse(text: &str) -> Result<Self, time::error::Parse> {
        let moment = OffsetDateTime::parse(text, &Rfc3339)?.to_offset(UtcOffset::UTC);
        let millis = moment.unix_timestamp_nanos() / 1_000_000;
        Ok(Self::from_millis(i64::try_from(millis).unwrap_or(LAST)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = OffsetDateTime::from_unix_timestamp(self.0 / 1000).map_err(|_| fmt::Error)?;
        let date = moment.date();
        let (hour, minute, second) = moment.to_hms();
        write!(
            f,
            "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            self.0 % 1000
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| serde::de::Error::custom(format!("{text:?} is not an RFC 3339 time")))
    }
}

/// Where "now" comes from. The host gives the system's clock; tests give one they turn by hand.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_writing_and_reading() {
        for millis in [0, 1, 999, 1_763_700_000_123, LAST] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
        }
    }

    #[test]
    fn an_offset_is_brought_to_utc() {
        let time = Timestamp::parse("2026-11-21T01:30:00+02:00").unwrap();
        assert_eq!(time.to_string(), "2026-11-20T23:30:00.000Z");
    }
}
