//! As much of CBOR (RFC 8949) as authenticators write: CTAP2's canonical form knows no tags and no open lengths.

/// How deep lists and maps may lie in each other.
const DEEPEST: u8 = 4;

/// One item; of a list or a map its head alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    /// So many items follow.
    List(usize),
    /// So many pairs follow.
    Map(usize),
    /// `true`, `null` or a number with a fraction, which nobody asks for.
    Other,
}

/// Reads item by item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not read yet.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    /// The next item; `None` at the end, or when it cannot be read.
    pub(super) fn item(&mut self) -> Option<Item<'a>> {
        let first = *self.take(1)?.first()?;
        let value = match first & 0b1_1111 {
            short @ 0..=23 => u64::from(short),
            more @ 24..=27 => self.number(1 << (more - 24))?,
            _ => return None,
        };
        let length = || usize::try_from(value).ok();
        Some(match first >> 5 {
            0 => Item::Integer(i64::try_from(value).ok()?),
            1 => Item::Integer(-1 - i64::try_from(value).ok()?),
            2 => Item::Bytes(self.take(length()?)?),
            3 => Item::Text(str::from_utf8(self.take(length()?)?).ok()?),
            4 => Item::List(length()?),
            5 => Item::Map(length()?),
            7 => Item::Other,
            _ => return None,
        })
    }

    /// Passes an item over with everything in it.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.skip_within(DEEPEST)
    }

    fn skip_within(&mut self, depth: u8) -> Option<()> {
        let inside = match self.item()? {
            Item::List(items) => items,
            Item::Map(pairs) => pairs.checked_mul(2)?,
            _ => return Some(()),
        };
        let depth = depth.checked_sub(1)?;
        // an item is a byte at least, so a length that lies ends this soon
        (0..inside).try_for_each(|_| self.skip_within(depth))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn items_are_read_as_the_appendix_of_the_rfc_writes_them() {
        // RFC 8949, appendix A
        for (bytes, item) in [
            (&[0x17][..], Item::Integer(23)),
            (&[0x18, 0x18], Item::Integer(24)),
            (&[0x19, 0x03, 0xe8], Item::Integer(1000)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], Item::Integer(1_000_000)),
            (&[0x20], Item::Integer(-1)),
            (&[0x39, 0x03, 0xe7], Item::Integer(-1000)),
            (&[0x44, 1, 2, 3, 4], Item::Bytes(&[1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], Item::Text("ü")),
            (&[0x83], Item::List(3)),
            (&[0xa2], Item::Map(2)),
            (&[0xf5], Item::Other),
            (&[0xf9, 0x3c, 0x00], Item::Other),
        ] {
            assert_eq!(Reader::new(bytes).item(), Some(item), "{bytes:?}");
        }
        for odd in [&[][..], &[0x18], &[0x44, 1], &[0x61, 0xff], &[0x5f, 0x41, 0, 0xff], &[0xc1, 0], &[0x1c]]
        {
            assert_eq!(Reader::new(odd).item(), None, "{odd:?}");
        }
        assert_eq!(Reader::new(&[0x3b, 0xff, 0, 0, 0, 0, 0, 0, 0]).item(), None, "it fits nothing");
    }

    #[test]
    fn what_lies_too_deep_or_is_not_there_is_not_passed_over() {
        let mut nested = Reader::new(&[0xa1, 0x01, 0x82, 0x02, 0x41, 0x03, 0x04]);
        assert_eq!(nested.skip(), Some(()));
        assert_eq!(nested.rest(), [0x04]);
        assert_eq!(Reader::new(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x01]).skip(), None);
        assert_eq!(Reader::new(&[0x9b, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]).skip(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while reader.skip().is_some() && !reader.rest().is_empty() {}
        }
    }
}
