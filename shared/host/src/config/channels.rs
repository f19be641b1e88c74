//! Where customers write to: numbers, mailboxes, chat sites.

use std::collections::BTreeMap;

use domain::{EmailAddress, PhoneNumber};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    rules,
    schema::{Key, Kind},
    secret::Secret,
};

pub(super) const SMS: &[Key] = &[Key::new("numbers", Kind::Tables(NUMBER))];
const NUMBER: &[Key] = &[
    Key::required("number", Kind::Text(rules::phone_number)),
    Key::required("provider", Kind::Text(rules::provider)),
    Key::new("api_base", Kind::Text(rules::http_url)),
    Key::new("credentials", Kind::Table(CREDENTIALS)),
];
/// Every name a provider may need.
const CREDENTIALS: &[Key] = &[
    Key::new("account_sid", Kind::Secret(rules::any)),
    Key::new("auth_token", Kind::Secret(rules::any)),
    Key::new("messaging_service_sid", Kind::Secret(rules::any)),
    Key::new("api_key", Kind::Secret(rules::any)),
    Key::new("api_secret", Kind::Secret(rules::any)),
    Key::new("public_key", Kind::Secret(rules::any)),
    Key::new("signing_key", Kind::Secret(rules::any)),
    Key::new("secret", Kind::Secret(rules::any)),
];

pub(super) const EMAIL: &[Key] =
    &[Key::new("mailboxes", Kind::Tables(MAILBOX)), Key::new("webhook_key", Kind::Secret(rules::any))];
const MAILBOX: &[Key] = &[
    Key::required("address", Kind::Text(rules::email_address)),
    Key::required("inbound", Kind::Text(rules::untagged_address)),
];

pub(super) const CHAT: &[Key] = &[Key::new("sites", Kind::Tables(SITE))];
const SITE: &[Key] = &[
    Key::required("id", Kind::Text(rules::site_id)),
    Key::required("allowed_origins", Kind::Texts(rules::origin)),
    Key::new("identity_secret", Kind::Secret(rules::any)),
];

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
    /// Every carrier that works.
    pub const ALL: [Self; 2] = [Self::Twilio, Self::Sandbox];

    /// As in addresses and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Sandbox => "sandbox",
        }
    }

    /// The credentials without which this carrier cannot be used.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Twilio => &["account_sid", "auth_token"],
            Self::Sandbox => &[],
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

impl FromIterator<(String, Secret)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(named: I) -> Self {
        Self(named.into_iter().collect())
    }
}

/// Mailboxes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailChannels {
    /// Bearer key of `POST /webhooks/email`; without one that door is shut.
    pub webhook_key: Option<Secret>,
    /// All mailboxes.
    pub mailboxes: Vec<Mailbox>,
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
