//! How many SMS segments a text costs (D5): GSM-7 160/153 (3GPP TS 23.038), UCS-2 70/67.

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Number of segments, at least 1.
    pub count: usize,
    /// Units used: septets in GSM-7, 16-bit units in UCS-2.
    pub units: usize,
    /// The first character that is not in GSM-7, if any: it makes the whole text UCS-2.
    pub ucs2_because: Option<char>,
}

/// Counts segments as carriers do: a character that takes two units never straddles two segments.
pub fn count(text: &str) -> Segments {
    let odd = text.chars().find(|c| !BASIC.contains(*c) && !EXTENDED.contains(*c));
    let (single, part) = if odd.is_some() { (70, 67) } else { (160, 153) };
    let cost = |c: char| if odd.is_some() { c.len_utf16() } else { 1 + usize::from(EXTENDED.contains(c)) };
    let units: usize = text.chars().map(cost).sum();
    let count = if units <= single { 1 } else { parts(text.chars().map(cost), part) };
    Segments { count, units, ucs2_because: odd }
}

fn parts(costs: impl Iterator<Item = usize>, room: usize) -> usize {
    let (full, used) =
        costs.fold(
            (0, 0),
            |(full, used), cost| {
                if used + cost > room { (full + 1, cost) } else { (full, used + cost) }
            },
        );
    full + usize::from(used > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d5_segments_by_length_and_alphabet() {
        for (text, segments, ucs2) in [
            (String::new(), 1, false),
            ("a".repeat(160), 1, false),
            ("a".repeat(161), 2, false),
            ("a".repeat(306), 2, false),
            ("a".repeat(307), 3, false),
            ("€".repeat(80), 1, false),
            ("€".repeat(81), 2, false),
            ("ж".repeat(70), 1, true),
            ("ж".repeat(71), 2, true),
            ("🙂".repeat(35), 1, true),
            ("🙂".repeat(36), 2, true),
        ] {
            let found = count(&text);
            assert_eq!((found.count, found.ucs2_because.is_some()), (segments, ucs2), "{text}");
        }
    }
}
