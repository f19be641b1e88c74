//! What makes a mail the same mail.

use web::signature::{hex, sha256};

use crate::headers::Headers;

/// The dedup key: SHA-256 of mailbox, `Message-ID` and body, in hex. The header block is left out, since it grows on
/// another way here; without a `Message-ID` everything counts. The same id with another body is another mail.
pub fn digest(mailbox: &str, message_id: Option<&str>, raw: &[u8], headers: &Headers<'_>) -> String {
    let body = match message_id {
        Some(_) => &raw[headers.body_at()..],
        None => raw,
    };
    hex(sha256(format!("{mailbox}\n{}\n{}", message_id.unwrap_or_default(), hex(sha256(body))).as_bytes()))
}

/// Blob key of a raw mail.
pub fn raw_key(raw: &[u8]) -> String {
    format!("mail/{}.eml", hex(sha256(raw)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mailbox: &str, raw: &str) -> String {
        let headers = Headers::read(raw.as_bytes());
        let thread = crate::thread::Thread::read(&headers);
        digest(mailbox, thread.message_id.as_deref(), raw.as_bytes(), &headers)
    }

    #[test]
    fn the_same_mail_on_another_way_is_the_same_and_another_body_is_not() {
        let first = of("a@x", "Message-ID: <1@y>\r\n\r\nhi\r\n");
        assert_eq!(first, of("a@x", "Received: by z\r\nMessage-ID: <1@y>\r\n\r\nhi\r\n"));
        assert_ne!(first, of("a@x", "Message-ID: <1@y>\r\n\r\nho\r\n"));
        assert_ne!(first, of("a@x", "Message-ID: <2@y>\r\n\r\nhi\r\n"));
        assert_ne!(first, of("b@x", "Message-ID: <1@y>\r\n\r\nhi\r\n"));
    }

    #[test]
    fn two_mails_without_an_id_are_two_when_anything_differs() {
        assert_ne!(of("a@x", "From: a@b\r\n\r\nhi\r\n"), of("a@x", "From: c@d\r\n\r\nhi\r\n"));
    }
}
