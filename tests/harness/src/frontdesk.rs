//! The product, started as people start it: one process with everything, or seven roles on NATS and PostgreSQL.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{
    nats,
    postgres::Postgres,
    process::{Process, executable, mortal},
};

/// The owner's API key in every test.
pub const API_KEY: &str = "fd_test_key_of_the_owner_0123456789abcdef";
/// The owner's address.
pub const OWNER: &str = "owner@acme.example";
/// The owner's password.
pub const PASSWORD: &str = "correct horse battery staple";
/// What carriers think our address is.
pub const PUBLIC_URL: &str = "https://desk.example.test";
/// The seven roles.
pub const ROLES: [&str; 7] =
    ["ticketing", "sms-ingest", "email-ingest", "web-chat", "inbox", "auto-responder", "notifier"];

/// How the product runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `frontdesk up`: embedded bus, SQLite.
    Embedded,
    /// Every role `replicas` times, on NATS and PostgreSQL.
    Cluster {
        /// Processes of each role.
        replicas: usize,
    },
}

/// Settings of one test besides the usual ones.
#[derive(Default)]
pub struct Options {
    /// More of `frontdesk.toml`: channels.
    pub config: String,
    /// More environment.
    pub env: Vec<(String, String)>,
}

/// A running product.
pub struct Frontdesk {
    /// How it runs.
    pub shape: Shape,
    folder: TempDir,
    env: Vec<(String, String)>,
    processes: BTreeMap<String, Process>,
    addresses: Addresses,
    /// The broker, in a cluster.
    pub nats: Option<nats::Server>,
    /// The database, in a cluster.
    pub postgres: Option<Postgres>,
}

impl Frontdesk {
    /// Starts everything and waits until it is ready.
    pub async fn start(shape: Shape, options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (nats, postgres) = match shape {
            Shape::Embedded => (None, None),
            Shape::Cluster { .. } => (Some(nats::Server::start()), Some(Postgres::start().await)),
        };
        let mut config = format!(
            "public_url = \"{PUBLIC_URL}\"\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
             [owner]\nemail = \"{OWNER}\"\npassword = \"{PASSWORD}\"\napi_key = \"{API_KEY}\"\n\
             [smtp]\nlisten = \"127.0.0.1:0\"\n"
        );
        if let (Some(nats), Some(postgres)) = (&nats, &postgres) {
            let database = postgres.create_database().await;
            config.push_str(&format!("[nats]\nurl = \"{}\"\n[database]\nurl = \"{database}\"\n", nats.url()));
            config.push_str(&format!("[blobs]\nurl = \"file://{}/blobs\"\n", folder.path().display()));
        }
        config.push_str(&options.config);
        std::fs::write(folder.path().join("frontdesk.toml"), config).expect("a configuration");
        let addresses = Addresses { shape, folder: folder.path().to_owned(), next: Arc::default() };
        let processes = BTreeMap::new();
        let mut product = Self { shape, folder, env: options.env, processes, addresses, nats, postgres };
        product.start_all().await;
        product
    }

    async fn start_all(&mut self) {
        match self.shape {
            Shape::Embedded => self.start_process("up", 0).await,
            Shape::Cluster { replicas } => {
                let (code, _, errors) = self.run(&["migrate"]).await;
                assert_eq!(code, 0, "migrate: {errors}");
                for role in ROLES {
                    for replica in 0..replicas {
                        self.start_process(role, replica).await;
                    }
                }
            }
        }
    }

    fn command(&self, program: Command, arguments: &[&str]) -> Command {
        let mut command = program;
        command.args(arguments).arg("--config").arg(self.folder.path().join("frontdesk.toml"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts one process of a role (again).
    pub async fn start_process(&mut self, role: &str, replica: usize) {
        let data = self.addresses.data_dir(role, replica);
        let _ = std::fs::remove_file(data.join("listening.json"));
        let mut command = self.command(mortal(&executable()), &[role]);
        command.env("FRONTDESK_DATA_DIR", &data);
        let name = format!("{role}-{replica}");
        let log = self.folder.path().join(format!("{name}.log"));
        let process = Process::start(&name, command, &log, "frontdesk is ready").await;
        self.processes.insert(name, process);
    }

    /// Runs a command of the executable against this installation: exit code, stdout, stderr.
    pub async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run_with(arguments, b"").await
    }

    /// The same with this on stdin.
    pub async fn run_with(&self, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
        let mut command = self.command(Command::new(executable()), arguments);
        command.env("FRONTDESK_DATA_DIR", self.addresses.data_dir("up", 0));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the executable runs");
        // It may end without reading.
        let _ = child.stdin.take().expect("stdin").write_all(input).await;
        let output = child.wait_with_output().await.expect("the executable runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// The process of a role.
    pub fn process(&mut self, role: &str, replica: usize) -> &mut Process {
        let name = match self.shape {
            Shape::Embedded => "up-0".to_owned(),
            Shape::Cluster { .. } => format!("{role}-{replica}"),
        };
        self.processes.get_mut(&name).expect("a running process")
    }

    /// `kill -9` of a process, and a new start.
    pub async fn kill_and_restart(&mut self, role: &str, replica: usize) {
        self.process(role, replica).kill().await;
        let role = if self.shape == Shape::Embedded { "up" } else { role };
        self.start_process(role, replica).await;
    }

    /// Stops everything with SIGTERM (each must exit 0) and starts it again over the same data.
    pub async fn stop_and_start(&mut self) {
        self.stop().await;
        self.start_all().await;
    }

    /// Stops everything with SIGTERM; each must exit 0.
    pub async fn stop(&mut self) {
        for (name, mut process) in std::mem::take(&mut self.processes) {
            let status = process.terminate().await;
            assert!(status.success(), "{name} ended with {status}:\n{}", process.log_tail());
        }
    }

    /// Where the roles listen; can be kept while processes come and go.
    pub fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }

    /// Where a role listens now, replicas in turn.
    pub fn url(&self, role: &str) -> String {
        self.addresses.url(role).unwrap_or_else(|| panic!("{role} does not say where it listens"))
    }

    /// The admin listener of a role.
    pub fn admin_url(&self, role: &str) -> String {
        let address = self.addresses.find(role, "admin_listen").expect("an admin listener");
        format!("http://{address}")
    }

    /// The admin listener of one replica.
    pub fn admin_url_of(&self, role: &str, replica: usize) -> String {
        let address = self.addresses.find_of(role, replica, "admin_listen").expect("an admin listener");
        format!("http://{address}")
    }

    /// Where one replica keeps its files.
    pub fn data_dir(&self, role: &str, replica: usize) -> PathBuf {
        self.addresses.data_dir(role, replica)
    }

    /// Where raw mails and files lie.
    pub fn blobs_dir(&self) -> PathBuf {
        match self.shape {
            Shape::Embedded => self.data_dir("up", 0).join("blobs"),
            Shape::Cluster { .. } => self.folder.path().join("blobs"),
        }
    }

    /// Where mail is taken in.
    pub fn smtp(&self) -> String {
        self.addresses.find("email-ingest", "smtp").expect("an SMTP listener")
    }

    /// Where mail is taken in by LMTP, if it is.
    pub fn lmtp(&self) -> String {
        self.addresses.find("email-ingest", "lmtp").expect("an LMTP listener")
    }

    /// All logs, for a failing test.
    pub fn logs(&self) -> String {
        self.processes.iter().map(|(name, process)| format!("--- {name}\n{}\n", process.log_tail())).collect()
    }

    /// Waits until `found` gives something; shows the logs when it takes longer than a minute.
    pub async fn eventually<T, F>(&self, what: &str, found: F) -> T
    where
        F: AsyncFn() -> Option<T>,
    {
        self.eventually_within(Duration::from_secs(60), what, found).await
    }

    /// Waits until `found` gives something; shows the logs when it takes longer than `patience`.
    pub async fn eventually_within<T, F>(&self, patience: Duration, what: &str, found: F) -> T
    where
        F: AsyncFn() -> Option<T>,
    {
        let patience = tokio::time::Instant::now() + patience;
        loop {
            if let Some(value) = found().await {
                return value;
            }
            if tokio::time::Instant::now() > patience {
                panic!("waited in vain for: {what}\n{}", self.logs());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Where the roles of a product listen, as they say themselves.
#[derive(Clone)]
pub struct Addresses {
    shape: Shape,
    folder: PathBuf,
    next: Arc<AtomicUsize>,
}

impl Addresses {
    fn data_dir(&self, role: &str, replica: usize) -> PathBuf {
        self.folder.join(format!("{role}-{replica}"))
    }

    /// `http://127.0.0.1:PORT` of a role, replicas in turn; `None` while none of them runs.
    pub fn url(&self, role: &str) -> Option<String> {
        self.find(role, "listen").map(|address| format!("http://{address}"))
    }

    /// An address that a role announced.
    pub fn find(&self, role: &str, what: &str) -> Option<String> {
        let (role, replicas) = match self.shape {
            Shape::Embedded => ("up", 1),
            Shape::Cluster { replicas } => (role, replicas),
        };
        (0..replicas).find_map(|_| {
            let replica = self.next.fetch_add(1, Ordering::Relaxed) % replicas;
            self.find_of(role, replica, what)
        })
    }

    /// `http://127.0.0.1:PORT` of one replica; `None` while it does not run.
    pub fn url_of(&self, role: &str, replica: usize) -> Option<String> {
        self.find_of(role, replica, "listen").map(|address| format!("http://{address}"))
    }

    fn find_of(&self, role: &str, replica: usize, what: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.data_dir(role, replica).join("listening.json")).ok()?;
        let all: serde_json::Value = serde_json::from_str(&text).ok()?;
        all[what].as_str().map(str::to_owned)
    }
}
