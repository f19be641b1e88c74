//! Whether a mail may be given to the MIME parser: a few shapes cost it more than their length, and a thread that
//! hangs or overflows its stack cannot be helped. One linear pass; such mails are still taken in, see
//! [`minimal`](super::minimal).

/// Mails within mails: each is a level of recursion when the result is dropped.
const MAX_NESTED: usize = 300;
/// Possible parts; each costs some 200 bytes of memory.
const MAX_BOUNDARIES: usize = 20_000;
/// Pieces of header parameters (RFC 2231), which are put together in quadratic time.
const MAX_PIECES: usize = 5_000;

/// Why this mail is not to be parsed, if it is not.
pub fn excess(raw: &[u8]) -> Option<&'static str> {
    let (mut nested, mut boundaries, mut pieces) = (0, 0, 0);
    for (at, byte) in raw.iter().enumerate() {
        let after = &raw[at + 1..];
        match byte {
            // `message/rfc822` and `message/global` hold a mail, `multipart/digest` many.
            b'/' if [&b"rfc822"[..], b"global", b"digest"].iter().any(|word| begins(after, word)) => {
                nested += 1
            }
            b'\n' if after.starts_with(b"--") => boundaries += 1,
            b'*' if after.first().is_some_and(|b| b.is_ascii_digit() || b"+= \t\r\n".contains(b)) => {
                pieces += 1
            }
            _ => {}
        }
    }
    if nested > MAX_NESTED {
        Some("too many mails within mails")
    } else if boundaries > MAX_BOUNDARIES {
        Some("too many parts")
    } else {
        (pieces > MAX_PIECES).then_some("too many pieces of header parameters")
    }
}

/// Whether the word follows, perhaps after white space.
fn begins(bytes: &[u8], word: &[u8]) -> bool {
    let bytes = bytes.get(..word.len() + 16).unwrap_or(bytes).trim_ascii_start();
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}
