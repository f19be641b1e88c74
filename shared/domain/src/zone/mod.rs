//! Which time zone a customer is in, and what their clocks show (D6). Pure: the rules of all zones are carried inside.
//!
//! What is known counts in this order: the zone in their profile, the place there, their number. A guess that covers
//! more than four zones is none.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{PhoneNumber, Timestamp};

mod numbers;
mod places;
mod states;

/// From what a zone is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The zone in the profile.
    Profile,
    /// The place in the profile.
    Location,
    /// The number's prefix.
    Number,
    /// Nothing says.
    Unknown,
}

impl Source {
    /// Every source, the surest first.
    pub const ALL: [Self; 4] = [Self::Profile, Self::Location, Self::Number, Self::Unknown];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Location => "location",
            Self::Number => "number",
            Self::Unknown => "unknown",
        }
    }
}

/// Where somebody is, as far as clocks go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The zones it may be, the likeliest first; none if nothing is known.
    pub zones: Vec<Zone>,
    /// From what they are known.
    pub source: Source,
}

/// What is known of a customer that may tell their zone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// IANA name.
    pub time_zone: Option<&'a str>,
    /// A place, as people or carriers write it.
    pub location: Option<&'a str>,
    /// Their number.
    pub number: Option<&'a PhoneNumber>,
}

impl Whereabouts {
    /// The first of profile, place and number that says something.
    pub fn of(hints: Hints<'_>) -> Self {
        let by_name = |names: &[&str]| names.iter().copied().filter_map(Zone::find).collect::<Vec<_>>();
        let number = hints.number.filter(|number| !number.is_short_code());
        let guesses = [
            (Source::Profile, by_name(hints.time_zone.as_slice())),
            (
                Source::Location,
                hints.location.map_or_else(Vec::new, |place| by_name(&places::zones(place, number))),
            ),
            (Source::Number, number.map_or_else(Vec::new, |number| by_name(&numbers::zones(number)))),
        ];
        let found = guesses.into_iter().find(|(_, zones)| !zones.is_empty());
        let (source, zones) = found.unwrap_or((Source::Unknown, Vec::new()));
        Self { zones, source }
    }
}

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    pub(crate) rules: TimeZone,
}

impl Zone {
    /// The zone of an IANA name, if there is one. Case does not count.
    pub fn find(name: &str) -> Option<Self> {
        let rules = DATABASE.get(name).ok()?;
        Some(Self { name: rules.iana_name()?.to_owned(), rules })
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its clocks show: `21:14`.
    pub fn clock(&self, at: Timestamp) -> String {
        let local = self.rules.to_datetime(instant(at));
        format!("{:02}:{:02}", local.hour(), local.minute())
    }
}

/// A moment as the rules of zones want it.
pub(crate) fn instant(at: Timestamp) -> jiff::Timestamp {
    // a Timestamp lies in the years 1970 to 9999; the last day of those is out of reach of an offset
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::MAX)
}

/// The lines `Zone&Zone|key,key,...` of a table; `#` begins a comment.
fn lines(table: &'static str) -> impl Iterator<Item = (Vec<&'static str>, std::str::Split<'static, char>)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (zones, keys) = line.split_once('|')?;
        Some((zones.split('&').filter(|zone| !zone.is_empty()).collect(), keys.split(',')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whereabouts(time_zone: &str, location: &str, number: &str) -> (String, &'static str) {
        let number = PhoneNumber::parse(number).ok();
        let found = Whereabouts::of(Hints {
            time_zone: Some(time_zone).filter(|zone| !zone.is_empty()),
            location: Some(location).filter(|place| !place.is_empty()),
            number: number.as_ref(),
        });
        let names: Vec<_> = found.zones.iter().map(Zone::name).collect();
        (names.join(" "), found.source.as_str())
    }

    #[test]
    fn d6_the_profiles_zone_counts_before_the_place_and_the_place_before_the_number() {
        let number = "+12125550100";
        for (zone, place, zones, source) in [
            ("Europe/Berlin", "Chicago, IL", "Europe/Berlin", "profile"),
            ("europe/berlin", "", "Europe/Berlin", "profile"),
            ("Mars/Olympus", "Chicago, IL", "America/Chicago", "location"),
            ("", "Chicago, IL", "America/Chicago", "location"),
            ("", "somewhere", "America/New_York", "number"),
            ("", "", "America/New_York", "number"),
        ] {
            assert_eq!(whereabouts(zone, place, number), (zones.into(), source), "{zone:?} {place:?}");
        }
        assert_eq!(whereabouts("", "", "+15550002222"), (String::new(), "unknown"));
        assert_eq!(whereabouts("", "", "12345"), (String::new(), "unknown"), "a short code is nowhere");
    }

    #[test]
    fn clocks_show_local_time_in_summer_and_winter() {
        let at = |text| Timestamp::parse(text).unwrap();
        let new_york = Zone::find("America/New_York").unwrap();
        assert_eq!(new_york.clock(at("2026-07-01T16:05:00Z")), "12:05");
        assert_eq!(new_york.clock(at("2026-12-01T16:05:00Z")), "11:05");
        assert_eq!(Zone::find("Asia/Kathmandu").unwrap().clock(at("2026-12-01T00:00:00Z")), "05:45");
        assert_eq!(new_york.clock(Timestamp::from_millis(i64::MAX)).len(), 5, "the last moment there is");
    }

    #[test]
    fn every_zone_of_the_tables_exists() {
        let tables = lines(numbers::TABLE).chain(lines(places::COUNTRIES)).flat_map(|(zones, _)| zones);
        let all: Vec<_> = tables.chain(states::all()).collect();
        assert!(all.len() > 500, "only {}", all.len());
        for zone in all {
            assert!(Zone::find(zone).is_some(), "{zone}");
        }
    }
}
