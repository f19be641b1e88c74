//! Gmail asks the address it is to forward to for a yes: by a code, and by a link. Such a mail is about its mailbox and from
//! no customer. Its words come in every language; its sender, its addresses and its numbers do not change. Pure.

use domain::{
    EmailAddress,
    event::{ForwardingConfirmation, InboundEmail},
};

/// Who asks.
const SENDER: &str = "forwarding-noreply@google.com";
/// How the link that says yes begins; the one that takes it back has `uf-`.
const LINKS: [&str; 2] = ["https://mail-settings.google.com/mail/vf-", "https://mail.google.com/mail/vf-"];
/// Longest link that is kept, in bytes.
const LONGEST_LINK: usize = 1000;
/// Digits of a code.
const CODE: std::ops::RangeInclusive<usize> = 6..=12;

/// What Gmail asks, if this is it. Whether Google sent it is for the judge.
pub(super) fn read(event: &InboundEmail) -> Option<ForwardingConfirmation> {
    if event.from.as_str() != SENDER {
        return None;
    }
    let link = event.text.split(is_border).find(|word| is_link(word)).map(str::to_owned);
    let code = in_subject(&event.subject).or_else(|| in_text(&event.text));
    (link.is_some() || code.is_some()).then(|| ForwardingConfirmation {
        code,
        link,
        requested_by: requested_by(event),
    })
}

fn is_border(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'')
}

fn is_link(word: &str) -> bool {
    let plain = word.len() <= LONGEST_LINK && word.bytes().all(|byte| byte.is_ascii_graphic());
    plain && LINKS.iter().any(|start| word.starts_with(start))
}

/// `(#123456789) Gmail Forwarding Confirmation - …`
fn in_subject(subject: &str) -> Option<String> {
    code(subject.split_once("(#")?.1.split_once(')')?.0)
}

/// `Confirmation code: 123456789`, in whatever language.
fn in_text(text: &str) -> Option<String> {
    text.lines().find_map(|line| code(line.rsplit_once([':', '：'])?.1))
}

fn code(text: &str) -> Option<String> {
    let text = text.trim();
    (CODE.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

/// Whose mail is to be forwarded: the first address that is neither Google's nor ours.
fn requested_by(event: &InboundEmail) -> Option<EmailAddress> {
    let words = event.subject.split(is_border).chain(event.text.split(is_border));
    let trimmed = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let addresses =
        trimmed.filter(|word| word.contains('@')).filter_map(|word| EmailAddress::parse(word).ok());
    let ours = |address: &EmailAddress| {
        address.as_str() == SENDER || event.recipient.eq_ignore_ascii_case(address.as_str())
    };
    addresses.take(20).find(|address| !ours(address))
}

#[cfg(test)]
mod tests {
    use super::super::{Arrival, understand};
    use crate::routing::Routes;

    use super::*;

    const ENGLISH: &str = "owner@acme.example has requested to automatically forward mail to your email\r\n\
        address support@in.example.net.\r\nConfirmation code: 567890123\r\n\r\n\
        To allow owner@acme.example to automatically forward mail to your address,\r\n\
        please click the link below to confirm the request:\r\n\r\n\
        https://mail-settings.google.com/mail/vf-%5BANGjdJ8xyz%5D-abc_123\r\n\r\n\
        To cancel this verification:\r\nhttps://mail-settings.google.com/mail/uf-%5BANGjdJ8xyz%5D-abc_123\r\n";

    fn asked(from: &str, subject: &str, text: &str) -> Option<ForwardingConfirmation> {
        let address: EmailAddress = "support@acme.example".parse().unwrap();
        let inbound: EmailAddress = "support@in.example.net".parse().unwrap();
        let routes =
            Routes::new(vec![host::config::Mailbox { address: address.clone(), inbound, imap: None }]);
        let raw = format!(
            "From: {from}\r\nTo: support@in.example.net\r\nSubject: {subject}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"
        );
        let arrival = Arrival {
            envelope_from: Some("forwarding-noreply@google.com"),
            recipient: "support@in.example.net",
            mailbox: &address,
            routes: &routes,
            now: domain::Timestamp::from_millis(1_763_700_000_000),
        };
        understand(raw.as_bytes(), &arrival).event.confirmation
    }

    fn by_gmail(subject: &str, text: &str) -> Option<ForwardingConfirmation> {
        asked("Gmail Team <forwarding-noreply@google.com>", subject, text)
    }

    #[test]
    fn code_link_and_owner_are_found_in_any_language() {
        let english = by_gmail(
            "(#567890123) Gmail Forwarding Confirmation - Receive Mail from owner@acme.example",
            ENGLISH,
        )
        .unwrap();
        assert_eq!(english.code.as_deref(), Some("567890123"));
        let link = "https://mail-settings.google.com/mail/vf-%5BANGjdJ8xyz%5D-abc_123";
        assert_eq!(english.link.as_deref(), Some(link));
        assert_eq!(english.requested_by.unwrap().as_str(), "owner@acme.example");
        for (subject, text) in [
            (
                "Gmail-Weiterleitungsbestätigung – E-Mails von owner@acme.example empfangen",
                "Bestätigungscode: 567890123\r\n<https://mail.google.com/mail/vf-abc>\r\n",
            ),
            (
                "Gmail の転送の確認",
                "確認コード：567890123\r\nhttps://mail-settings.google.com/mail/vf-abc\r\n",
            ),
            ("(#567890123) Confirmation de transfert Gmail", "https://mail.google.com/mail/vf-abc"),
        ] {
            let found = by_gmail(subject, text).unwrap();
            assert_eq!(found.code.as_deref(), Some("567890123"), "{subject}");
            assert!(found.link.unwrap().ends_with("/mail/vf-abc"), "{subject}");
        }
    }

    #[test]
    fn other_senders_and_other_mails_of_google_are_ordinary_mail() {
        let subject = "(#567890123) Gmail Forwarding Confirmation";
        for from in [
            "forwarding-noreply@google.com.evil.example",
            "forwarding-noreply@evil.example",
            "\"forwarding-noreply@google.com\" <mallory@evil.example>",
            "someone@google.com",
        ] {
            assert_eq!(asked(from, subject, ENGLISH), None, "{from}");
        }
        assert_eq!(by_gmail("Your forwarding", "Somebody forwards 20 mails a day."), None);
        let elsewhere = by_gmail(subject, "https://mail-settings.google.com.evil.example/mail/vf-x").unwrap();
        assert_eq!(elsewhere.link, None, "only Google's own address is a link");
        let within = by_gmail(subject, "https://mail-settings.google.com@evil.example/mail/vf-x").unwrap();
        assert_eq!(within.link, None);
    }
}
