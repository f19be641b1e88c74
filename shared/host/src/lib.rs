//! Runs services in a process: configuration, listeners, health, telemetry, and a stop in two phases.

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc};

use bus::{Bus, Handler, Subscription};
use domain::Clock;
use tokio_util::sync::CancellationToken;

pub mod blobs;
pub mod config;

pub use blobs::Blobs;
pub use config::{Configuration, Secret};

/// What a service is given to live in.
pub struct Host {
    config: Arc<Configuration>,
    bus: Bus,
    clock: Arc<dyn Clock>,
    blobs: Blobs,
    stopping: CancellationToken,
    router: axum::Router,
}

type Check = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

impl Host {
    /// The whole effective configuration.
    pub fn config(&self) -> &Arc<Configuration> {
        &self.config
    }
    /// The bus.
    pub fn bus(&self) -> Bus {
        self.bus.clone()
    }
    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }
    /// Where attachments and raw mail lie.
    pub fn blobs(&self) -> Blobs {
        self.blobs.clone()
    }
    /// Adds routes (full paths) to the public listener.
    pub fn mount(&mut self, router: axum::Router) {
        self.router = std::mem::take(&mut self.router).merge(router);
    }
    /// Runs a durable consumer; it stops in phase 1.
    pub fn consume(&mut self, _subscription: Subscription, _handler: Arc<dyn Handler>) {}
    /// Runs a task; its failure or panic ends the process with 1.
    pub fn spawn<F>(&mut self, _name: &'static str, _task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
    }
    /// Cancelled in phase 1: take nothing in any more.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }
    /// Adds a check to `/readyz`.
    pub fn ready_check(&mut self, _name: &'static str, _check: Check) {}
    /// Runs in phase 2, after all tasks have ended: flush.
    pub fn on_drained<F>(&mut self, _name: &'static str, _flush: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
    }
    /// Where this process's public listener can be reached from the same machine.
    pub fn local_url(&self) -> url::Url {
        self.config.public_url.clone()
    }
    /// A secret of this installation for a purpose; the same after a restart.
    pub fn installation_secret(&self, _purpose: &str) -> [u8; 32] {
        [0; 32]
    }
    /// Where this installation keeps its files.
    pub fn data_dir(&self) -> &PathBuf {
        &self.config.data_dir
    }
}
