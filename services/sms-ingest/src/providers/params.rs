//! Form and query parameters as bytes: signatures cover what was sent, even where it is no UTF-8.

/// Decoded pairs (WHATWG URL §5.1), in their order, repeats kept.
pub struct Params(Vec<(Vec<u8>, Vec<u8>)>);

impl Params {
    /// Reads `a=1&b=2`. Every input is readable.
    pub fn parse(encoded: &[u8]) -> Self {
        let pairs = encoded.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
            let cut = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            (decode(&pair[..cut]), decode(pair.get(cut + 1..).unwrap_or_default()))
        });
        Self(pairs.collect())
    }

    /// Pairs that came another way, such as members of a JSON object.
    pub fn of(pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// These first, then those.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The pairs in the order of their bytes.
    pub fn sorted(&self) -> Vec<(&[u8], &[u8])> {
        let mut pairs: Vec<_> = self.pairs().collect();
        pairs.sort_unstable();
        pairs
    }

    /// The pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// The first value of a name, as text: bytes that are no UTF-8 become U+FFFD, NULs go. Empty counts as missing.
    pub fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.pairs().find(|(key, _)| *key == name.as_bytes())?;
        let text = super::clean(&String::from_utf8_lossy(value));
        (!text.is_empty()).then_some(text)
    }
}

fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        let (byte, left) = match (first, tail) {
            (b'%', [high, low, left @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, left),
                _ => (b'%', tail),
            },
            (b'+', _) => (b' ', tail),
            (other, _) => (*other, tail),
        };
        decoded.push(byte);
        rest = left;
    }
    decoded
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_is_read_like_a_form() {
        for (encoded, name, value) in [
            ("a=1&b=2", "b", Some("2")),
            ("a=1&a=2", "a", Some("1")),
            ("a=x+y%20z%2B", "a", Some("x y z+")),
            ("a=%F0%9F%91%8B", "a", Some("👋")),
            ("a=caf%E9", "a", Some("caf\u{fffd}")),
            ("a=x%00y", "a", Some("xy")),
            ("a=100%&b", "a", Some("100%")),
            ("a=%zz", "a", Some("%zz")),
            ("a=&&=3", "a", None),
            ("a=b=c", "a", Some("b=c")),
            ("", "a", None),
        ] {
            assert_eq!(Params::parse(encoded.as_bytes()).text(name).as_deref(), value, "{encoded}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_for_the_signature() {
        let params = Params::parse(b"a=caf%E9");
        assert_eq!(params.pairs().next(), Some((&b"a"[..], &b"caf\xE9"[..])));
    }
}
