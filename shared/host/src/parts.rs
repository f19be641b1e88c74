//! What a process stands on, listeners apart: enough for commands too.

use std::sync::Arc;

use anyhow::Context;
use bus::Bus;
use domain::Clock;

use crate::{
    blobs::Blobs,
    clock::SystemClock,
    config::{Configuration, shown},
    installation,
};

/// Makes the folder of the installation if it is missing: for commands that only need its database.
///
/// # Errors
/// The folder cannot be made.
pub fn make_data_dir(config: &Configuration) -> anyhow::Result<()> {
    installation::make_folder(&config.data_dir)
}

/// Configuration, clock, secrets, blobs and the way to the bus.
#[derive(Clone)]
pub struct HostParts {
    config: Arc<Configuration>,
    clock: Arc<dyn Clock>,
    key: Arc<[u8]>,
    blobs: Blobs,
}

impl HostParts {
    /// Makes the folder of the installation if it is missing, and its key.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(config: Configuration) -> anyhow::Result<Self> {
        make_data_dir(&config)?;
        let key: Arc<[u8]> = match &config.secret_key {
            Some(key) => Arc::from(key.expose().as_bytes()),
            None => Arc::from(installation::key(&config.data_dir)?),
        };
        let blobs = blobs(&config)?;
        Ok(Self { config: Arc::new(config), clock: Arc::new(SystemClock), key, blobs })
    }

    /// In a cluster without `secret_key`, the key that the processes on this broker agree on.
    ///
    /// # Errors
    /// The broker cannot be asked.
    pub(crate) async fn agree_on_key(&mut self, bus: &Bus) -> anyhow::Result<()> {
        if self.config.secret_key.is_none() && self.config.nats.url.is_some() {
            self.key = Arc::from(bus.agree_on("installation-key", self.key.to_vec()).await?);
        }
        Ok(())
    }

    /// The whole effective configuration.
    pub fn config(&self) -> &Arc<Configuration> {
        &self.config
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Where attachments and raw mail lie.
    pub fn blobs(&self) -> Blobs {
        self.blobs.clone()
    }

    /// A secret of this installation for a purpose: HMAC-SHA256 of the purpose under the installation's key.
    pub fn installation_secret(&self, purpose: &str) -> [u8; 32] {
        web::signature::hmac_sha256(&self.key, &[purpose.as_bytes()])
    }

    /// Opens the bus: the broker if one is configured, else the embedded one in the folder of the installation.
    ///
    /// # Errors
    /// The broker cannot be reached or is too old; or the embedded log cannot be opened, for instance because another
    /// process has it.
    pub async fn open_bus(&self) -> anyhow::Result<Bus> {
        let Some(url) = &self.config.nats.url else {
            let path = self.config.data_dir.join("bus.db");
            return bus::embedded::open(Some(&path), self.clock()).await;
        };
        let connected = bus::jetstream::connect(url.expose(), self.clock()).await;
        connected.with_context(|| {
            format!(
                "the broker at nats.url {} cannot be used (`frontdesk doctor` says more)",
                shown(url.expose())
            )
        })
    }
}

/// The folder named by `blobs.url`, else `blobs` in the folder of the installation.
fn blobs(config: &Configuration) -> anyhow::Result<Blobs> {
    let folder = match &config.blobs.url {
        Some(address) => {
            let parsed = url::Url::parse(address.expose()).ok().filter(|url| url.scheme() == "file");
            let path = parsed.and_then(|url| url.to_file_path().ok());
            path.context("blobs.url must be file:///path in this build")?
        }
        None => config.data_dir.join("blobs"),
    };
    Blobs::in_folder(folder)
}
