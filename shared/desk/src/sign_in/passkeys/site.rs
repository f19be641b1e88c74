//! The site that passkeys are for: the configured public address, whatever address a request came to.

use domain::passkey::{Ceremony, PasskeyFault, challenge_of};
use sha2::{Digest, Sha256};
use url::{Host, Url};

/// What browsers and authenticators must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// The host (relying party id).
    pub id: String,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// Scheme, host and port of our pages.
    origin: String,
}

impl Site {
    /// At this address; `None` where browsers keep no passkeys: an IP address, or a page that is not encrypted, save on
    /// the machine itself (a secure context, §5.1.3 and §13.4.9).
    pub fn at(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let Host::Domain(host) = url.host()? else { return None };
        let is_here = host == "localhost" || host.ends_with(".localhost");
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return None;
        }
        let hash = Sha256::digest(host.as_bytes()).into();
        Some(Self { id: host.to_owned(), hash, origin: url.origin().ascii_serialization() })
    }

    pub fn challenge_of(&self, client_data: &[u8], ceremony: Ceremony) -> Result<String, PasskeyFault> {
        challenge_of(client_data, ceremony, &self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_the_host_of_the_public_address() {
        for (address, id, origin) in [
            ("https://desk.example.com/", "desk.example.com", "https://desk.example.com"),
            ("https://Desk.example.com:8443/inbox/", "desk.example.com", "https://desk.example.com:8443"),
            ("http://localhost:8080/", "localhost", "http://localhost:8080"),
            ("http://desk.localhost/", "desk.localhost", "http://desk.localhost"),
        ] {
            let site = Site::at(address).unwrap();
            assert_eq!((site.id.as_str(), site.origin.as_str()), (id, origin));
        }
        for none in
            ["http://desk.example.com/", "https://192.0.2.1/", "http://127.0.0.1:8080/", "https://[::1]/", ""]
        {
            assert_eq!(Site::at(none), None, "{none}");
        }
    }
}
