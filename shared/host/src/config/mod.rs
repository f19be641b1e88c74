//! The configuration: built-in defaults ← file ← environment.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use domain::{EmailAddress, PhoneNumber};
use serde::{Deserialize, Serialize};
use url::Url;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// Everything that can be configured (contract §3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// Where this installation keeps its files.
    pub data_dir: PathBuf,
    /// Public listener.
    pub listen: String,
    /// Health and metrics.
    pub admin_listen: String,
    /// The address the outside uses.
    pub public_url: Url,
    /// Broker.
    pub nats: UrlSection,
    /// Database.
    pub database: UrlSection,
    /// Blob store.
    pub blobs: UrlSection,
    /// Incoming mail.
    pub smtp: Smtp,
    /// Outgoing mail.
    pub relay: UrlSection,
    /// First account.
    pub owner: Owner,
    /// SMS numbers.
    pub sms: SmsChannels,
    /// Mailboxes.
    pub email: EmailChannels,
    /// Chat sites.
    pub chat: ChatChannels,
}

/// A section that is one address, perhaps with a password in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UrlSection {
    /// The address.
    pub url: Option<Secret>,
}

/// Incoming mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Where the receiver listens.
    pub listen: String,
    /// Largest mail, in bytes.
    pub max_size: u64,
}

impl Default for Smtp {
    fn default() -> Self {
        Self { listen: "127.0.0.1:2525".into(), max_size: 25 * 1024 * 1024 }
    }
}

/// First account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Owner {
    /// Address to sign in with.
    pub email: Option<EmailAddress>,
    /// Password.
    pub password: Option<Secret>,
    /// API key with the owner's role.
    pub api_key: Option<Secret>,
}

/// SMS numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmsChannels {
    /// All numbers.
    pub numbers: Vec<SmsNumber>,
}

/// Carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "names of companies")]
pub enum Provider {
    Twilio,
    Sandbox,
}

impl Provider {
    /// As in addresses and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Sandbox => "sandbox",
        }
    }
}

/// One number of the organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsNumber {
    /// E.164 or short code.
    pub number: PhoneNumber,
    /// Who carries it.
    pub provider: Provider,
    /// Only to point at a stand-in.
    #[serde(default)]
    pub api_base: Option<Url>,
    /// What this carrier needs.
    #[serde(default)]
    pub credentials: Credentials,
}

/// Named secrets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credentials(BTreeMap<String, Secret>);

impl Credentials {
    /// One of them.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }
}

/// Mailboxes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailChannels {
    /// All mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// Bearer key of `POST /webhooks/email`; without one that door is shut.
    pub webhook_key: Option<Secret>,
}

/// One mailbox of the organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// What customers write to, and the From of replies.
    pub address: EmailAddress,
    /// Where that mailbox forwards to; with any `+tag`.
    pub inbound: EmailAddress,
}

/// Chat sites.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatChannels {
    /// All sites.
    pub sites: Vec<Site>,
}

/// One site with the widget.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Name of the site.
    pub id: String,
    /// Origins its pages have, such as `https://shop.example.com`.
    pub allowed_origins: Vec<String>,
    /// Signs visitors.
    #[serde(default)]
    pub identity_secret: Option<Secret>,
}

impl Default for Configuration {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant")]
        let public_url = Url::parse("http://localhost:8080").expect("a valid address");
        Self {
            data_dir: "data".into(),
            listen: "127.0.0.1:8080".into(),
            admin_listen: "127.0.0.1:9090".into(),
            public_url,
            nats: UrlSection::default(),
            database: UrlSection::default(),
            blobs: UrlSection::default(),
            smtp: Smtp::default(),
            relay: UrlSection::default(),
            owner: Owner::default(),
            sms: SmsChannels::default(),
            email: EmailChannels::default(),
            chat: ChatChannels::default(),
        }
    }
}
