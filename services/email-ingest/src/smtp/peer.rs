//! Who is at the other side, as far as that can be known.

use std::net::IpAddr;

use domain::event::MailClient;

/// Longest name taken down, in characters: a host name has no more than 253.
const MAX_HELLO: usize = 255;

/// The other side of a session: whoever is connected, or for whom a relay of ours speaks.
#[derive(Debug)]
pub struct Peer {
    address: Option<IpAddr>,
    hello: String,
    /// What a relay told of the name; its own is not that.
    told: Option<String>,
}

impl Peer {
    /// One who has said nothing yet; without an address, one who is only the messenger.
    pub fn new(address: Option<IpAddr>) -> Self {
        Self { address, hello: String::new(), told: None }
    }

    /// Gave its name.
    pub fn says_hello(&mut self, name: &str) {
        self.hello = short(name);
    }

    /// Said for whom it speaks.
    pub fn speaks_for(&mut self, address: Option<IpAddr>, hello: Option<&str>) {
        *self = Self { address, hello: String::new(), told: hello.map(short) };
    }

    /// Who hands a mail over, if that is known.
    pub fn client(&self) -> Option<MailClient> {
        let hello = self.told.as_ref().unwrap_or(&self.hello).clone();
        Some(MailClient { address: self.address?.to_canonical().to_string(), hello })
    }
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_HELLO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_messenger_is_not_the_client_and_what_it_tells_counts_more_than_its_own_name() {
        let client =
            |address: &str, hello: &str| Some(MailClient { address: address.into(), hello: hello.into() });
        let mut stranger = Peer::new(Some("::ffff:192.0.2.1".parse().unwrap()));
        stranger.says_hello("mx.example.org\u{7}");
        assert_eq!(stranger.client(), client("192.0.2.1", "mx.example.org"));
        let mut relay = Peer::new(None);
        relay.says_hello("relay.example.net");
        assert_eq!(relay.client(), None);
        relay.speaks_for("2001:db8::1".parse().ok(), Some("mx.example.org"));
        relay.says_hello("relay.example.net");
        assert_eq!(relay.client(), client("2001:db8::1", "mx.example.org"));
        relay.speaks_for("192.0.2.7".parse().ok(), None);
        relay.says_hello("mx.example.com");
        assert_eq!(relay.client(), client("192.0.2.7", "mx.example.com"));
        relay.speaks_for(None, None);
        assert_eq!(relay.client(), None);
    }
}
