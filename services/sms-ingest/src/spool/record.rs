//! A parcel in a file: length (u32), CRC-32 of what follows (u32), order (u64), length of the subject (u16), subject,
//! envelope as JSON; numbers little-endian. A record whose end is missing is the torn last one of a crash: nobody was
//! told that it is kept.

use bus::{Packet, PublishError};

use crate::packing::Parcel;

/// Bytes before the payload.
const HEAD: usize = 8;
/// Bytes of the payload before the subject.
const FIXED: usize = 10;
/// The longest record, in bytes: longer ones were not written by us.
pub const LONGEST: usize = 2 * bus::MAX_ENVELOPE;

/// What stands at the beginning of some bytes.
pub enum Found {
    /// A parcel, and the bytes it takes.
    Parcel(Box<Parcel>, usize),
    /// The bytes of a record that is whole but not what was written.
    Damaged(usize),
    /// Nothing more, or a record without its end.
    Torn,
}

/// Appends a parcel to `bytes`.
///
/// # Errors
/// The bus would refuse it.
pub fn write(parcel: &Parcel, bytes: &mut Vec<u8>) -> Result<(), PublishError> {
    let envelope = parcel.packet.as_json()?;
    let subject = parcel.packet.subject.as_bytes();
    let odd = |_| PublishError::Refused("it is too long".to_owned());
    let length = u32::try_from(FIXED + subject.len() + envelope.len()).map_err(odd)?;
    let named = u16::try_from(subject.len()).map_err(odd)?;
    let at = bytes.len();
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&parcel.order.to_le_bytes());
    bytes.extend_from_slice(&named.to_le_bytes());
    bytes.extend_from_slice(subject);
    bytes.extend_from_slice(envelope.as_bytes());
    let sum = crc32fast::hash(&bytes[at + HEAD..]);
    bytes[at + 4..at + HEAD].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

/// Reads the first record.
pub fn read(bytes: &[u8]) -> Found {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else { return Found::Torn };
    let [a, b, c, d, sum @ ..] = *head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let Some(payload) = rest.get(..length).filter(|_| (FIXED..=LONGEST - HEAD).contains(&length)) else {
        return Found::Torn;
    };
    let taken = HEAD + length;
    let sound = crc32fast::hash(payload) == u32::from_le_bytes(sum);
    match sound.then(|| parcel(payload)).flatten() {
        Some(parcel) => Found::Parcel(Box::new(parcel), taken),
        None => Found::Damaged(taken),
    }
}

fn parcel(payload: &[u8]) -> Option<Parcel> {
    let (order, rest) = payload.split_first_chunk::<8>()?;
    let (named, rest) = rest.split_first_chunk::<2>()?;
    let (subject, envelope) = rest.split_at_checked(usize::from(u16::from_le_bytes(*named)))?;
    let subject = std::str::from_utf8(subject).ok()?.to_owned();
    let envelope = serde_json::from_slice(envelope).ok()?;
    Some(Parcel { packet: Packet { subject, envelope }, order: u64::from_le_bytes(*order) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::parcel;

    fn written(numbers: std::ops::Range<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        numbers.for_each(|number| write(&parcel(number, number % 3), &mut bytes).unwrap());
        bytes
    }

    fn ids(mut bytes: &[u8]) -> (Vec<String>, usize) {
        let (mut ids, mut damaged) = (vec![], 0);
        loop {
            let taken = match read(bytes) {
                Found::Parcel(parcel, taken) => {
                    ids.push(parcel.packet.envelope.id);
                    taken
                }
                Found::Damaged(taken) => {
                    damaged += 1;
                    taken
                }
                Found::Torn => return (ids, damaged),
            };
            bytes = &bytes[taken..];
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = written(0..3);
        let Found::Parcel(first, _) = read(&bytes) else { panic!("no parcel") };
        assert_eq!((first.packet.subject.as_str(), first.order), ("inbound.sms", 0));
        assert_eq!(ids(&bytes), (vec!["sms:0".into(), "sms:1".into(), "sms:2".into()], 0));
    }

    #[test]
    fn wherever_a_crash_cut_the_file_the_records_before_are_whole() {
        let (bytes, two) = (written(0..3), written(0..2).len());
        for cut in 0..bytes.len() {
            let (ids, damaged) = ids(&bytes[..cut]);
            let whole = (0..=2).rev().find(|n| written(0..*n).len() <= cut).unwrap();
            assert_eq!((ids.len(), damaged), (usize::try_from(whole).unwrap(), 0), "cut at {cut}");
        }
        // A file that grew before its content came.
        let mut holed = bytes[..two].to_vec();
        holed.resize(bytes.len(), 0);
        assert_eq!(ids(&holed), (vec!["sms:0".into(), "sms:1".into()], 0));
    }

    #[test]
    fn a_flipped_bit_costs_one_record_not_those_after_it() {
        let (bytes, one) = (written(0..3), written(0..1).len());
        for place in [4, HEAD, HEAD + FIXED, one - 1] {
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x10;
            assert_eq!(ids(&flipped), (vec!["sms:1".into(), "sms:2".into()], 1), "{place}");
        }
    }
}
