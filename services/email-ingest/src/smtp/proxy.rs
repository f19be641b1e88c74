//! The PROXY protocol, versions 1 and 2: a proxy says at the start of a connection for whom it stands.
//! Source: haproxy.org, `proxy-protocol.txt`.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use tokio::io::{AsyncRead, AsyncReadExt};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// A line of version 1 is never longer.
const LONGEST_LINE: usize = 107;
/// A header of version 2 with all its extensions is not longer in practice.
const LONGEST: usize = 4096;

/// What the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The beginning of one.
    Incomplete,
    /// One: for whom the proxy stands (`None`: for itself), and its length in bytes.
    Complete(Option<IpAddr>, usize),
    /// None.
    Broken,
}

/// Reads the header from a new connection: for whom it stands, and what came after it.
///
/// # Errors
/// The connection broke, or began with something else.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Option<IpAddr>, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(512);
    loop {
        match parse(&bytes) {
            Header::Complete(address, used) => return Ok((address, bytes.split_off(used))),
            Header::Broken => return Err(io::Error::other("no PROXY protocol header")),
            Header::Incomplete if stream.read_buf(&mut bytes).await? == 0 => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Header::Incomplete => {}
        }
    }
}

/// Understands the beginning of a connection.
pub fn parse(bytes: &[u8]) -> Header {
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(a, b)| a == b);
    if begins(SIGNATURE) {
        binary(bytes)
    } else if begins(b"PROXY ") {
        line(bytes)
    } else {
        Header::Broken
    }
}

fn line(bytes: &[u8]) -> Header {
    let Some(end) = bytes.windows(2).take(LONGEST_LINE - 1).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < LONGEST_LINE { Header::Incomplete } else { Header::Broken };
    };
    let text = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
    let words: Vec<&str> = text.split(' ').collect();
    let used = end + 2;
    match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Header::Complete(None, used),
        ["PROXY", family @ ("TCP4" | "TCP6"), source, _, from, to] if is_port(from) && is_port(to) => {
            let source = source.parse::<IpAddr>().ok().filter(|ip| ip.is_ipv4() == (*family == "TCP4"));
            source.map_or(Header::Broken, |ip| Header::Complete(Some(ip), used))
        }
        _ => Header::Broken,
    }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

fn binary(bytes: &[u8]) -> Header {
    let Some((head, rest)) = bytes.split_first_chunk::<16>() else {
        return Header::Incomplete;
    };
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if head[12] >> 4 != 2 || 16 + length > LONGEST {
        return Header::Broken;
    }
    let Some(body) = rest.get(..length) else {
        return Header::Incomplete;
    };
    let address = match (head[12] & 0xf, head[13] >> 4) {
        // LOCAL: the proxy asks for itself. A family that is not known here: its address cannot be told.
        (0, _) | (1, 0 | 3..) => return Header::Complete(None, 16 + length),
        (1, 1) if length >= 12 => body.first_chunk::<4>().map(|ip| IpAddr::from(Ipv4Addr::from(*ip))),
        (1, 2) if length >= 36 => body.first_chunk::<16>().map(|ip| IpAddr::from(Ipv6Addr::from(*ip))),
        _ => None,
    };
    address.map_or(Header::Broken, |ip| Header::Complete(Some(ip), 16 + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    #[test]
    fn a_header_tells_for_whom_the_proxy_stands() {
        let ipv6: Vec<u8> =
            ["2001:db8::1".parse::<Ipv6Addr>().unwrap().octets().as_slice(), &[0; 24]].concat();
        for (header, address) in [
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 4000 25\r\n".to_vec(), Some("192.0.2.1")),
            (b"PROXY TCP6 2001:db8::1 ::1 4000 25\r\n".to_vec(), Some("2001:db8::1")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), None),
            (v2(0x21, 0x11, &[192, 0, 2, 1, 10, 0, 0, 1, 1, 1, 0, 25]), Some("192.0.2.1")),
            (v2(0x21, 0x11, &[[192, 0, 2, 1].as_slice(), &[0; 40]].concat()), Some("192.0.2.1")),
            (v2(0x21, 0x21, &ipv6), Some("2001:db8::1")),
            (v2(0x20, 0, &[]), None),
            (v2(0x21, 0x31, &[0; 216]), None),
        ] {
            let address = address.map(|ip| ip.parse().unwrap());
            let with_more = [header.as_slice(), b"EHLO x\r\n"].concat();
            assert_eq!(parse(&with_more), Header::Complete(address, header.len()), "{header:?}");
            for cut in 0..header.len() {
                assert_eq!(parse(&header[..cut]), Header::Incomplete, "{header:?} {cut}");
            }
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            b"EHLO x\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::1 ::1 1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 10.0.0.1 99999 25\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1\r\n".to_vec(),
            b"PROXY TCP5 192.0.2.1 10.0.0.1 1 2\r\n".to_vec(),
            [b"PROXY ".as_slice(), &[b'x'; 120]].concat(),
            v2(0x11, 0x11, &[0; 12]),
            v2(0x21, 0x11, &[0; 11]),
            v2(0x22, 0x11, &[0; 12]),
            v2(0x21, 0x11, &[0; 5000]),
        ] {
            assert_eq!(parse(&bytes), Header::Broken, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_upset_it_and_a_verdict_stays(bytes in proptest::collection::vec(any::<u8>(), 0..60), v in 0usize..3) {
            let bytes = [[&b""[..], SIGNATURE, b"PROXY "][v], &bytes].concat();
            let verdict = parse(&bytes);
            if verdict != Header::Incomplete {
                prop_assert_eq!(parse(&[bytes.as_slice(), b"more"].concat()), verdict);
            }
        }
    }
}
