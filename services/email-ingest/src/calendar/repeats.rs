//! How an event repeats (RFC 5545 §3.3.10), as far as it can be said in a few words.

use domain::calendar::{Day, Every, Repeats};

/// Values of one part of a rule that are looked at.
const MOST: usize = 60;
const DAYS: [(&str, Day); 7] = [
    ("MO", Day::Mon),
    ("TU", Day::Tue),
    ("WE", Day::Wed),
    ("TH", Day::Thu),
    ("FR", Day::Fri),
    ("SA", Day::Sat),
    ("SU", Day::Sun),
];

/// A rule, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Rule<'a> {
    frequency: &'a str,
    interval: u32,
    /// Which one in the month (0: every one, -1: the last), and the day from Monday as 0.
    pub weekdays: Vec<(i32, usize)>,
    pub months: Vec<u32>,
    pub month_days: Vec<i32>,
    until: &'a str,
    count: Option<u32>,
    more: bool,
}

/// Takes a rule apart; what is odd in it is passed over.
pub fn rule(text: &str) -> Rule<'_> {
    let mut rule = Rule { interval: 1, ..Rule::default() };
    for (name, value) in text.split(';').take(MOST).filter_map(|part| part.split_once('=')) {
        let values = || value.split(',').take(MOST).map(str::trim);
        match name.trim().to_ascii_uppercase().as_str() {
            "FREQ" => rule.frequency = value.trim(),
            "INTERVAL" => rule.interval = value.trim().parse().unwrap_or(1).max(1),
            "UNTIL" => rule.until = value.trim(),
            "COUNT" => rule.count = value.trim().parse().ok(),
            "BYDAY" => rule.weekdays = values().filter_map(weekday).collect(),
            "BYMONTH" => rule.months = values().filter_map(|one| one.parse().ok()).collect(),
            "BYMONTHDAY" => rule.month_days = values().filter_map(|one| one.parse().ok()).collect(),
            "WKST" => {}
            _ => rule.more = true,
        }
    }
    rule
}

/// `SU`, `2TU`, `-1FR`.
fn weekday(text: &str) -> Option<(i32, usize)> {
    let (which, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = DAYS.iter().position(|(known, _)| name.eq_ignore_ascii_case(known))?;
    let which = if which.is_empty() { 0 } else { which.parse().ok()? };
    Some((which, day))
}

/// What a rule says to people.
pub fn repeats(text: &str) -> Option<Repeats> {
    let rule = rule(text);
    let every = match rule.frequency.to_ascii_uppercase().as_str() {
        "DAILY" => Every::Day,
        "WEEKLY" => Every::Week,
        "MONTHLY" => Every::Month,
        "YEARLY" => Every::Year,
        "HOURLY" | "MINUTELY" | "SECONDLY" => Every::Moment,
        _ => return None,
    };
    let plain_days =
        matches!(every, Every::Day | Every::Week) && rule.weekdays.iter().all(|(which, _)| *which == 0);
    let mut days = Vec::new();
    if plain_days {
        let named = |at: usize| rule.weekdays.iter().any(|(_, day)| *day == at);
        days.extend(DAYS.iter().enumerate().filter(|(at, _)| named(*at)).map(|(_, (_, day))| *day));
    }
    let more = rule.more
        || (!plain_days && !rule.weekdays.is_empty())
        || rule.months.len() > 1
        || rule.month_days.len() > 1
        || (every == Every::Month && rule.month_days.iter().any(|day| *day < 0));
    let until = rule.until.get(..8).and_then(super::times::date).map(|date| date.to_string());
    Some(Repeats { every, interval: rule.interval, days, until, times: rule.count, more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_as_far_as_few_words_can() {
        let told = |text| {
            let rule = repeats(text)?;
            let days: Vec<_> = rule.days.iter().map(|day| day.as_str()).collect();
            let until = rule.until.unwrap_or_default();
            Some(format!(
                "{} {} {} {until} {:?} {}",
                rule.every,
                rule.interval,
                days.join("+"),
                rule.times,
                rule.more
            ))
        };
        for (rule, said) in [
            ("FREQ=DAILY", "day 1   None false"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,MO;WKST=SU", "week 2 mon+wed  None false"),
            ("freq=weekly;UNTIL=20261231T235959Z", "week 1  2026-12-31 None false"),
            ("FREQ=MONTHLY;BYMONTHDAY=15;COUNT=12", "month 1   Some(12) false"),
            ("FREQ=MONTHLY;BYDAY=2TU", "month 1   None true"),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "month 1   None true"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "month 1   None true"),
            ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8", "year 1   None false"),
            ("FREQ=HOURLY;INTERVAL=0", "moment 1   None false"),
        ] {
            assert_eq!(told(rule).as_deref(), Some(said), "{rule}");
        }
        assert_eq!(told("FREQ=SOMETIMES"), None);
        assert_eq!(told(""), None);
    }
}
