//! A mail in chunks (BDAT, RFC 3030): how the command is written, and the line breaks of what it brings.
//!
//! The size decides what is mail and what is the next command, so that it is read strictly here: a reader that is
//! lenient about digits would see commands where the sender put text.

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Another command.
    Other,
    /// So many bytes follow, perhaps the last.
    Chunk {
        /// In bytes.
        size: usize,
        /// Whether the mail ends with them.
        last: bool,
    },
    /// BDAT, but how many bytes follow cannot be told.
    Wrong,
}

/// Understands a command line.
pub fn parse(line: &[u8]) -> Command {
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    let mut words = line.split(|b| *b == b' ');
    if !line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT")) {
        return Command::Other;
    }
    let (verb, size, mark, more) = (words.next(), words.next(), words.next(), words.next());
    let last = match (mark, more) {
        (None, None) => false,
        (Some(mark), None) if mark.eq_ignore_ascii_case(b"LAST") => true,
        _ => return Command::Wrong,
    };
    match (verb.map(<[u8]>::len), size.and_then(number)) {
        (Some(4), Some(size)) => Command::Chunk { size, last },
        _ => Command::Wrong,
    }
}

/// 1 to 20 digits (RFC 3030 §2); one too large for this machine is none.
fn number(digits: &[u8]) -> Option<usize> {
    let are_digits = (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    are_digits.then_some(digits).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
}

/// Watches the line breaks of a mail that comes in chunks: one may be cut between its CR and its LF.
#[derive(Clone, Copy, Debug, Default)]
pub struct Breaks {
    after_cr: bool,
}

impl Breaks {
    /// Takes the next bytes; false when there is a CR or LF on its own.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr) {
                if rest[0] != b'\n' {
                    return false;
                }
                rest = &rest[1..];
            }
            let Some(at) = rest.iter().position(|b| matches!(b, b'\r' | b'\n')) else { break };
            if rest[at] == b'\n' {
                return false;
            }
            self.after_cr = true;
            rest = &rest[at + 1..];
        }
        true
    }

    /// Whether the mail may end here.
    pub fn may_end(self) -> bool {
        !self.after_cr
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_command_is_read_strictly() {
        for (line, command) in [
            ("BDAT 0\r\n", Command::Chunk { size: 0, last: false }),
            ("bdat 1000 last\r\n", Command::Chunk { size: 1000, last: true }),
            ("BDAT 00000000000000000010", Command::Chunk { size: 10, last: false }),
            ("BDAT", Command::Wrong),
            ("BDAT ", Command::Wrong),
            ("BDATA 5", Command::Wrong),
            ("BDAT LAST", Command::Wrong),
            ("BDAT  5", Command::Wrong),
            ("BDAT 5 ", Command::Wrong),
            ("BDAT 5 LAST LAST", Command::Wrong),
            ("BDAT 1\r0", Command::Wrong),
            ("BDAT +5", Command::Wrong),
            ("BDAT -1", Command::Wrong),
            ("BDAT 0x10", Command::Wrong),
            ("BDAT 99999999999999999999", Command::Wrong),
            ("BDAT 184467440737095516165", Command::Wrong),
            ("BDAT\t5", Command::Wrong),
            ("DATA", Command::Other),
            ("BDA", Command::Other),
        ] {
            assert_eq!(parse(line.as_bytes()), command, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_a_bare_line_break_is_seen(text in "[\r\nab]{0,24}", size in 1usize..6) {
            let mut breaks = Breaks::default();
            let fine = text.as_bytes().chunks(size).all(|piece| breaks.feed(piece)) && breaks.may_end();
            prop_assert_eq!(fine, !text.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
