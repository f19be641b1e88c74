//! Numbers, mailboxes and sites that are set up in the console.
//!
//! The desk's database holds them, each sealed whole under the installation's key. Most services have no database: so all of
//! them lie under one name at the broker too, and in a file of every process, which can then begin without the broker.
//! Whoever changes them publishes them here; every process hears of it and starts its services anew with them
//! ([`crate::launch`]).

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use bus::{Bus, topic::CHANNELS_CHANGED};
use futures::StreamExt;
use seal::Seal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    blobs,
    config::{Channel, ChannelKind, Configuration},
    parts::HostParts,
};

/// The name at the broker.
const NAME: &str = "channels";
/// After a change the answer to it leaves first; and processes do not all start anew in the same moment.
const SETTLES: Duration = Duration::from_millis(150);
const SPREAD: Duration = Duration::from_millis(1500);
/// The broker is asked again after a failure.
const AGAIN: Duration = Duration::from_secs(5);

/// One channel as it lies in the database: sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedChannel {
    /// What it is.
    pub kind: ChannelKind,
    /// What it is known by.
    pub name: String,
    /// What is set up, sealed.
    pub sealed: String,
}

/// Seals channels, and tells all processes of them.
#[derive(Clone)]
pub struct ConsoleChannels {
    seal: Seal,
    bus: Bus,
    file: PathBuf,
    is_shared: bool,
    /// Those this process runs with.
    loaded: Vec<SealedChannel>,
}

impl ConsoleChannels {
    /// Those there are now: the broker's, or those of this process's file where the broker is away or there is none.
    pub(crate) async fn load(parts: &HostParts, bus: Bus) -> anyhow::Result<Self> {
        let config = parts.given();
        let file = config.data_dir.join("channels.json");
        let mut channels = Self {
            is_shared: config.nats.url.is_some(),
            ..Self::alone(parts.installation_secret("channels"), bus, file)
        };
        channels.loaded = channels.current().await?;
        Ok(channels)
    }

    /// None yet, of one process: sealed under this key, remembered in this file.
    pub fn alone(key: [u8; 32], bus: Bus, file: PathBuf) -> Self {
        Self { seal: Seal::new(key), bus, file, is_shared: false, loaded: Vec::new() }
    }

    /// The configuration with what is set up in the console. What cannot be used is left out and told.
    pub(crate) fn over(&self, given: &Configuration) -> Configuration {
        let mut config = given.clone();
        for channel in &self.loaded {
            let (kind, name) = (channel.kind.as_str(), &channel.name);
            match self.open(channel) {
                Some(Ok(entry)) => {
                    if let Err(fault) = config.add_channel(entry) {
                        tracing::error!(kind, name, %fault, "what is set up in the console is not used");
                    }
                }
                Some(Err(faults)) => {
                    tracing::error!(kind, name, %faults, "what is set up in the console is not used");
                }
                None => tracing::error!(
                    kind,
                    name,
                    "what is set up in the console was sealed under another key of the installation: set it up again"
                ),
            }
        }
        config
    }

    fn open(&self, sealed: &SealedChannel) -> Option<Result<Channel, crate::config::Faults>> {
        Some(Channel::read(sealed.kind, &self.unseal(sealed)?))
    }

    /// Seals what is set up for a channel.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn seal(&self, kind: ChannelKind, name: &str, entry: &Value) -> anyhow::Result<SealedChannel> {
        let sealed = self.seal.close(&what_for(kind, name), entry.to_string().as_bytes())?;
        Ok(SealedChannel { kind, name: name.to_owned(), sealed })
    }

    /// What was sealed; `None` when that was under another key.
    pub fn unseal(&self, channel: &SealedChannel) -> Option<Value> {
        let plain = self.seal.open(&what_for(channel.kind, &channel.name), &channel.sealed)?;
        serde_json::from_slice(&plain).ok()
    }

    /// Whether this process runs with just these.
    pub fn are_live(&self, all: &[SealedChannel]) -> bool {
        self.loaded == all
    }

    /// Tells all processes which there are now.
    ///
    /// # Errors
    /// The broker does not take them, or the file cannot be written.
    pub async fn publish(&self, all: &[SealedChannel]) -> anyhow::Result<()> {
        let text = serde_json::to_vec(all)?;
        self.remember(&text)?;
        self.bus.keep(NAME, text).await?;
        self.bus.signal(CHANNELS_CHANGED, &()).await;
        Ok(())
    }

    async fn current(&self) -> anyhow::Result<Vec<SealedChannel>> {
        let kept = match self.is_shared && self.bus.ready().await.is_ok() {
            true => self.bus.kept(NAME).await?,
            false => None,
        };
        match kept {
            Some(text) => {
                if std::fs::read(&self.file).ok().as_deref() != Some(&*text) {
                    self.remember(&text)?;
                }
                read(&text).context("the channels at the broker cannot be read")
            }
            None => match std::fs::read(&self.file) {
                Ok(text) => read(&text).with_context(|| format!("{} cannot be read", self.file.display())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(error).with_context(|| format!("{} cannot be read", self.file.display())),
            },
        }
    }

    fn remember(&self, text: &[u8]) -> anyhow::Result<()> {
        blobs::replace(&self.file, text).with_context(|| format!("cannot write {}", self.file.display()))
    }

    /// Ends when there are others than those this process runs with.
    pub(crate) async fn changed(&self) {
        loop {
            if let Err(error) = self.hear_of_others().await {
                tracing::warn!(%error, "whether channels were changed cannot be heard");
                sleep(AGAIN).await;
                continue;
            }
            return;
        }
    }

    async fn hear_of_others(&self) -> anyhow::Result<()> {
        let mut signals = self.bus.listen(CHANNELS_CHANGED).await?;
        let mut connections = self.bus.connections();
        loop {
            if self.current().await? != self.loaded {
                sleep(self.turn()).await;
                return Ok(());
            }
            // What was told while the broker was away is found by looking.
            tokio::select! {
                told = signals.next() => anyhow::ensure!(told.is_some(), "the broker tells nothing any more"),
                Ok(()) = connections.changed() => {}
            }
        }
    }

    /// Processes of a cluster take turns, as far as their numbers do.
    fn turn(&self) -> Duration {
        match self.is_shared {
            true => SETTLES + SPREAD.mul_f64(f64::from(std::process::id() % 16) / 16.0),
            false => SETTLES,
        }
    }
}

fn what_for(kind: ChannelKind, name: &str) -> String {
    format!("{} {name}", kind.as_str())
}

fn read(text: &[u8]) -> anyhow::Result<Vec<SealedChannel>> {
    Ok(serde_json::from_slice(text)?)
}
