//! What every HTTP edge needs: [`Problem`] documents, embedded [`assets`], rate limits, webhook signatures, who
//! is calling, what may be called on behalf of strangers ([`reach`]), and access tokens for mail servers ([`oauth`]).

pub mod assets;
pub mod client_ip;
pub mod extract;
pub mod limit;
pub mod oauth;
pub mod problem;
pub mod reach;
pub mod signature;

pub use client_ip::ClientIp;
pub use extract::{Json, Query};
pub use limit::Limiter;
pub use problem::Problem;
