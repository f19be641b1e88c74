//! Times of a calendar file (RFC 5545 §3.3.4, §3.3.5, §3.3.6): of a whole day, of a zone, of UTC, or of nowhere.

use domain::{Timestamp, calendar::Moment};
use jiff::{
    SignedDuration, Span,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    lines::{Component, Line},
    zones::Zones,
};

/// Longest name of a zone, in characters.
const LONGEST_NAME: usize = 100;
/// Longest event, in days: longer ones are read as what somebody mistyped.
const LONGEST_DAYS: i64 = 3_660;

/// A time as it is written.
#[derive(Clone, Debug)]
enum Written {
    Day(Date),
    At(DateTime, Clocks),
}

/// Which clocks show it.
#[derive(Clone, Debug)]
enum Clocks {
    Zone(TimeZone, String),
    /// One that nobody knows.
    Unknown(String),
    /// Those of whoever reads it.
    Floating,
}

/// The beginning and the end of an event; of whole days, the last one.
pub fn span(event: &Component, zones: &Zones<'_>) -> (Option<Moment>, Option<Moment>) {
    let Some(starts) = event.line("DTSTART").and_then(|line| written(line, zones)) else {
        return (None, None);
    };
    let ends = match event.line("DTEND") {
        Some(line) => written(line, zones),
        None => event.line("DURATION").and_then(|line| after(&starts, &line.value)),
    };
    let ends = ends.and_then(|ends| last(&starts, ends));
    (Some(shown(&starts)), ends.as_ref().map(shown))
}

/// The time a line holds.
pub fn moment(line: &Line, zones: &Zones<'_>) -> Option<Moment> {
    written(line, zones).as_ref().map(shown)
}

/// `20261201`.
pub fn date(text: &str) -> Option<Date> {
    let number = |at: std::ops::Range<usize>| {
        let digits = text.get(at).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        digits?.parse::<i16>().ok()
    };
    let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    (text.len() == 8).then(|| Date::new(number(0..4)?, month, day).ok()).flatten()
}

fn written(line: &Line, zones: &Zones<'_>) -> Option<Written> {
    let value = line.value.trim();
    let Some((day, time)) = value.split_once(['T', 't']) else { return date(value).map(Written::Day) };
    let (time, is_utc) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, true),
        None => (time, false),
    };
    let part = |at: std::ops::Range<usize>| time.get(at)?.parse::<i8>().ok();
    // a leap second, or no second at all, is the last one before it
    let (hour, minute, second) = (part(0..2)?, part(2..4)?, part(4..6).unwrap_or(0).min(59));
    let local = date(day)?.to_datetime(jiff::civil::Time::new(hour, minute, second, 0).ok()?);
    let clocks = match (is_utc, line.param("TZID")) {
        (true, _) => Clocks::Zone(TimeZone::UTC, "UTC".into()),
        (false, Some(name)) => match zones.find(name) {
            Some(found) => Clocks::Zone(found.rules, found.name),
            None => Clocks::Unknown(name.trim().to_owned()),
        },
        (false, None) => Clocks::Floating,
    };
    Some(Written::At(local, clocks))
}

/// A while later: `PT1H30M`, `P2W`, `P1DT12H`.
fn after(starts: &Written, duration: &str) -> Option<Written> {
    let duration = duration.trim().trim_start_matches('+');
    let (days, seconds) = read_duration(duration.strip_prefix(['P', 'p'])?)?;
    match starts {
        Written::Day(day) => Some(Written::Day(day.checked_add(Span::new().try_days(days).ok()?).ok()?)),
        Written::At(local, clocks) => {
            let local = local.checked_add(Span::new().try_days(days).ok()?).ok()?;
            let local = local.checked_add(SignedDuration::from_secs(seconds)).ok()?;
            Some(Written::At(local, clocks.clone()))
        }
    }
}

/// Days, and seconds besides.
fn read_duration(text: &str) -> Option<(i64, i64)> {
    let (mut days, mut seconds, mut number) = (0_i64, 0_i64, 0_i64);
    for c in text.chars().take(40) {
        match c.to_ascii_uppercase() {
            'T' => {}
            digit @ '0'..='9' => {
                number = number.checked_mul(10)?.checked_add(i64::from(digit as u32 - '0' as u32))?;
                continue;
            }
            'W' => days = days.checked_add(number.checked_mul(7)?)?,
            'D' => days = days.checked_add(number)?,
            'H' => seconds = seconds.checked_add(number.checked_mul(3600)?)?,
            'M' => seconds = seconds.checked_add(number.checked_mul(60)?)?,
            'S' => seconds = seconds.checked_add(number)?,
            _ => return None,
        }
        number = 0;
    }
    (days <= LONGEST_DAYS && seconds <= LONGEST_DAYS * 86_400).then_some((days, seconds))
}

/// The end as people say it: of whole days the last one, and none that is not behind the beginning.
fn last(starts: &Written, ends: Written) -> Option<Written> {
    match (starts, ends) {
        (Written::Day(first), Written::Day(behind)) => {
            let last = behind.yesterday().ok()?;
            (last > *first).then_some(Written::Day(last))
        }
        (Written::At(..), ends @ Written::At(..)) => {
            let (first, last) = (shown(starts), shown(&ends));
            let is_behind = match (first.at, last.at) {
                (Some(first), Some(last)) => last > first,
                _ => last.local > first.local,
            };
            is_behind.then_some(ends)
        }
        _ => None,
    }
}

fn shown(written: &Written) -> Moment {
    match written {
        Written::Day(day) => Moment { local: day.to_string(), zone: None, at: None },
        Written::At(local, clocks) => {
            let at = match clocks {
                Clocks::Zone(rules, _) => rules.to_timestamp(*local).ok(),
                Clocks::Unknown(_) | Clocks::Floating => None,
            };
            let zone = match clocks {
                Clocks::Zone(_, name) | Clocks::Unknown(name) => {
                    Some(crate::mail::clean::line(name, LONGEST_NAME))
                }
                Clocks::Floating => None,
            };
            Moment {
                local: local.strftime("%Y-%m-%dT%H:%M").to_string(),
                zone,
                at: at.map(|at| Timestamp::from_millis(at.as_millisecond())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &str) -> String {
        let file = Component::read(&format!("BEGIN:VCALENDAR\n{lines}\nEND:VCALENDAR"));
        let zones = Zones::of(&file.within[0]);
        let one = |moment: Option<Moment>| match moment {
            Some(Moment { local, zone, at }) => {
                let at = at.map(|at| at.to_string()).unwrap_or_default();
                format!("{local} {} {at}", zone.unwrap_or_default())
            }
            None => "none".into(),
        };
        let (starts, ends) = span(&file.within[0], &zones);
        format!("{} | {}", one(starts), one(ends))
    }

    #[test]
    fn times_are_read_as_they_are_meant() {
        for (lines, said) in [
            (
                "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z",
                "2026-12-01T09:00 UTC 2026-12-01T09:00:00.000Z | 2026-12-01T10:00 UTC 2026-12-01T10:00:00.000Z",
            ),
            (
                "DTSTART;TZID=Europe/Berlin:20260701T100000\nDURATION:PT1H30M",
                "2026-07-01T10:00 Europe/Berlin 2026-07-01T08:00:00.000Z | 2026-07-01T11:30 Europe/Berlin 2026-07-01T09:30:00.000Z",
            ),
            ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261202", "2026-12-01   | none"),
            ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261204", "2026-12-01   | 2026-12-03  "),
            ("DTSTART;VALUE=DATE:20261201\nDURATION:P1W", "2026-12-01   | 2026-12-07  "),
            ("DTSTART:20261201T090000", "2026-12-01T09:00   | none"),
            ("DTSTART;TZID=Somewhere:20261201T090000", "2026-12-01T09:00 Somewhere  | none"),
            (
                "DTSTART:20261201T090000Z\nDTEND:20261201T080000Z",
                "2026-12-01T09:00 UTC 2026-12-01T09:00:00.000Z | none",
            ),
            ("DTSTART:20261301T090000Z", "none | none"),
            ("DTSTART:tomorrow", "none | none"),
            ("DTSTART:\u{661}\u{662}\u{663}\u{664}", "none | none"),
            ("DTEND:20261201T080000Z", "none | none"),
            ("DTSTART:99991231T235900Z\nDURATION:P9999999D", "9999-12-31T23:59 UTC  | none"),
        ] {
            assert_eq!(told(lines), said, "{lines}");
        }
    }
}
