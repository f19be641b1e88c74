//! What is in a text that Sinch handed over as bytes, in parts or with files.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::event::{CarrierMedia, SmsPart};
use serde_json::Value;
use web::signature::hex;

use super::json;

/// Concatenated short messages with an 8-bit reference (3GPP TS 23.040 §9.2.3.24.1).
const CONCATENATED: u8 = 0x00;
/// The same with a 16-bit reference (§9.2.3.24.8).
const CONCATENATED_16: u8 = 0x08;

/// Base64 as it comes: with or without padding, with odd last bits.
pub const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Which part of a longer text a user data header names, whatever else it holds before or after.
pub fn part(header: &str) -> Option<SmsPart> {
    let bytes = unhex(header)?;
    let mut rest = bytes.get(1..)?;
    while let [kind, length, tail @ ..] = rest {
        let (data, next) = tail.split_at_checked(usize::from(*length))?;
        let (reference, total, number) = match (*kind, data) {
            (CONCATENATED, &[reference, total, number]) => (u16::from(reference), total, number),
            (CONCATENATED_16, &[high, low, total, number]) => {
                (u16::from_be_bytes([high, low]), total, number)
            }
            _ => {
                rest = next;
                continue;
            }
        };
        let is_part = total >= 2 && (1..=total).contains(&number);
        return is_part.then(|| SmsPart {
            reference: reference.to_string(),
            number: u16::from(number),
            total: u16::from(total),
        });
    }
    None
}

/// The text of a binary message. Sinch does not name its alphabet, so: UTF-8 where it reads as such, else UTF-16 as
/// texts in UCS-2 are, else the bytes themselves, so that nothing is lost.
pub fn of_binary(body: &str) -> String {
    let Ok(bytes) = LENIENT.decode(body.trim()) else { return body.to_owned() };
    let is_readable = |text: &String| !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    let as_utf8 = String::from_utf8(bytes.clone()).ok().filter(is_readable);
    let units = || bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let as_utf16 = || {
        let text = String::from_utf16(&units().collect::<Vec<_>>()).ok();
        text.filter(|text| bytes.len() % 2 == 0 && is_readable(text))
    };
    as_utf8.or_else(as_utf16).unwrap_or_else(|| format!("[binary: {}]", hex(&bytes)))
}

/// The words of an MMS: its subject, where it says more than the text, then the text.
pub fn of_media(call: &Value) -> String {
    let subject = json::text(call, "/body/subject");
    let text = json::text(call, "/body/message");
    match (subject, text) {
        (Some(subject), Some(text)) if !text.contains(&subject) => format!("{subject}\n{text}"),
        (subject, text) => text.or(subject).unwrap_or_default(),
    }
}

/// The files of an MMS. One that Sinch failed to upload has no address.
pub fn files(call: &Value) -> Vec<CarrierMedia> {
    let all = call.pointer("/body/media").and_then(Value::as_array).into_iter().flatten();
    let one = |file: &Value| {
        let url = json::text(file, "/url")?;
        Some(CarrierMedia { url, content_type: json::text(file, "/content_type").unwrap_or_default() })
    };
    all.filter_map(one).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let digits = text.trim().as_bytes().iter().map(digit).collect::<Option<Vec<_>>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_part_is_found_among_all_elements_of_a_header() {
        for (header, found) in [
            ("050003AB0302", Some(("171", 2, 3))),
            ("050003ab0302", Some(("171", 2, 3))),
            ("06080401F40201", Some(("500", 1, 2))),
            // Ports first, then the part; then the part with something behind it.
            ("0B05040B8423F000032A0202", Some(("42", 2, 2))),
            ("0a00032a0202240103250103", Some(("42", 2, 2))),
            ("0500032A0101", None),
            ("0500032A0203", None),
            ("0500032A0200", None),
            ("050003", None),
            ("0605040B8423F0", None),
            ("05000", None),
            ("zz0003AB0302", None),
            ("00", None),
            ("", None),
        ] {
            let found = found.map(|(reference, number, total)| SmsPart {
                reference: reference.to_owned(),
                number,
                total,
            });
            assert_eq!(part(header), found, "{header}");
        }
    }

    #[test]
    fn bytes_become_the_text_they_look_like_and_are_never_lost() {
        for (bytes, text) in [
            ("Grüße 👋".as_bytes(), "Grüße 👋"),
            (b"\x00H\x00i\xd8\x3d\xdc\x4b", "Hi👋"),
            (b"\x04\x1f\x04\x40", "Пр"),
            (b"\x01\x02\xff", "[binary: 0102ff]"),
            (b"\xd8\x3d", "[binary: d83d]"),
            (b"two\nlines", "two\nlines"),
            (b"", ""),
        ] {
            assert_eq!(of_binary(&web::signature::base64(bytes)), text);
        }
        assert_eq!(of_binary("no base64 at all!"), "no base64 at all!");
        assert_eq!(of_binary("aGk"), "hi", "without padding");
    }

    proptest! {
        #[test]
        fn no_header_and_no_body_is_too_odd(header in "[0-9A-Fa-f]{0,60}", body in ".{0,60}") {
            if let Some(part) = part(&header) {
                prop_assert!(part.total >= 2 && part.number >= 1 && part.number <= part.total);
            }
            prop_assert_eq!(of_binary(&body).is_empty(), body.trim().is_empty() || LENIENT.decode(body.trim()) == Ok(vec![]));
        }
    }
}
