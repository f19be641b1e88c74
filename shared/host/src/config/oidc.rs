//! Sign-in through the organisation's own identity provider (OpenID Connect).

use domain::{EmailAddress, Role};
use serde::{Deserialize, Serialize};

use super::{
    rules,
    schema::{Key, Kind},
    secret::Secret,
};

pub(super) const OIDC: &[Key] = &[
    Key::new("issuer", Kind::Text(rules::issuer)),
    Key::new("client_id", Kind::Text(rules::any)),
    Key::new("client_secret", Kind::Secret(rules::any)),
    Key::new("name", Kind::Text(rules::provider_name)),
    Key::new("scopes", Kind::Text(rules::scopes)),
    Key::new("allowed_domains", Kind::Texts(rules::domain)),
    Key::new("create_users", Kind::Flag),
    Key::new("default_role", Kind::Text(rules::default_role)),
    Key::new("password_sign_in", Kind::Flag),
    Key::new("assume_email_verified", Kind::Flag),
];

/// The provider. Without `issuer` there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// Who the provider is, exactly as its discovery document says it.
    pub issuer: Option<String>,
    /// What the provider knows this installation by.
    pub client_id: Option<String>,
    /// Its secret; none for a public client, which PKCE alone protects.
    pub client_secret: Option<Secret>,
    /// What people call the provider: "Sign in with …".
    pub name: String,
    /// What is asked for, divided by spaces.
    pub scopes: String,
    /// Domains of addresses that may come in by it for the first time; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_domains: Vec<String>,
    /// Whoever comes in by it for the first time and is neither known nor invited becomes a user.
    pub create_users: bool,
    /// What such a user may do.
    pub default_role: Role,
    /// Whether others than owners may sign in with a password.
    pub password_sign_in: bool,
    /// An address about which the provider does not say whether it is verified counts as verified.
    pub assume_email_verified: bool,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret: None,
            name: "single sign-on".into(),
            scopes: "openid email profile".into(),
            allowed_domains: Vec::new(),
            create_users: false,
            default_role: Role::Support,
            password_sign_in: true,
            assume_email_verified: false,
        }
    }
}

impl Oidc {
    /// What does not fit together: which key, and what is wrong.
    pub(super) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut wrong = Vec::new();
        match (&self.issuer, &self.client_id) {
            (Some(_), None) => {
                wrong.push(("client_id", "is missing: the provider gives it to each application"))
            }
            (None, Some(_)) => wrong.push(("issuer", "is missing: it says who the provider is")),
            (None, None) if !self.password_sign_in => {
                wrong.push(("password_sign_in", "cannot be false without a provider: give oidc.issuer"));
            }
            _ => {}
        }
        if self.create_users && self.allowed_domains.is_empty() {
            let what =
                "needs oidc.allowed_domains: otherwise everybody whom the provider knows becomes a user";
            wrong.push(("create_users", what));
        }
        wrong
    }

    /// Whether an address is one of [`Oidc::allowed_domains`].
    pub fn allows(&self, email: &EmailAddress) -> bool {
        let domains = &self.allowed_domains;
        domains.is_empty() || domains.iter().any(|domain| domain == email.domain())
    }
}
