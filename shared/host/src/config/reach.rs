//! Whether a carrier can call us.

use url::{Host, Url};

use super::channels::{Provider, SmsNumber};

impl SmsNumber {
    /// Whether this number's carrier can call that address of ours: one that the outside knows. The sandbox and a
    /// stand-in, on this machine or in this network, can call any.
    pub fn is_reached_at(&self, address: &Url) -> bool {
        let is_near = self.api_base.as_ref().is_some_and(|base| !is_public(base));
        self.provider == Provider::Sandbox || is_near || is_public(address)
    }
}

fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => !ip.is_loopback() && !ip.is_private() && !ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => !ip.is_loopback() && !ip.is_unspecified(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_carrier_reaches_only_what_the_outside_knows() {
        for (provider, api_base, address, reached) in [
            ("twilio", None, "http://localhost:8080", false),
            ("twilio", None, "http://127.0.0.1:8080", false),
            ("twilio", None, "http://192.168.1.5", false),
            ("twilio", None, "http://[::1]:8080", false),
            ("twilio", None, "http://frontdesk:8080", false),
            ("twilio", None, "https://desk.example.com", true),
            ("infobip", Some("https://abc.api.infobip.com"), "http://localhost:8080", false),
            ("infobip", Some("http://127.0.0.1:9"), "http://localhost:8080", true),
            ("sandbox", None, "http://localhost:8080", true),
        ] {
            let number = json!({"number": "+15550001111", "provider": provider, "api_base": api_base});
            let number: SmsNumber = serde_json::from_value(number).unwrap();
            assert_eq!(number.is_reached_at(&address.parse().unwrap()), reached, "{provider} {address}");
        }
    }
}
