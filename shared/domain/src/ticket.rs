//! The life of a ticket, in one place: which message opens, feeds, reopens or wakes one (C-*), what an agent may do
//! with its status (G1), and whether its customer may be answered (D1–D4).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{message::Channel, time::Timestamp};

/// Where a ticket is in its life (G1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// In progress.
    Open,
    /// Hidden until then.
    Snoozed {
        /// When it comes back.
        until: Timestamp,
    },
    /// Done.
    Closed {
        /// Since when.
        at: Timestamp,
    },
}

/// Why a change of status was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransitionError {
    /// C-W: nobody can reopen a closed chat.
    #[error("a closed chat cannot be reopened; the visitor's next message opens a new ticket")]
    ClosedChat,
    /// Snoozing needs a time ahead.
    #[error("the time to come back must lie ahead")]
    SnoozeInThePast,
    /// A closed ticket is reopened first.
    #[error("a closed ticket cannot be snoozed; reopen it first")]
    SnoozeClosed,
}

impl TransitionError {
    /// The stable code of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::ClosedChat => "chat_closed",
            Self::SnoozeInThePast => "snooze_in_the_past",
            Self::SnoozeClosed => "ticket_closed",
        }
    }
}

/// What a customer's message does to the ticket it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// It is added; the ticket stays open.
    Stays,
    /// It is added and the ticket was closed: it reopens (C-E, C-S).
    Reopens,
    /// It is added and the ticket was snoozed: it wakes (C-Z).
    Wakes,
    /// It opens a new ticket (C-W).
    OpensNew,
}

impl State {
    /// What a customer's message does here.
    pub fn customer_wrote(self, channel: Channel) -> Landing {
        match (self, channel) {
            (Self::Open, _) => Landing::Stays,
            (Self::Snoozed { .. }, _) => Landing::Wakes,
            (Self::Closed { .. }, Channel::Chat) => Landing::OpensNew,
            (Self::Closed { .. }, Channel::Sms | Channel::Email) => Landing::Reopens,
        }
    }

    /// Closes; closing a closed ticket keeps the first time.
    #[must_use]
    pub fn close(self, now: Timestamp) -> Self {
        match self {
            Self::Closed { .. } => self,
            Self::Open | Self::Snoozed { .. } => Self::Closed { at: now },
        }
    }

    /// Opens again.
    ///
    /// # Errors
    /// A closed chat stays closed (C-W).
    pub fn reopen(self, channel: Channel) -> Result<Self, TransitionError> {
        match (self, channel) {
            (Self::Closed { .. }, Channel::Chat) => Err(TransitionError::ClosedChat),
            _ => Ok(Self::Open),
        }
    }

    /// Hides until `until`.
    ///
    /// # Errors
    /// The time must lie ahead, and the ticket must not be closed.
    pub fn snooze(self, until: Timestamp, now: Timestamp) -> Result<Self, TransitionError> {
        match self {
            Self::Closed { .. } => Err(TransitionError::SnoozeClosed),
            _ if until <= now => Err(TransitionError::SnoozeInThePast),
            Self::Open | Self::Snoozed { .. } => Ok(Self::Snoozed { until }),
        }
    }

    /// A snooze whose time has come is open again; everything else stays.
    #[must_use]
    pub fn wake(self, now: Timestamp) -> Self {
        match self {
            Self::Snoozed { until } if until <= now => Self::Open,
            _ => self,
        }
    }

    /// As it was before a change that is taken back. A chat that was closed by mistake goes on: C-W is about chats that
    /// ended, and the visitor is still in this one.
    #[must_use]
    pub fn undone(self, before: Self) -> Self {
        before
    }

    /// `open`, `snoozed`, `closed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed { .. } => "snoozed",
            Self::Closed { .. } => "closed",
        }
    }
}

/// What decides whether a customer may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyFacts {
    /// The ticket's channel.
    pub channel: Channel,
    /// The ticket's state.
    pub state: State,
    /// The profile is blocked (G2).
    pub blocked: bool,
    /// The profile has SMS consent of either kind (D2).
    pub sms_consent: bool,
    /// The profile can be reached there at all (an alphanumeric SMS sender cannot).
    pub reachable: bool,
}

/// Why a customer cannot be answered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplyRefusal {
    /// D4.
    #[error("this customer is blocked; unblock the profile to answer")]
    ProfileBlocked,
    /// D2, D3.
    #[error(
        "this customer has not agreed to receive texts; they can by texting JOIN or START to this number, \
         or you can record their consent on the profile"
    )]
    SmsNoConsent,
    /// C-W.
    #[error("this chat has ended; the visitor's next message opens a new ticket")]
    ChatClosed,
    /// An alphanumeric sender.
    #[error("this sender cannot receive texts")]
    Unreachable,
}

impl ReplyRefusal {
    /// The stable code of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::ProfileBlocked => "profile_blocked",
            Self::SmsNoConsent => "sms_no_consent",
            Self::ChatClosed => "chat_closed",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Whether an agent may answer (D1–D4). Asked when the composer is shown, when the reply is accepted, and again at
/// the moment of sending.
///
/// # Errors
/// The first reason that stands in the way.
pub fn may_reply(facts: ReplyFacts) -> Result<(), ReplyRefusal> {
    if facts.blocked {
        return Err(ReplyRefusal::ProfileBlocked);
    }
    match facts.channel {
        Channel::Email => Ok(()),
        Channel::Chat if matches!(facts.state, State::Closed { .. }) => Err(ReplyRefusal::ChatClosed),
        Channel::Chat => Ok(()),
        Channel::Sms if !facts.reachable => Err(ReplyRefusal::Unreachable),
        Channel::Sms if !facts.sms_consent => Err(ReplyRefusal::SmsNoConsent),
        Channel::Sms => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn states() -> impl Strategy<Value = State> {
        prop_oneof![
            Just(State::Open),
            (0..10_000_i64).prop_map(|t| State::Snoozed { until: at(t) }),
            (0..10_000_i64).prop_map(|t| State::Closed { at: at(t) }),
        ]
    }

    fn channels() -> impl Strategy<Value = Channel> {
        prop::sample::select(Channel::ALL)
    }

    #[test]
    fn c_what_a_message_does_to_each_ticket() {
        let closed = State::Closed { at: at(5) };
        let snoozed = State::Snoozed { until: at(5) };
        for (state, channel, landing) in [
            (State::Open, Channel::Sms, Landing::Stays),
            (State::Open, Channel::Email, Landing::Stays),
            (State::Open, Channel::Chat, Landing::Stays),
            (closed, Channel::Sms, Landing::Reopens),
            (closed, Channel::Email, Landing::Reopens),
            (closed, Channel::Chat, Landing::OpensNew),
            (snoozed, Channel::Sms, Landing::Wakes),
            (snoozed, Channel::Email, Landing::Wakes),
            (snoozed, Channel::Chat, Landing::Wakes),
        ] {
            assert_eq!(state.customer_wrote(channel), landing, "{state:?} {channel}");
        }
    }

    proptest! {
        #[test]
        fn c_w_a_closed_chat_never_opens_again(t in 0..10_000_i64, now in 0..20_000_i64) {
            let closed = State::Closed { at: at(t) };
            prop_assert_eq!(closed.reopen(Channel::Chat), Err(TransitionError::ClosedChat));
            prop_assert_eq!(closed.wake(at(now)), closed);
            prop_assert!(closed.snooze(at(now), at(t)).is_err());
            prop_assert_eq!(closed.customer_wrote(Channel::Chat), Landing::OpensNew);
        }

        #[test]
        fn closing_twice_is_closing_once(state in states(), now in 0..10_000_i64, later in 0..10_000_i64) {
            let once = state.close(at(now));
            prop_assert_eq!(once.close(at(later)), once);
        }

        #[test]
        fn g1_a_snooze_ends_exactly_when_its_time_has_come(until in 0..10_000_i64, now in 0..10_000_i64) {
            let snoozed = State::Snoozed { until: at(until) };
            prop_assert_eq!(snoozed.wake(at(now)) == State::Open, until <= now);
        }

        #[test]
        fn a_snooze_always_lies_ahead(state in states(), until in 0..10_000_i64, now in 0..10_000_i64) {
            if let Ok(State::Snoozed { until }) = state.snooze(at(until), at(now)) {
                prop_assert!(until > at(now));
            }
        }

        #[test]
        fn after_a_message_a_ticket_is_never_hidden(state in states(), channel in channels()) {
            // whatever the landing, the ticket that holds the message is open: kept, reopened, woken or new
            let landing = state.customer_wrote(channel);
            let kept = landing == Landing::Stays;
            prop_assert_eq!(kept, state == State::Open);
        }

        #[test]
        fn d4_a_blocked_profile_is_never_answered(state in states(), channel in channels(), consent: bool) {
            let facts = ReplyFacts { channel, state, blocked: true, sms_consent: consent, reachable: true };
            prop_assert_eq!(may_reply(facts), Err(ReplyRefusal::ProfileBlocked));
        }
    }

    #[test]
    fn d2_writing_in_is_not_consent() {
        let mut facts = ReplyFacts {
            channel: Channel::Sms,
            state: State::Open,
            blocked: false,
            sms_consent: false,
            reachable: true,
        };
        assert_eq!(may_reply(facts), Err(ReplyRefusal::SmsNoConsent));
        facts.sms_consent = true;
        assert_eq!(may_reply(facts), Ok(()));
        facts.channel = Channel::Email;
        facts.sms_consent = false;
        assert_eq!(may_reply(facts), Ok(()), "D1: whoever mailed may be answered");
    }
}
