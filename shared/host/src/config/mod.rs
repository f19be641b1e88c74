//! The configuration: built-in defaults ← `frontdesk.toml` (or the file named) ← environment `FRONTDESK_*`.
//!
//! Each layer is compared with the [`schema`] before it is used, so that a fault is told with its whole key and
//! where it was written; all faults are told at once. Any secret may be given as `<key>_file`. An empty text counts
//! as not given.

use std::path::{Path, PathBuf};

use domain::EmailAddress;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use url::Url;

mod channels;
mod check;
mod dns;
mod environment;
mod fault;
mod given;
mod imap;
mod mailboxes;
mod oauth;
mod oidc;
mod reach;
mod rules;
mod schema;
mod secret;
mod smtp;
#[cfg(test)]
mod tests;
mod webhooks;

pub use channels::{ChatChannels, Credentials, Provider, Site, SmsChannels, SmsNumber, WebhookProof};
pub use dns::Dns;
pub use fault::{Fault, Faults};
pub use given::{Channel, ChannelKind};
pub use imap::Imap;
pub use mailboxes::{DkimKey, EmailChannels, EnvelopeSender, Mailbox};
pub use oauth::{OAuth, RelaySection};
pub use oidc::Oidc;
pub use secret::{Secret, shown};
pub use smtp::{Network, Smtp};
pub use webhooks::Webhooks;

use fault::Layer;
use schema::{Key, Kind};

/// Read when no file is named.
pub const DEFAULT_FILE: &str = "frontdesk.toml";
/// Larger files are no configuration.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

const KEYS: &[Key] = &[
    Key::new("data_dir", Kind::Text(rules::any)),
    Key::new("listen", Kind::Text(rules::listen)),
    Key::new("admin_listen", Kind::Text(rules::listen)),
    Key::new("public_url", Kind::Text(rules::http_url)),
    Key::new("secret_key", Kind::Secret(rules::long_secret)),
    Key::new("nats", Kind::Table(&[Key::new("url", Kind::Secret(rules::nats_url))])),
    Key::new("database", Kind::Table(&[Key::new("url", Kind::Secret(rules::database_url))])),
    Key::new("blobs", Kind::Table(&[Key::new("url", Kind::Secret(rules::blobs_url))])),
    Key::new("smtp", Kind::Table(smtp::SMTP)),
    Key::new("dns", Kind::Table(dns::DNS)),
    Key::new("relay", Kind::Table(oauth::RELAY)),
    Key::new("owner", Kind::Table(OWNER)),
    Key::new("oidc", Kind::Table(oidc::OIDC)),
    Key::new("sms", Kind::Table(channels::SMS)),
    Key::new("email", Kind::Table(mailboxes::EMAIL)),
    Key::new("chat", Kind::Table(channels::CHAT)),
    Key::new("webhooks", Kind::Table(webhooks::WEBHOOKS)),
];
const OWNER: &[Key] = &[
    Key::new("email", Kind::Text(rules::email_address)),
    Key::new("password", Kind::Secret(rules::any)),
    Key::new("api_key", Kind::Secret(rules::any)),
];

/// Everything that can be configured (contract §3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// Where this installation keeps its files.
    pub data_dir: PathBuf,
    /// Public listener, `host:port`; port 0 takes a free one.
    pub listen: String,
    /// Health and metrics, `host:port`.
    pub admin_listen: String,
    /// The address the outside uses.
    pub public_url: Url,
    /// What [`crate::Host::installation_secret`] is made from, instead of `data_dir/secret.key` or, in a cluster, the
    /// key that the processes agree on through the broker.
    pub secret_key: Option<Secret>,
    /// Broker.
    pub nats: UrlSection,
    /// Database.
    pub database: UrlSection,
    /// Blob store.
    pub blobs: UrlSection,
    /// Incoming mail.
    pub smtp: Smtp,
    /// Name servers.
    pub dns: Dns,
    /// Outgoing mail.
    pub relay: RelaySection,
    /// First account.
    pub owner: Owner,
    /// Sign-in through an identity provider.
    pub oidc: Oidc,
    /// SMS numbers.
    pub sms: SmsChannels,
    /// Mailboxes.
    pub email: EmailChannels,
    /// Chat sites.
    pub chat: ChatChannels,
    /// Webhooks out.
    pub webhooks: Webhooks,
}

/// A section that is one address, perhaps with a password in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UrlSection {
    /// The address.
    #[serde(serialize_with = "secret::serialize_shown")]
    pub url: Option<Secret>,
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

impl Default for Configuration {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant")]
        let public_url = Url::parse("http://localhost:8080").expect("a valid address");
        Self {
            data_dir: "./data".into(),
            listen: "127.0.0.1:8080".into(),
            admin_listen: "127.0.0.1:9090".into(),
            public_url,
            secret_key: None,
            nats: UrlSection::default(),
            database: UrlSection::default(),
            blobs: UrlSection::default(),
            smtp: Smtp::default(),
            dns: Dns::default(),
            relay: RelaySection::default(),
            owner: Owner::default(),
            oidc: Oidc::default(),
            sms: SmsChannels::default(),
            email: EmailChannels::default(),
            chat: ChatChannels::default(),
            webhooks: Webhooks::default(),
        }
    }
}

impl Configuration {
    /// Reads the file (`named`, or [`DEFAULT_FILE`] if it is there) and the environment of this process.
    ///
    /// # Errors
    /// The named file cannot be read, or something in the layers is wrong.
    pub fn load(named: Option<&Path>) -> Result<Self, Faults> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment's FRONTDESK_*"
        )]
        let variables: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        let shown = path.display().to_string();
        match read_file(path) {
            Ok(text) => Self::of_layers(Some((&shown, &text)), &variables),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::of_layers(None, &variables)
            }
            Err(error) => Err(Faults::one("", format!("cannot read {shown}: {error}"))),
        }
    }

    /// From the text of a file (with its name, for faults) and environment variables.
    ///
    /// # Errors
    /// Everything that is wrong in them.
    pub fn of_layers(file: Option<(&str, &str)>, variables: &[(String, String)]) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut merged = Table::new();
        if let Some((name, text)) = file {
            let layer = Layer::File(name.to_owned());
            merged = parse(text, &layer, &mut faults);
            schema::vet(&mut merged, KEYS, "", &layer, &mut faults);
        }
        let mut environment = environment::table(variables, KEYS, &mut faults);
        schema::vet(&mut environment, KEYS, "", &Layer::Environment, &mut faults);
        merge(&mut merged, environment);
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let config: Self =
            merged.try_into().map_err(|error: toml::de::Error| Faults::one("", error.message()))?;
        check::whole(&config, &mut faults);
        if faults.is_empty() { Ok(config) } else { Err(Faults(faults)) }
    }

    /// From the text of a file alone.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        Self::of_layers(Some(("the text given", text)), &[])
    }

    /// The name of every environment variable that is accepted.
    pub fn env_names() -> Vec<String> {
        environment::names(KEYS, "").into_iter().chain(environment::BESIDE.map(str::to_owned)).collect()
    }

    /// As a file, with all defaults and without secrets.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }

    /// The bearer key of `POST /webhooks/email`: its own, else the owner's API key.
    pub fn mail_key(&self) -> Option<&Secret> {
        self.email.webhook_key.as_ref().or(self.owner.api_key.as_ref())
    }

    /// Where the database is: the address given, or the SQLite file of this installation.
    pub fn database_url(&self) -> String {
        let own = || format!("sqlite://{}", self.data_dir.join("frontdesk.db").display());
        self.database.url.as_ref().map_or_else(own, |url| url.expose().to_owned())
    }
}

fn read_file(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > LARGEST_FILE {
        return Err(std::io::Error::other("too large for a configuration"));
    }
    std::fs::read_to_string(path)
}

/// The fault tells where, but does not repeat the line: it may hold a secret.
fn parse(text: &str, layer: &Layer, faults: &mut Vec<Fault>) -> Table {
    text.parse().unwrap_or_else(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        faults.push(layer.fault("", format!("line {line} is not TOML: {}", error.message().trim())));
        Table::new()
    })
}

fn merge(below: &mut Table, above: Table) {
    for (name, value) in above {
        match (below.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                below.insert(name, value);
            }
        }
    }
}
