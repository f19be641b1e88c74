//! The host: what a service is given to live in.

use std::{
    collections::BTreeMap, future::Future, net::SocketAddr, path::PathBuf, pin::Pin, sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bus::{Bus, Handler, Subscription};
use domain::Clock;
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    blobs::{self, Blobs},
    channels::ConsoleChannels,
    config::Configuration,
    health::{self, Check, Health},
    http,
    launch::Launch,
    listener::{self, Bound},
    metrics::Metrics,
    parts::HostParts,
    refresh_tokens::{REFRESH_TOKENS, RefreshTokens},
    tasks::{TaskFailure, Tasks},
};

/// Phase 1: finishing what is in flight.
const PHASE_ONE: Duration = Duration::from_secs(20);
/// Phase 2: all hooks.
const PHASE_TWO: Duration = Duration::from_secs(5);
/// The end of phase 2: the bus.
const BUS_CLOSES_WITHIN: Duration = Duration::from_secs(2);

type Flush = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a service is given to live in; one per process.
pub struct Host {
    parts: HostParts,
    role: &'static str,
    needs_bus: bool,
    is_first: bool,
    bus: Bus,
    channels: ConsoleChannels,
    metrics: Metrics,
    health: Arc<Health>,
    router: axum::Router,
    tasks: Tasks,
    public: Option<Bound>,
    public_address: Option<SocketAddr>,
    server: Option<JoinHandle<()>>,
    /// Ends the public listener.
    closing: CancellationToken,
    /// Ends the admin listener, once everything else has ended.
    gone: CancellationToken,
    announced: BTreeMap<&'static str, String>,
    when_ready: Vec<Box<dyn FnOnce() + Send>>,
    when_drained: Vec<(&'static str, Flush)>,
}

impl Host {
    /// A host on what the process stands on, with the channels there are now; the admin listener is served from now on.
    pub(crate) async fn open(ground: &Ground, is_first: bool) -> anyhow::Result<Self> {
        let Ground { parts, bus, public, admin, .. } = ground;
        let channels = ConsoleChannels::load(parts, bus.clone()).await?;
        let (public, admin) = (public.clone(), admin.clone());
        let metrics = Metrics::default();
        let health = Arc::new(Health::new(ground.role, ground.begun, bus.clone(), metrics.clone()));
        let public_address = public.as_ref().map(|bound| bound.address);
        let mut announced = BTreeMap::from([("admin_listen", admin.address.to_string())]);
        announced.extend(public_address.map(|address| ("listen", address.to_string())));
        let gone = CancellationToken::new();
        tokio::spawn(listener::serve(admin, health::router(health.clone()), gone.clone()));
        Ok(Self {
            parts: parts.with_channels(&channels),
            role: ground.role,
            needs_bus: ground.needs_bus,
            is_first,
            bus: bus.clone(),
            channels,
            metrics,
            health,
            router: axum::Router::new(),
            tasks: Tasks::new(),
            public,
            public_address,
            server: None,
            closing: CancellationToken::new(),
            gone,
            announced,
            when_ready: Vec::new(),
            when_drained: Vec::new(),
        })
    }

    /// Starts a service. Its tasks are its own: at the stop the services end in reverse order.
    ///
    /// # Errors
    /// The service cannot start.
    pub async fn start(
        &mut self,
        service: &'static str,
        start: impl AsyncFnOnce(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.tasks.enter(service);
        let started = start(self).await.with_context(|| format!("{service} cannot start"));
        self.tasks.leave();
        started
    }

    /// What this process stands on, listeners apart.
    pub fn parts(&self) -> &HostParts {
        &self.parts
    }

    /// What is set up in the console.
    pub fn channels(&self) -> &ConsoleChannels {
        &self.channels
    }

    /// False when the services start anew because channels were changed: whatever is told or made at the start of a
    /// process was told and made.
    pub fn is_first(&self) -> bool {
        self.is_first
    }

    /// The whole effective configuration.
    pub fn config(&self) -> &Arc<Configuration> {
        self.parts.config()
    }

    /// The bus.
    pub fn bus(&self) -> Bus {
        self.bus.clone()
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.parts.clock()
    }

    /// Where attachments and raw mail lie.
    pub fn blobs(&self) -> Blobs {
        self.parts.blobs()
    }

    /// Numbers for Prometheus.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    /// Adds routes (full paths) to the public listener.
    pub fn mount(&mut self, router: axum::Router) {
        self.router = std::mem::take(&mut self.router).merge(router);
    }

    /// Runs a durable consumer; it stops in phase 1.
    pub fn consume(&mut self, subscription: Subscription, handler: Arc<dyn Handler>) {
        let (bus, stopping, name) = (self.bus.clone(), self.stopping(), subscription.name);
        self.spawn(name, async move { bus.consume(subscription, handler, stopping).await });
    }

    /// Runs a task; its failure or panic ends the process with 1. It should end soon after [`Host::stopping`].
    pub fn spawn<F>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.tasks.spawn(name, task);
    }

    /// Cancelled in phase 1: take nothing in any more.
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }

    /// Adds a check to `/readyz`.
    pub fn ready_check(&mut self, name: &'static str, check: Check) {
        self.health.add(name, check);
    }

    /// While the bus is away and this check passes, `/readyz` says ready all the same, and tells what is missing. Only
    /// where no other service of the process needs the bus.
    pub fn do_without_bus(&mut self, name: &'static str, check: Check) {
        if !self.needs_bus {
            self.health.replace_bus(name, check);
        }
    }

    /// Runs once everything is started and reachable for the first time.
    pub fn on_ready(&mut self, tell: impl FnOnce() + Send + 'static) {
        self.when_ready.push(Box::new(tell));
    }

    /// Runs in phase 2, after all tasks have ended: flush. The last one added runs first.
    pub fn on_drained<F>(&mut self, name: &'static str, flush: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.when_drained.push((name, Box::pin(flush)));
    }

    /// Where this process's public listener can be reached from the same machine, without a trailing slash in its
    /// path. A role without a public listener gives `public_url`.
    pub fn local_url(&self) -> Url {
        let reachable = |mut address: SocketAddr| {
            if address.ip().is_unspecified() {
                address.set_ip(if address.is_ipv4() {
                    [127, 0, 0, 1].into()
                } else {
                    [0, 0, 0, 0, 0, 0, 0, 1].into()
                });
            }
            Url::parse(&format!("http://{address}")).ok()
        };
        self.public_address.and_then(reachable).unwrap_or_else(|| self.config().public_url.clone())
    }

    /// A secret of this installation for a purpose; the same after a restart, and the same in every process of a
    /// cluster.
    pub fn installation_secret(&self, purpose: &str) -> [u8; 32] {
        self.parts.installation_secret(purpose)
    }

    /// Where access tokens for mail servers come from.
    pub fn refresh_tokens(&self) -> RefreshTokens {
        RefreshTokens::at_desk(self.installation_secret(REFRESH_TOKENS), self.bus())
    }

    /// Where this installation keeps its files.
    pub fn data_dir(&self) -> &PathBuf {
        &self.parts.config().data_dir
    }

    /// Tells another address this process listens on: it is logged and written to `listening.json`.
    pub fn announce(&mut self, name: &'static str, address: SocketAddr) {
        self.announced.insert(name, address.to_string());
    }

    /// Everything is started: serves, tells the addresses, and is ready.
    pub(crate) async fn go(&mut self) -> anyhow::Result<()> {
        if let Some(public) = self.public.take() {
            let router = http::surround(std::mem::take(&mut self.router), self.metrics.clone());
            self.server = Some(tokio::spawn(listener::serve(public, router, self.closing.clone())));
        }
        if self.needs_bus {
            self.bus.ready().await.map_err(anyhow::Error::msg).context("the bus is not ready")?;
        }
        let path = self.data_dir().join("listening.json");
        let addresses = serde_json::to_vec_pretty(&self.announced)?;
        blobs::replace(&path, &addresses).with_context(|| format!("cannot write {}", path.display()))?;
        let started_in = self.health.uptime();
        tracing::info!(role = self.role, ?started_in, addresses = ?self.announced, "is ready");
        self.health.running();
        if self.is_first {
            self.when_ready.drain(..).for_each(|tell| tell());
        }
        Ok(())
    }

    /// The first failure of a task, or of the public listener.
    pub(crate) async fn failure(&mut self) -> TaskFailure {
        let server = async {
            match &mut self.server {
                Some(server) => match server.await {
                    Ok(()) => anyhow::anyhow!("ended by itself"),
                    Err(panic) => panic.into(),
                },
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            failure = self.tasks.failure() => failure,
            error = server => {
                self.server = None;
                TaskFailure { task: "public listener", error }
            }
        }
    }

    /// The stop in two phases, within 30 seconds. The bus stays open.
    pub(crate) async fn stop(self) {
        self.health.stopping();
        self.closing.cancel();
        let deadline = Instant::now() + PHASE_ONE;
        self.tasks.stop(deadline).await;
        if let Some(mut server) = self.server
            && timeout_at(deadline, &mut server).await.is_err()
        {
            tracing::warn!("requests in flight did not end in time and are cut off");
            server.abort();
        }
        let deadline = Instant::now() + PHASE_TWO;
        for (name, flush) in self.when_drained.into_iter().rev() {
            if timeout_at(deadline, flush).await.is_err() {
                tracing::warn!(name, "could not be flushed in time");
            }
        }
        self.gone.cancel();
    }
}

/// What a process stands on from its beginning to its end.
pub(crate) struct Ground {
    parts: HostParts,
    role: &'static str,
    needs_bus: bool,
    bus: Bus,
    public: Option<Bound>,
    admin: Bound,
    begun: std::time::Instant,
}

impl Ground {
    /// Opens the bus and binds the listeners.
    pub(crate) async fn open(launch: Launch) -> anyhow::Result<Self> {
        let begun = std::time::Instant::now();
        let mut parts = HostParts::new(launch.config)?;
        let config = parts.given().clone();
        let public = match launch.is_public {
            true => Some(listener::bind("listen", &config.listen).await?),
            false => None,
        };
        let admin = listener::bind("admin_listen", &config.admin_listen).await?;
        let bus = parts.open_bus(launch.needs_bus).await?;
        parts.agree_on_key(&bus).await?;
        Ok(Self { parts, role: launch.role, needs_bus: launch.needs_bus, bus, public, admin, begun })
    }

    /// Nobody is let in at the public listener any more.
    pub(crate) fn close_door(&mut self) {
        self.public = None;
    }

    /// The end, after everything else.
    pub(crate) async fn close(self) {
        if timeout(BUS_CLOSES_WITHIN, self.bus.close()).await.is_err() {
            tracing::warn!("the bus could not be closed in time");
        }
    }
}
