//! The zone that a calendar file means by a name of its own: an IANA name, one of Windows, a path that ends in one, or
//! whatever its VTIMEZONE says (RFC 5545 §3.6.5).

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{lines::Component, repeats::rule, windows};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Zones of one file.
const MOST_ZONES: usize = 50;

/// The zones that a file describes.
pub struct Zones<'a>(Vec<(String, &'a Component)>);

/// A zone: its rules, and what people call it.
pub struct Found {
    pub rules: TimeZone,
    pub name: String,
}

impl<'a> Zones<'a> {
    /// Of a calendar.
    pub fn of(calendar: &'a Component) -> Self {
        let named = calendar.all("VTIMEZONE").take(MOST_ZONES);
        Self(named.filter_map(|zone| Some((zone.text("TZID")?, zone))).collect())
    }

    /// The zone of that name, if anything says what it is.
    pub fn find(&self, name: &str) -> Option<Found> {
        let name = name.trim();
        if let Some(found) = iana(name).or_else(|| iana(windows::iana(name)?)) {
            return Some(found);
        }
        // `/mozilla.org/20050126_1/Europe/Berlin`
        let tails = name.match_indices('/').map(|(at, _)| &name[at + 1..]).take(8);
        if let Some(found) = tails.filter(|tail| tail.contains('/')).find_map(iana) {
            return Some(found);
        }
        let described = self.0.iter().find(|(known, _)| known.trim() == name);
        let rules = described.and_then(|(_, zone)| described_rules(zone)).or_else(|| by_offset(name))?;
        Some(Found { rules, name: name.to_owned() })
    }
}

fn iana(name: &str) -> Option<Found> {
    let rules = DATABASE.get(name).ok()?;
    let name = rules.iana_name()?.to_owned();
    Some(Found { rules, name })
}

/// What a VTIMEZONE says now: its newest STANDARD and DAYLIGHT, as a rule of POSIX.
fn described_rules(zone: &Component) -> Option<TimeZone> {
    let standard = newest(zone, "STANDARD");
    let daylight = newest(zone, "DAYLIGHT").filter(|part| goes_on(part));
    let (Some(standard), Some(daylight)) = (standard, daylight) else {
        let only = standard.or_else(|| newest(zone, "DAYLIGHT"))?;
        return TimeZone::posix(&posix_name(offset(only)?)).ok();
    };
    let (winter, summer) = (offset(standard)?, offset(daylight)?);
    let rule =
        format!("{}{},{},{}", posix_name(winter), posix_name(summer), changes(daylight)?, changes(standard)?);
    TimeZone::posix(&rule).ok()
}

/// It begins again each year, without an end.
fn goes_on(part: &Component) -> bool {
    part.line("RRULE").is_some_and(|rule| !rule.value.to_ascii_uppercase().contains("UNTIL"))
}

/// Without a rule it was changed for good then; of those with one, the last that was made counts.
fn newest<'a>(zone: &'a Component, name: &'a str) -> Option<&'a Component> {
    zone.all(name).max_by_key(|part| part.text("DTSTART").unwrap_or_default())
}

/// Seconds east of UTC.
fn offset(part: &Component) -> Option<i32> {
    let text = part.text("TZOFFSETTO")?;
    seconds(text.trim())
}

/// `+0100`, `-0330`, `+01:00`.
fn seconds(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let number = |at: std::ops::Range<usize>| digits.get(at)?.parse::<i32>().ok();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        4 | 6 => (number(0..2)?, number(2..4)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// As POSIX writes it: the name in brackets, and the offset with its sign turned.
fn posix_name(offset: i32) -> String {
    let (sign, turned) = if offset < 0 { ('-', "") } else { ('+', "-") };
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() % 3600 / 60);
    format!("<{sign}{hours:02}{minutes:02}>{turned}{hours}:{minutes:02}")
}

/// `M3.5.0/2:00:00`: when that part begins each year.
fn changes(part: &Component) -> Option<String> {
    let rule = rule(&part.line("RRULE")?.value);
    let (week, day) = rule.weekdays.first().copied()?;
    let start = part.text("DTSTART")?;
    let (month, time) =
        (rule.months.first().copied().or_else(|| start.get(4..6)?.parse().ok())?, start.get(9..13)?);
    let week = match week {
        0 => rule.month_days.iter().min().map(|first| (first - 1) / 7 + 1)?,
        1..=4 => week,
        _ => 5,
    };
    let (hour, minute): (u32, u32) = (time.get(..2)?.parse().ok()?, time.get(2..4)?.parse().ok()?);
    Some(format!("M{month}.{week}.{}/{hour}:{minute:02}", (day + 1) % 7))
}

/// `(UTC+01:00) Amsterdam, Berlin`, `GMT-0500`, `UTC`.
fn by_offset(name: &str) -> Option<TimeZone> {
    let name = name.trim_start_matches('(');
    let rest = ["UTC", "GMT"].iter().find_map(|word| name.strip_prefix(word))?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-:".contains(c)).unwrap_or(rest.len());
    let offset = if end == 0 { 0 } else { seconds(&rest[..end])? };
    jiff::tz::Offset::from_seconds(offset).ok().map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;

    use super::*;

    const OWN: &str = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Customized Time Zone\n\
        BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n\
        BEGIN:VTIMEZONE\nTZID:Half\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n\
        BEGIN:VTIMEZONE\nTZID:Down under\n\
        BEGIN:STANDARD\nDTSTART:20080406T030000\nTZOFFSETTO:+1000\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:20081005T020000\nTZOFFSETTO:+1100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU\n\
        END:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VTIMEZONE\nTZID:Broken\nEND:VTIMEZONE\nEND:VCALENDAR\n";

    fn utc(name: &str, local: &str) -> Option<String> {
        let file = Component::read(OWN);
        let zone = Zones::of(&file.within[0]).find(name)?;
        let local: DateTime = local.parse().unwrap();
        Some(zone.rules.to_timestamp(local).unwrap().to_string())
    }

    #[test]
    fn a_zone_is_found_however_it_is_called() {
        let (winter, summer) = ("2026-12-01T10:00", "2026-07-01T10:00");
        for (name, in_winter, in_summer) in [
            ("Europe/Berlin", "09", "08"),
            ("europe/berlin", "09", "08"),
            ("W. Europe Standard Time", "09", "08"),
            ("/freeassociation.sourceforge.net/Europe/Berlin", "09", "08"),
            ("/mozilla.org/20050126_1/America/New_York", "15", "14"),
            ("Customized Time Zone", "09", "08"),
            ("Eastern Standard Time", "15", "14"),
            ("Pacific Standard Time", "18", "17"),
            ("(UTC+01:00) Amsterdam, Berlin, Bern", "09", "09"),
            ("GMT-0500", "15", "15"),
            ("UTC", "10", "10"),
        ] {
            assert_eq!(utc(name, winter), Some(format!("2026-12-01T{in_winter}:00:00Z")), "{name}");
            assert_eq!(utc(name, summer), Some(format!("2026-07-01T{in_summer}:00:00Z")), "{name}");
        }
        assert_eq!(utc("Half", winter).as_deref(), Some("2026-12-01T04:30:00Z"));
        assert_eq!(utc("Down under", winter).as_deref(), Some("2026-11-30T23:00:00Z"));
        assert_eq!(utc("Down under", summer).as_deref(), Some("2026-07-01T00:00:00Z"));
        for unknown in ["Broken", "Somewhere", "", "GMT+99", "Mars/Olympus"] {
            assert_eq!(utc(unknown, winter), None, "{unknown}");
        }
    }
}
