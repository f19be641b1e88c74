//! Who the customer is: behind forwarders, groups and web forms, and where `From` is missing or malformed.

use domain::{EmailAddress, NamedAddress};
use mail_parser::{Address, HeaderForm, HeaderValue, Message};

use super::{clean, srs};
use crate::{headers::Headers, routing::Routes};

/// Stands for a sender of whom nothing can be read (RFC 2606 reserves `invalid`).
const NOBODY: &str = "unknown@sender.invalid";
/// Headers in which those stand who only passed a mail on: Gmail, whoever resends (RFC 5322 §3.6.6), a rule of Exchange.
const PASSED_ON_BY: [&str; 5] =
    ["x-forwarded-for", "x-forwarded-to", "resent-from", "resent-sender", "x-ms-exchange-inbox-rules-loop"];
/// Bytes of such a header that are looked at, and addresses of all of them.
const LONGEST_PASSED_ON: usize = 2000;
const MOST_PASSED_ON: usize = 20;

/// A person or program with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The address.
    pub address: EmailAddress,
    /// Display name, cleaned.
    pub name: Option<String>,
}

impl From<Sender> for NamedAddress {
    fn from(sender: Sender) -> Self {
        Self { address: sender.address, name: sender.name }
    }
}

/// Everything a mail says about where it comes from.
#[derive(Debug, Default)]
pub struct Origin {
    from: Option<Sender>,
    reply_to: Option<Sender>,
    original: Option<Sender>,
    sender: Option<Sender>,
    return_path: Option<Sender>,
    /// Who passed it on, and so did not write it.
    passed_on_by: Vec<EmailAddress>,
    /// Display name of `From`, also where its address cannot be read.
    from_name: Option<String>,
    /// Local part of `From`, also where it has no domain.
    pub from_local: String,
    /// `Return-Path: <>`.
    pub null_return: bool,
}

impl Origin {
    /// Reads the headers; `message` is `None` when the mail could not be parsed.
    pub fn read(headers: &Headers<'_>, message: Option<&Message<'_>>) -> Self {
        let parsed = |name: &'static str| {
            message.into_iter().flat_map(move |m| m.header_as(name, HeaderForm::Addresses))
        };
        let of = |name: &'static str| {
            let found = parsed(name).find_map(|value| usable(&value));
            found.or_else(|| headers.all(name).find_map(loose))
        };
        let first_from = parsed("from").find_map(|value| match value {
            HeaderValue::Address(list) => {
                list.first().map(|a| (a.name().map(str::to_owned), a.address().map(str::to_owned)))
            }
            _ => None,
        });
        let (name, address) = first_from.unwrap_or_default();
        let local = address.or_else(|| name.clone()).or_else(|| headers.get("from").map(str::to_owned));
        let local = local.unwrap_or_default();
        Self {
            from: of("from"),
            reply_to: of("reply-to"),
            original: of("x-original-from").or_else(|| of("x-original-sender")),
            sender: of("sender"),
            return_path: of("return-path"),
            passed_on_by: passed_on_by(headers),
            null_return: headers.get("return-path").is_some_and(|path| path.trim() == "<>"),
            from_name: name.as_deref().and_then(clean::display_name),
            from_local: local
                .split(['@', ' '])
                .next()
                .unwrap_or_default()
                .trim_matches(['<', '"'])
                .to_owned(),
        }
    }

    /// The customer. `From` as a rule; where that is one of our own addresses (a web form, a group, a forwarding
    /// rule), `Reply-To` or the original sender; never our own mailbox while there is anybody else.
    pub fn customer(&self, envelope_from: Option<&str>, routes: &Routes) -> Sender {
        let envelope = envelope_from.and_then(|from| EmailAddress::parse(&srs::original(from)).ok());
        let envelope = envelope.map(|address| Sender { address, name: None });
        let stranger = |sender: &&Sender| !routes.is_mailbox(&sender.address);
        let wrote = |sender: &&Sender| stranger(sender) && !self.passed_on_by.contains(&sender.address);
        let return_path = self.return_path.as_ref().map(unwrapped);
        let reply_to = self.reply_to.as_ref().filter(stranger);
        let original = self.original.as_ref().filter(|sender| !routes.is_ours(&sender.address));
        let chosen = match &self.from {
            Some(from) if routes.is_ours(&from.address) => reply_to.or(original).or(Some(from)),
            Some(from) => Some(from),
            None => reply_to
                .or(original)
                .or(self.sender.as_ref().filter(wrote))
                .or(return_path.as_ref().filter(wrote))
                .or(envelope.as_ref().filter(wrote)),
        };
        let chosen = chosen.cloned().unwrap_or_else(nobody);
        Sender { name: self.name_of(&chosen), ..chosen }
    }

    /// The chosen one's own name, else that of `From`, which a group writes as `Anna via Support`.
    fn name_of(&self, chosen: &Sender) -> Option<String> {
        let shown = self.from_name.as_deref().map(|name| name.split(" via ").next().unwrap_or(name));
        let shown = || shown.and_then(clean::display_name);
        let is_from = self.from.as_ref().is_none_or(|from| from.address == chosen.address);
        let is_original = self.original.as_ref().is_some_and(|original| original.address == chosen.address);
        match &chosen.name {
            Some(name) => Some(name.clone()),
            None if is_from || is_original => shown(),
            None => None,
        }
    }

    /// The best guess at the envelope sender where the door did not tell it.
    pub fn envelope_from(&self) -> String {
        if self.null_return {
            return String::new();
        }
        let guess = self.return_path.as_ref().or(self.sender.as_ref()).or(self.from.as_ref());
        guess.map(|sender| sender.address.to_string()).unwrap_or_default()
    }
}

/// As it was before a forwarder rewrote it.
fn unwrapped(sender: &Sender) -> Sender {
    let original = EmailAddress::parse(&srs::original(sender.address.as_str()));
    original.map_or_else(|_| sender.clone(), |address| Sender { address, name: sender.name.clone() })
}

fn passed_on_by(headers: &Headers<'_>) -> Vec<EmailAddress> {
    let values = PASSED_ON_BY.iter().flat_map(|name| headers.all(name));
    let words = values
        .filter(|value| value.len() <= LONGEST_PASSED_ON)
        .flat_map(|value| value.split(|c: char| c.is_whitespace() || "<>()[]\",;:'".contains(c)));
    words.filter_map(|word| EmailAddress::parse(word).ok()).take(MOST_PASSED_ON).collect()
}

#[expect(clippy::expect_used, reason = "a constant")]
fn nobody() -> Sender {
    Sender { address: NOBODY.parse().expect("a valid address"), name: None }
}

/// The first address in the header that can be one.
fn usable(value: &HeaderValue<'_>) -> Option<Sender> {
    let list = |list: &Address<'_>| {
        list.iter().find_map(|entry| {
            let address = EmailAddress::parse(entry.address()?.trim_matches(['<', '>', '\'', '"'])).ok()?;
            Some(Sender { address, name: entry.name().and_then(clean::display_name) })
        })
    };
    match value {
        HeaderValue::Address(found) => list(found),
        _ => None,
    }
}

/// Reads a malformed header: what stands in the last brackets, else the first word that is an address.
pub(super) fn loose(value: &str) -> Option<Sender> {
    let bracketed = value.rsplit('<').next().and_then(|rest| rest.split('>').next());
    let words = value.split(|c: char| c.is_whitespace() || "<>()[]\",;:'".contains(c));
    let address = bracketed.into_iter().chain(words).find_map(|word| EmailAddress::parse(word).ok())?;
    let before = value.rsplit_once('<').map_or("", |(before, _)| before);
    Some(Sender { address, name: clean::display_name(before).filter(|name| !name.contains("=?")) })
}

#[cfg(test)]
mod tests {
    use host::config::Mailbox;
    use mail_parser::MessageParser;

    use super::*;

    fn customer(headers: &str, envelope: &str) -> (String, Option<String>) {
        let routes = Routes::new(vec![Mailbox {
            address: "support@example.com".parse().unwrap(),
            inbound: "support@in.example.net".parse().unwrap(),
            imap: None,
        }]);
        let raw = format!("{headers}\r\nSubject: x\r\n\r\nhi\r\n");
        let message = MessageParser::default().parse(raw.as_bytes());
        let origin = Origin::read(&Headers::read(raw.as_bytes()), message.as_ref());
        let sender = origin.customer(Some(envelope), &routes);
        (sender.address.to_string(), sender.name)
    }

    #[test]
    fn the_customer_is_found_behind_forwarders_forms_and_groups() {
        for (headers, address, name) in [
            ("From: Anna Berg <Anna@Example.org>", "anna@example.org", Some("Anna Berg")),
            ("From: =?utf-8?B?SsO8cmdlbg==?= <j@x.org>", "j@x.org", Some("Jürgen")),
            ("From: anna@example.org (Anna)", "anna@example.org", Some("Anna")),
            // A list's Reply-To does not hide the customer.
            ("From: Anna <anna@x.org>\r\nReply-To: list@x.org", "anna@x.org", Some("Anna")),
            // A web form on our own site.
            ("From: Shop <web@example.com>\r\nReply-To: Anna <anna@x.org>", "anna@x.org", Some("Anna")),
            ("From: Shop <support@example.com>\r\nReply-To: anna@x.org", "anna@x.org", None),
            // A group, with and without the original's name.
            (
                "From: 'Anna' via Support <support@example.com>\r\nReply-To: support@example.com\r\nX-Original-Sender: anna@x.org",
                "anna@x.org",
                Some("Anna"),
            ),
            (
                "From: A via S <support@example.com>\r\nX-Original-From: Anna Berg <anna@x.org>\r\nX-Original-Sender: a@y.org",
                "anna@x.org",
                Some("Anna Berg"),
            ),
            // A stranger cannot pose as another by the group's header.
            ("From: eve@evil.org\r\nX-Original-Sender: anna@x.org", "eve@evil.org", None),
            // A colleague who writes to the desk.
            ("From: Bert <bert@example.com>", "bert@example.com", Some("Bert")),
            // Missing or malformed.
            ("Reply-To: anna@x.org\r\nSender: s@x.org", "anna@x.org", None),
            ("From: Anna\r\nSender: Sec <sec@x.org>", "sec@x.org", Some("Sec")),
            ("From: Anna <anna at x.org>\r\nReturn-Path: <ret@x.org>", "ret@x.org", Some("Anna")),
            ("From: Anna anna@x.org", "anna@x.org", None),
            ("From: <<anna@x.org>>", "anna@x.org", None),
            ("From: undisclosed:;", "envelope@x.org", None),
            ("From: \"anna@x.org\" <eve@evil.org>", "eve@evil.org", None),
            ("From: \"An\u{202e}na\" <a@x.org>", "a@x.org", Some("Anna")),
            ("X-Nothing: 1", "envelope@x.org", None),
        ] {
            assert_eq!(
                customer(headers, "envelope@x.org"),
                (address.to_owned(), name.map(str::to_owned)),
                "{headers}"
            );
        }
        let nobody_wrote = "From: Anna\r\nX-Forwarded-For: owner@gmail.com support@in.example.net";
        for (headers, envelope) in [
            ("X-Nothing: 1", ""),
            (nobody_wrote, "owner+caf_=support=in.example.net@gmail.com"),
            ("Resent-From: Bert <bert@y.org>\r\nSender: bert@y.org", "bert@y.org"),
        ] {
            assert_eq!(customer(headers, envelope).0, NOBODY, "{headers}");
        }
        for (headers, address) in [
            // Gmail forwards.
            (
                "From: Anna <anna@x.org>\r\nX-Forwarded-To: support@in.example.net\r\nX-Forwarded-For: owner@gmail.com support@in.example.net",
                "anna@x.org",
            ),
            (
                "From: Shop <web@example.com>\r\nReply-To: anna@x.org\r\nX-Forwarded-For: web@example.com support@in.example.net",
                "anna@x.org",
            ),
            // Somebody resends it, or a rule of Exchange redirects it.
            (
                "Resent-From: Bert <bert@y.org>\r\nResent-To: support@in.example.net\r\nFrom: anna@x.org",
                "anna@x.org",
            ),
            (
                "Resent-From: bert@y.org\r\nResent-Sender: s@y.org\r\nFrom: Anna\r\nSender: anna@x.org",
                "anna@x.org",
            ),
            ("From: anna@x.org\r\nX-MS-Exchange-Inbox-Rules-Loop: support@example.com", "anna@x.org"),
            ("From: Anna\r\nReturn-Path: <SRS0=H=T=x.org=anna@fwd.example>", "anna@x.org"),
            // A rule of Exchange forwards it: who wrote stands in the text alone.
            (
                "From: Bert <bert@example.com>\r\nX-MS-Exchange-Inbox-Rules-Loop: bert@example.com",
                "bert@example.com",
            ),
        ] {
            assert_eq!(customer(headers, "bert@y.org").0, address, "{headers}");
        }
        let rewritten = "SRS0=HHH=TT=customer.example=anna@forwarder.example";
        assert_eq!(customer("X-Nothing: 1", rewritten).0, "anna@customer.example");
    }
}
