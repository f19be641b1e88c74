//! The DNS: who is asked whether the sender of a mail is who it says.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    rules,
    schema::{Key, Kind},
};

pub(super) const DNS: &[Key] =
    &[Key::new("servers", Kind::Texts(rules::name_server)), Key::new("timeout_seconds", Kind::Whole)];

/// Name servers. Without any, nobody is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// Resolvers, `address:port`, asked over UDP and TCP.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// All look-ups for one mail together take no longer than this, in seconds.
    pub timeout_seconds: u64,
}

impl Default for Dns {
    fn default() -> Self {
        Self { servers: Vec::new(), timeout_seconds: 5 }
    }
}

impl Dns {
    /// Whether anybody may be asked.
    pub fn is_asked(&self) -> bool {
        !self.servers.is_empty()
    }

    /// [`Dns::timeout_seconds`], at most a minute.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.min(60))
    }
}
