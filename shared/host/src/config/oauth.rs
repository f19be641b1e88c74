//! Where a mail server takes no passwords: how access tokens are had (OAuth 2, RFC 6749 §6).

use serde::{Deserialize, Serialize};
use url::Url;
use web::oauth::Grant;

use super::{
    rules,
    schema::{Key, Kind},
    secret::{self, Secret},
};

pub(super) const OAUTH: &[Key] = &[
    Key::required("token_url", Kind::Text(rules::token_url)),
    Key::required("client_id", Kind::Text(rules::any)),
    Key::new("client_secret", Kind::Secret(rules::any)),
    Key::required("refresh_token", Kind::Secret(rules::any)),
    Key::new("scope", Kind::Text(rules::any)),
];
pub(super) const RELAY: &[Key] =
    &[Key::new("url", Kind::Secret(rules::relay_url)), Key::new("oauth", Kind::Table(OAUTH))];

/// How access tokens are had.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Where they are asked for, such as `https://oauth2.googleapis.com/token`.
    pub token_url: Url,
    /// What the provider knows this installation by.
    pub client_id: String,
    /// Its secret, where the provider gave one.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// What somebody agreed to once.
    pub refresh_token: Secret,
    /// What for, where the provider asks.
    #[serde(default)]
    pub scope: Option<String>,
}

impl OAuth {
    /// What tokens are asked for with.
    pub fn grant(&self) -> Grant {
        Grant {
            token_url: self.token_url.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
            refresh_token: self.refresh_token.expose().to_owned(),
            scope: self.scope.clone(),
        }
    }
}

/// Outgoing mail.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelaySection {
    /// The address.
    #[serde(serialize_with = "secret::serialize_shown")]
    pub url: Option<Secret>,
    /// Instead of a password in it; the address names the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
}
