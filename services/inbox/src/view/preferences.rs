//! How somebody wants their console.

use std::collections::BTreeMap;

use domain::preferences as of;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How somebody wants their console.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preferences {
    /// Other keys than the console's own, by what they do; an empty one switches a key off.
    pub keys: BTreeMap<String, String>,
    /// Whether single letters are keys at all.
    pub single_keys: bool,
    /// How much fits on the screen.
    pub density: Density,
    /// The browser tells of what concerns them.
    pub notify: bool,
    /// With a sound.
    pub sound: bool,
    /// The language of its words.
    pub language: WordsIn,
    /// What stands under their mails; empty for nothing, `null` for the signature of the mailbox.
    #[schema(required = true)]
    pub signature: Option<String>,
}

/// The language of the console's words.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WordsIn {
    /// As the browser prefers.
    Browser,
    /// English.
    En,
    /// Spanish.
    Es,
    /// Portuguese.
    Pt,
    /// Italian.
    It,
    /// French.
    Fr,
    /// German.
    De,
}

/// How much fits on the screen.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// Room to breathe.
    Comfortable,
    /// More rows.
    Dense,
}

impl From<of::Preferences> for Preferences {
    fn from(mine: of::Preferences) -> Self {
        let of::Preferences { keys, single_keys, density, notify, sound, language, signature } = mine;
        let density = match density {
            of::Density::Comfortable => Density::Comfortable,
            of::Density::Dense => Density::Dense,
        };
        Self { keys, single_keys, density, notify, sound, language: language.into(), signature }
    }
}

impl From<Density> for of::Density {
    fn from(density: Density) -> Self {
        match density {
            Density::Comfortable => Self::Comfortable,
            Density::Dense => Self::Dense,
        }
    }
}

impl From<of::Language> for WordsIn {
    fn from(language: of::Language) -> Self {
        match language {
            of::Language::Browser => Self::Browser,
            of::Language::En => Self::En,
            of::Language::Es => Self::Es,
            of::Language::Pt => Self::Pt,
            of::Language::It => Self::It,
            of::Language::Fr => Self::Fr,
            of::Language::De => Self::De,
        }
    }
}

impl From<WordsIn> for of::Language {
    fn from(words: WordsIn) -> Self {
        match words {
            WordsIn::Browser => Self::Browser,
            WordsIn::En => Self::En,
            WordsIn::Es => Self::Es,
            WordsIn::Pt => Self::Pt,
            WordsIn::It => Self::It,
            WordsIn::Fr => Self::Fr,
            WordsIn::De => Self::De,
        }
    }
}
