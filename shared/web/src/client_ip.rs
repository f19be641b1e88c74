//! Who is calling: the peer, or, behind our own proxy, the address that proxy saw.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

/// The caller's address, for rate limits and logs; never a proof of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientIp(pub IpAddr);

/// The caller of a request with these headers that came from `peer`.
///
/// `X-Forwarded-For` counts only when the peer is on this machine or in a private network, as an ingress is. Of its
/// entries the last one that is not private is taken: what stands before it was written by the caller.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !is_near(peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
    let entries: Vec<IpAddr> = lines.flat_map(|line| line.split(',')).map_while(address).collect();
    let far = entries.iter().rev().find(|entry| !is_near(**entry));
    far.or(entries.first()).copied().unwrap_or(peer)
}

fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    entry.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
}

fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self(client_ip(peer, &parts.headers).to_canonical()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_only_from_our_own_proxy() {
        for (peer, forwarded, caller) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
            ("::1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("127.0.0.1", "192.168.1.5", "192.168.1.5"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
        ] {
            let headers =
                [("x-forwarded-for".parse().unwrap(), forwarded.parse().unwrap())].into_iter().collect();
            let found = client_ip(peer.parse().unwrap(), &headers);
            assert_eq!(found, caller.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
    }
}
