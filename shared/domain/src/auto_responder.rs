//! Whom the auto-responder answers, and with what (H1, H2). Pure.

use std::fmt;

use crate::{
    address::PhoneNumber,
    settings::{AutoResponder, AutoResponderMode},
};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What decides whether a text without a keyword is answered.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The customer agreed to texts, of either kind.
    pub sms_consent: bool,
    /// The customer is blocked (G2).
    pub blocked: bool,
    /// Where the text came from: usually a number.
    pub sender: &'a str,
}

/// An answer to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Its template.
    pub template: &'a str,
    /// At most one within this many milliseconds for one customer.
    pub once_per: Option<i64>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Mode `off`.
    Off,
    /// Mode `non_consented`, and the customer agreed to texts.
    Consented,
    /// The customer is blocked.
    Blocked,
    /// The sender is a short code or a name: a machine.
    Machine,
    /// The text of the mode is empty.
    Empty,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "automatic answers are off",
            Self::Consented => "the customer agreed to texts: an agent answers",
            Self::Blocked => "the customer is blocked",
            Self::Machine => "the sender is no phone but a machine",
            Self::Empty => "the text of this mode is empty",
        })
    }
}

/// The answer to a text without a keyword.
///
/// # Errors
/// Why there is none.
pub fn answer<'s>(responder: &'s AutoResponder, facts: Facts<'_>) -> Result<Answer<'s>, Silence> {
    let answer = match responder.mode {
        AutoResponderMode::Off => return Err(Silence::Off),
        AutoResponderMode::All => Answer { template: &responder.text_all, once_per: None },
        AutoResponderMode::NonConsented if facts.sms_consent => return Err(Silence::Consented),
        AutoResponderMode::NonConsented => {
            Answer { template: &responder.text_non_consented, once_per: Some(DAY) }
        }
    };
    let is_phone = PhoneNumber::parse(facts.sender).is_ok_and(|number| !number.is_short_code());
    match () {
        () if facts.blocked => Err(Silence::Blocked),
        () if !is_phone => Err(Silence::Machine),
        () if answer.template.trim().is_empty() => Err(Silence::Empty),
        () => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: Facts<'_> = Facts { sms_consent: false, blocked: false, sender: "+15550002222" };

    fn responder(mode: AutoResponderMode) -> AutoResponder {
        AutoResponder { mode, text_all: "all".into(), text_non_consented: "agree first".into() }
    }

    #[test]
    fn h1_each_mode_answers_whom_it_says() {
        use AutoResponderMode::{All, NonConsented, Off};
        let consented = Facts { sms_consent: true, ..PERSON };
        let (all, once) = (Answer { template: "all", once_per: None }, "agree first");
        for (mode, facts, expected) in [
            (All, PERSON, Ok(all)),
            (All, consented, Ok(all)),
            (NonConsented, PERSON, Ok(Answer { template: once, once_per: Some(DAY) })),
            (NonConsented, consented, Err(Silence::Consented)),
            (Off, PERSON, Err(Silence::Off)),
            (Off, consented, Err(Silence::Off)),
        ] {
            assert_eq!(answer(&responder(mode), facts), expected, "{mode:?}");
        }
    }

    #[test]
    fn h1_blocked_customers_and_machines_are_left_alone() {
        let all = responder(AutoResponderMode::All);
        for (facts, silence) in [
            (Facts { blocked: true, ..PERSON }, Silence::Blocked),
            (Facts { sender: "72345", ..PERSON }, Silence::Machine),
            (Facts { sender: "PARCELCO", ..PERSON }, Silence::Machine),
        ] {
            assert_eq!(answer(&all, facts), Err(silence));
        }
        let empty = AutoResponder { text_all: " ".into(), ..all };
        assert_eq!(answer(&empty, PERSON), Err(Silence::Empty));
    }
}
