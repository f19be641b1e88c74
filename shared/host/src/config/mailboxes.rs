//! Mailboxes, and how mails go out from them.

use domain::EmailAddress;
use serde::{Deserialize, Serialize};

use super::{
    imap::{IMAP, Imap},
    rules,
    schema::{Key, Kind},
    secret::Secret,
};

pub(super) const EMAIL: &[Key] = &[
    Key::new("mailboxes", Kind::Tables(MAILBOX)),
    Key::new("webhook_key", Kind::Secret(rules::any)),
    Key::new("envelope_sender", Kind::Text(rules::envelope_sender)),
    Key::new("trusted_forwarders", Kind::Texts(rules::domain)),
    Key::new("dkim", Kind::Tables(DKIM)),
];
const DKIM: &[Key] = &[
    Key::required("domain", Kind::Text(rules::domain)),
    Key::required("selector", Kind::Text(rules::selector)),
    Key::required("key", Kind::Secret(rules::any)),
];
pub(super) const MAILBOX: &[Key] = &[
    Key::required("address", Kind::Text(rules::email_address)),
    Key::required("inbound", Kind::Text(rules::untagged_address)),
    Key::new("imap", Kind::Table(IMAP)),
];

/// Mailboxes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailChannels {
    /// Bearer key of `POST /webhooks/email`; without one it is the owner's API key, see [`Configuration::mail_key`].
    ///
    /// [`Configuration::mail_key`]: super::Configuration::mail_key
    pub webhook_key: Option<Secret>,
    /// What mails of ours have as their envelope sender.
    pub envelope_sender: EnvelopeSender,
    /// Domains of mail services whose word counts (ARC, RFC 8617) on mails they forwarded, besides those of mailboxes.
    pub trusted_forwarders: Vec<String>,
    /// With what they are signed.
    pub dkim: Vec<DkimKey>,
    /// All mailboxes.
    pub mailboxes: Vec<Mailbox>,
}

impl Default for EmailChannels {
    fn default() -> Self {
        Self {
            webhook_key: None,
            envelope_sender: EnvelopeSender::default(),
            trusted_forwarders: ["google.com", "microsoft.com"].map(str::to_owned).to_vec(),
            dkim: Vec::new(),
            mailboxes: Vec::new(),
        }
    }
}

/// The envelope sender of mails of ours: where bounces go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvelopeSender {
    /// An address of `inbound` that names the message (VERP).
    #[default]
    Bounces,
    /// The mailbox, for relays that take nothing else.
    Mailbox,
}

/// The key with which mails from a domain are signed (RFC 6376).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimKey {
    /// The domain of the From, which stands in `d=`.
    pub domain: String,
    /// The public key lies in the DNS at `{selector}._domainkey.{domain}`.
    pub selector: String,
    /// RSA or Ed25519, PEM.
    pub key: Secret,
}

/// One mailbox of the organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// What customers write to, and the From of replies.
    pub address: EmailAddress,
    /// Where that mailbox forwards to; with any `+tag`.
    pub inbound: EmailAddress,
    /// How its mail is fetched, where it cannot forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imap: Option<Imap>,
}

impl Mailbox {
    /// Whether mail to `inbound` with a `+tag` comes in as well: what is forwarded to us does; a mailbox elsewhere may not
    /// know such addresses.
    pub fn takes_tags(&self) -> bool {
        self.imap.as_ref().is_none_or(|imap| imap.plus_addresses || self.inbound != self.address)
    }
}
