//! When somebody is there (H7): spans by weekday as the clocks of the zone show them, without holidays. Pure.
//!
//! A span counts for the day it begins on: one from 22:00 to 02:00 that begins before a holiday ends in its night, and
//! one that would begin on the holiday is not there.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};

use crate::{
    Timestamp,
    quiet_hours::moments,
    settings,
    zone::{Zone, instant},
};

/// The keys of the settings, in the order of the week.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// Most spans of a day.
const MOST_SPANS: usize = 12;
/// Most holidays.
const MOST_HOLIDAYS: usize = 400;
/// How many days ahead somebody is looked for.
const HORIZON: usize = 400;

/// A span in minutes of its day; `to` is greater than [`DAY`] where it ends after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: u16,
    to: u16,
}

/// When somebody is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeHours {
    zone: Zone,
    week: [Vec<Span>; 7],
    holidays: BTreeSet<Date>,
}

impl OfficeHours {
    /// Those of the settings; `None` where no day is named at all: somebody is always there.
    ///
    /// # Errors
    /// What makes no sense, with its key.
    pub fn of(settings: &settings::OfficeHours) -> Result<Option<Self>, String> {
        let zone = Zone::find(&settings.time_zone);
        let zone = zone.ok_or_else(|| format!("time_zone: there is no zone {:?}", settings.time_zone))?;
        if let Some(odd) = settings.days.keys().find(|key| !DAYS.contains(&key.as_str())) {
            return Err(format!("days: {odd:?} is none of {}", DAYS.join(", ")));
        }
        if settings.holidays.len() > MOST_HOLIDAYS {
            return Err(format!("holidays: at most {MOST_HOLIDAYS}"));
        }
        let mut week: [Vec<Span>; 7] = Default::default();
        for (spans, day) in week.iter_mut().zip(DAYS) {
            if let Some(value) = settings.days.get(day) {
                *spans = spans_of(value).map_err(|reason| format!("days.{day}: {reason}"))?;
            }
        }
        let holiday = |text: &String| {
            text.parse::<Date>().map_err(|_| format!("holidays: {text:?} is not a date like 2026-12-24"))
        };
        let holidays = settings.holidays.iter().map(holiday).collect::<Result<_, _>>()?;
        Ok((!settings.days.is_empty()).then_some(Self { zone, week, holidays }))
    }

    /// Whether somebody is there then.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.zone.rules.to_datetime(instant(at));
        let minute = minute_of(local.time());
        let covers = |date: Date, minute: u16| {
            self.spans(date).iter().any(|span| span.from <= minute && minute < span.to)
        };
        let yesterday = local.date().yesterday().ok();
        covers(local.date(), minute) || yesterday.is_some_and(|date| covers(date, minute + DAY))
    }

    /// The first moment from `at` on when somebody is there; `None` if nobody is for a year.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        let today = self.zone.rules.to_datetime(instant(at)).date();
        let mut day = today.yesterday().unwrap_or(today);
        let mut first = self.first(at, self.clock_changes(at));
        for _ in 0..HORIZON {
            let starts = self.spans(day).iter().filter_map(|span| Some(day.to_datetime(time_of(span.from)?)));
            let starts = starts.flat_map(|shown| {
                // where clocks jump over the beginning, it is open from the jump on
                moments(&self.zone, shown)
            });
            let here = self.first(at, starts);
            first = [first, here].into_iter().flatten().min();
            if here.is_some() || first.is_some_and(|first| first.plus(2 * 86_400_000) < self.begin(day, at)) {
                break;
            }
            day = day.tomorrow().ok()?;
        }
        first
    }

    fn begin(&self, day: Date, at: Timestamp) -> Timestamp {
        let shown = day.to_datetime(Time::midnight());
        moments(&self.zone, shown).next().map_or(at, |moment| Timestamp::from_millis(moment.as_millisecond()))
    }

    /// Moments at which the clocks of the zone are changed, soon.
    fn clock_changes(&self, at: Timestamp) -> impl Iterator<Item = jiff::Timestamp> + use<'_> {
        self.zone.rules.following(instant(at)).take(3).map(|change| change.timestamp())
    }

    fn first(&self, at: Timestamp, moments: impl Iterator<Item = jiff::Timestamp>) -> Option<Timestamp> {
        let moments = moments.map(|moment| Timestamp::from_millis(moment.as_millisecond()));
        moments.filter(|moment| *moment > at && self.is_open(*moment)).min()
    }

    /// The spans that begin on a day.
    fn spans(&self, date: Date) -> &[Span] {
        if self.holidays.contains(&date) {
            return &[];
        }
        let index = match date.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        &self.week[index]
    }
}

fn minute_of(time: Time) -> u16 {
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0)
}

fn time_of(minute: u16) -> Option<Time> {
    Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()
}

fn spans_of(value: &serde_json::Value) -> Result<Vec<Span>, String> {
    let spans: Vec<(String, String)> = serde_json::from_value(value.clone())
        .map_err(|_| "must be a list of spans like [\"09:00\", \"17:00\"]".to_owned())?;
    if spans.len() > MOST_SPANS {
        return Err(format!("at most {MOST_SPANS} spans"));
    }
    spans.iter().map(|(from, to)| span(from, to)).collect()
}

fn span(from: &str, to: &str) -> Result<Span, String> {
    let bad = |text: &str| format!("{text:?} is not a time like 09:00");
    let (begin, mut end) = (minutes(from).ok_or_else(|| bad(from))?, minutes(to).ok_or_else(|| bad(to))?);
    if begin == end || begin == DAY {
        return Err(format!("from {from} to {to} is no time at all"));
    }
    if end < begin {
        end += DAY;
    }
    Ok(Span { from: begin, to: end })
}

/// `HH:MM`, up to 24:00.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY).then_some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn hours(zone: &str, days: &serde_json::Value, holidays: &[&str]) -> OfficeHours {
        let settings = settings::OfficeHours {
            time_zone: zone.into(),
            days: days.as_object().unwrap().clone(),
            holidays: holidays.iter().map(ToString::to_string).collect(),
            ..settings::OfficeHours::default()
        };
        OfficeHours::of(&settings).unwrap().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// A visitor comes at a moment: when is somebody there? "-" means now, "never" not within a year.
    fn check(hours: &OfficeHours, table: &[(&str, &str)]) {
        for (comes, back) in table {
            let expected = match *back {
                "-" => Some(at(comes)),
                "never" => None,
                back => Some(at(back)),
            };
            assert_eq!(hours.next_open(at(comes)), expected, "comes at {comes}");
            assert_eq!(hours.is_open(at(comes)), *back == "-", "comes at {comes}");
        }
    }

    fn shop() -> serde_json::Value {
        json!({"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "tue": [["09:00", "17:00"]],
            "fri": [["09:00", "24:00"]], "sat": []})
    }

    #[test]
    fn h7_an_ordinary_week_in_berlin() {
        // Berlin is an hour ahead of UTC in winter; 30 November 2026 is a Monday
        check(
            &hours("Europe/Berlin", &shop(), &[]),
            &[
                ("2026-11-30T07:59:59Z", "2026-11-30T08:00:00Z"),
                ("2026-11-30T08:00:00Z", "-"),
                ("2026-11-30T10:59:59Z", "-"),
                ("2026-11-30T11:00:00Z", "2026-11-30T12:00:00Z"),
                ("2026-11-30T16:29:59Z", "-"),
                ("2026-11-30T16:30:00Z", "2026-12-01T08:00:00Z"),
                ("2026-12-01T16:00:00Z", "2026-12-04T08:00:00Z"),
                ("2026-12-04T22:59:59Z", "-"),
                ("2026-12-04T23:00:00Z", "2026-12-07T08:00:00Z"),
            ],
        );
    }

    #[test]
    fn h7_on_a_holiday_nobody_begins() {
        check(
            &hours("Europe/Berlin", &shop(), &["2026-11-30", "2026-12-01"]),
            &[("2026-11-30T09:00:00Z", "2026-12-04T08:00:00Z")],
        );
        let nights = json!({"thu": [["22:00", "02:00"]], "fri": [["22:00", "02:00"]]});
        check(
            &hours("UTC", &nights, &["2026-12-25"]),
            &[
                ("2026-12-24T23:00:00Z", "-"),
                // the night before the holiday ends in it
                ("2026-12-25T01:59:00Z", "-"),
                ("2026-12-25T02:00:00Z", "2026-12-31T22:00:00Z"),
                ("2026-12-25T23:00:00Z", "2026-12-31T22:00:00Z"),
            ],
        );
        let never = json!({"sun": []});
        check(&hours("UTC", &never, &[]), &[("2026-12-25T02:00:00Z", "never")]);
    }

    #[test]
    fn h7_the_days_on_which_clocks_change() {
        // New York, 8 March 2026 (a Sunday): at 02:00 clocks go to 03:00
        let days = json!({"sun": [["02:30", "04:00"], ["09:00", "17:00"]]});
        check(
            &hours("America/New_York", &days, &[]),
            &[
                // 02:30 is never shown: open from the jump on
                ("2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"),
                ("2026-03-08T07:00:00Z", "-"),
                ("2026-03-08T08:00:00Z", "2026-03-08T13:00:00Z"),
            ],
        );
        // 1 November 2026 (a Sunday): at 02:00 clocks go back to 01:00, so half past one comes twice
        let days = json!({"sun": [["01:00", "01:45"]]});
        check(
            &hours("America/New_York", &days, &[]),
            &[
                ("2026-11-01T05:44:00Z", "-"),
                ("2026-11-01T05:45:00Z", "2026-11-01T06:00:00Z"),
                ("2026-11-01T06:45:00Z", "2026-11-08T06:00:00Z"),
            ],
        );
    }

    #[test]
    fn h7_no_day_at_all_means_always_and_nonsense_is_named() {
        assert_eq!(OfficeHours::of(&settings::OfficeHours::default()), Ok(None));
        for (patch, word) in [
            (json!({"time_zone": "Mars/Olympus"}), "time_zone"),
            (json!({"days": {"monday": []}}), "monday"),
            (json!({"days": {"mon": [["9:00", "17:00"]]}}), "9:00"),
            (json!({"days": {"mon": [["09:00", "09:00"]]}}), "no time at all"),
            (json!({"days": {"mon": [["24:00", "09:00"]]}}), "no time at all"),
            (json!({"days": {"mon": "all day"}}), "days.mon"),
            (json!({"days": {"mon": []}, "holidays": ["24.12.2026"]}), "24.12.2026"),
        ] {
            let mut document = serde_json::to_value(settings::OfficeHours::default()).unwrap();
            for (key, value) in patch.as_object().unwrap() {
                document[key] = value.clone();
            }
            let settings: settings::OfficeHours = serde_json::from_value(document).unwrap();
            let fault = OfficeHours::of(&settings).unwrap_err();
            assert!(fault.contains(word), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn h7_whoever_is_told_when_somebody_is_back_is_told_the_first_moment(
            from in 0_u16..24, long in 1_u16..23, minute in 0_u16..4, hour in 0_i64..24 * 366, day in 0_usize..7,
            place in prop::sample::select(vec!["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]),
        ) {
            let show = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
            let begin = from * 60 + minute * 15;
            let span = json!([[show(begin), show(begin + long * 60)]]);
            let days = [DAYS[day], DAYS[(day + 3) % 7]].into_iter().map(|day| (day.to_owned(), span.clone()));
            let days: serde_json::Map<_, _> = days.collect();
            let hours = hours(place, &days.into(), &[]);
            let comes = at("2026-01-01T00:07:00Z").plus(hour * 3_600_000);
            let back = hours.next_open(comes).unwrap();
            prop_assert!(hours.is_open(back));
            let mut before = comes;
            while before < back {
                prop_assert!(!hours.is_open(before), "{before} was open already");
                before = before.plus(15 * 60_000);
            }
        }
    }
}
