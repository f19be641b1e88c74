//! What is told to other programs as it happens, and how long one that does not answer is tried. Pure.

use crate::{time::Timestamp, word::words};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// Pauses before the second, third, … try; the last one is repeated.
const PAUSES: [i64; 8] =
    [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
/// How long one delivery is tried.
pub const GIVEN_UP_AFTER: i64 = 24 * HOUR;
/// A receiver that asks for more patience than this gets as much.
const MOST_PATIENCE: i64 = 4 * HOUR;
/// How long a receiver that fails is left alone at most.
const LONGEST_REST: i64 = 10 * MINUTE;
/// How long the one try lasts by which it is seen whether a receiver is well again, with what is said of it.
const PROBE: i64 = 30 * SECOND;

words!(
    /// What can be told.
    WebhookEvent: 7 {
        /// A customer's message opened a ticket.
        TicketCreated = "ticket.created",
        /// A ticket changed without a new message.
        TicketChanged = "ticket.changed",
        /// A customer wrote.
        MessageReceived = "message.received",
        /// The organisation wrote.
        MessageQueued = "message.queued",
        /// A message was sent, delivered, read or failed.
        MessageStatus = "message.status",
        /// A colleague wrote a note.
        NoteAdded = "note.added",
        /// Two profiles became one, or are two again.
        ProfileMerged = "profile.merged",
    }
);

words!(
    /// In which form.
    WebhookKind: 2 {
        /// JSON, signed as Standard Webhooks describe it.
        Signed = "signed",
        /// `{"text": …}`, as Slack and what understands its incoming webhooks take it.
        Slack = "slack",
    }
);

words!(
    /// What became of a delivery.
    DeliveryState: 3 {
        /// It is tried, or tried again later.
        Pending = "pending",
        /// The receiver took it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
);

/// Whether a receiver took it: any 2xx.
pub fn is_taken(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Whether a receiver asks to be told nothing any more (410).
pub fn is_gone(status: Option<u16>) -> bool {
    status == Some(410)
}

/// When a delivery is tried again that was begun at `begun` and has failed `tries` times; `None` to give it up.
pub fn next_try(begun: Timestamp, now: Timestamp, tries: i64, patience: Option<i64>) -> Option<Timestamp> {
    let next = now.plus(pause(tries).max(patience.unwrap_or(0).min(MOST_PATIENCE)));
    (next.millis() - begun.millis() <= GIVEN_UP_AFTER).then_some(next)
}

/// How the receiver of a webhook does. While it fails there is one try at a time and a rest after each, whatever waits:
/// one that hangs holds up nobody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Tries in a row that failed, each begun after the one before had.
    pub failures: i64,
    /// When the last of them was heard of.
    pub failed_at: Option<Timestamp>,
    /// Until when it is left alone.
    pub rests_until: Option<Timestamp>,
}

impl Health {
    /// Until when a try has to wait; `None` if it may be made.
    pub fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        self.rests_until.filter(|until| self.failures > 0 && *until > now)
    }

    /// A try is made: where the receiver failed, the others wait for how it goes.
    pub fn begin(&mut self, now: Timestamp) {
        if self.failures > 0 {
            self.rests_until = Some(now.plus(PROBE));
        }
    }

    /// A try that began at `begun` went so. Of those that were under way together the first that fails counts.
    pub fn tried(&mut self, taken: bool, begun: Timestamp, now: Timestamp) {
        if taken {
            *self = Self::default();
        } else if self.failed_at.is_none_or(|failed| begun >= failed) {
            self.failures += 1;
            self.failed_at = Some(now);
            self.rests_until = Some(now.plus(pause(self.failures).min(LONGEST_REST)));
        }
    }
}

fn pause(tries: i64) -> i64 {
    PAUSES[usize::try_from(tries.saturating_sub(1)).unwrap_or(0).min(PAUSES.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_does_not_answer_is_tried_ever_more_rarely_for_a_day() {
        let begun = Timestamp::from_millis(1_000_000);
        let (mut now, mut tries, mut pauses) = (begun, 1, Vec::new());
        while let Some(next) = next_try(begun, now, tries, None) {
            pauses.push(next.millis() - now.millis());
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(pauses[..3], [5 * SECOND, 30 * SECOND, 2 * MINUTE]);
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        let tried_for = now.millis() - begun.millis();
        assert!(tried_for > 18 * HOUR && tried_for <= GIVEN_UP_AFTER, "{tried_for}");
        assert_eq!(tries, 13);
    }

    #[test]
    fn a_receiver_may_ask_for_patience_but_not_for_ever() {
        let now = Timestamp::from_millis(0);
        let after = |patience| next_try(now, now, 1, Some(patience)).unwrap().millis();
        assert_eq!((after(60_000), after(1), after(i64::MAX)), (60_000, 5000, 4 * HOUR));
    }

    #[test]
    fn a_receiver_that_fails_gets_one_try_at_a_time_and_ever_longer_rests() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * SECOND);
        let mut health = Health::default();
        health.begin(at(0));
        assert_eq!(health.wait(at(0)), None, "while all is well any number is under way");
        health.tried(false, at(0), at(15));
        health.tried(false, at(1), at(16));
        assert_eq!(
            (health.failures, health.wait(at(16))),
            (1, Some(at(20))),
            "both were under way: counted once"
        );
        assert_eq!(health.wait(at(20)), None);
        health.begin(at(20));
        assert_eq!(health.wait(at(20)), Some(at(50)), "others wait for how it goes");
        health.tried(false, at(20), at(35));
        assert_eq!((health.failures, health.wait(at(35))), (2, Some(at(65))));
        for failures in 3..10 {
            let begun = health.rests_until.unwrap();
            health.begin(begun);
            health.tried(false, begun, begun);
            assert_eq!(health.failures, failures);
            assert!(health.wait(begun).unwrap().millis() - begun.millis() <= LONGEST_REST);
        }
        health.tried(true, at(0), at(0));
        assert_eq!(health, Health::default());
    }

    #[test]
    fn words_are_read_back() {
        for event in WebhookEvent::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
        assert!("ticket.eaten".parse::<WebhookEvent>().is_err());
        assert!(is_taken(Some(204)) && !is_taken(Some(302)) && !is_taken(None) && is_gone(Some(410)));
    }
}
