//! How somebody wants their console. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{settings::check_signature, template};

/// Most keys that can be set.
const MOST_KEYS: usize = 60;
/// Longest name of an action or key, in characters.
const LONGEST: usize = 40;

/// How somebody wants their console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Other keys than the console's own, by the name of what they do; an empty one switches a key off.
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
    pub language: Language,
    /// What stands under their mails instead of the signature of the mailbox; empty: nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The language of the console's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// As the browser prefers.
    #[default]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// Room to breathe.
    #[default]
    Comfortable,
    /// More rows.
    Dense,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            single_keys: true,
            density: Density::default(),
            notify: false,
            sound: false,
            language: Language::default(),
            signature: None,
        }
    }
}

/// What changes about them. What is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesPatch {
    /// All keys that are other than the console's own.
    pub keys: Option<BTreeMap<String, String>>,
    /// Single letters.
    pub single_keys: Option<bool>,
    /// Density.
    pub density: Option<Density>,
    /// Notifications.
    pub notify: Option<bool>,
    /// Sound.
    pub sound: Option<bool>,
    /// Language.
    pub language: Option<Language>,
    /// Their own signature, or none of their own.
    pub signature: Option<Option<String>>,
}

impl Preferences {
    /// These with a change.
    ///
    /// # Errors
    /// Keys that make no sense, or a signature; for people.
    pub fn patched(self, patch: PreferencesPatch) -> Result<Self, String> {
        if let Some(keys) = &patch.keys {
            check_keys(keys)?;
        }
        if let Some(Some(signature)) = &patch.signature {
            let checked = check_signature("signature", signature, template::OWN_SIGNATURE);
            checked.map_err(|error| error.to_string())?;
        }
        Ok(Self {
            keys: patch.keys.unwrap_or(self.keys),
            single_keys: patch.single_keys.unwrap_or(self.single_keys),
            density: patch.density.unwrap_or(self.density),
            notify: patch.notify.unwrap_or(self.notify),
            sound: patch.sound.unwrap_or(self.sound),
            language: patch.language.unwrap_or(self.language),
            signature: patch.signature.unwrap_or(self.signature),
        })
    }
}

fn check_keys(keys: &BTreeMap<String, String>) -> Result<(), String> {
    if keys.len() > MOST_KEYS {
        return Err(format!("keys: at most {MOST_KEYS}"));
    }
    let mut seen = BTreeSet::new();
    for (action, key) in keys {
        let fits = |text: &str| text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
        if action.is_empty() || !fits(action) || !fits(key) {
            return Err(format!("keys.{action}: {key:?} is no key"));
        }
        if !key.is_empty() && !seen.insert(key) {
            return Err(format!("keys.{action}: {key:?} does something else already"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &[(&str, &str)]) -> PreferencesPatch {
        let keys = list.iter().map(|(action, key)| ((*action).to_owned(), (*key).to_owned())).collect();
        PreferencesPatch { keys: Some(keys), ..PreferencesPatch::default() }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let dense = PreferencesPatch { density: Some(Density::Dense), ..PreferencesPatch::default() };
        let mine = Preferences::default().patched(dense).unwrap().patched(keys(&[("close", "c")])).unwrap();
        assert_eq!(
            (mine.density, mine.keys["close"].as_str(), mine.single_keys),
            (Density::Dense, "c", true)
        );
    }

    #[test]
    fn a_signature_of_ones_own_is_checked_like_any_and_can_go_again() {
        let with = |signature: Option<&str>| PreferencesPatch {
            signature: Some(signature.map(str::to_owned)),
            ..PreferencesPatch::default()
        };
        let mine = Preferences::default().patched(with(Some("Kim\n{{mailbox_signature}}"))).unwrap();
        let refused = mine.clone().patched(with(Some("{{colour}}"))).unwrap_err();
        assert!(refused.starts_with("signature: there is no {{colour}}"), "{refused}");
        assert!(mine.clone().patched(with(Some(&"x".repeat(1_001)))).is_err());
        assert_eq!(mine.clone().patched(PreferencesPatch::default()).unwrap(), mine);
        assert_eq!(mine.patched(with(None)).unwrap().signature, None);
    }

    #[test]
    fn a_key_does_one_thing() {
        let refused = |list| Preferences::default().patched(keys(list)).unwrap_err();
        assert!(refused(&[("close", "c"), ("reply", "c")]).contains("something else"));
        assert!(refused(&[("close", "a\n")]).contains("no key"));
        assert!(Preferences::default().patched(keys(&[("close", ""), ("reply", "")])).is_ok(), "two are off");
    }
}
