//! Who gets a ticket and what else becomes of it without anybody lifting a finger (J2). Pure: a [`Rule`] says what it looks
//! at and what it does, [`decide`] what the rules make of a message, [`share`] who of a team is next.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod engine;
mod rule;
pub mod share;
mod words;

pub use engine::{Assign, Check, Decision, Event, Facts, checks, decide, reason};
pub use rule::{Action, Conditions, Hours, Property, Rule, When, Words, WrittenIn};

/// Who decided whose a ticket is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placed {
    /// Nobody yet, or a rule.
    #[default]
    Nowhere,
    /// A rule gave it to a team of which nobody was there: whoever comes first gets it.
    Waiting,
    /// A person: no rule changes that.
    ByHand,
}

impl Placed {
    /// As it is kept: empty, `waiting`, `hand`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nowhere => "",
            Self::Waiting => "waiting",
            Self::ByHand => "hand",
        }
    }
}

impl FromStr for Placed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Nowhere, Self::Waiting, Self::ByHand]
            .into_iter()
            .find(|placed| placed.as_str() == text)
            .ok_or_else(|| format!("{text:?} is none of: waiting, hand, nothing"))
    }
}

#[cfg(test)]
mod tests;
