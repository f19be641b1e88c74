//! What a text will cost before it is sent (D5).

use domain::segments;
use serde::Serialize;
use utoipa::ToSchema;

/// What a text costs as an SMS.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SmsPreview {
    /// `GSM-7` or `UCS-2`.
    pub encoding: &'static str,
    /// Units used: septets in GSM-7, 16-bit units in UCS-2.
    pub units: usize,
    /// Segments, at least 1.
    pub segments: usize,
    /// Units of a text that fits into one segment.
    pub single: usize,
    /// Units of one segment of a longer text.
    pub per_segment: usize,
    /// Units still free in the last segment.
    pub left: usize,
    /// Every character that makes the text UCS-2, in the order they appear.
    pub odd: Vec<OddCharacter>,
    /// The text in GSM-7, if substitutes alone can do that.
    #[schema(required = true)]
    pub plain: Option<String>,
}

/// A character that makes a text UCS-2.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OddCharacter {
    /// The character.
    pub character: String,
    /// What says the same in GSM-7; `null` for letters and pictures.
    #[schema(required = true)]
    pub substitute: Option<&'static str>,
    /// How often it is there.
    pub count: usize,
}

impl SmsPreview {
    /// Counts a text.
    pub fn of(text: &str) -> Self {
        let counted = segments::count(text);
        Self {
            encoding: counted.encoding.as_str(),
            units: counted.units,
            segments: counted.count,
            single: counted.encoding.single(),
            per_segment: counted.encoding.per_segment(),
            left: counted.left,
            odd: segments::odd(text).into_iter().map(Into::into).collect(),
            plain: segments::plain(text),
        }
    }
}

impl From<segments::Odd> for OddCharacter {
    fn from(segments::Odd { character, substitute, count }: segments::Odd) -> Self {
        Self { character: character.into(), substitute, count }
    }
}
