//! Text in a container: UTF-16, or bytes in a Windows code page.

use mail_parser::decoders::charsets::map::charset_decoder;

use super::props::Value;

/// Code page of Western Europe, for containers that name none.
pub const WESTERN: u32 = 1252;

/// The text of a property; bytes are taken for text too, as HTML is written so.
pub fn of(value: &Value<'_>, code_page: u32) -> Option<String> {
    match value {
        Value::Narrow(bytes) => Some(narrow(bytes, code_page)),
        Value::Wide(bytes) => Some(wide(bytes)),
        Value::Binary(bytes) => Some(
            str::from_utf8(bytes).map_or_else(|_| narrow(bytes, code_page), |text| ended(text).to_owned()),
        ),
        Value::Object(_) | Value::Other => None,
    }
}

/// Text in a code page, up to its NUL.
pub fn narrow(bytes: &[u8], code_page: u32) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    match charset_decoder(charset(code_page).as_bytes()) {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn wide(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    ended(&String::from_utf16_lossy(&units)).to_owned()
}

fn ended(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// The charset's name for a number of Windows.
fn charset(code_page: u32) -> String {
    match code_page {
        874 => "windows-874".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        20_866 => "koi8-r".to_owned(),
        65_001 => "utf-8".to_owned(),
        page @ 28_591..=28_606 => format!("iso-8859-{}", page - 28_590),
        page @ 1250..=1258 => format!("windows-{page}"),
        _ => format!("windows-{WESTERN}"),
    }
}
