//! What a process stands on, listeners apart: enough for commands too.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use bus::Bus;
use domain::Clock;

use crate::{
    blobs::{self, Blobs},
    channels::ConsoleChannels,
    clock::SystemClock,
    config::{ChannelKind, Configuration, shown},
    installation,
};

/// How long a broker that is not needed is waited for.
const COMES_WITHIN: Duration = Duration::from_secs(2);

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
    /// As the file and the environment give it.
    given: Arc<Configuration>,
    /// With what is set up in the console.
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
        let blobs = blobs_of(&config)?;
        let given = Arc::new(config);
        Ok(Self { config: given.clone(), given, clock: Arc::new(SystemClock), key, blobs })
    }

    /// In a cluster without `secret_key`, the key that the processes on this broker agree on. It is remembered, so that
    /// a process that can begin without the broker has it then too.
    ///
    /// # Errors
    /// The broker cannot be asked.
    pub(crate) async fn agree_on_key(&mut self, bus: &Bus) -> anyhow::Result<()> {
        if self.config.secret_key.is_some() || self.config.nats.url.is_none() {
            return Ok(());
        }
        let path = self.config.data_dir.join("agreed.key");
        if let Err(away) = bus.ready().await {
            let key = std::fs::read(&path).map_err(|_| {
                anyhow::anyhow!("{away}, and there is no secret_key in the configuration to begin without it")
            })?;
            self.key = Arc::from(key);
            return Ok(());
        }
        self.key = Arc::from(bus.agree_on("installation-key", self.key.to_vec()).await?);
        if std::fs::read(&path).ok().as_deref() != Some(&*self.key) {
            blobs::replace(&path, &self.key).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// The whole effective configuration.
    pub fn config(&self) -> &Arc<Configuration> {
        &self.config
    }

    /// What the file and the environment give of it: without what is set up in the console.
    pub fn given(&self) -> &Arc<Configuration> {
        &self.given
    }

    /// The same with these channels of the console.
    pub(crate) fn with_channels(&self, channels: &ConsoleChannels) -> Self {
        Self { config: Arc::new(channels.over(&self.given)), ..self.clone() }
    }

    /// For commands: the same with the channels of the console, as the services of this configuration find them: the
    /// broker's, or those that this folder remembers.
    ///
    /// # Errors
    /// The broker is away and nothing is remembered of it; or what is remembered cannot be read.
    pub async fn with_console_channels(&self) -> anyhow::Result<Self> {
        let mut parts = self.clone();
        let bus = self.open_broker().await?;
        parts.agree_on_key(&bus).await?;
        let channels = ConsoleChannels::load(&parts, bus).await?;
        Ok(parts.with_channels(&channels))
    }

    /// The broker, for a command. The embedded log belongs to the process that runs: a command opens none on disk, and alone
    /// in its process it hears nobody.
    ///
    /// # Errors
    /// The broker cannot be used.
    pub async fn open_broker(&self) -> anyhow::Result<Bus> {
        match self.given.nats.url {
            Some(_) => self.open_bus(false).await,
            None => bus::embedded::open(None, self.clock()).await,
        }
    }

    /// The channels that are set up in the console, as far as they are in [`Self::config`].
    pub fn console_channels(&self) -> Vec<(ChannelKind, String)> {
        let is_given = |(kind, name): &(ChannelKind, String)| self.given.has_channel(*kind, name);
        self.config.channels().into_iter().filter(|channel| !is_given(channel)).collect()
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

    /// Opens the bus: the broker if one is configured, else the embedded one in the folder of the installation. A broker
    /// that is not `needed` may come later.
    ///
    /// # Errors
    /// The broker cannot be reached or is too old; or the embedded log cannot be opened, for instance because another
    /// process has it.
    pub(crate) async fn open_bus(&self, needed: bool) -> anyhow::Result<Bus> {
        let Some(url) = &self.config.nats.url else {
            let path = self.config.data_dir.join("bus.db");
            return bus::embedded::open(Some(&path), self.clock()).await;
        };
        let mut options = bus::jetstream::Options { may_come_later: !needed, ..Default::default() };
        if !needed {
            options.connects_within = COMES_WITHIN;
        }
        let connected = bus::jetstream::connect_with(url.expose(), self.clock(), options).await;
        connected.with_context(|| {
            format!(
                "the broker at nats.url {} cannot be used (`frontdesk doctor` says more)",
                shown(url.expose())
            )
        })
    }
}

/// The folder named by `blobs.url`, else `blobs` in the folder of the installation.
fn blobs_of(config: &Configuration) -> anyhow::Result<Blobs> {
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
