//! At most so many, per key: an IP address, an account, an API key.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};

use crate::Problem;

/// Calls between two sweeps of keys that are at rest.
const SWEEP_EVERY: u32 = 4096;

/// A rate limit per key (GCRA). Forgets keys that are at rest, so that strangers cannot fill the memory.
pub struct Limiter<K: Hash + Eq + Clone> {
    inner: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>,
    clock: DefaultClock,
    calls: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// Up to `burst` at once, refilled evenly: all of it within `per`. Zero counts as one.
    pub fn new(burst: u32, per: Duration) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let one = (per / burst.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(one).unwrap_or_else(|| Quota::per_second(burst)).allow_burst(burst);
        let clock = DefaultClock::default();
        Self { inner: RateLimiter::dashmap_with_clock(quota, clock.clone()), clock, calls: AtomicU32::new(0) }
    }

    /// Counts one; the error is how long to wait.
    ///
    /// # Errors
    /// The key has used up its share.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.inner.retain_recent();
            self.inner.shrink_to_fit();
        }
        self.inner.check_key(key).map_err(|refusal| refusal.wait_time_from(self.clock.now()))
    }

    /// [`Limiter::check`], with the 429 for the caller.
    ///
    /// # Errors
    /// The key has used up its share.
    pub fn admit(&self, key: &K) -> Result<(), Problem> {
        self.check(key).map_err(Problem::too_many)
    }

    /// Keys remembered now.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_share_and_is_told_how_long_to_wait() {
        let limiter = Limiter::new(3, Duration::from_secs(30));
        for _ in 0..3 {
            limiter.check(&"anna").unwrap();
        }
        let wait = limiter.check(&"anna").unwrap_err();
        assert!(wait > Duration::from_secs(8) && wait <= Duration::from_secs(10), "{wait:?}");
        limiter.check(&"bert").unwrap();
        assert_eq!(limiter.admit(&"anna").unwrap_err().code(), "too_many_requests");
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let limiter = Limiter::new(1, Duration::from_nanos(100));
        for key in 0..SWEEP_EVERY * 2 {
            let _ = limiter.check(&key);
        }
        assert!(limiter.len() < SWEEP_EVERY as usize + 1, "{} keys remembered", limiter.len());
    }
}
