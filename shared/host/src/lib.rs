//! Runs services in a process: configuration, listeners, health, telemetry, and a stop in two phases.
//!
//! The executable gives a [`Launch`] the services to start; each gets the [`Host`] and says there what it serves
//! ([`Host::mount`]), hears ([`Host::consume`]) and runs ([`Host::spawn`]). Only this crate reads signals, the
//! environment and configuration files.

pub mod blobs;
pub mod config;
pub mod metrics;

mod channels;
mod clock;
mod health;
mod host;
mod http;
mod installation;
mod launch;
mod listener;
mod parts;
mod refresh_tokens;
mod tasks;
mod telemetry;

pub use blobs::Blobs;
pub use channels::{ConsoleChannels, SealedChannel};
pub use clock::SystemClock;
pub use config::{Configuration, Secret};
pub use health::Check;
pub use host::Host;
pub use launch::{Launch, WRONG_USAGE, command, main};
pub use metrics::Metrics;
pub use parts::{HostParts, make_data_dir};
pub use refresh_tokens::{REFRESH_TOKENS, RefreshTokens, Vault};
pub use telemetry::LogFormat;
