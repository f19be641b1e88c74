//! Webhooks out: which hosts inside the own network may be told.

use serde::{Deserialize, Serialize};

use super::{
    rules,
    schema::{Key, Kind},
};

pub(super) const WEBHOOKS: &[Key] = &[Key::new("inside_hosts", Kind::Texts(rules::any))];

/// Webhooks out. They go to the public internet and nowhere else, unless a host is named here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Names or addresses of hosts that are not on the public internet and may be told all the same, without a port.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside_hosts: Vec<String>,
}
