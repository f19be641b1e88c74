//! How fast a number may send: so many segments a second, evenly (the generic cell rate algorithm). One value is all
//! there is to keep: from when on the number is free.

use crate::Timestamp;

/// Segments a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    per_second: u32,
}

/// A place in the queue of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When the text may leave.
    pub at: Timestamp,
    /// From when on the number is free again, in microseconds since 1970: milliseconds would make fast numbers slow.
    pub free_at: i64,
}

impl Pace {
    /// So many segments a second; at least one.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1) }
    }

    /// The next place for a text of that many segments, behind all that were given out. `free_at` is what the last
    /// place left, 0 at first.
    pub fn reserve(self, free_at: i64, now: Timestamp, segments: i64) -> Slot {
        let begin = free_at.max(micros(now));
        Slot { at: ceiling(begin), free_at: begin.saturating_add(self.cost(segments)) }
    }

    /// How long a text of that many segments keeps its number busy, in microseconds, rounded up.
    pub fn cost(self, segments: i64) -> i64 {
        let rate = i64::from(self.per_second);
        (segments.max(1).saturating_mul(1_000_000) + rate - 1) / rate
    }
}

/// A moment in microseconds.
pub fn micros(at: Timestamp) -> i64 {
    at.millis().saturating_mul(1_000)
}

/// The first millisecond that is not earlier.
pub fn ceiling(micros: i64) -> Timestamp {
    Timestamp::from_millis(micros.saturating_add(999) / 1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_leave_evenly_and_long_ones_take_longer() {
        let (pace, now) = (Pace::new(2), Timestamp::from_millis(1_000_000));
        let mut free_at = 0;
        let mut places = Vec::new();
        for segments in [1, 1, 3, 1] {
            let slot = pace.reserve(free_at, now, segments);
            free_at = slot.free_at;
            places.push(slot.at.millis() - now.millis());
        }
        assert_eq!(places, [0, 500, 1_000, 2_500]);
        let later = now.plus(60_000);
        assert_eq!(pace.reserve(free_at, later, 1).at, later, "rest is not saved up for a burst");
    }

    #[test]
    fn a_rate_that_does_not_divide_a_second_is_neither_exceeded_nor_wasted() {
        let (pace, now) = (Pace::new(30), Timestamp::from_millis(0));
        let slots = (0..3_000).scan(0, |free_at, _| {
            let slot = pace.reserve(*free_at, now, 1);
            *free_at = slot.free_at;
            Some(slot.at.millis())
        });
        assert_eq!(slots.last(), Some(99_969), "3,000 texts in a hundred seconds");
    }

    proptest! {
        /// What starts within any span, but for the text that starts last, is at most what the rate allows: a text
        /// takes its time before the next one leaves.
        #[test]
        fn never_more_than_the_rate_and_nobody_waits_for_ever(
            rate in 1_u32..200,
            texts in prop::collection::vec((0_i64..3_000, 1_i64..10), 1..60),
        ) {
            let pace = Pace::new(rate);
            let (mut now, mut free_at) = (1_000_000, 0);
            let mut sent: Vec<(i64, i64)> = Vec::new();
            for (pause, segments) in texts {
                now += pause;
                let slot = pace.reserve(free_at, Timestamp::from_millis(now), segments);
                let waiting: i64 = sent.iter().map(|(_, segments)| segments).sum();
                let longest = (waiting * 1_000) / i64::from(rate) + i64::try_from(sent.len()).unwrap() + 1;
                prop_assert!(slot.at.millis() >= now && slot.at.millis() <= now + longest, "nobody starves");
                free_at = slot.free_at;
                sent.push((slot.at.millis(), segments));
            }
            for first in 0..sent.len() {
                let mut segments = 0;
                for last in first + 1..sent.len() {
                    segments += sent[last - 1].1;
                    let span = sent[last].0 - sent[first].0;
                    // one millisecond, because moments are whole ones
                    prop_assert!(segments * 1_000 <= (span + 1) * i64::from(rate));
                }
            }
        }
    }
}
