//! The connection: made with patience at the start, kept for ever afterwards, and only to a server that is new enough.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use async_nats::{
    Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr,
    connection::State,
    jetstream::{
        Context,
        context::{AccountErrorKind, ContextBuilder},
    },
};
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Options, streams};

/// The oldest server that is good enough: atomic batches came with 2.12, and before 2.12.3 a cluster could lose a
/// stream (<https://jepsen.io/analyses/nats-2.12.1>). Debian's 2.9 ignores much of what is asked of it silently.
pub const FLOOR: Version = Version(2, 12, 3);

/// How long one try to connect may take.
const TRY: Duration = Duration::from_secs(3);

/// The wait between tries at the start.
const PAUSE: Duration = Duration::from_millis(250);

/// Finds dead connections: two unanswered pings end one.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long a server may take to answer an API request.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A server version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64, pub u64, pub u64);

impl Version {
    /// Reads `2.12.3`, also with a pre-release after it.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('v').split(['-', '+']).next()?;
        let mut parts = text.split('.').map(|part| part.parse().ok());
        Some(Self(parts.next()??, parts.next()??, parts.next()??))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Why a server cannot be used.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// The URL is not one.
    #[error("the NATS URL is wrong: {0}")]
    BadUrl(String),
    /// Nothing there.
    #[error("no NATS server answers at {server}: {reason}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why.
        reason: String,
    },
    /// It does not let us in.
    #[error("the NATS server at {server} refuses us: user and password, token or certificate are wrong")]
    Refused {
        /// Host and port.
        server: String,
    },
    /// It is older than [`FLOOR`].
    #[error(
        "NATS server {found} is too old: Frontdesk needs {FLOOR} or newer (Debian's own package is too old)"
    )]
    TooOld {
        /// Its version.
        found: String,
    },
    /// JetStream is off or broken.
    #[error("the NATS server at {server} has no JetStream (start it with -js): {reason}")]
    NoJetStream {
        /// Host and port.
        server: String,
        /// Why.
        reason: String,
    },
}

impl ProbeError {
    /// Whether trying again soon may help.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Tries a server once: its version, when it can be used. Makes nothing there.
///
/// # Errors
/// Why it cannot be used.
pub async fn probe(url: &str) -> Result<String, ProbeError> {
    let servers = servers(url)?;
    let client = attempt(&servers, options(&servers)).await?;
    let version = check(&client, &servers).await;
    // The error says that it is closed already.
    let _ = client.drain().await;
    version
}

/// A connection and what is known of it.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) options: Options,
    /// Counts connections made; changes when a lost one is back.
    pub(super) connections: watch::Receiver<u64>,
    /// The server was looked at and has the streams.
    usable: AtomicBool,
    /// Cancelled by [`crate::Bus::close`].
    pub(super) closed: CancellationToken,
}

impl Link {
    pub(super) fn is_connected(&self) -> bool {
        self.usable.load(Ordering::Relaxed) && self.client.connection_state() == State::Connected
    }

    /// Waits until there is a connection; `false` when it takes longer than `patience`.
    pub(super) async fn connected(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.is_connected() {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(Duration::from_millis(20)).await;
        }
        true
    }
}

/// Connects and makes the streams.
pub(super) async fn open(url: &str, chosen: Options) -> anyhow::Result<Arc<Link>> {
    let servers = servers(url)?;
    let deadline = Instant::now() + chosen.connects_within;
    let (made, connections) = watch::channel(0);
    let options = watched(&servers, Arc::new(made));
    let link = |client: Client, usable| {
        let context = ContextBuilder::new().timeout(ANSWERS_WITHIN).build(client.clone());
        let (usable, closed) = (AtomicBool::new(usable), CancellationToken::new());
        Arc::new(Link {
            client,
            context,
            options: chosen.clone(),
            connections: connections.clone(),
            usable,
            closed,
        })
    };
    let client = loop {
        match attempt(&servers, options.clone()).await {
            Ok(client) => break client,
            Err(error) if error.may_pass() && Instant::now() < deadline => {
                tracing::warn!(%error, "waiting for the NATS server");
                sleep(PAUSE).await;
            }
            Err(error) if error.may_pass() && chosen.may_come_later => {
                tracing::error!(%error, "the NATS server is away: begins without it");
                let client = attempt(&servers, options.retry_on_initial_connect()).await?;
                let link = link(client, false);
                tokio::spawn(usable_later(link.clone(), servers));
                return Ok(link);
            }
            Err(error) => return Err(error.into()),
        }
    };
    check(&client, &servers).await?;
    let link = link(client, true);
    prepare(&link, deadline).await?;
    Ok(link)
}

/// With the counting of connections.
fn watched(servers: &[ServerAddr], made: Arc<watch::Sender<u64>>) -> ConnectOptions {
    options(servers).event_callback(move |event| {
        observe(&event, &made);
        std::future::ready(())
    })
}

async fn prepare(link: &Link, deadline: Instant) -> anyhow::Result<()> {
    streams::ensure(link, deadline).await.context("the streams cannot be made on the NATS server")
}

/// What is done at the start when the server is there: it is used only if it is good enough.
async fn usable_later(link: Arc<Link>, servers: Vec<ServerAddr>) {
    let ready = async || {
        while link.client.connection_state() != State::Connected {
            sleep(PAUSE).await;
        }
        check(&link.client, &servers).await?;
        prepare(&link, Instant::now() + link.options.connects_within).await
    };
    while !link.closed.is_cancelled() {
        match ready().await {
            Ok(()) => {
                tracing::info!("the NATS server is there and is used from now on");
                return link.usable.store(true, Ordering::Relaxed);
            }
            Err(error) => tracing::error!("the NATS server cannot be used: {error:#}"),
        }
        sleep(TRY).await;
    }
}

fn servers(url: &str) -> Result<Vec<ServerAddr>, ProbeError> {
    // The parser's error does not quote the URL, which may hold a password.
    let bad = |error: std::io::Error| ProbeError::BadUrl(error.to_string());
    let servers: Vec<ServerAddr> =
        url.split(',').map(|one| one.trim().parse().map_err(bad)).collect::<Result<_, _>>()?;
    let odd = |server: &ServerAddr| {
        let path = server.clone().into_inner().path().to_owned();
        server.host().is_empty() || server.is_websocket() || !["", "/"].contains(&path.as_str())
    };
    match servers.iter().any(odd) {
        true => Err(ProbeError::BadUrl("it should look like nats://host:4222 or tls://host:4222".into())),
        false => Ok(servers),
    }
}

/// Hosts and ports, for people.
fn places(servers: &[ServerAddr]) -> String {
    let places: Vec<String> =
        servers.iter().map(|server| format!("{}:{}", server.host(), server.port())).collect();
    places.join(", ")
}

fn options(servers: &[ServerAddr]) -> ConnectOptions {
    credentials(servers)
        .name("frontdesk")
        .max_reconnects(None)
        .connection_timeout(TRY)
        .request_timeout(Some(ANSWERS_WITHIN))
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(|attempts| {
            let exponent = u32::try_from(attempts).unwrap_or(u32::MAX).min(6);
            Duration::from_millis(20 << exponent).min(Duration::from_secs(1))
        })
}

/// The client does not take credentials from the URL by itself; they are the same for all servers.
fn credentials(servers: &[ServerAddr]) -> ConnectOptions {
    let Some(server) = servers.iter().find(|server| server.has_user_pass()) else {
        return ConnectOptions::new();
    };
    let name = plain(server.username().unwrap_or_default());
    match server.password() {
        Some(password) => ConnectOptions::with_user_and_password(name, plain(password)),
        None => ConnectOptions::with_token(name),
    }
}

/// Undoes percent-encoding (RFC 3986 §2.1).
fn plain(text: &str) -> String {
    let (mut bytes, mut rest) = (vec![], text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|hex| *first == b'%' && hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn observe(event: &Event, made: &watch::Sender<u64>) {
    match event {
        Event::Connected => {
            tracing::info!("connected to the NATS server");
            made.send_modify(|count| *count += 1);
        }
        Event::Disconnected => tracing::warn!("the connection to the NATS server is lost"),
        other => tracing::warn!(event = %other, "from the NATS connection"),
    }
}

async fn attempt(servers: &[ServerAddr], options: ConnectOptions) -> Result<Client, ProbeError> {
    let server = places(servers);
    match timeout(TRY * 2, options.connect(servers)).await {
        Ok(Ok(client)) => Ok(client),
        Err(_) => Err(ProbeError::Unreachable { server, reason: "it takes too long".into() }),
        Ok(Err(error)) => Err(match error.kind() {
            ConnectErrorKind::ServerParse => ProbeError::BadUrl(error.to_string()),
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                ProbeError::Refused { server }
            }
            _ => ProbeError::Unreachable { server, reason: error.to_string() },
        }),
    }
}

async fn check(client: &Client, servers: &[ServerAddr]) -> Result<String, ProbeError> {
    let found = client.server_info().version;
    if Version::read(&found).is_none_or(|version| version < FLOOR) {
        return Err(ProbeError::TooOld { found });
    }
    let context = ContextBuilder::new().timeout(ANSWERS_WITHIN).build(client.clone());
    let server = places(servers);
    match context.query_account().await {
        Ok(_) => Ok(found),
        Err(error) if matches!(error.kind(), AccountErrorKind::TimedOut) => {
            Err(ProbeError::Unreachable { server, reason: "JetStream does not answer".into() })
        }
        Err(error) => Err(ProbeError::NoJetStream { server, reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_and_compared_by_its_numbers() {
        assert!(Version::read("2.12.3").unwrap() >= FLOOR);
        assert!(Version::read("2.15.1").unwrap() > FLOOR);
        assert!(Version::read("v2.12.4-RC.1").unwrap() > FLOOR);
        assert!(Version::read("2.9.10").unwrap() < FLOOR);
        assert!(Version::read("2.12.2").unwrap() < FLOOR);
        assert_eq!(Version::read("2.12"), None);
        assert_eq!(Version::read("new"), None);
    }

    #[test]
    fn several_servers_stand_in_one_url() {
        let servers = servers("nats://one:4222, tls://two").unwrap();
        assert_eq!(places(&servers), "one:4222, two:4222");
    }

    #[test]
    fn a_password_may_be_percent_encoded() {
        assert_eq!(plain("p%40ss%2Fw%C3%B6rd%+f%"), "p@ss/w\u{f6}rd%+f%");
    }

    #[test]
    fn a_wrong_url_is_told_without_its_password() {
        for url in [
            "http://user:hunter2@host",
            "nats://user:hunter2@",
            "ws://user:hunter2@host",
            "nats://user:hunter2@host:x",
            "nats//user:hunter2@host",
        ] {
            let error = servers(url).unwrap_err();
            assert!(matches!(error, ProbeError::BadUrl(_)), "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_error_about_an_old_server_names_both_versions() {
        let error = ProbeError::TooOld { found: "2.9.10".into() }.to_string();
        assert!(
            error.starts_with("NATS server 2.9.10 is too old: Frontdesk needs 2.12.3 or newer"),
            "{error}"
        );
    }
}
