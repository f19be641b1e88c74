//! Reads the text of a mail after `354`, strictly: only CRLF `.` CRLF ends it, and a CR or LF on its own is a fault.
//!
//! The class of "SMTP smuggling" (CVE-2023-51764 and its kin) lives on servers that disagree about where a mail ends.
//! Here a mail with such a line break is refused and, as refusing alone is not enough, the connection is closed by
//! the caller. The first line counts as coming after CRLF (RFC 5321 §4.1.1.4): `.` CRLF at once is an empty mail.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// After CRLF, or at the very start.
    LineStart,
    /// Within a line.
    Text,
    /// After a CR, which is not written until its LF has come.
    Cr,
    /// After a `.` at the start of a line, which is not written.
    Dot,
    /// After that and a CR.
    DotCr,
}

/// What a chunk did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The mail goes on.
    More,
    /// The mail is complete; so many bytes of the chunk belonged to it.
    End(usize),
    /// A CR or LF on its own: refuse and close.
    BareLineBreak,
}

/// Takes the mail in chunks as they come.
#[derive(Debug)]
pub struct DataReader(State);

impl Default for DataReader {
    fn default() -> Self {
        Self(State::LineStart)
    }
}

impl DataReader {
    /// Takes a chunk and writes what belongs to the mail, dots unstuffed (RFC 5321 §4.5.2), to `mail`. Not to be
    /// called again after [`Progress::End`] or [`Progress::BareLineBreak`].
    pub fn feed(&mut self, chunk: &[u8], mail: &mut Vec<u8>) -> Progress {
        let mut at = 0;
        while at < chunk.len() {
            if self.0 == State::Text {
                let rest = &chunk[at..];
                let run = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
                mail.extend_from_slice(&rest[..run]);
                at += run;
                if at == chunk.len() {
                    break;
                }
            }
            match self.step(chunk[at], mail) {
                Progress::More => at += 1,
                Progress::End(_) => return Progress::End(at + 1),
                Progress::BareLineBreak => return Progress::BareLineBreak,
            }
        }
        Progress::More
    }

    fn step(&mut self, byte: u8, mail: &mut Vec<u8>) -> Progress {
        self.0 = match (self.0, byte) {
            (State::DotCr, b'\n') => return Progress::End(0),
            (State::Cr, b'\n') => {
                mail.extend_from_slice(b"\r\n");
                State::LineStart
            }
            (State::Cr | State::DotCr, _) | (_, b'\n') => return Progress::BareLineBreak,
            (State::LineStart, b'.') => State::Dot,
            (State::LineStart | State::Text, b'\r') => State::Cr,
            (State::Dot, b'\r') => State::DotCr,
            (State::LineStart | State::Text | State::Dot, other) => {
                mail.push(other);
                State::Text
            }
        };
        Progress::More
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads until the end of the mail; says what was left over.
    fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Progress, Vec<u8>, Vec<u8>) {
        let (mut reader, mut mail, mut rest) = (DataReader::default(), Vec::new(), Vec::new());
        let mut progress = Progress::More;
        for chunk in chunks {
            match progress {
                Progress::More => progress = reader.feed(chunk, &mut mail),
                Progress::End(_) => rest.extend_from_slice(chunk),
                Progress::BareLineBreak => break,
            }
            if let Progress::End(used @ 1..) = progress {
                rest.extend_from_slice(&chunk[used..]);
                progress = Progress::End(0);
            }
        }
        (progress, mail, rest)
    }

    #[test]
    fn dots_are_unstuffed_and_only_crlf_dot_crlf_ends() {
        for (sent, mail) in [
            (&b".\r\n"[..], &b""[..]),
            (b"hi\r\n.\r\n", b"hi\r\n"),
            (b"..\r\n.\r\n", b".\r\n"),
            (b"..hi\r\n.\r\n", b".hi\r\n"),
            (b".hi\r\n.\r\n", b"hi\r\n"),
            (b"a\r\n...\r\n\r\n.\r\n", b"a\r\n..\r\n\r\n"),
            (b"a .\r\n.\r\n", b"a .\r\n"),
            (b"nul \0 stays\r\n.\r\n", b"nul \0 stays\r\n"),
            (b"\r\n.\r\n", b"\r\n"),
        ] {
            assert_eq!(read([sent]), (Progress::End(0), mail.to_vec(), vec![]), "{sent:?}");
        }
        assert_eq!(read([&b"hi\r\n.\r\nQUIT\r\n"[..]]).2, b"QUIT\r\n");
    }

    #[test]
    fn no_known_smuggling_sequence_ends_a_mail() {
        let commands = "MAIL FROM:<a@b.c>\r\nRCPT TO:<support@in.example.net>\r\nDATA\r\nsmuggled\r\n.\r\n";
        for end in [
            "\n.\n",
            "\n.\r\n",
            "\r\n.\n",
            "\r.\r",
            "\r.\r\n",
            "\r\n.\r",
            "\n.\r",
            "\r.\n",
            "\r\n.\r\r\n",
            "\r\r\n.\r\r\n",
            "\r\r\n.\r\n",
            "\r\n\r.\r\n",
            "\n\n.\r\n",
            "\n\r\n.\n",
        ] {
            let sent = format!("first{end}{commands}");
            let (progress, _, rest) = read([sent.as_bytes()]);
            assert_eq!((progress, rest), (Progress::BareLineBreak, vec![]), "{end:?}");
        }
        // A NUL after the dot makes it text, not an end.
        let (progress, mail, rest) = read([&b"first\r\n.\0\r\nsecond\r\n.\r\n"[..]]);
        assert_eq!((progress, rest), (Progress::End(0), vec![]));
        assert_eq!(mail, b"first\r\n\0\r\nsecond\r\n");
    }

    /// Bytes with many dots and line breaks among them.
    fn wild() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(b"\r\n".to_vec()),
            2 => Just(b".".to_vec()),
            1 => Just(b"\r".to_vec()),
            1 => Just(b"\n".to_vec()),
            1 => Just(b"\r\n.\r\n".to_vec()),
            3 => proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    fn has_bare_break(bytes: &[u8]) -> bool {
        let text: Vec<u8> = String::from_utf8_lossy(bytes).replace("\r\n", "").into_bytes();
        text.contains(&b'\r') || text.contains(&b'\n')
    }

    fn stuff(mail: &[u8]) -> Vec<u8> {
        let mut sent = Vec::new();
        for line in mail.split_inclusive(|b| *b == b'\n') {
            if line.starts_with(b".") {
                sent.push(b'.');
            }
            sent.extend_from_slice(line);
        }
        sent.extend_from_slice(b".\r\n");
        sent
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_result(bytes in wild(), size in 1usize..9) {
            let whole = read([bytes.as_slice()]);
            prop_assert_eq!(read(bytes.chunks(size)), whole);
        }

        #[test]
        fn nothing_with_a_bare_line_break_before_its_end_is_accepted(bytes in wild()) {
            let (progress, _, rest) = read([bytes.as_slice()]);
            if let Progress::End(_) = progress {
                let taken = &bytes[..bytes.len() - rest.len()];
                prop_assert!(!has_bare_break(taken));
                let first = bytes.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| at + 5);
                let end = if bytes.starts_with(b".\r\n") { Some(3) } else { first };
                prop_assert_eq!(Some(taken.len()), end);
            }
        }

        #[test]
        fn what_a_conforming_client_sends_comes_out_as_it_was(lines in proptest::collection::vec("[a-z. ]{0,6}", 0..8)) {
            let mail: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect();
            let sent = stuff(&mail);
            prop_assert_eq!(read([sent.as_slice()]), (Progress::End(0), mail, vec![]));
        }
    }
}
