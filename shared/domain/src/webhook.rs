//! What is told to other programs as it happens, and how long one that does not answer is tried. Pure.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

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

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $count:literal { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every one.
            pub const ALL: [Self; $count] = [$(Self::$variant),+];

            /// Its name in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
                found.ok_or_else(|| format!("{text:?} is none of: {}", Self::ALL.map(Self::as_str).join(", ")))
            }
        }
    };
}

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
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(0).min(PAUSES.len() - 1);
    let pause = PAUSES[place].max(patience.unwrap_or(0).min(MOST_PATIENCE));
    let next = now.plus(pause);
    (next.millis() - begun.millis() <= GIVEN_UP_AFTER).then_some(next)
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
    fn words_are_read_back() {
        for event in WebhookEvent::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
        assert!("ticket.eaten".parse::<WebhookEvent>().is_err());
        assert!(is_taken(Some(204)) && !is_taken(Some(302)) && !is_taken(None) && is_gone(Some(410)));
    }
}
