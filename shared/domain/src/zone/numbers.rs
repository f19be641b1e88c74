//! The zone of a number by its prefix, a guess: numbers are carried along when people move.

use std::{collections::HashMap, sync::LazyLock};

use super::lines;
use crate::PhoneNumber;

pub(super) const TABLE: &str = include_str!("numbers.txt");

static PREFIXES: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let all = lines(TABLE).flat_map(|(zones, prefixes)| prefixes.map(move |prefix| (prefix, zones.clone())));
    all.collect()
});

/// The zones of the longest prefix; none where that covers too many.
pub(super) fn zones(number: &PhoneNumber) -> Vec<&'static str> {
    let digits = number.as_str().trim_start_matches('+');
    let found = (1..=digits.len()).rev().find_map(|length| PREFIXES.get(digits.get(..length)?));
    found.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d6_the_longest_prefix_tells_the_zone() {
        for (number, expected) in [
            ("+12125550100", "America/New_York"),
            ("+13125550100", "America/Chicago"),
            ("+13035550100", "America/Denver"),
            ("+14155550100", "America/Los_Angeles"),
            ("+16025550100", "America/Phoenix"),
            ("+18085550100", "Pacific/Honolulu"),
            ("+14165550100", "America/Toronto"),
            ("+17875550100", "America/Puerto_Rico"),
            ("+493012345678", "Europe/Berlin"),
            ("+447911123456", "Europe/London"),
            ("+33612345678", "Europe/Paris"),
            ("+819012345678", "Asia/Tokyo"),
            ("+15550002222", ""),
            ("+18005550100", ""),
            ("+79161234567", "Europe/Moscow"),
            ("+75005550100", ""),
            ("+61412345678", "Australia/Sydney"),
            ("+61912345678", ""),
        ] {
            assert_eq!(zones(&PhoneNumber::parse(number).unwrap()).join(" "), expected, "{number}");
        }
        assert!(PREFIXES.len() > 3_000, "only {}", PREFIXES.len());
    }
}
