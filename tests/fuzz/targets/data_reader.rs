//! The end of a mail on the wire: wherever the bytes are cut, it is the first CRLF `.` CRLF, and no bare CR or LF comes
//! before it.

#![no_main]

use email_ingest::smtp::{
    chunk::{self, Breaks},
    data::{DataReader, Progress},
};
use libfuzzer_sys::fuzz_target;

/// How it ended, the mail, and how many bytes were taken.
fn read(bytes: &[u8], size: usize) -> (Progress, Vec<u8>, usize) {
    let (mut reader, mut mail, mut taken) = (DataReader::default(), Vec::new(), 0);
    for piece in bytes.chunks(size) {
        match reader.feed(piece, &mut mail) {
            Progress::More => taken += piece.len(),
            Progress::End(used) => return (Progress::End(0), mail, taken + used),
            Progress::BareLineBreak => return (Progress::BareLineBreak, mail, taken),
        }
    }
    (Progress::More, mail, taken)
}

fn has_bare_break(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || bytes[at - 1] != b'\r',
        _ => false,
    })
}

fn stuffed(mail: &[u8]) -> Vec<u8> {
    let lines = mail.split_inclusive(|byte| *byte == b'\n');
    let mut sent: Vec<u8> =
        lines.flat_map(|line| [if line.starts_with(b".") { &b"."[..] } else { b"" }, line].concat()).collect();
    sent.extend_from_slice(b".\r\n");
    sent
}

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else { return };
    let size = usize::from(*size).max(1);
    let (whole, cut) = (read(bytes, usize::MAX), read(bytes, size));
    assert_eq!((whole.0, &whole.1), (cut.0, &cut.1), "where it is cut does not matter");
    if let (Progress::End(_), mail, taken) = &whole {
        assert_eq!(*taken, cut.2);
        let first = bytes.windows(5).position(|window| window == b"\r\n.\r\n").map(|at| at + 5);
        assert_eq!(Some(*taken), if bytes.starts_with(b".\r\n") { Some(3) } else { first });
        assert!(!has_bare_break(&bytes[..*taken]) && !has_bare_break(mail));
        assert_eq!(read(&stuffed(mail), size).1, *mail, "what was taken can be sent on");
    }
    let mut breaks = Breaks::default();
    let fine = bytes.chunks(size).all(|piece| breaks.feed(piece)) && breaks.may_end();
    assert_eq!(fine, !has_bare_break(bytes));
    chunk::parse(bytes);
});
