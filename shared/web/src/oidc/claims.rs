//! What an id token says, and whether it was made for us, now, and for this sign-in (Core §2 and §3.1.3.7).

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use super::same;

/// How far apart clocks may be, in seconds.
const SKEW: f64 = 60.0;
/// An id token that was made longer ago is not one of a sign-in of now, in seconds.
const OLDEST: f64 = 60.0 * 60.0;
/// Core §2: a subject has at most 255 ASCII characters.
const LONGEST_SUBJECT: usize = 255;

/// What is said about somebody.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    #[serde(default)]
    iss: String,
    /// Who it is, by a name that never goes to somebody else.
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(default)]
    aud: Audience,
    azp: Option<String>,
    #[serde(default)]
    exp: f64,
    #[serde(default)]
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whether the provider made sure that it is theirs; `None` when it does not say.
    #[serde(default, deserialize_with = "truth")]
    pub email_verified: Option<bool>,
    /// Their name.
    pub name: Option<String>,
    /// Google: the domain of the organisation the account belongs to.
    #[serde(rename = "hd")]
    pub hosted_domain: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// What an id token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
}

/// Why an id token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Wrong {
    #[error("its id token is from another issuer")]
    Issuer,
    #[error("its id token is for somebody else")]
    Audience,
    #[error("its id token has expired")]
    Expired,
    #[error("its id token was not made just now: compare the clocks")]
    Time,
    #[error("its id token is for another sign-in")]
    Nonce,
    #[error("it names nobody, or two people")]
    Subject,
}

impl Claims {
    /// Whether it was made for us, at this moment (seconds of Unix time), and for this sign-in.
    pub(super) fn check(&self, expected: &Expected<'_>, now: i64) -> Result<(), Wrong> {
        let now = now as f64;
        if self.iss != expected.issuer {
            return Err(Wrong::Issuer);
        }
        self.check_audience(expected.client_id)?;
        if now - SKEW >= self.exp {
            return Err(Wrong::Expired);
        }
        let too_early = self.iat > now + SKEW || self.nbf.is_some_and(|from| from > now + SKEW);
        if too_early || self.iat < now - OLDEST {
            return Err(Wrong::Time);
        }
        if !self.nonce.as_deref().is_some_and(|nonce| same(nonce, expected.nonce)) {
            return Err(Wrong::Nonce);
        }
        let is_subject = (1..=LONGEST_SUBJECT).contains(&self.subject.len()) && self.subject.is_ascii();
        if is_subject { Ok(()) } else { Err(Wrong::Subject) }
    }

    /// Core §3.1.3.7, 3 to 5: it is for us; where it is for others too, they got it from us.
    fn check_audience(&self, us: &str) -> Result<(), Wrong> {
        let all = match &self.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Many(many) => many,
        };
        let for_us = all.iter().any(|one| one == us);
        let by_us = self.azp.as_deref().map_or(all.len() == 1, |azp| azp == us);
        if for_us && by_us { Ok(()) } else { Err(Wrong::Audience) }
    }

    /// Adds what the provider says of the same person elsewhere (Core §5.3.2: of another one it says nothing here).
    pub(super) fn complete(&mut self, more: Self) -> Result<(), Wrong> {
        if more.subject != self.subject {
            return Err(Wrong::Subject);
        }
        (self.email, self.email_verified) = (more.email, more.email_verified);
        self.name = self.name.take().or(more.name);
        self.hosted_domain = self.hosted_domain.take().or(more.hosted_domain);
        Ok(())
    }
}

/// Some providers write it in quotes.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        Some(Value::Bool(truth)) => Some(truth),
        Some(Value::String(text)) => Some(text == "true"),
        Some(_) => Some(false),
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_763_700_000;

    fn claims(more: &Value) -> Claims {
        let mut all = json!({"iss": "https://id.example.com", "sub": "7", "aud": "us", "nonce": "n",
            "exp": NOW + 300, "iat": NOW - 5});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn checked(more: &Value) -> Result<(), Wrong> {
        let expected = Expected { issuer: "https://id.example.com", client_id: "us", nonce: "n" };
        claims(more).check(&expected, NOW)
    }

    #[test]
    fn only_what_was_made_for_us_and_now_counts() {
        for fine in [
            json!({}),
            json!({"aud": ["us"]}),
            json!({"aud": ["us", "them"], "azp": "us"}),
            json!({"exp": NOW - 59}),
            json!({"iat": NOW + 59, "nbf": NOW + 59}),
            json!({"exp": 1_763_700_000.5}),
        ] {
            assert_eq!(checked(&fine), Ok(()), "{fine}");
        }
        for (said, wrong) in [
            (json!({"iss": "https://id.example.com/"}), Wrong::Issuer),
            (json!({"iss": ""}), Wrong::Issuer),
            (json!({"aud": "them"}), Wrong::Audience),
            (json!({"aud": []}), Wrong::Audience),
            (json!({"aud": ["us", "them"]}), Wrong::Audience),
            (json!({"aud": ["us", "them"], "azp": "them"}), Wrong::Audience),
            (json!({"azp": "them"}), Wrong::Audience),
            (json!({"exp": NOW - 60}), Wrong::Expired),
            (json!({"exp": 0}), Wrong::Expired),
            (json!({"iat": NOW + 61}), Wrong::Time),
            (json!({"iat": NOW - 3601}), Wrong::Time),
            (json!({"nbf": NOW + 61}), Wrong::Time),
            (json!({"nonce": "m"}), Wrong::Nonce),
            (json!({"nonce": null}), Wrong::Nonce),
            (json!({"sub": ""}), Wrong::Subject),
            (json!({"sub": "é"}), Wrong::Subject),
            (json!({"sub": "7".repeat(256)}), Wrong::Subject),
        ] {
            assert_eq!(checked(&said), Err(wrong), "{said}");
        }
    }

    #[test]
    fn an_address_is_verified_only_where_that_is_said() {
        for (said, verified) in [
            (json!({}), None),
            (json!({"email_verified": null}), None),
            (json!({"email_verified": true}), Some(true)),
            (json!({"email_verified": "true"}), Some(true)),
            (json!({"email_verified": false}), Some(false)),
            (json!({"email_verified": "yes"}), Some(false)),
            (json!({"email_verified": 1}), Some(false)),
        ] {
            assert_eq!(claims(&said).email_verified, verified, "{said}");
        }
    }

    #[test]
    fn more_is_added_only_of_the_same_person() {
        let mut known = claims(&json!({}));
        let more = |sub: &str| claims(&json!({"sub": sub, "email": "a@example.com", "email_verified": true}));
        assert_eq!(known.complete(more("8")), Err(Wrong::Subject));
        known.complete(more("7")).unwrap();
        assert_eq!((known.email.as_deref(), known.email_verified), (Some("a@example.com"), Some(true)));
    }
}
