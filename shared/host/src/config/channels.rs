//! Where customers write to: numbers and chat sites.

use std::collections::{BTreeMap, HashMap};

use domain::{PhoneNumber, pace::Pace};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    rules,
    schema::{Key, Kind},
    secret::Secret,
};

pub(super) const SMS: &[Key] =
    &[Key::new("spool_max_bytes", Kind::Whole), Key::new("numbers", Kind::Tables(NUMBER))];
pub(super) const NUMBER: &[Key] = &[
    Key::required("number", Kind::Text(rules::phone_number)),
    Key::required("provider", Kind::Text(rules::provider)),
    Key::new("api_base", Kind::Text(rules::http_url)),
    Key::new("segments_per_second", Kind::Whole),
    Key::new("carrier_confirms_opt_out", Kind::Flag),
    Key::new("credentials", Kind::Table(CREDENTIALS)),
];
const fn credential(name: &'static str) -> Key {
    Key::new(name, Kind::Secret(rules::any))
}
/// Every name a provider may need. A name with `_previous` still proves a webhook while a secret is being changed.
const CREDENTIALS: &[Key] = &[
    credential("account_sid"),
    credential("account_id"),
    credential("auth_id"),
    credential("auth_token"),
    credential("auth_token_previous"),
    credential("messaging_service_sid"),
    credential("messaging_profile_id"),
    credential("application_id"),
    credential("service_plan_id"),
    credential("project_id"),
    credential("workspace_id"),
    credential("channel_id"),
    credential("api_key"),
    credential("api_secret"),
    credential("api_token"),
    credential("api_user"),
    credential("api_password"),
    credential("access_key_id"),
    credential("secret_access_key"),
    credential("region"),
    credential("topic_arn"),
    credential("configuration_set"),
    credential("signing_certificate"),
    credential("public_key"),
    credential("public_key_previous"),
    credential("signing_key"),
    credential("signing_key_previous"),
    credential("signature_method"),
    credential("secret"),
    credential("webhook_user"),
    credential("webhook_password"),
    credential("webhook_secret"),
    credential("webhook_secret_previous"),
];

pub(super) const CHAT: &[Key] =
    &[Key::new("sites", Kind::Tables(SITE)), Key::new("clamav", Kind::Text(rules::listen))];
pub(super) const SITE: &[Key] = &[
    Key::required("id", Kind::Text(rules::site_id)),
    Key::required("allowed_origins", Kind::Texts(rules::origin)),
    Key::new("identity_secret", Kind::Secret(rules::any)),
];

/// SMS numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmsChannels {
    /// Most bytes that webhooks may take on the disk while the broker does not confirm.
    pub spool_max_bytes: u64,
    /// All numbers.
    pub numbers: Vec<SmsNumber>,
}

impl Default for SmsChannels {
    fn default() -> Self {
        Self { spool_max_bytes: 1 << 30, numbers: Vec::new() }
    }
}

impl SmsChannels {
    /// The numbers whose carrier confirms an opt-out itself.
    pub fn confirmed_by_carrier(&self) -> Vec<PhoneNumber> {
        let confirmed = self.numbers.iter().filter(|number| number.carrier_confirms_opt_out);
        confirmed.map(|number| number.number.clone()).collect()
    }

    /// How fast numbers may send, where that is limited.
    pub fn paces(&self) -> HashMap<PhoneNumber, Pace> {
        let limited =
            |number: &SmsNumber| Some((number.number.clone(), Pace::new(number.segments_per_second?)));
        self.numbers.iter().filter_map(limited).collect()
    }
}

/// Carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "names of companies")]
pub enum Provider {
    Twilio,
    Vonage,
    Telnyx,
    Plivo,
    Messagebird,
    Infobip,
    Sinch,
    Bandwidth,
    AwsSns,
    Sandbox,
}

impl Provider {
    /// Every carrier that works.
    pub const ALL: [Self; 10] = [
        Self::Twilio,
        Self::Vonage,
        Self::Telnyx,
        Self::Plivo,
        Self::Messagebird,
        Self::Infobip,
        Self::Sinch,
        Self::Bandwidth,
        Self::AwsSns,
        Self::Sandbox,
    ];

    /// As in addresses and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Vonage => "vonage",
            Self::Telnyx => "telnyx",
            Self::Plivo => "plivo",
            Self::Messagebird => "messagebird",
            Self::Infobip => "infobip",
            Self::Sinch => "sinch",
            Self::Bandwidth => "bandwidth",
            Self::AwsSns => "aws_sns",
            Self::Sandbox => "sandbox",
        }
    }

    /// As its people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twilio => "Twilio",
            Self::Vonage => "Vonage",
            Self::Telnyx => "Telnyx",
            Self::Plivo => "Plivo",
            Self::Messagebird => "MessageBird",
            Self::Infobip => "Infobip",
            Self::Sinch => "Sinch",
            Self::Bandwidth => "Bandwidth",
            Self::AwsSns => "AWS SNS",
            Self::Sandbox => "Sandbox",
        }
    }

    /// The credentials without which this carrier can neither be called nor believed. What only proves webhooks may
    /// be replaced by `webhook_secret`, or by `webhook_user` and `webhook_password`.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Twilio => &["account_sid", "auth_token"],
            Self::Vonage => &["api_key", "api_secret"],
            Self::Telnyx | Self::Messagebird | Self::Infobip => &["api_key"],
            Self::Plivo => &["auth_id", "auth_token"],
            Self::Sinch => &["service_plan_id", "api_token"],
            Self::Bandwidth => &["account_id", "api_user", "api_password", "application_id"],
            Self::AwsSns => &["access_key_id", "secret_access_key", "region", "topic_arn"],
            Self::Sandbox => &[],
        }
    }

    /// What this carrier may have besides.
    pub fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Twilio => &["messaging_service_sid", "api_key", "api_secret"],
            Self::Vonage => &["signature_method"],
            Self::Telnyx => &["messaging_profile_id"],
            Self::Plivo | Self::Bandwidth | Self::Infobip => &[],
            Self::Messagebird => &["workspace_id", "channel_id"],
            Self::Sinch => &["region", "application_id"],
            Self::AwsSns => &["configuration_set", "signing_certificate"],
            Self::Sandbox => &["secret"],
        }
    }

    /// What proves that a webhook comes from this carrier: the first is its own way where it has one, of the others each
    /// may replace it.
    pub fn proofs(self) -> &'static [&'static str] {
        match self {
            Self::Twilio | Self::Plivo => &["auth_token", "webhook_secret"],
            Self::Vonage | Self::Messagebird | Self::Sinch => &["signing_key", "webhook_secret"],
            Self::Telnyx => &["public_key", "webhook_secret"],
            Self::AwsSns => &["topic_arn", "webhook_secret"],
            Self::Bandwidth => &["webhook_user", "webhook_password", "webhook_secret"],
            Self::Infobip => &["webhook_secret", "webhook_user", "webhook_password"],
            Self::Sandbox => &["webhook_secret"],
        }
    }

    /// The credential with which this carrier signs its webhooks; `None` where it has no signature of its own.
    pub fn signs_with(self) -> Option<&'static str> {
        match self {
            Self::Twilio | Self::Plivo => Some("auth_token"),
            Self::Vonage | Self::Messagebird | Self::Sinch => Some("signing_key"),
            Self::Telnyx => Some("public_key"),
            Self::AwsSns => Some("topic_arn"),
            Self::Infobip | Self::Bandwidth | Self::Sandbox => None,
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
    /// Only to point at a stand-in (Infobip: the account's own address).
    #[serde(default)]
    pub api_base: Option<Url>,
    /// Segments a second this number may send; without it, the carrier's own queue and its "slow down" decide.
    #[serde(default)]
    pub segments_per_second: Option<u32>,
    /// The carrier answers STOP itself: we record it and send no second confirmation.
    #[serde(default)]
    pub carrier_confirms_opt_out: bool,
    /// What this carrier needs.
    #[serde(default)]
    pub credentials: Credentials,
}

impl SmsNumber {
    /// The account at the carrier under which its ids are unique. What sends a text and what hears of it must say
    /// the same, and not every callback names an account: so it comes from the configuration, never from a secret.
    pub fn account(&self) -> &str {
        let name = match self.provider {
            Provider::Twilio => Some("account_sid"),
            Provider::Vonage => Some("api_key"),
            Provider::Telnyx => Some("messaging_profile_id"),
            Provider::Plivo => Some("auth_id"),
            Provider::Messagebird => Some("workspace_id"),
            Provider::Sinch => Some("service_plan_id"),
            Provider::Bandwidth => Some("account_id"),
            Provider::AwsSns => Some("region"),
            Provider::Infobip | Provider::Sandbox => None,
        };
        let named = name.and_then(|name| self.credentials.get(name)).map(Secret::expose);
        named.filter(|account| !account.is_empty()).unwrap_or(self.provider.as_str())
    }
}

/// What proves that a call comes from a number's carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookProof {
    /// A secret in the address.
    WebhookSecret,
    /// The carrier signs.
    Signature,
    /// Basic authorization.
    Basic,
    /// Nothing: every call is refused.
    None,
}

impl WebhookProof {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::WebhookSecret, Self::Signature, Self::Basic, Self::None];

    /// `webhook_secret`, `signature`, `basic`, `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebhookSecret => "webhook_secret",
            Self::Signature => "signature",
            Self::Basic => "basic",
            Self::None => "none",
        }
    }
}

impl SmsNumber {
    /// What proves its webhooks. A sandbox number without a secret of its own signs with one of the house.
    pub fn proof(&self) -> WebhookProof {
        let has = |name: &str| self.credentials.get(name).is_some_and(|secret| !secret.expose().is_empty());
        if has("webhook_secret") {
            WebhookProof::WebhookSecret
        } else if self.provider == Provider::Sandbox || self.provider.signs_with().is_some_and(has) {
            WebhookProof::Signature
        } else if has("webhook_password") {
            WebhookProof::Basic
        } else {
            WebhookProof::None
        }
    }
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

    /// One of them and, while it is being changed, the one before (`{name}_previous`).
    pub fn current_and_previous(&self, name: &str) -> impl Iterator<Item = &Secret> {
        [self.0.get(name), self.0.get(&format!("{name}_previous"))].into_iter().flatten()
    }
}

impl Credentials {
    /// Which there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(String, Secret)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(named: I) -> Self {
        Self(named.into_iter().collect())
    }
}

/// Chat sites.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatChannels {
    /// `host:port` of a `clamd` that looks at visitors' files; without one they are not scanned.
    pub clamav: Option<String>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_sends_and_what_hears_know_a_number_by_the_same_account() {
        let account = |provider: Provider, credentials: serde_json::Value| {
            let number = json!({"number": "+15550001111", "provider": provider, "credentials": credentials});
            serde_json::from_value::<SmsNumber>(number).unwrap().account().to_owned()
        };
        assert_eq!(account(Provider::Twilio, json!({"account_sid": "AC1", "auth_token": "t"})), "AC1");
        assert_eq!(account(Provider::Vonage, json!({"api_key": "a1b2", "api_secret": "s"})), "a1b2");
        assert_eq!(account(Provider::Telnyx, json!({"api_key": "KEY"})), "telnyx");
        assert_eq!(
            account(Provider::Messagebird, json!({"api_key": "k", "workspace_id": ""})),
            "messagebird"
        );
        for provider in Provider::ALL {
            let credentials: serde_json::Map<_, _> =
                provider.needs().iter().map(|name| ((*name).to_owned(), json!(name))).collect();
            let found = account(provider, credentials.into());
            assert!(!["secret", "token", "password"].iter().any(|word| found.contains(word)), "{found}");
        }
    }
}
