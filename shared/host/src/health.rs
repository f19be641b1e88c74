//! The admin listener: `/healthz` (alive), `/readyz` (may be sent work), `/metrics` (Prometheus).

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, OnceLock, RwLock,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use bus::{Bus, Stream};
use serde_json::json;

use crate::metrics::Metrics;

/// A check that takes longer has failed.
const CHECK_WITHIN: Duration = Duration::from_secs(3);

/// A check of readiness; the error is for people.
pub type Check = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

type Named = (&'static str, Arc<Check>);

/// What fails, by check.
type Failing = BTreeMap<&'static str, String>;

const STARTING: u8 = 0;
const RUNNING: u8 = 1;
const STOPPING: u8 = 2;

pub(crate) struct Health {
    role: &'static str,
    begun: Instant,
    state: AtomicU8,
    checks: RwLock<Vec<Named>>,
    /// What does while the bus is away.
    without_bus: OnceLock<Named>,
    bus: Bus,
    metrics: Metrics,
}

impl Health {
    pub(crate) fn new(role: &'static str, begun: Instant, bus: Bus, metrics: Metrics) -> Self {
        let state = AtomicU8::new(STARTING);
        let (checks, without_bus) = (RwLock::default(), OnceLock::new());
        Self { role, begun, state, checks, without_bus, bus, metrics }
    }

    pub(crate) fn add(&self, name: &'static str, check: Check) {
        self.checks.write().unwrap_or_else(std::sync::PoisonError::into_inner).push((name, Arc::new(check)));
    }

    pub(crate) fn replace_bus(&self, name: &'static str, check: Check) {
        // The first one stays.
        let _ = self.without_bus.set((name, Arc::new(check)));
    }

    pub(crate) fn running(&self) {
        self.state.store(RUNNING, Ordering::Relaxed);
    }

    pub(crate) fn stopping(&self) {
        self.state.store(STOPPING, Ordering::Relaxed);
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.begun.elapsed()
    }

    /// What fails now; and what is missing, but can be done without.
    async fn failing(&self) -> (Failing, Failing) {
        let checks = self.checks.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let others = checks.iter().map(|(name, check)| async { (*name, in_time(check()).await) });
        let (bus, others) = futures::future::join(self.bus(), futures::future::join_all(others)).await;
        let (mut failing, missing) = bus;
        failing.extend(others.into_iter().filter_map(|(name, outcome)| Some((name, outcome.err()?))));
        match self.state.load(Ordering::Relaxed) {
            STARTING => failing.insert("process", "is starting".into()),
            STOPPING => failing.insert("process", "is stopping".into()),
            _ => None,
        };
        (failing, missing)
    }

    async fn bus(&self) -> (Failing, Failing) {
        let Err(away) = in_time(self.bus.ready()).await else { return Default::default() };
        let away = Failing::from([("bus", away)]);
        let Some((name, check)) = self.without_bus.get() else { return (away, Failing::new()) };
        match in_time(check()).await {
            Ok(()) => (Failing::new(), away),
            Err(why) => (away.into_iter().chain([(*name, why)]).collect(), Failing::new()),
        }
    }

    async fn text(&self) -> String {
        for stream in Stream::ALL.into_iter().filter(|stream| stream.is_work_queue()) {
            let counted = tokio::time::timeout(CHECK_WITHIN, self.bus.backlog(stream)).await;
            if let Ok(Ok(waiting)) = counted {
                let gauge = self.metrics.gauge("frontdesk_bus_backlog", &[("stream", stream.name())]);
                gauge.set(i64::try_from(waiting).unwrap_or(i64::MAX));
            }
        }
        let seconds = i64::try_from(self.uptime().as_secs()).unwrap_or(i64::MAX);
        self.metrics.gauge("frontdesk_uptime_seconds", &[]).set(seconds);
        if let Some(bytes) = resident_memory() {
            self.metrics.gauge("process_resident_memory_bytes", &[]).set(bytes);
        }
        self.metrics.text()
    }
}

async fn in_time(check: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = || Err(format!("did not answer within {} seconds", CHECK_WITHIN.as_secs()));
    tokio::time::timeout(CHECK_WITHIN, check).await.unwrap_or_else(|_| late())
}

/// Bytes of memory this process holds, where the system tells (`VmRSS` in kB, proc(5)).
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok().map(|kilobytes| kilobytes * 1024)
}

pub(crate) fn router(health: Arc<Health>) -> Router {
    let metrics = &health.metrics;
    metrics.describe("frontdesk_build_info", "Version and role of this process; always 1.");
    metrics.describe("frontdesk_uptime_seconds", "Since this process began.");
    metrics.describe("frontdesk_bus_backlog", "Events of a work queue not handled yet.");
    metrics.describe("process_resident_memory_bytes", "Memory this process holds.");
    let build = [("version", env!("CARGO_PKG_VERSION")), ("role", health.role)];
    metrics.gauge("frontdesk_build_info", &build).set(1);
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "alive" }))))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .with_state(health)
}

async fn ready(State(health): State<Arc<Health>>) -> impl IntoResponse {
    let (failing, missing) = health.failing().await;
    if failing.is_empty() && missing.is_empty() {
        return (StatusCode::OK, Json(json!({ "status": "ready" })));
    }
    if failing.is_empty() {
        return (StatusCode::OK, Json(json!({ "status": "ready", "missing": missing })));
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not_ready", "failing": failing })))
}

async fn numbers(State(health): State<Arc<Health>>) -> impl IntoResponse {
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], health.text().await)
}
