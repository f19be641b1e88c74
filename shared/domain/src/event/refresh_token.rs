//! Refresh tokens that providers give instead of the last one: no service but the desk has a database.

use serde::{Deserialize, Serialize};

/// What is the last refresh token of a grant?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenQuery {
    /// What the grant is known by: a hash, in hex.
    pub grant: String,
}

/// A provider gave another refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenGiven {
    /// What the grant is known by: a hash, in hex.
    pub grant: String,
    /// The token, sealed under the installation's key.
    pub sealed: String,
}
