//! What a provider says of itself (Discovery §3).

use serde::Deserialize;
use url::{Host, Url};

use super::{Failed, jws::Algorithm};

/// Where a provider's doors are, and what it can do.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    pub(super) jwks_uri: Url,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(super) names_itself: bool,
}

/// Where a provider says it (Discovery §4): the issuer may end in a slash, which counts once.
pub(super) fn address(issuer: &str) -> Result<Url, Failed> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    Url::parse(&address).map_err(|_| Failed::Away("its issuer is not a web address".into()))
}

impl Metadata {
    /// Whether it is the provider that was asked (Discovery §4.3), and its doors are encrypted, or on this machine.
    pub(super) fn check(&self, issuer: &str) -> Result<(), Failed> {
        if self.issuer != issuer {
            let told = super::one_line(&self.issuer);
            return Err(Failed::Untrusted(format!("it calls itself {told:?}, not {issuer:?}")));
        }
        let doors = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        let open = doors.into_iter().chain(&self.userinfo_endpoint).find(|door| !is_safe(door));
        match open {
            Some(door) => Err(Failed::Untrusted(format!("{door} is not encrypted"))),
            None if self.algorithms().is_empty() => {
                Err(Failed::Untrusted("it signs with none of RS256, ES256 and EdDSA".into()))
            }
            None => Ok(()),
        }
    }

    /// What it may sign id tokens with: what it says, of what we know. `none` and secrets are never among them.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        let said = &self.id_token_signing_alg_values_supported;
        let says = |algorithm: &Algorithm| said.iter().any(|name| name == algorithm.name());
        // Discovery §3: RS256 must be there, so a list that is missing means that
        match said.is_empty() {
            true => vec![Algorithm::Rs256],
            false => Algorithm::ALL.into_iter().filter(says).collect(),
        }
    }

    /// Whether we may prove who we are by `Authorization: Basic`, which is what counts when nothing is said.
    pub(super) fn takes_basic(&self) -> bool {
        let said = self.token_endpoint_auth_methods_supported.as_ref();
        said.is_none_or(|said| said.iter().any(|method| method == "client_secret_basic"))
    }
}

fn is_safe(door: &Url) -> bool {
    let here = match door.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    door.scheme() == "https" || (door.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn metadata(more: &Value) -> Metadata {
        let mut all = json!({
            "issuer": "https://id.example.com",
            "authorization_endpoint": "https://id.example.com/authorize",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://id.example.com/keys",
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn it_is_the_provider_that_was_asked_and_nothing_is_told_in_the_clear() {
        let issuer = "https://id.example.com";
        metadata(&json!({})).check(issuer).unwrap();
        metadata(&json!({"token_endpoint": "http://127.0.0.1:9/token"})).check(issuer).unwrap();
        for wrong in [
            json!({"issuer": "https://id.example.com/"}),
            json!({"issuer": "https://evil.example.com"}),
            json!({"token_endpoint": "http://id.example.com/token"}),
            json!({"jwks_uri": "http://id.example.com/keys"}),
            json!({"id_token_signing_alg_values_supported": ["none", "HS256"]}),
        ] {
            assert!(metadata(&wrong).check(issuer).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_what_it_signs_with_only_public_keys_count() {
        let names = |said: &Value| {
            let metadata = metadata(&json!({"id_token_signing_alg_values_supported": said}));
            metadata.algorithms().iter().map(Algorithm::name).collect::<Vec<_>>()
        };
        assert_eq!(names(&json!([])), ["RS256"]);
        assert_eq!(names(&json!(["none", "HS256", "ES256", "RS512", "RS256"])), ["RS256", "ES256"]);
        assert_eq!(names(&json!(["EdDSA"])), ["EdDSA"]);
    }

    #[test]
    fn where_it_says_so_and_how_we_prove_who_we_are() {
        for (issuer, asked) in [
            ("https://id.example.com", "https://id.example.com/.well-known/openid-configuration"),
            ("https://id.example.com/", "https://id.example.com/.well-known/openid-configuration"),
            ("https://id.example.com/a/b", "https://id.example.com/a/b/.well-known/openid-configuration"),
        ] {
            assert_eq!(address(issuer).unwrap().as_str(), asked);
        }
        assert!(metadata(&json!({})).takes_basic());
        let post = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
        assert!(!metadata(&post).takes_basic());
    }
}
