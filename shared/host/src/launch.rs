//! From the first line of `main` to the exit code.

use std::{future::Future, panic::AssertUnwindSafe, pin::pin, process::ExitCode, time::Duration};

use futures::FutureExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    config::Configuration,
    host::{Ground, Host},
    tasks,
    telemetry::{self, LogFormat},
};

/// Blocking calls may hold up the end of the runtime so long.
const RUNTIME_ENDS_WITHIN: Duration = Duration::from_secs(1);

/// Wrong usage or configuration.
pub const WRONG_USAGE: u8 = 2;

/// A process that runs services.
pub struct Launch {
    /// `up`, or the name of the one service.
    pub role: &'static str,
    /// Its configuration.
    pub config: Configuration,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Whether it has public routes, and so a public listener.
    pub is_public: bool,
    /// Whether an empty `nats.url` means the embedded bus (`up`); a single service needs a broker.
    pub is_whole: bool,
    /// Whether it can do nothing without the bus: then it waits for it before it begins.
    pub needs_bus: bool,
}

/// Begins a process: what must be set once is set. `run` is the rest.
pub fn main(run: impl FnOnce() -> ExitCode) -> ExitCode {
    // Fails only when called twice; the first stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    raise_file_limit();
    run()
}

/// As many sockets as the system lets us have: the usual soft limit of 1,024 is a thousand visitors.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Without it there are fewer sockets.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Runs a command that has no listeners, with logs of warnings.
pub fn command(name: &str, log_format: LogFormat, work: impl Future<Output = ExitCode>) -> ExitCode {
    within_runtime(name, log_format, "warn", work)
}

impl Launch {
    /// Runs until a signal or a failure: 0 stopped cleanly, 1 failure, 2 wrong configuration.
    ///
    /// `start` gives the host its services; the first signal begins the stop in two phases, the second ends at once. When
    /// channels are set up otherwise in the console, the services stop as at a signal and are started anew; the
    /// listeners stay, and who connects meanwhile waits.
    pub fn run(self, start: impl AsyncFn(&mut Host) -> anyhow::Result<()>) -> ExitCode {
        if !self.is_whole && self.config.nats.url.is_none() {
            tell(format_args!(
                "frontdesk: configuration: nats.url: {} runs alone and needs a broker: give the address of a NATS \
                 server, or run everything in one process with `frontdesk up`",
                self.role
            ));
            return ExitCode::from(WRONG_USAGE);
        }
        let (role, log_format) = (self.role, self.log_format);
        within_runtime(role, log_format, "info", live(self, start))
    }
}

fn within_runtime(
    role: &str,
    format: LogFormat,
    level: &str,
    work: impl Future<Output = ExitCode>,
) -> ExitCode {
    let telemetry = match telemetry::begin(role, format, level) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            tell(format_args!("frontdesk: configuration: {error:#}"));
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(format_args!("frontdesk: the async runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(work);
    runtime.shutdown_timeout(RUNTIME_ENDS_WITHIN);
    telemetry.end();
    code
}

/// Why services end.
enum End {
    /// With the process.
    Exit(ExitCode),
    /// They are started anew, with other channels.
    Anew,
}

async fn live(launch: Launch, start: impl AsyncFn(&mut Host) -> anyhow::Result<()>) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&error.into()),
    };
    let role = launch.role;
    let opened = tokio::select! {
        opened = Ground::open(launch) => opened,
        () = signals.next() => return ExitCode::SUCCESS,
    };
    let mut ground = match opened {
        Ok(ground) => ground,
        Err(error) => return failed(&error),
    };
    let mut is_first = true;
    let code = loop {
        let mut host = match Host::open(&ground, is_first).await {
            Ok(host) => host,
            Err(error) => break failed(&error),
        };
        let mut end = tokio::select! {
            end = work(&mut host, &start) => end,
            () = signals.next() => End::Exit(ExitCode::SUCCESS),
        };
        match end {
            End::Anew => tracing::info!(role, "channels were changed: the services start anew"),
            End::Exit(_) => {
                ground.close_door();
                tracing::info!(role, "is stopping");
            }
        }
        let mut stop = pin!(host.stop());
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = signals.next() => match end {
                    End::Anew => end = End::Exit(ExitCode::SUCCESS),
                    End::Exit(_) => {
                        tracing::error!(role, "a second signal: ends at once");
                        return ExitCode::FAILURE;
                    }
                },
            }
        }
        match end {
            End::Exit(code) => break code,
            End::Anew => is_first = false,
        }
    };
    ground.close().await;
    tracing::info!(role, "has stopped");
    code
}

/// Starts the services and waits for the first failure, or for other channels.
async fn work(host: &mut Host, start: impl AsyncFn(&mut Host) -> anyhow::Result<()>) -> End {
    let started = async {
        start(host).await?;
        host.go().await
    };
    // A service that panics at its start ends the process as one that fails, with the stop and code 1.
    let code = match AssertUnwindSafe(started).catch_unwind().await {
        Ok(Ok(())) => {
            let channels = host.channels().clone();
            tokio::select! {
                failure = host.failure() => failed(&failure.error.context(format!("task {} failed", failure.task))),
                () = channels.changed() => return End::Anew,
            }
        }
        Ok(Err(error)) => failed(&error),
        Err(panic) => failed(&anyhow::anyhow!("the start panicked: {}", tasks::words(panic.as_ref()))),
    };
    End::Exit(code)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tracing::error!("{error:#}");
    ExitCode::FAILURE
}

/// Before there are logs.
fn tell(text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    // Nothing can be done when even stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
