//! What may be fetched on behalf of strangers: the public internet, whatever a name resolves to. Never this machine or its
//! network.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use thiserror::Error;
use url::{Host, Url};

/// An address inside, or a scheme that is not the web's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the address is not on the public internet")]
pub struct NotPublic;

/// Which addresses may be asked.
pub type Permit = fn(IpAddr) -> bool;

/// A client that asks permitted addresses only. It follows no redirects: each hop is looked at anew by the caller.
#[derive(Clone, Debug)]
pub struct Outward {
    client: Client,
    permit: Permit,
}

impl Outward {
    /// `permit` is [`is_public`], unless a test stands in for the internet.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(permit: Permit) -> anyhow::Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Permitted(permit))
            .build()?;
        Ok(Self { client, permit })
    }

    /// The client that may ask there.
    ///
    /// # Errors
    /// Nobody may.
    pub fn client(&self, url: &Url) -> Result<&Client, NotPublic> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotPublic);
        }
        match url.host() {
            // names are looked at when they are resolved, each time anew
            Some(Host::Domain(_)) => Ok(&self.client),
            Some(Host::Ipv4(ip)) if (self.permit)(ip.into()) => Ok(&self.client),
            Some(Host::Ipv6(ip)) if (self.permit)(ip.into()) => Ok(&self.client),
            _ => Err(NotPublic),
        }
    }
}

/// Resolves names to permitted addresses only; the connection goes to the very address that was looked at.
#[derive(Clone, Copy, Debug)]
struct Permitted(Permit);

impl Resolve for Permitted {
    fn resolve(&self, name: Name) -> Resolving {
        let permit = self.0;
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if all.iter().any(|address| !permit(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(all.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet (IANA's special-purpose registries, RFC 6890).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || matches!(
            (a, b, c),
            (0 | 224.., ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18 | 19, _)
        );
    !special
}

/// Only what is handed out (2000::/3), without what wraps an address of version 4 or leads through a tunnel.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    if let [0x64, 0xff9b, 0, 0, 0, 0, ..] = ip.segments() {
        // how networks without version 4 name its addresses (RFC 6052)
        let [.., a, b, c, d] = ip.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    let [a, b, ..] = ip.segments();
    let special = matches!((a, b), (0x2001, 0..=0x1ff | 0xdb8) | (0x2002 | 0x3fff, _));
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_inside_is_public_however_it_is_written() {
        for (ip, public) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1:248:1893:25c8:1946", true),
            ("::ffff:93.184.216.34", true),
            ("127.0.0.1", false),
            ("127.8.8.8", false),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("192.0.0.8", false),
            ("198.18.0.1", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::5db8:d822", true),
            ("2002:7f00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fd12::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
        }
    }

    #[test]
    fn addresses_that_only_look_like_names_are_looked_at_too() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outward = Outward::new(is_public).unwrap();
        for inside in
            ["http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://127.1/", "file:///etc/passwd"]
        {
            assert!(outward.client(&Url::parse(inside).unwrap()).is_err(), "{inside}");
        }
        assert!(outward.client(&Url::parse("https://media.example/").unwrap()).is_ok());
    }
}
