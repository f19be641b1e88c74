//! Tags: words that tickets are sorted by.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How a tag is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagColour {
    /// As tags are that nobody gave a colour.
    #[default]
    Grey,
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Teal.
    Teal,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Pink.
    Pink,
}

impl TagColour {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Grey,
        Self::Red,
        Self::Orange,
        Self::Yellow,
        Self::Green,
        Self::Teal,
        Self::Blue,
        Self::Purple,
        Self::Pink,
    ];

    /// `grey`, `red`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
        }
    }
}

impl fmt::Display for TagColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TagColour {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|colour| colour.as_str() == text);
        let words = Self::ALL.map(Self::as_str).join(", ");
        found.ok_or_else(|| format!("{text:?} is none of: {words}"))
    }
}

/// A list of tags in which one is called otherwise: sorted, each once. `false` if it is not among them.
pub fn rename(tags: &mut Vec<String>, from: &str, to: &str) -> bool {
    let Some(found) = tags.iter_mut().find(|tag| *tag == from) else { return false };
    to.clone_into(found);
    tags.sort_unstable();
    tags.dedup();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_names() {
        for colour in TagColour::ALL {
            assert_eq!(colour.as_str().parse(), Ok(colour));
            assert_eq!(serde_json::to_value(colour).unwrap(), colour.as_str());
        }
        assert!("ultraviolet".parse::<TagColour>().is_err());
    }

    #[test]
    fn a_renamed_tag_is_there_once() {
        let mut tags = ["late", "refund", "vip"].map(String::from).to_vec();
        assert!(rename(&mut tags, "vip", "late"));
        assert_eq!(tags, ["late", "refund"]);
        assert!(!rename(&mut tags, "vip", "late"));
    }
}
