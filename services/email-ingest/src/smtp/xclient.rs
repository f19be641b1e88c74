//! XCLIENT: one of our own relays says for whom it speaks. Source: postfix.org, `XCLIENT_README`.

use std::net::IpAddr;

/// What the relay may tell, as offered after EHLO.
pub const OFFER: &str = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Another command.
    Other,
    /// For whom the relay speaks; `None` of what it did not say, or does not know.
    Client {
        /// Address.
        address: Option<IpAddr>,
        /// The name given with HELO.
        hello: Option<String>,
    },
    /// XCLIENT, but not as it is written.
    Wrong,
}

/// Understands a command line.
pub fn parse(line: &[u8]) -> Claim {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split_ascii_whitespace();
    if !words.next().is_some_and(|verb| verb.eq_ignore_ascii_case("XCLIENT")) {
        return Claim::Other;
    }
    let (mut address, mut hello, mut any) = (None, None, false);
    for word in words {
        let Some((name, value)) = word.split_once('=') else { return Claim::Wrong };
        any = true;
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if !OFFER.split(' ').skip(1).any(is) {
            return Claim::Wrong;
        }
        if ["[UNAVAILABLE]", "[TEMPUNAVAIL]"].iter().any(|none| none.eq_ignore_ascii_case(value)) {
            continue;
        }
        if is("HELO") {
            hello = Some(decoded(value));
        } else if is("ADDR") {
            let is_ipv6 = value.get(..5).is_some_and(|prefix| prefix.eq_ignore_ascii_case("IPV6:"));
            let Ok(ip) = value[if is_ipv6 { 5 } else { 0 }..].parse() else { return Claim::Wrong };
            address = Some(ip);
        }
    }
    if any { Claim::Client { address, hello } } else { Claim::Wrong }
}

/// xtext (RFC 3461 §4): `+2B` for a `+`. What is written wrongly stays as it is.
fn decoded(value: &str) -> String {
    let mut parts = value.split('+');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(u8::is_ascii) {
            Some(byte) => text.extend([char::from(byte)].into_iter().chain(part[2..].chars())),
            None => text.extend(["+", part]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_says_for_whom_it_speaks() {
        let client = |ip: &str, hello: &str| Claim::Client {
            address: ip.parse().ok(),
            hello: Some(hello.to_owned()).filter(|hello| !hello.is_empty()),
        };
        for (line, claim) in [
            ("XCLIENT NAME=mx.example.org ADDR=192.0.2.1\r\n", client("192.0.2.1", "")),
            ("xclient addr=IPv6:2001:db8::1 port=4000 HELO=a+20b+", client("2001:db8::1", "a b+")),
            ("XCLIENT NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE]", client("", "")),
            ("XCLIENT LOGIN=x", client("", "")),
            ("XCLIENT", Claim::Wrong),
            ("XCLIENT ADDR", Claim::Wrong),
            ("XCLIENT ADDR=here", Claim::Wrong),
            ("XCLIENT COLOUR=red", Claim::Wrong),
            ("XCLIENTS ADDR=192.0.2.1", Claim::Other),
            ("EHLO x", Claim::Other),
            ("", Claim::Other),
        ] {
            assert_eq!(parse(line.as_bytes()), claim, "{line}");
        }
    }
}
