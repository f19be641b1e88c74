//! The zones of a place as people and carriers write it: a small, honest reading. What it does not surely understand is
//! unknown; a wrong zone would wake somebody up.

use std::{collections::HashMap, sync::LazyLock};

use super::{lines, states};
use crate::PhoneNumber;

pub(super) const COUNTRIES: &str = include_str!("countries.txt");

static BY_NAME: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let all = lines(COUNTRIES).flat_map(|(zones, names)| names.map(move |name| (name, zones.clone())));
    all.collect()
});

/// The zones of a place; none if it is not understood. `CO` and `Georgia` are a state to a number of North America, a
/// country to any other, and nothing where there is no number.
pub(super) fn zones(place: &str, number: Option<&PhoneNumber>) -> Vec<&'static str> {
    let lower = place.to_lowercase();
    let parts: Vec<String> = lower.split(',').map(words).filter(|part| !part.is_empty()).collect();
    let Some((last, before)) = parts.split_last() else { return Vec::new() };
    if let (Some(country), Some(state)) = (divided(last), before.last())
        && let Some(state) = states::find(state, Some(country))
    {
        return state.zones.to_vec();
    }
    if last != "ca" && divided(last).is_some() || last == "ca" && before.is_empty() {
        return Vec::new();
    }
    let state = states::find(last, None).map(|state| state.zones.to_vec());
    let country = BY_NAME.get(last.as_str()).cloned();
    match (state, country) {
        (Some(state), None) => state,
        (None, Some(country)) => country,
        (Some(state), Some(country)) => match number {
            Some(number) if number.as_str().starts_with("+1") => state,
            Some(_) => country,
            None => Vec::new(),
        },
        (None, None) => Vec::new(),
    }
}

/// Words without dots and postcodes, divided by single spaces.
fn words(part: &str) -> String {
    let plain = part.replace('.', "");
    let words = plain.split_whitespace().filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ")
}

/// A country that only its states tell apart.
fn divided(word: &str) -> Option<&'static str> {
    match word {
        "us" | "usa" | "united states" | "united states of america" => Some("us"),
        "ca" | "can" | "canada" => Some("ca"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d6_a_place_is_read_as_people_write_it_or_not_at_all() {
        const US: &str = "+12125550100";
        const DE: &str = "+493012345678";
        for (place, number, expected) in [
            ("Germany", "", "Europe/Berlin"),
            ("Berlin, Germany", "", "Europe/Berlin"),
            ("  UK ", "", "Europe/London"),
            ("Spain", "", "Europe/Madrid Atlantic/Canary"),
            ("Austin, TX", US, "America/Chicago America/Denver"),
            ("Austin, TX 78701", US, "America/Chicago America/Denver"),
            ("Austin, TX, USA", "", "America/Chicago America/Denver"),
            ("New York", "", "America/New_York"),
            ("Brooklyn, New York, United States", "", "America/New_York"),
            ("Washington, D.C.", "", "America/New_York"),
            ("San Francisco, CA", US, "America/Los_Angeles"),
            ("Toronto, ON, CA", US, "America/Toronto America/Winnipeg"),
            ("Montréal, Québec", "", "America/Toronto America/Blanc-Sablon"),
            ("Denver, CO", US, "America/Denver"),
            ("CO", DE, "America/Bogota"),
            ("Berlin, DE", DE, "Europe/Berlin"),
            ("Dover, DE", US, "America/New_York"),
            ("Berlin, DE", "", ""),
            ("Georgia", "", ""),
            ("Tbilisi, Georgia", "+995322123456", "Asia/Tbilisi"),
            ("CA", US, ""),
            ("United States", US, ""),
            ("Canada", US, ""),
            ("Australia", "", ""),
            ("Paris", "", ""),
            ("TBD", "", ""),
            (", ,", "", ""),
            ("", "", ""),
        ] {
            let number = PhoneNumber::parse(number).ok();
            assert_eq!(zones(place, number.as_ref()).join(" "), expected, "{place:?} with {number:?}");
        }
    }
}
