//! Mails as bytes (RFC 5322): writing a customer's, reading the organisation's. Pure.

use domain::{EmailAddress, Timestamp};
use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders};
use web::signature::base64;

use super::store::Mail;

/// Days and months as mails write them (RFC 5322 §3.3).
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// The bytes of a mail, with CRLF throughout; its text in base64, so that nothing on the way can harm it.
pub fn write(mail: &Mail) -> Vec<u8> {
    let mut head = vec![
        format!("From: <{}>", mail.from),
        format!("To: <{}>", mail.to),
        format!("Subject: {}", encoded(&mail.subject)),
        format!("Date: {}", date(mail.at)),
        format!("Message-ID: <{}>", mail.id),
    ];
    for (name, ids) in [("In-Reply-To", &mail.in_reply_to), ("References", &mail.references)] {
        if !ids.is_empty() {
            let ids: Vec<_> = ids.iter().map(|id| format!("<{id}>")).collect();
            head.push(format!("{name}: {}", ids.join("\r\n ")));
        }
    }
    head.extend(
        ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"]
            .map(str::to_owned),
    );
    let text = base64(mail.text.replace("\r\n", "\n").replace('\n', "\r\n"));
    let mut bytes = head.join("\r\n").into_bytes();
    bytes.extend(b"\r\n\r\n");
    for line in text.as_bytes().chunks(76) {
        bytes.extend(line);
        bytes.extend(b"\r\n");
    }
    bytes
}

/// The organisation's mail as the mailbox shows it; `None` if it names no receiver.
pub fn read(raw: &[u8], now: Timestamp) -> Option<Mail> {
    let mail = MessageParser::new().parse(raw)?;
    let (from, from_name) = person(mail.from())?;
    let (to, _) = person(mail.to())?;
    let files = mail.attachments().filter_map(|part| part.attachment_name().map(str::to_owned)).collect();
    Some(Mail {
        id: mail.message_id().map_or_else(|| format!("none.{}@sandbox", now.millis()), str::to_owned),
        from,
        from_name,
        to: EmailAddress::parse(&to).map_or(to, |address| address.to_string()),
        subject: mail.subject().unwrap_or_default().to_owned(),
        text: mail.body_text(0).unwrap_or_default().trim_end().to_owned(),
        files,
        in_reply_to: ids(mail.in_reply_to()),
        references: ids(mail.references()),
        outbound: true,
        at: now,
    })
}

fn person(address: Option<&Address<'_>>) -> Option<(String, Option<String>)> {
    let first = address?.first()?;
    Some((first.address.as_ref()?.to_string(), first.name.as_ref().map(ToString::to_string)))
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// A header's text as encoded words (RFC 2047) where it is not plain ASCII; each holds at most 45 bytes.
fn encoded(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_ascii() && text.len() <= 900 {
        return text;
    }
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > 45) {
            words.push(String::new());
        }
        words.last_mut().into_iter().for_each(|word| word.push(c));
    }
    let words: Vec<_> = words.iter().map(|word| format!("=?utf-8?B?{}?=", base64(word))).collect();
    words.join("\r\n ")
}

fn date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // `2026-11-21T06:57:01.000Z`
    let text = at.to_string();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let month = part(5..7)
        .parse::<usize>()
        .ok()
        .and_then(|month| MONTHS.get(month.checked_sub(1)?))
        .unwrap_or(&"Jan");
    let day = usize::try_from(at.millis() / 86_400_000).unwrap_or(0) % 7;
    format!("{}, {} {month} {} {} +0000", DAYS[day], part(8..10), part(0..4), part(11..19))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, text: &str) -> Mail {
        Mail {
            id: "2@customer.example".into(),
            from: "anna@customer.example".into(),
            from_name: None,
            to: "support@acme.example".into(),
            subject: subject.into(),
            text: text.into(),
            files: vec![],
            in_reply_to: vec!["1@acme.example".into()],
            references: vec!["0@customer.example".into(), "1@acme.example".into()],
            outbound: false,
            at: Timestamp::from_millis(1_795_244_221_000),
        }
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let long = "größer 🙂 ".repeat(30);
        for (subject, text) in
            [("Hello", "One\nTwo\n\n.\nlast"), ("¿Cuánto?", "ж"), (long.trim(), long.trim())]
        {
            let written = mail(subject, text);
            let raw = write(&written);
            assert!(
                raw.split(|byte| *byte == b'\n').all(|line| line.len() < 1000 && line.is_ascii()),
                "short lines"
            );
            let read = read(&raw, written.at).unwrap();
            assert_eq!(read.text.replace("\r\n", "\n"), text);
            assert_eq!(read.subject, subject);
            assert_eq!(Mail { outbound: false, text: text.into(), ..read }, written);
        }
    }

    #[test]
    fn a_header_cannot_be_smuggled_in() {
        let raw = write(&mail("Hi\r\nBcc: x@example.com", "text"));
        assert!(!String::from_utf8(raw).unwrap().contains("\r\nBcc"));
    }

    #[test]
    fn a_date_is_written_as_mail_programs_do() {
        assert_eq!(date(Timestamp::from_millis(1_795_244_221_000)), "Sat, 21 Nov 2026 06:57:01 +0000");
        assert_eq!(date(Timestamp::from_millis(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
    }
}
