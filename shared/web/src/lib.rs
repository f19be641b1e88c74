//! What every HTTP edge needs: [`Problem`] documents, embedded [`assets`], rate limits, webhook signatures, and who
//! is calling.

pub mod assets;
pub mod client_ip;
pub mod extract;
pub mod limit;
pub mod problem;
pub mod signature;

pub use client_ip::ClientIp;
pub use extract::{Json, Query};
pub use limit::Limiter;
pub use problem::Problem;
