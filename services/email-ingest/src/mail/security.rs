//! How a mail is protected: only told, never checked or opened here.

use domain::mail::Security;
use mail_parser::{Message, MimeHeaders};

/// Parts looked at.
const MOST_PARTS: usize = 1000;

/// What protects this mail with this text, each once.
pub fn of(message: &Message<'_>, text: &str) -> Vec<Security> {
    let mut found = Vec::new();
    let mut add = |security| {
        if !found.contains(&security) {
            found.push(security);
        }
    };
    for part in message.parts.iter().take(MOST_PARTS) {
        let Some(content) = part.content_type() else { continue };
        let word = |name| content.attribute(name).unwrap_or_default().to_ascii_lowercase();
        let subtype = content.subtype().unwrap_or_default().to_ascii_lowercase();
        match (content.ctype().to_ascii_lowercase().as_str(), subtype.as_str()) {
            ("multipart", "signed") if word("protocol").contains("pgp") => add(Security::PgpSigned),
            ("multipart", "signed") if word("protocol").contains("pkcs7") => add(Security::SmimeSigned),
            ("multipart", "encrypted") => add(Security::PgpEncrypted),
            ("application", "pkcs7-mime" | "x-pkcs7-mime") => match word("smime-type").as_str() {
                "signed-data" => add(Security::SmimeSigned),
                "certs-only" | "compressed-data" => {}
                _ => add(Security::SmimeEncrypted),
            },
            _ => {}
        }
    }
    let armoured = |mark: &str| text.lines().any(|line| line.trim_end() == mark);
    if armoured("-----BEGIN PGP MESSAGE-----") {
        add(Security::PgpEncrypted);
    }
    if armoured("-----BEGIN PGP SIGNED MESSAGE-----") {
        add(Security::PgpSigned);
    }
    found
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn read(content_type: &str, text: &str) -> Vec<Security> {
        let raw = format!("From: a@b.c\r\nContent-Type: {content_type}\r\n\r\n{text}\r\n");
        of(&MessageParser::default().parse(raw.as_bytes()).unwrap(), text)
    }

    #[test]
    fn what_protects_a_mail_is_told_by_its_parts_or_its_armour() {
        use Security::{PgpEncrypted, PgpSigned, SmimeEncrypted, SmimeSigned};
        for (content_type, text, security) in [
            ("text/plain", "hello", vec![]),
            (
                "multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=x",
                "--x--",
                vec![SmimeSigned],
            ),
            (
                "multipart/signed; protocol=\"application/pgp-signature\"; boundary=x",
                "--x--",
                vec![PgpSigned],
            ),
            (
                "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x",
                "--x--",
                vec![PgpEncrypted],
            ),
            ("application/pkcs7-mime; smime-type=enveloped-data", "x", vec![SmimeEncrypted]),
            ("application/x-pkcs7-mime; smime-type=signed-data", "x", vec![SmimeSigned]),
            ("application/pkcs7-mime; smime-type=certs-only", "x", vec![]),
            ("text/plain", "-----BEGIN PGP MESSAGE-----\nabc", vec![PgpEncrypted]),
            ("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nabc", vec![PgpSigned]),
            ("text/plain", "> -----BEGIN PGP MESSAGE-----", vec![]),
        ] {
            assert_eq!(read(content_type, text), security, "{content_type} {text}");
        }
    }
}
