//! Values that are never printed.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// What is shown instead of a secret.
pub(super) const HIDDEN: &str = "***";

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// An address that may hold a password, as it may be shown: `postgres://desk:***@db/desk`. A comma-separated list is
/// shown so too. What cannot be read is hidden whole.
pub fn shown(address: &str) -> String {
    address.split(',').map(shown_one).collect::<Vec<_>>().join(",")
}

fn shown_one(address: &str) -> String {
    let Ok(mut url) = Url::parse(address.trim()) else { return HIDDEN.to_owned() };
    if url.password().is_some() {
        // Cannot fail: an address with a password has a host.
        let _ = url.set_password(Some(HIDDEN));
    } else if !url.username().is_empty() && matches!(url.scheme(), "nats" | "tls") {
        // `nats://TOKEN@host`: what looks like a user is a token.
        let _ = url.set_username(HIDDEN);
    }
    let secret = |name: &str| ["password", "token", "secret", "key"].iter().any(|word| name.contains(word));
    if url.query_pairs().any(|(name, _)| secret(&name)) {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let mut query = url.query_pairs_mut();
        query.clear();
        for (name, value) in &pairs {
            query.append_pair(name, if secret(name) { HIDDEN } else { value });
        }
        drop(query);
    }
    url.to_string()
}

/// For an optional address that may hold a password.
pub(super) fn serialize_shown<S: Serializer>(
    address: &Option<Secret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    address.as_ref().map(|address| shown(address.expose())).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, seen) in [
            ("postgres://desk:hunter2@db:5432/desk", "postgres://desk:***@db:5432/desk"),
            (
                "postgres://desk@db/desk?password=hunter2&sslmode=require",
                "postgres://desk@db/desk?password=***&sslmode=require",
            ),
            (
                "nats://hunter2@broker:4222,nats://b:hunter2@broker2",
                "nats://***@broker:4222,nats://b:***@broker2",
            ),
            ("sqlite:///var/lib/frontdesk.db", "sqlite:///var/lib/frontdesk.db"),
            ("hunter2", "***"),
        ] {
            assert_eq!(shown(address), seen);
        }
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
