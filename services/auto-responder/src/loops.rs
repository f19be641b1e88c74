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
    /// Takes one of the answers a customer may still get; `false` if there is none left.
    pub(crate) fn take(&mut self, profile: ProfileId, now: Timestamp) -> bool {
        if self.answered.len() >= REMEMBERED {
            self.answered.retain(|_, times| times.last().is_some_and(|at| is_recent(*at, now)));
        }
        let times = self.answered.entry(profile).or_default();
        times.retain(|at| is_recent(*at, now));
        let may = times.len() < MOST;
        if may {
            times.push(now);
        }
        may
    }

    /// Gives back what was taken then: the answer did not go out.
    pub(crate) fn give_back(&mut self, profile: ProfileId, taken: Timestamp) {
        if let Some(times) = self.answered.get_mut(&profile)
            && let Some(index) = times.iter().position(|at| *at == taken)
        {
            times.remove(index);
        }
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
            assert!(loops.take(profile, at(minute)));
        }
        assert!(!loops.take(profile, at(5)));
        assert!(loops.take(other, at(5)), "everybody has a count of their own");
        assert!(!loops.take(profile, at(59)));
        assert!(loops.take(profile, at(60)), "an hour after the first");
    }

    #[test]
    fn an_answer_that_did_not_go_out_does_not_count() {
        let profile = ProfileId::new(Timestamp::from_millis(0), &[1; 10]);
        let now = Timestamp::from_millis(0);
        let mut loops = Loops::default();
        for _ in 0..20 {
            assert!(loops.take(profile, now));
            loops.give_back(profile, now);
        }
    }

    #[test]
    fn customers_of_long_ago_are_forgotten() {
        let mut loops = Loops::default();
        for n in 0..REMEMBERED {
            let id = u64::try_from(n).unwrap().to_be_bytes();
            let mut entropy = [0; 10];
            entropy[..8].copy_from_slice(&id);
            loops.take(ProfileId::new(Timestamp::from_millis(0), &entropy), Timestamp::from_millis(0));
        }
        loops.take(ProfileId::new(Timestamp::from_millis(1), &[9; 10]), Timestamp::from_millis(2 * HOUR));
        assert_eq!(loops.answered.len(), 1);
    }
}
