//! Which mailbox an envelope recipient means. Routed by the envelope alone: forwarded mail keeps its old `To`.

use domain::EmailAddress;
use host::config::Mailbox;

/// Domains where anybody can have an address: sharing one with the mailbox says nothing about who somebody is.
const PUBLIC_PROVIDERS: &[&str] = &[
    "aol.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
];

/// The configured mailboxes.
#[derive(Clone, Debug, Default)]
pub struct Routes(Vec<Mailbox>);

impl Routes {
    /// Over the configuration's mailboxes.
    pub fn new(mailboxes: Vec<Mailbox>) -> Self {
        Self(mailboxes)
    }

    /// The mailbox that forwards to this recipient: its `inbound`, also with `+token`, whatever the case.
    pub fn find(&self, recipient: &str) -> Option<&Mailbox> {
        let recipient = EmailAddress::parse(recipient).ok()?;
        let exact = self.0.iter().find(|mailbox| mailbox.inbound == recipient);
        exact.or_else(|| self.0.iter().find(|mailbox| is_tagged(&recipient, &mailbox.inbound)))
    }

    /// Whether this is one of the organisation's own mailboxes, so never a customer.
    pub fn is_mailbox(&self, address: &EmailAddress) -> bool {
        self.0.iter().any(|mailbox| {
            mailbox.address == *address || mailbox.inbound == *address || is_tagged(address, &mailbox.inbound)
        })
    }

    /// Whether it belongs to the organisation: one of its mailboxes, or another address of their domains.
    pub fn is_ours(&self, address: &EmailAddress) -> bool {
        let domain = address.domain();
        let same =
            |mailbox: &Mailbox| mailbox.address.domain() == domain && !PUBLIC_PROVIDERS.contains(&domain);
        self.is_mailbox(address) || self.0.iter().any(same)
    }
}

fn is_tagged(address: &EmailAddress, inbound: &EmailAddress) -> bool {
    let local =
        |a: &EmailAddress| a.as_str().rsplit_once('@').map_or(String::new(), |(local, _)| local.to_owned());
    address.domain() == inbound.domain()
        && local(address).strip_prefix(&local(inbound)).is_some_and(|rest| rest.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let mailbox = |address: &str, inbound: &str| Mailbox {
            address: address.parse().unwrap(),
            inbound: inbound.parse().unwrap(),
            imap: None,
        };
        Routes::new(vec![
            mailbox("support@example.com", "support@in.example.net"),
            mailbox("shop@gmail.com", "support+shop@in.example.net"),
        ])
    }

    #[test]
    fn a_recipient_is_found_by_inbound_alone_with_or_without_a_token() {
        for (recipient, found) in [
            ("support@in.example.net", Some("support@example.com")),
            ("Support@IN.example.NET", Some("support@example.com")),
            ("support+r.ABC@in.example.net", Some("support@example.com")),
            ("support+shop@in.example.net", Some("shop@gmail.com")),
            ("support+shop+x@in.example.net", Some("support@example.com")),
            ("support@example.com", None),
            ("supporter@in.example.net", None),
            ("support@in.example.net.evil.org", None),
            ("other@in.example.net", None),
            ("", None),
            ("support", None),
        ] {
            let routes = routes();
            let mailbox = routes.find(recipient).map(|m| m.address.as_str());
            assert_eq!(mailbox, found, "{recipient}");
        }
    }

    #[test]
    fn a_colleague_shares_the_domain_but_not_that_of_a_public_provider() {
        let ours = |text: &str| routes().is_ours(&text.parse().unwrap());
        assert!(ours("wordpress@example.com") && ours("shop@gmail.com") && ours("support+x@in.example.net"));
        assert!(!ours("anna@gmail.com") && !ours("anna@example.org"));
    }
}
