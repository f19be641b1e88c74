//! What every HTTP edge needs: [`Problem`] documents, embedded [`assets`], rate limits, webhook signatures, who
//! is calling, what may be called on behalf of strangers ([`reach`]), access tokens for mail servers ([`oauth`]), and sign-in
//! through a provider ([`oidc`]).

pub mod assets;
pub mod client_ip;
pub mod extract;
pub mod limit;
pub mod oauth;
pub mod oidc;
pub mod problem;
mod provider;
pub mod reach;
pub mod signature;

pub use client_ip::ClientIp;
pub use extract::{Json, Query};
pub use limit::Limiter;
pub use problem::Problem;
