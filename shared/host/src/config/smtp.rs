//! The doors for incoming mail.

use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{
    rules,
    schema::{Key, Kind},
};

pub(super) const SMTP: &[Key] = &[
    Key::new("listen", Kind::Text(rules::listen)),
    Key::new("lmtp_listen", Kind::Text(rules::listen)),
    Key::new("max_size", Kind::Whole),
    Key::new("tls_certificate", Kind::Text(rules::any)),
    Key::new("tls_key", Kind::Text(rules::any)),
    Key::new("require_tls", Kind::Flag),
    Key::new("trusted_peers", Kind::Texts(rules::network)),
    Key::new("proxy_protocol", Kind::Flag),
];

/// Incoming mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Where the receiver listens.
    pub listen: String,
    /// Where it listens for LMTP, if at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lmtp_listen: Option<String>,
    /// Largest mail, in bytes.
    pub max_size: u64,
    /// The certificate and those above it, PEM. With [`Smtp::tls_key`], STARTTLS is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Whether mail is only taken over TLS.
    pub require_tls: bool,
    /// Our own relays and proxies: they may say (XCLIENT, PROXY protocol) for whom they speak.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_peers: Vec<Network>,
    /// Whether connections of trusted peers begin with a PROXY protocol header.
    pub proxy_protocol: bool,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:2525".into(),
            lmtp_listen: None,
            max_size: 25 * 1024 * 1024,
            tls_certificate: None,
            tls_key: None,
            require_tls: false,
            trusted_peers: Vec::new(),
            proxy_protocol: false,
        }
    }
}

/// Addresses with the same beginning, as in `10.0.0.0/8`; without the slash one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads one; `None` when it is none, or when bits beyond its length are set.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        (bits <= most && masked(base, bits) == number(base)).then_some(Self { base, bits })
    }

    /// Whether the address is one of these. An IPv4 address written as an IPv6 one counts as itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && masked(address, self.bits) == number(self.base)
    }
}

/// The address as a number whose highest bit is the address's first.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
        IpAddr::V6(v6) => v6.into(),
    }
}

fn masked(address: IpAddr, bits: u8) -> u128 {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    number(address) & mask
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.base, self.bits))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a network"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_with_its_beginning() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.0/31", "::ffff:192.0.2.1", "192.0.2.2"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::/0", "::1", "127.0.0.1"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_not_taken_for_one() {
        for text in
            ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "relay", "10.0.0/8"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
