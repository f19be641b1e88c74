//! A real NATS server for a test: own port, own store, killed and started again at will. It dies with the test.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::ports;

/// How long a server may take to open its port.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// The program: `$NATS_SERVER`, else `.tools/nats-server` of this workspace, else from the path.
///
/// # Panics
/// There is none.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("NATS_SERVER") {
        return path.into();
    }
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/nats-server");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = [tool].into_iter().chain(std::env::split_paths(&path).map(|p| p.join("nats-server")));
    places.find(|place| place.is_file()).expect(
        "these tests need a NATS server: run `make tools`, or set NATS_SERVER to the path of a nats-server program",
    )
}

/// What a server is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Syncs every write to the disk before it is acknowledged, as in production.
    pub sync_always: bool,
    /// Without JetStream.
    pub no_jetstream: bool,
    /// Wants this token from clients.
    pub token: Option<String>,
    /// Wants this user and password from clients.
    pub user: Option<(String, String)>,
}

/// A running (or killed) server and its store.
pub struct Server {
    options: Options,
    directory: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts one with JetStream on a free port.
    ///
    /// # Panics
    /// It does not come up.
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Starts one on a free port.
    ///
    /// # Panics
    /// It does not come up.
    pub fn start_with(options: Options) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut server = Self { options, directory, port: ports::free(), child: None };
        server.spawn();
        server
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the server can be killed");
            child.wait().expect("the server ends");
        }
    }

    /// Loses everything that was stored, as a lost disk would. Only after [`Server::kill`].
    ///
    /// # Panics
    /// It runs.
    pub fn lose_store(&mut self) {
        assert!(self.child.is_none(), "it runs still");
        let _ = std::fs::remove_dir_all(self.directory.path().join("store"));
    }

    /// Starts it again after [`Server::kill`]: same port, same store.
    ///
    /// # Panics
    /// It runs, or does not come up.
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs still");
        self.spawn();
    }

    /// The id of its process.
    ///
    /// # Panics
    /// It does not run.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn spawn(&mut self) {
        let configuration = self.directory.path().join("nats.conf");
        std::fs::write(&configuration, self.configuration()).expect("a configuration file");
        let log =
            std::fs::File::options().create(true).append(true).open(self.directory.path().join("nats.log"));
        let log = log.expect("a log file");
        let child = dying_with_the_test(&program())
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .spawn()
            .expect("the NATS server can be started");
        self.child = Some(child);
        self.await_open();
    }

    fn configuration(&self) -> String {
        let mut text = format!("listen: \"127.0.0.1:{}\"\n", self.port);
        if !self.options.no_jetstream {
            let store = self.directory.path().join("store");
            let sync = if self.options.sync_always { "\n  sync_interval: always" } else { "" };
            // A limit, nothing that is taken: without it the server goes by the disk's free space, and refuses
            // streams on a machine whose disk is nearly full.
            text += &format!("jetstream {{\n  store_dir: {store:?}\n  max_file_store: 64GB{sync}\n}}\n");
        }
        if let Some(token) = &self.options.token {
            text += &format!("authorization {{ token: {token:?} }}\n");
        }
        if let Some((user, password)) = &self.options.user {
            text += &format!("authorization {{ user: {user:?}, password: {password:?} }}\n");
        }
        text
    }

    fn await_open(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                begun.elapsed() < STARTS_WITHIN,
                "the NATS server did not open its port in {STARTS_WITHIN:?}"
            );
            let child = self.child.as_mut().expect("it was started");
            if let Some(status) = child.try_wait().expect("the server can be asked") {
                let log = std::fs::read_to_string(self.directory.path().join("nats.log")).unwrap_or_default();
                panic!("the NATS server ended with {status}: {log}");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command whose process is killed by the kernel when the thread that starts it ends, however it ends. `setpriv`
/// sets that and becomes the program.
fn dying_with_the_test(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Something on a port that says it is a NATS server of that version, with JetStream, and answers nothing but pings.
/// Its address; it listens until the test ends.
///
/// # Panics
/// There is no free port.
pub fn fake_old_server(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a port");
    let info = format!(
        "INFO {{\"server_id\":\"FAKE\",\"server_name\":\"fake\",\"version\":{version:?},\"proto\":1,\"host\":\"127.0.0.1\",\
         \"port\":{},\"headers\":true,\"jetstream\":true,\"max_payload\":1048576}}\r\n",
        address.port()
    );
    thread::spawn(move || {
        for client in listener.incoming().filter_map(Result::ok) {
            let info = info.clone();
            thread::spawn(move || converse(client, &info));
        }
    });
    format!("nats://{address}")
}

/// Ends with the connection.
fn converse(client: TcpStream, info: &str) {
    let Ok(mut answers) = client.try_clone() else { return };
    if answers.write_all(info.as_bytes()).is_err() {
        return;
    }
    for line in BufReader::new(client).lines().map_while(Result::ok) {
        if line.starts_with("PING") && answers.write_all(b"PONG\r\n").is_err() {
            return;
        }
    }
}
