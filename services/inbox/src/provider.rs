//! The organisation's identity provider as it is configured: what people call it, where it is, and whom it brings in.

use desk::{Desk, sign_in::provider::ProviderRules};
use host::{Configuration, config::Oidc};
use url::Url;
use web::oidc::{Provider, Registration};

/// Where the provider sends people back to, below the public address.
const COME_BACK: &str = "/api/v1/session/oidc/callback";

/// The identity provider.
pub struct ProviderDoor {
    /// It.
    pub provider: Provider,
    /// What people call it.
    pub name: String,
}

impl ProviderDoor {
    /// As it is configured; `None` where there is none.
    ///
    /// # Errors
    /// TLS cannot be set up; the public address cannot be extended.
    pub fn of(config: &Configuration) -> anyhow::Result<Option<Self>> {
        let Some(registration) = registration(config)? else { return Ok(None) };
        let name = config.oidc.name.clone();
        Ok(Some(Self { provider: Provider::new(registration)?, name }))
    }
}

/// What the provider knows us by; `None` where there is none.
///
/// # Errors
/// The public address cannot be extended.
pub fn registration(config: &Configuration) -> anyhow::Result<Option<Registration>> {
    let Oidc { issuer: Some(issuer), client_id: Some(client_id), client_secret, scopes, .. } = &config.oidc
    else {
        return Ok(None);
    };
    Ok(Some(Registration {
        issuer: issuer.clone(),
        client_id: client_id.clone(),
        client_secret: client_secret.as_ref().map(|secret| secret.expose().to_owned()),
        scopes: scopes.clone(),
        redirect_uri: below(&config.public_url, COME_BACK).parse()?,
    }))
}

/// The desk with the provider's rules, where there is one.
pub fn ruled(desk: Desk, oidc: &Oidc) -> Desk {
    if oidc.issuer.is_none() {
        return desk;
    }
    desk.brought_in_by(ProviderRules {
        allowed_domains: oidc.allowed_domains.clone(),
        created_as: oidc.create_users.then_some(oidc.default_role),
        assume_email_verified: oidc.assume_email_verified,
        passwords_for_owners_only: !oidc.password_sign_in,
    })
}

/// An address of ours, whether the public one ends in a slash or not.
pub(crate) fn below(public: &Url, place: &str) -> String {
    format!("{}{place}", public.as_str().trim_end_matches('/'))
}
