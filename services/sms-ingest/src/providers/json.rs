//! JSON as carriers send it, not only as RFC 8259 has it: a text must not be lost because somebody's phone cut an emoji
//! in two.

use serde_json::Value;

use super::{Refusal, clean};

/// Reads a body. What strict readers refuse inside a string is mended: bytes that are no UTF-8 and halves of surrogate
/// pairs become U+FFFD, bare control characters and unknown escapes stand for themselves.
///
/// # Errors
/// [`Refusal::Unreadable`] where even that is no JSON.
pub fn read(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .or_else(|_| serde_json::from_str(&mended(&String::from_utf8_lossy(body))))
        .map_err(|error| Refusal::Unreadable(format!("it is no readable JSON: {error}")))
}

/// The string or number at a JSON Pointer (RFC 6901), without NULs. Empty counts as missing.
pub fn text(value: &Value, path: &str) -> Option<String> {
    let text = match value.pointer(path)? {
        Value::String(text) => clean(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The refusal of a call without a field it cannot do without.
pub fn missing(name: &str) -> Refusal {
    Refusal::Unreadable(format!("it names no {name}"))
}

fn mended(text: &str) -> String {
    let mut good = String::with_capacity(text.len() + 16);
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut in_string = false;
    while let Some(first) = rest.chars().next() {
        let length = if in_string && first == '\\' {
            mend_escape(rest, &mut good)
        } else {
            in_string ^= first == '"';
            match first {
                '\0'..='\x1f' if in_string => good.push_str(&format!("\\u{:04x}", u32::from(first))),
                _ => good.push(first),
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    good
}

/// Writes the escape that `rest` begins with, or what stands for it. Returns how many bytes were read.
fn mend_escape(rest: &str, good: &mut String) -> usize {
    let pair = |high: u32, low: Option<u32>| {
        (0xD800..0xDC00).contains(&high) && low.is_some_and(|low| (0xDC00..0xE000).contains(&low))
    };
    let length = match (unit(rest), rest.as_bytes().get(1)) {
        (Some(high), _) if pair(high, rest.get(6..).and_then(unit)) => 12,
        (Some(0xD800..0xE000), _) => {
            good.push('\u{fffd}');
            return 6;
        }
        (Some(_), _) => 6,
        (None, Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
        (None, _) => {
            good.push_str("\\\\");
            return 1;
        }
    };
    good.push_str(&rest[..length]);
    length
}

/// The UTF-16 unit of `\u1234` at the start.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_units_are_escaped_are_read_as_a_phone_would_show_them(units in any::<Vec<u16>>()) {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read = read(format!("{{\"t\":\"{escaped}\"}}").as_bytes()).unwrap();
            let shown = String::from_utf16_lossy(&units).replace('\0', "");
            prop_assert_eq!(text(&read, "/t").unwrap_or_default(), shown);
        }

        #[test]
        fn whatever_bytes_stand_in_a_string_are_read(bytes in any::<Vec<u8>>()) {
            let inner: Vec<u8> = bytes.into_iter().filter(|byte| !b"\"\\".contains(byte)).collect();
            let read = read(&[b"{\"t\":\"", inner.as_slice(), b"\"}"].concat()).unwrap();
            let shown = String::from_utf8_lossy(&inner).replace('\0', "");
            prop_assert_eq!(text(&read, "/t").unwrap_or_default(), shown);
        }

        #[test]
        fn mending_never_changes_what_a_strict_reader_reads(text in any::<String>()) {
            let strict = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&mended(&strict)).unwrap(), text);
        }

        #[test]
        fn nothing_is_too_odd_to_be_refused(bytes in any::<Vec<u8>>()) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn a_text_is_never_lost_for_how_it_is_written() {
        for (body, found) in [
            (br#"{"t":"hi"}"#.as_slice(), "hi"),
            (br#"{"t":"\ud83d\udc4b"}"#, "👋"),
            (br#"{"t":"cut \ud83d"}"#, "cut \u{fffd}"),
            (br#"{"t":"\udc4b cut"}"#, "\u{fffd} cut"),
            (br#"{"t":"\ud83d\ud83d\udc4b\\ud83d"}"#, "\u{fffd}👋\\ud83d"),
            (br#"{"t":"\ud83d\n\"\ud83"}"#, "\u{fffd}\n\"\\ud83"),
            ("{\"t\":\"\\ud83dé\\uDC\"}".as_bytes(), "\u{fffd}é\\uDC"),
            (b"{\"t\":\"caf\xE9\"}", "caf\u{fffd}"),
            (b"\xEF\xBB\xBF{\"t\":\"bom\"}", "bom"),
            (b"{\n\"t\":\"two\nlines\ttab\"\n}", "two\nlines\ttab"),
            (br#"{"t":"it\'s \x"}"#, "it\\'s \\x"),
            (br#"{"t":"a\u0000b"}"#, "ab"),
            (br#"{"t":12345678901234567890}"#, "12345678901234567890"),
        ] {
            let value = read(body).unwrap_or_else(|error| panic!("{body:?}: {error:?}"));
            assert_eq!(text(&value, "/t").as_deref(), Some(found), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_no_json_stays_unreadable() {
        for body in ["", "{", "{\"t\":\"\\", "{\"t\":\"x\\\"}", "a=1", "{} {}", "\u{feff}"] {
            assert!(matches!(read(body.as_bytes()), Err(Refusal::Unreadable(_))), "{body}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(read(deep.as_bytes()), Err(Refusal::Unreadable(_))));
    }

    #[test]
    fn a_field_is_a_string_or_a_number_that_says_something() {
        let value = read(br#"{"a":{"b":[{"c":"x"}]},"n":5,"e":"","z":null,"o":{},"f":true}"#).unwrap();
        assert_eq!(text(&value, "/a/b/0/c").as_deref(), Some("x"));
        assert_eq!(text(&value, "/n").as_deref(), Some("5"));
        for path in ["/e", "/z", "/o", "/f", "/x", "/a/b/1/c"] {
            assert_eq!(text(&value, path), None, "{path}");
        }
    }
}
