//! Mailboxes that cannot forward: where their mail is fetched.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    oauth::{OAUTH, OAuth},
    rules,
    schema::{Key, Kind},
    secret::Secret,
};

pub(super) const IMAP: &[Key] = &[
    Key::required("url", Kind::Text(rules::imap_url)),
    Key::required("user", Kind::Text(rules::any)),
    Key::new("password", Kind::Secret(rules::any)),
    Key::new("oauth", Kind::Table(OAUTH)),
    Key::new("folder", Kind::Text(rules::any)),
    Key::new("move_to", Kind::Text(rules::any)),
    Key::new("poll_seconds", Kind::Whole),
    Key::new("allow_plain", Kind::Flag),
    Key::new("plus_addresses", Kind::Flag),
    Key::new("tls_ca", Kind::Text(rules::any)),
];

/// How the mail of a mailbox is fetched.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imap {
    /// `imaps://host[:port]`, or `imap://host[:port]`, which becomes encrypted by STARTTLS.
    pub url: Url,
    /// Who signs in.
    pub user: String,
    /// With what; the server takes passwords.
    #[serde(default)]
    pub password: Option<Secret>,
    /// It takes access tokens instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    /// The folder that is read.
    #[serde(default = "inbox")]
    pub folder: String,
    /// Where mails go that were taken in; without it they stay, marked as seen.
    #[serde(default)]
    pub move_to: Option<String>,
    /// How often is looked where the server does not tell by itself (IDLE), in seconds.
    #[serde(default = "a_minute")]
    pub poll_seconds: u64,
    /// Whether the password may cross a network without encryption; on the same machine it may.
    #[serde(default)]
    pub allow_plain: bool,
    /// Whether the mailbox takes mail to `user+anything@…` as well: answers then name their ticket in Reply-To.
    #[serde(default)]
    pub plus_addresses: bool,
    /// A certificate (PEM) that is believed besides those of the public.
    #[serde(default)]
    pub tls_ca: Option<PathBuf>,
}

fn inbox() -> String {
    "INBOX".into()
}

fn a_minute() -> u64 {
    60
}

impl Imap {
    /// Encrypted from the first byte.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "imaps"
    }

    /// Whether the password may be told to a server that offers no encryption.
    pub fn may_be_plain(&self) -> bool {
        let here = match self.url.host() {
            // The URL standard reads hosts of schemes it does not know as names.
            Some(Host::Domain(name)) => {
                name == "localhost"
                    || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.allow_plain || here
    }

    /// The host's name or address, without brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(if self.is_encrypted() { 993 } else { 143 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Imap {
        serde_json::from_value(serde_json::json!({"url": url, "user": "u", "password": "p"})).unwrap()
    }

    #[test]
    fn a_password_crosses_no_network_in_the_clear_unless_it_is_said_to() {
        for (url, host, port, plain) in [
            ("imap://127.0.0.1:1143", "127.0.0.1", 1143, true),
            ("imap://[::1]", "::1", 143, true),
            ("imap://localhost", "localhost", 143, true),
            ("imap://mail.example.com", "mail.example.com", 143, false),
            ("imap://127.0.0.1.example.com", "127.0.0.1.example.com", 143, false),
            ("imaps://10.0.0.7", "10.0.0.7", 993, false),
        ] {
            let imap = at(url);
            assert_eq!((imap.host(), imap.port(), imap.may_be_plain()), (host, port, plain), "{url}");
        }
        assert!(Imap { allow_plain: true, ..at("imap://mail.example.com") }.may_be_plain());
    }
}
