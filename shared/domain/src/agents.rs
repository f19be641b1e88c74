//! Whether an agent is there, from what the processes that serve the console say every few seconds. Pure.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{Timestamp, event::AgentsOnline};

/// How often a process says how many agents it serves, in milliseconds.
pub const SAID_EVERY: i64 = 5_000;
/// A process that said nothing for so long is gone, in milliseconds.
const SILENT: i64 = 4 * SAID_EVERY;

/// Who said what, and when.
#[derive(Debug, Default)]
pub struct Agents {
    heard: HashMap<Uuid, (usize, Timestamp)>,
}

impl Agents {
    /// A process said something.
    pub fn hear(&mut self, said: &AgentsOnline, now: Timestamp) {
        self.heard.retain(|_, (_, at)| at.plus(SILENT) >= now);
        self.heard.insert(said.node, (said.count, now));
    }

    /// Whether anybody is there.
    pub fn any(&self, now: Timestamp) -> bool {
        self.heard.values().any(|(count, at)| *count > 0 && at.plus(SILENT) >= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h7_somebody_is_there_as_long_as_a_process_says_so() {
        let at = Timestamp::from_millis;
        let said = |node: u128, count| AgentsOnline { node: Uuid::from_u128(node), count };
        let mut agents = Agents::default();
        assert!(!agents.any(at(0)));
        agents.hear(&said(1, 0), at(0));
        assert!(!agents.any(at(0)));
        agents.hear(&said(2, 3), at(1_000));
        agents.hear(&said(1, 0), at(2_000));
        assert!(agents.any(at(21_000)), "one of two is enough");
        assert!(!agents.any(at(21_001)), "a process that was killed says nothing");
        agents.hear(&said(2, 1), at(30_000));
        agents.hear(&said(2, 0), at(31_000));
        assert!(!agents.any(at(31_000)));
    }
}
