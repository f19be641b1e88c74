//! What a benchmark found, and how it is written.

use std::time::Duration;

/// What was measured.
pub struct Measured {
    /// Answers with 2xx.
    pub count: usize,
    /// The same a second.
    pub rate: f64,
    /// Half were answered by then.
    pub p50: Duration,
    /// 99 of 100 were.
    pub p99: Duration,
}

impl Measured {
    /// From the time each took.
    pub fn of(mut took: Vec<Duration>, over: Duration) -> Self {
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
        let rate = took.len() as f64 / over.as_secs_f64();
        Self { count: took.len(), rate, p50: at(50), p99: at(99) }
    }
}

/// As it is printed.
pub fn millis(took: Duration) -> String {
    format!("{:.2} ms", took.as_secs_f64() * 1000.0)
}
