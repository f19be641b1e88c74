//! A guard against two robots that entertain each other: so many answers per customer and hour, and no more. Pure. It
//! forgets at a restart and each replica counts for itself; the desk has the last word.

use std::collections::HashMap;

use domain::{ProfileId, Timestamp};

const HOUR: i64 = 60 * 60 * 1000;
/// Answers one customer gets within an hour.
const MOST: usize = 5;
/// Customers remembered before those of an hour ago are forgotten.
const REMEMBERED: usize = 10_000;

/// When each customer was answered lately.
#[derive(Debug, Default)]
pub(crate) struct Loops {
    answered: HashMap<ProfileId, Vec<Timestamp>>,
}

impl Loops {
    /// Whether a customer may be answered once more.
    pub(crate) fn may_answer(&self, profile: ProfileId, now: Timestamp) -> bool {
        let lately = |times: &Vec<Timestamp>| times.iter().filter(|at| is_recent(**at, now)).count();
        self.answered.get(&profile).map_or(0, lately) < MOST
    }

    /// A customer was answered.
    pub(crate) fn answered(&mut self, profile: ProfileId, now: Timestamp) {
        if self.answered.len() >= REMEMBERED {
            self.answered.retain(|_, times| times.last().is_some_and(|at| is_recent(*at, now)));
        }
        let times = self.answered.entry(profile).or_default();
        times.retain(|at| is_recent(*at, now));
        times.push(now);
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at.plus(HOUR) > now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_answer_within_an_hour_is_one_too_many() {
        let profile = ProfileId::new(Timestamp::from_millis(0), &[1; 10]);
        let other = ProfileId::new(Timestamp::from_millis(0), &[2; 10]);
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let mut loops = Loops::default();
        for minute in 0..5 {
            assert!(loops.may_answer(profile, at(minute)));
            loops.answered(profile, at(minute));
        }
        assert!(!loops.may_answer(profile, at(5)));
        assert!(loops.may_answer(other, at(5)), "everybody has a count of their own");
        assert!(!loops.may_answer(profile, at(59)));
        assert!(loops.may_answer(profile, at(60)), "an hour after the first");
    }

    #[test]
    fn customers_of_long_ago_are_forgotten() {
        let mut loops = Loops::default();
        for n in 0..REMEMBERED {
            let id = u64::try_from(n).unwrap().to_be_bytes();
            let mut entropy = [0; 10];
            entropy[..8].copy_from_slice(&id);
            loops.answered(ProfileId::new(Timestamp::from_millis(0), &entropy), Timestamp::from_millis(0));
        }
        loops.answered(ProfileId::new(Timestamp::from_millis(1), &[9; 10]), Timestamp::from_millis(2 * HOUR));
        assert_eq!(loops.answered.len(), 1);
    }
}
