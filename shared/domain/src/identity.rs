//! Who somebody is at an identity provider, and when their address may be believed. Pure.

use crate::EmailAddress;

/// Google's issuer.
const GOOGLE: &str = "https://accounts.google.com";

/// What a provider says about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which provider.
    pub issuer: String,
    /// Its own id of them, which never goes to somebody else.
    pub subject: String,
    /// Their address, where it says one.
    pub email: Option<EmailAddress>,
    /// Whether it made sure that the address is theirs; `None` when it does not say.
    pub email_verified: Option<bool>,
    /// Google: the domain of the organisation that the account belongs to.
    pub hosted_domain: Option<String>,
    /// Their name, where it says one.
    pub name: Option<String>,
}

impl Identity {
    /// Their address, where the provider answers for it. `assume` is what to make of one that says nothing.
    ///
    /// Google answers only for addresses at gmail.com and those of organisations it hosts (`hd`): anybody can have an account
    /// with another address, which may be somebody else's by now
    /// (<https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>).
    pub fn vouched_email(&self, assume: bool) -> Option<&EmailAddress> {
        let email = self.email.as_ref().filter(|_| self.email_verified.unwrap_or(assume))?;
        let hosted = email.domain() == "gmail.com" || self.hosted_domain.is_some();
        (self.issuer != GOOGLE || hosted).then_some(email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(issuer: &str, email: &str, verified: Option<bool>, hosted: Option<&str>) -> Identity {
        Identity {
            issuer: issuer.into(),
            subject: "7".into(),
            email: EmailAddress::parse(email).ok(),
            email_verified: verified,
            hosted_domain: hosted.map(str::to_owned),
            name: None,
        }
    }

    #[test]
    fn an_address_counts_where_the_provider_answers_for_it() {
        let acme = "https://id.example.com";
        for (issuer, email, verified, hosted, assume, counts) in [
            (acme, "a@example.com", Some(true), None, false, true),
            (acme, "a@example.com", Some(false), None, false, false),
            (acme, "a@example.com", Some(false), None, true, false),
            (acme, "a@example.com", None, None, false, false),
            (acme, "a@example.com", None, None, true, true),
            (acme, "", Some(true), None, true, false),
            (GOOGLE, "a@example.com", Some(true), None, false, false),
            (GOOGLE, "a@example.com", Some(true), Some("example.com"), false, true),
            (GOOGLE, "a@gmail.com", Some(true), None, false, true),
            (GOOGLE, "a@gmail.com", Some(false), None, false, false),
        ] {
            let found = identity(issuer, email, verified, hosted).vouched_email(assume).is_some();
            assert_eq!(found, counts, "{issuer} {email} {verified:?} {hosted:?} {assume}");
        }
    }
}
