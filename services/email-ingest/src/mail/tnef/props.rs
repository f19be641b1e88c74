//! MAPI properties as TNEF writes them (MS-OXTNEF 2.1.3.4, `MsgPropertyList`).

use super::cursor::Cursor;

/// `PidTagBody`.
pub const BODY: u16 = 0x1000;
/// `PidTagHtml`, or `PidTagBodyHtml` where it is a string.
pub const BODY_HTML: u16 = 0x1013;
/// `PidTagDisplayName`.
pub const DISPLAY_NAME: u16 = 0x3001;
/// `PidTagAttachDataBinary` and `PidTagAttachDataObject`.
pub const ATTACH_DATA: u16 = 0x3701;
/// `PidTagAttachFilename`, of eight and three characters.
pub const ATTACH_FILENAME: u16 = 0x3704;
/// `PidTagAttachLongFilename`.
pub const ATTACH_LONG_FILENAME: u16 = 0x3707;
/// `PidTagAttachMimeTag`.
pub const ATTACH_MIME_TAG: u16 = 0x370e;
/// `PidTagAttachContentId`.
pub const ATTACH_CONTENT_ID: u16 = 0x3712;

/// Ids from here on have a name of their own (2.1.3.4, `NamedPropSpec`).
const NAMED: u16 = 0x8000;
/// Set where a property has many values.
const MANY: u16 = 0x1000;
/// Length of the interface id before the content of an object.
const INTERFACE_ID: usize = 16;

/// The value of a property, as far as it is of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text in the code page of the container.
    Narrow(&'a [u8]),
    /// Text in UTF-16, little-endian.
    Wide(&'a [u8]),
    /// Bytes.
    Binary(&'a [u8]),
    /// An object's bytes, without its interface id.
    Object(&'a [u8]),
    /// Numbers, times and whatever has many values.
    Other,
}

/// Reads properties one by one, up to the first that cannot be read.
#[derive(Clone, Debug)]
pub struct Props<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Props<'a> {
    /// The properties of an attribute's data.
    pub fn new(data: &'a [u8]) -> Self {
        let mut cursor = Cursor::new(data);
        let left = cursor.u32().unwrap_or_default();
        Self { cursor, left }
    }

    fn read(&mut self) -> Option<(u16, Value<'a>)> {
        let kind = self.cursor.u16()?;
        let id = self.cursor.u16()?;
        if id >= NAMED {
            self.skip_name()?;
        }
        let value = match fixed_size(kind & !MANY) {
            Some(size) => {
                let count = if kind & MANY == 0 { 1 } else { self.cursor.u32()? };
                // One step for each would be many steps for a count that is a lie.
                self.cursor.take(size.next_multiple_of(4).checked_mul(count as usize)?)?;
                Value::Other
            }
            None => self.sized(kind)?,
        };
        Some((id, value))
    }

    /// A GUID, then a number or a name in UTF-16.
    fn skip_name(&mut self) -> Option<()> {
        self.cursor.take(16)?;
        let is_number = self.cursor.u32()? == 0;
        let number_or_length = self.cursor.u32()?;
        if !is_number {
            self.cursor.padded(number_or_length as usize)?;
        }
        Some(())
    }

    /// Values that tell their lengths.
    fn sized(&mut self, kind: u16) -> Option<Value<'a>> {
        let mut first = None;
        let count = self.cursor.u32()?;
        for _ in 0..count {
            let length = self.cursor.u32()? as usize;
            let bytes = self.cursor.padded(length)?;
            first = first.or(Some(bytes));
        }
        let bytes = first.unwrap_or_default();
        Some(match kind {
            0x001e => Value::Narrow(bytes),
            0x001f => Value::Wide(bytes),
            0x0102 => Value::Binary(bytes),
            0x000d => Value::Object(bytes.get(INTERFACE_ID..).unwrap_or_default()),
            kind if kind & MANY != 0 => Value::Other,
            _ => return None,
        })
    }
}

impl<'a> Iterator for Props<'a> {
    type Item = (u16, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let read = self.read();
        if read.is_none() {
            self.left = 0;
        }
        read
    }
}

/// Bytes of a value of this type (MS-OXCDATA 2.11.1), `None` where each value tells its own.
const fn fixed_size(kind: u16) -> Option<usize> {
    match kind {
        0x0000 | 0x0001 => Some(0),
        0x0002 | 0x000b => Some(2),
        0x0003 | 0x0004 | 0x000a => Some(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
        0x0048 => Some(16),
        _ => None,
    }
}
