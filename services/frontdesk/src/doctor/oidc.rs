//! The identity provider: whether it can be asked, is the one that is configured, and shows keys.

use host::Configuration;
use web::oidc::{Failed, Provider};

use super::{Finding, complaint};

/// Whether people can sign in through the provider; `None` where there is none.
pub async fn check(config: &Configuration) -> Option<Finding> {
    let registration = match inbox::registration(config) {
        Ok(registration) => registration?,
        Err(error) => return Some(Err(complaint(format!("{error:#}"), "correct public_url"))),
    };
    let (issuer, back) = (registration.issuer.clone(), registration.redirect_uri.to_string());
    let keys = match Provider::new(registration) {
        Ok(provider) => provider.key_count().await,
        Err(error) => return Some(Err(complaint(format!("{error:#}"), "mend TLS on this machine"))),
    };
    Some(match keys {
        Ok(0) => Err(complaint(
            format!("{issuer} shows no key that it could sign with"),
            "have the provider sign with RS256, ES256 or EdDSA",
        )),
        Ok(_) => Ok(format!("{issuer} answers; its redirect address must be {back}")),
        Err(failed @ Failed::Untrusted(_)) => {
            let mend = "write oidc.issuer exactly as the provider calls itself";
            Err(complaint(failed.to_string(), mend))
        }
        Err(failed) => {
            let mend =
                format!("correct oidc.issuer, so that {issuer}/.well-known/openid-configuration answers");
            Err(complaint(failed.to_string(), mend))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_provider_nothing_is_said_and_one_that_is_away_is_told_with_the_mend() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Configuration::default();
        assert!(check(&config).await.is_none());
        config.oidc.issuer = Some("http://127.0.0.1:1".into());
        config.oidc.client_id = Some("desk".into());
        let wrong = check(&config).await.unwrap().unwrap_err();
        assert!(wrong.what.contains("cannot be asked") && wrong.mend.contains("oidc.issuer"), "{wrong:?}");
    }
}
