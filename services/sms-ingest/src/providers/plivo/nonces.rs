//! What stands between a captured V2 signature and forged texts. V2 covers neither query nor body: whoever gets hold of
//! one call's headers could put them on a body of their own. So a nonce stands for the first call that came with it; the
//! same call again (Plivo's retry) is fine, any other is not.
//!
//! Kept in this process for two days, and for no more than [`MOST`] nonces. Replicas do not tell each other: with `n` of
//! them a captured call can be misused on the `n - 1` that did not see it, and again after a restart. Whoever cannot
//! live with that asks Plivo for V3, or keeps the address secret (`webhook_secret`) and out of logs.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use domain::Timestamp;
use web::signature::sha256;

/// How long a nonce is remembered, in milliseconds. Plivo sends again for seven minutes.
const KEPT_MS: i64 = 48 * 60 * 60 * 1000;
/// Most nonces that are remembered: about 10 MB. The oldest go first.
const MOST: usize = 100_000;

type Digest = [u8; 16];

/// Decoded parameters in the order of their bytes.
type Sorted<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The nonces that came lately.
pub struct Nonces(Mutex<Seen>);

struct Seen {
    calls: BTreeMap<Digest, Digest>,
    in_order: VecDeque<(i64, Digest)>,
}

impl Nonces {
    /// None so far.
    pub const fn new() -> Self {
        Self(Mutex::new(Seen { calls: BTreeMap::new(), in_order: VecDeque::new() }))
    }

    /// Whether the nonce is new, or came with this very call before.
    pub fn admit(&self, nonce: &str, call: &[Sorted<'_>], now: Timestamp) -> bool {
        let (nonce, call) = (digest(nonce.as_bytes()), digest(&framed(call)));
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now.millis() - KEPT_MS);
        if let Some(first) = seen.calls.get(&nonce) {
            return *first == call;
        }
        seen.calls.insert(nonce, call);
        seen.in_order.push_back((now.millis(), nonce));
        true
    }
}

impl Seen {
    fn forget(&mut self, before: i64) {
        while let Some((at, nonce)) = self.in_order.front().copied()
            && (at < before || self.in_order.len() >= MOST)
        {
            self.in_order.pop_front();
            self.calls.remove(&nonce);
        }
    }
}

/// The parameters such that no two calls look the same.
fn framed(call: &[Sorted<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for params in call {
        bytes.extend_from_slice(&params.len().to_be_bytes());
        for part in params.iter().flat_map(|(name, value)| [name, value]) {
            bytes.extend_from_slice(&part.len().to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

fn digest(bytes: &[u8]) -> Digest {
    let mut half = Digest::default();
    half.copy_from_slice(&sha256(bytes)[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn admits(nonces: &Nonces, nonce: &str, call: &[(&str, &str)], at: i64) -> bool {
        let call = call.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        nonces.admit(nonce, &[call], Timestamp::from_millis(at))
    }

    #[test]
    fn a_nonce_stands_for_the_first_call_that_came_with_it() {
        let nonces = Nonces::new();
        assert!(admits(&nonces, "n", &[("MessageUUID", "1"), ("Text", "hi")], 0));
        assert!(admits(&nonces, "n", &[("MessageUUID", "1"), ("Text", "hi")], DAY), "sent again");
        assert!(!admits(&nonces, "n", &[("MessageUUID", "2"), ("Text", "hi")], 1));
        assert!(!admits(&nonces, "n", &[("MessageUUID", "1"), ("Text", "ho")], 2 * DAY - 1));
        assert!(
            !admits(&nonces, "n", &[("MessageUUID", "1Text"), ("", "hi")], 1),
            "no two calls look the same"
        );
        assert!(admits(&nonces, "m", &[("MessageUUID", "2")], 1));
    }

    #[test]
    fn after_two_days_it_is_forgotten_and_there_are_never_too_many() {
        let nonces = Nonces::new();
        assert!(admits(&nonces, "old", &[], 0));
        assert!(!admits(&nonces, "old", &[("a", "b")], 2 * DAY));
        assert!(admits(&nonces, "old", &[("a", "b")], 2 * DAY + 1));
        for i in 0..MOST + 10 {
            assert!(admits(&nonces, &i.to_string(), &[], 3 * DAY));
        }
        let seen = nonces.0.lock().unwrap();
        assert_eq!((seen.calls.len(), seen.in_order.len()), (MOST, MOST));
    }
}
