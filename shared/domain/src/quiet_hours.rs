//! Quiet hours (D6): when a text would wake somebody up. They are clock times of the recipient, so they are looked at
//! when a text is about to leave, never earlier: between writing and sending, clocks may be changed.

use jiff::{
    civil::{Date, DateTime, Time},
    tz::AmbiguousOffset,
};

use crate::{
    Timestamp, settings,
    zone::{Zone, instant},
};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// How far ahead a common open moment of several zones is looked for. What is not found in two days is never there.
const HORIZON: i64 = 2 * DAY;

/// Quiet hours: from one clock time until another, which may be on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    to: Time,
}

impl QuietHours {
    /// Those of the settings; none where the two times are the same.
    pub fn of(settings: &settings::QuietHours) -> Option<Self> {
        let (from, to) = (time(&settings.from)?, time(&settings.to)?);
        (from != to).then_some(Self { from, to })
    }

    /// The first of these zones where it is quiet then: with several, the hours must be open in all of them. Where
    /// those never meet, the first zone decides. Without any zone nothing is known, and nothing is quiet.
    pub fn quiet_in<'z>(&self, zones: &'z [Zone], at: Timestamp) -> Option<&'z Zone> {
        let quiet = zones.iter().find(|zone| self.is_quiet(zone, at))?;
        match self.common(zones, at) {
            Some(_) => Some(quiet),
            None => zones.first().filter(|zone| self.is_quiet(zone, at)),
        }
    }

    /// The first moment from `at` on that is not quiet.
    pub fn next_allowed(&self, zones: &[Zone], at: Timestamp) -> Timestamp {
        let first = || self.common(zones.get(..1)?, at);
        self.common(zones, at).or_else(first).unwrap_or(at)
    }

    /// The first moment from `at` on that is not quiet in any of these zones; `None` if their open hours never meet.
    fn common(&self, zones: &[Zone], at: Timestamp) -> Option<Timestamp> {
        let mut moment = at;
        while let Some(zone) = zones.iter().find(|zone| self.is_quiet(zone, moment)) {
            moment = self.end(zone, moment)?;
            if moment > at.plus(HORIZON) {
                return None;
            }
        }
        Some(moment)
    }

    fn is_quiet(&self, zone: &Zone, at: Timestamp) -> bool {
        let now = zone.rules.to_datetime(instant(at)).time();
        if self.from < self.to {
            self.from <= now && now < self.to
        } else {
            self.from <= now || now < self.to
        }
    }

    /// When it stops being quiet there. That is when the clocks show the end, or when they are put to a time that is
    /// not quiet; in the night of the put-back they may show the end twice.
    fn end(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let today = zone.rules.to_datetime(instant(at)).date();
        let days = [Some(today), today.tomorrow().ok(), today.tomorrow().and_then(Date::tomorrow).ok()];
        let shown = days.into_iter().flatten().flat_map(|day| moments(zone, day.to_datetime(self.to)));
        let changes = zone.rules.following(instant(at)).take(2).map(|change| change.timestamp());
        let candidates = shown.chain(changes).map(|moment| Timestamp::from_millis(moment.as_millisecond()));
        candidates.filter(|moment| *moment > at && !self.is_quiet(zone, *moment)).min()
    }
}

/// When the clocks of a zone show a time of a day: once, twice, or never.
pub(crate) fn moments(zone: &Zone, shown: DateTime) -> impl Iterator<Item = jiff::Timestamp> + use<> {
    let offsets = match zone.rules.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
        AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
        AmbiguousOffset::Gap { .. } => [None, None],
    };
    offsets.into_iter().flatten().filter_map(move |offset| offset.to_timestamp(shown).ok())
}

/// `HH:MM`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(from: &str, to: &str) -> QuietHours {
        QuietHours::of(&settings::QuietHours { from: from.into(), to: to.into() }).unwrap()
    }

    fn zones(names: &str) -> Vec<Zone> {
        names.split_whitespace().map(|name| Zone::find(name).unwrap()).collect()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// A text is written at a moment: until when is it held? "-" means that it may leave at once.
    fn check(hours: QuietHours, table: &[(&str, &str, &str)]) {
        for (place, written, leaves) in table {
            let (zones, written) = (zones(place), at(written));
            let next = hours.next_allowed(&zones, written);
            let expected = if *leaves == "-" { written } else { at(leaves) };
            assert_eq!(next, expected, "{place}, written at {written}");
            assert_eq!(
                hours.quiet_in(&zones, written).is_some(),
                *leaves != "-",
                "{place}, written at {written}"
            );
        }
    }

    #[test]
    fn d6_an_ordinary_day_in_new_york_with_quiet_hours_from_20_to_8() {
        // New York is five hours behind UTC in winter
        check(
            hours("20:00", "08:00"),
            &[
                ("America/New_York", "2026-12-01T17:00:00Z", "-"),
                ("America/New_York", "2026-12-02T00:59:59Z", "-"),
                ("America/New_York", "2026-12-02T01:00:00Z", "2026-12-02T13:00:00Z"),
                ("America/New_York", "2026-12-02T06:30:00Z", "2026-12-02T13:00:00Z"),
                ("America/New_York", "2026-12-02T12:59:59Z", "2026-12-02T13:00:00Z"),
                ("America/New_York", "2026-12-02T13:00:00Z", "-"),
            ],
        );
    }

    #[test]
    fn d6_the_night_in_which_clocks_go_forward() {
        // New York, 8 March 2026: at 02:00 clocks go to 03:00, so that 08:00 comes an hour earlier than usual
        check(
            hours("20:00", "08:00"),
            &[
                ("America/New_York", "2026-03-08T02:00:00Z", "2026-03-08T12:00:00Z"),
                ("America/New_York", "2026-03-07T02:00:00Z", "2026-03-07T13:00:00Z"),
            ],
        );
        // an end at 02:30 is never shown that night: quiet ends with the jump
        check(
            hours("20:00", "02:30"),
            &[("America/New_York", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z")],
        );
        // a beginning at 02:30 is not shown either: 03:00 is quiet already
        check(
            hours("02:30", "05:00"),
            &[
                ("America/New_York", "2026-03-08T06:59:00Z", "-"),
                ("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08T09:00:00Z"),
            ],
        );
    }

    #[test]
    fn d6_the_night_in_which_clocks_go_back() {
        // New York, 1 November 2026: at 02:00 clocks go back to 01:00, so that 08:00 comes an hour later than usual
        check(
            hours("20:00", "08:00"),
            &[
                ("America/New_York", "2026-11-01T02:00:00Z", "2026-11-01T13:00:00Z"),
                ("America/New_York", "2026-10-31T02:00:00Z", "2026-10-31T12:00:00Z"),
            ],
        );
        // an end at 01:30 is shown twice: quiet until the first, open until the clocks go back, quiet until the second
        check(
            hours("20:00", "01:30"),
            &[
                ("America/New_York", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"),
                ("America/New_York", "2026-11-01T05:45:00Z", "-"),
                ("America/New_York", "2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z"),
            ],
        );
    }

    #[test]
    fn d6_with_several_zones_the_hours_must_be_open_in_all() {
        // Florida is divided: at 08:00 in Miami it is 07:00 in Pensacola; at 20:00 in Miami it is quiet there already
        let florida = "America/New_York America/Chicago";
        check(
            hours("20:00", "08:00"),
            &[
                (florida, "2026-12-02T13:00:00Z", "2026-12-02T14:00:00Z"),
                (florida, "2026-12-02T14:00:00Z", "-"),
                (florida, "2026-12-03T01:30:00Z", "2026-12-03T14:00:00Z"),
                ("Africa/Abidjan Asia/Tokyo", "2026-12-02T00:00:00Z", "2026-12-02T08:00:00Z"),
                // when it is 8 in Abidjan it is 20 in Auckland: these never meet, so the first decides
                ("Africa/Abidjan Pacific/Auckland", "2026-07-01T10:00:00Z", "-"),
                ("Africa/Abidjan Pacific/Auckland", "2026-07-01T22:00:00Z", "2026-07-02T08:00:00Z"),
            ],
        );
    }

    #[test]
    fn d6_hours_within_a_day_and_none_at_all() {
        check(
            hours("12:00", "14:00"),
            &[
                ("Europe/Berlin", "2026-12-01T10:59:00Z", "-"),
                ("Europe/Berlin", "2026-12-01T11:00:00Z", "2026-12-01T13:00:00Z"),
                ("Europe/Berlin", "2026-12-01T20:00:00Z", "-"),
            ],
        );
        let none = settings::QuietHours { from: "08:00".into(), to: "08:00".into() };
        assert_eq!(QuietHours::of(&none), None);
        assert_eq!(
            hours("20:00", "08:00").next_allowed(&[], at("2026-12-02T03:00:00Z")),
            at("2026-12-02T03:00:00Z")
        );
    }

    proptest! {
        #[test]
        fn d6_what_is_held_leaves_at_the_first_open_moment(
            from in 0_u8..24, to in 0_u8..24, minute in 0_u8..4, hour in 0_i64..24 * 366,
            place in prop::sample::select(vec!["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]),
        ) {
            prop_assume!(from != to);
            let hours = hours(&format!("{from:02}:{:02}", minute * 15), &format!("{to:02}:{:02}", minute * 15));
            let (zones, written) = (zones(place), at("2026-01-01T00:07:00Z").plus(hour * 3_600_000));
            let leaves = hours.next_allowed(&zones, written);
            prop_assert!(hours.quiet_in(&zones, leaves).is_none());
            let mut before = written;
            while before < leaves {
                prop_assert!(hours.quiet_in(&zones, before).is_some(), "{before} was open already");
                before = before.plus(5 * 60_000);
            }
        }
    }
}
