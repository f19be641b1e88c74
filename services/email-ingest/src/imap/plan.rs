//! What is done with what a folder holds; pure.

use std::time::Duration;

use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use domain::Timestamp;
use host::config::Mailbox;

use crate::{headers::Headers, mail::people, routing::Routes};

/// Mails that are fetched together: so many, or so many bytes, or one.
const MOST_MAILS: usize = 25;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Headers in which the server that took a mail in may say for whom, the surest first.
const FOR_WHOM: [&str; 6] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc"];
/// Between two tries, at first, at first after a refused sign-in, and at most.
const FIRST: Duration = Duration::from_secs(1);
const FIRST_SIGN_IN: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(300);
/// Before the last look: clocks differ, and servers compare days.
const DAYS_BEFORE: i64 = 2 * 24 * 60 * 60 * 1000;

/// Mails (number, bytes) that are fetched together, in their order.
pub fn groups(mails: &[(u32, usize)]) -> Vec<&[(u32, usize)]> {
    let (mut groups, mut rest) = (Vec::new(), mails);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(MOST_MAILS).take_while(|(_, size)| {
            bytes += size;
            bytes <= MOST_BYTES
        });
        let (group, more) = rest.split_at(fits.count().max(1));
        groups.push(group);
        rest = more;
    }
    groups
}

/// How a set of numbers is written.
pub fn set(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

/// The recipient of a mail in this mailbox: an address of it with a tag, if a header names one, as answers to us do.
pub fn recipient(raw: &[u8], routes: &Routes, mailbox: &Mailbox) -> String {
    let headers = Headers::read(raw);
    let named = FOR_WHOM.iter().flat_map(|name| people::read(&headers, None, name)).find(|person| {
        person.address != mailbox.inbound
            && routes.find(person.address.as_str()).is_some_and(|found| found.address == mailbox.address)
    });
    named.map_or_else(|| mailbox.inbound.to_string(), |person| person.address.to_string())
}

/// From when on mails are read again whose numbers say nothing any more, as SEARCH wants it.
pub fn since(last: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(last.plus(-DAYS_BEFORE).millis()).ok()?;
    Some(moment.strftime("%-d-%b-%Y").to_string())
}

/// How long is waited after so many failures in a row. `dice` keeps many processes from coming at once.
pub fn pause(failures: u32, is_sign_in: bool, dice: u8) -> Duration {
    let first = if is_sign_in { FIRST_SIGN_IN } else { FIRST };
    let whole = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    whole / 2 + whole * u32::from(dice) / 512
}

/// The name of a folder as it is told to a server (RFC 3501 §5.1.3).
pub fn utf7(name: &str) -> String {
    let alphabet = alphabet::IMAP_MUTF7;
    let engine = GeneralPurpose::new(&alphabet, GeneralPurposeConfig::new().with_encode_padding(false));
    let (mut told, mut odd) = (String::new(), Vec::new());
    let flush = |told: &mut String, odd: &mut Vec<u8>| {
        if !odd.is_empty() {
            told.push_str(&format!("&{}-", engine.encode(&*odd)));
            odd.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut told, &mut odd);
            told.push(c);
            if c == '&' {
                told.push('-');
            }
        } else {
            odd.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut told, &mut odd);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_are_fetched_together_while_they_are_few_and_small() {
        let sizes =
            |mails: &[(u32, usize)]| groups(mails).iter().map(|group| group.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), Vec::<usize>::new());
        assert_eq!(sizes(&vec![(1, 10); 60]), [25, 25, 10]);
        assert_eq!(sizes(&[(1, 3 << 20), (2, 1 << 20), (3, 1)]), [2, 1]);
        assert_eq!(sizes(&[(1, 20 << 20), (2, 20 << 20)]), [1, 1], "a large one alone");
    }

    #[test]
    fn who_answers_a_signed_address_is_read_from_the_headers() {
        let mailbox: Mailbox =
            serde_json::from_value(serde_json::json!({"address": "help@x.org", "inbound": "help@x.org"}))
                .unwrap();
        let routes = Routes::new(vec![mailbox.clone()]);
        for (headers, found) in [
            ("To: help@x.org", "help@x.org"),
            ("To: Anna <anna@y.org>, \"Help\" <help+r.abc@x.org>", "help+r.abc@x.org"),
            ("Delivered-To: help+r.one@x.org\r\nTo: help+r.two@x.org", "help+r.one@x.org"),
            ("To: other+r.abc@x.org", "help@x.org"),
            ("X-Odd: 1", "help@x.org"),
        ] {
            assert_eq!(
                recipient(format!("{headers}\r\n\r\nhi").as_bytes(), &routes, &mailbox),
                found,
                "{headers}"
            );
        }
    }

    #[test]
    fn each_failure_waits_longer_and_a_refused_password_is_not_hammered() {
        let seconds = |failures, sign_in| pause(failures, sign_in, 255).as_secs_f32().round();
        assert_eq!([1, 2, 3, 4].map(|n| seconds(n, false)), [1.0, 2.0, 4.0, 8.0]);
        assert_eq!([1, 2, 9, 1000].map(|n| seconds(n, true)), [30.0, 60.0, 299.0, 299.0]);
        assert_eq!(pause(1, false, 0), FIRST / 2);
        assert_eq!(pause(0, false, 0), FIRST / 2);
    }

    #[test]
    fn names_and_days_are_written_as_servers_want_them() {
        assert_eq!(utf7("INBOX/A & B"), "INBOX/A &- B");
        assert_eq!(utf7("Entw\u{fc}rfe"), "Entw&APw-rfe");
        assert_eq!(
            utf7("~peter/mail/\u{53f0}\u{5317}/\u{65e5}\u{672c}\u{8a9e}"),
            "~peter/mail/&U,BTFw-/&ZeVnLIqe-"
        );
        assert_eq!(set([3, 1, 7]), "3,1,7");
        assert_eq!(since(Timestamp::from_millis(1_764_115_200_000)).unwrap(), "24-Nov-2025");
    }
}
