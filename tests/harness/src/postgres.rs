//! A private PostgreSQL server: on a free port, in a folder of its own, gone with the test.
//!
//! PostgreSQL refuses to run as root, so under root it runs as `nobody`. `fsync` is off: the tests kill processes, not
//! machines.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    task::spawn_blocking,
    time::sleep,
};

use crate::ports;

const NOBODY: &str = "65534";

/// Where `initdb`, `postgres` and `psql` lie: `$PG_BIN`, else the newest of Debian's.
///
/// # Panics
/// There are none.
pub fn programs() -> PathBuf {
    if let Some(given) = std::env::var_os("PG_BIN") {
        return given.into();
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|all| all.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    found.retain(|bin| bin.join("initdb").is_file());
    found.sort();
    found.pop().expect("there is no PostgreSQL here: run `make tools`, or set PG_BIN to the folder of initdb")
}

/// A running server.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    server: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// Makes a cluster and starts it; ready when this returns.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start() -> Self {
        let folder = folder_of_nobody().await;
        let data = folder.path().join("data");
        run(Command::new("cp").arg("-a").arg(empty_cluster().await).arg(&data)).await;
        let port = ports::free();
        let server = serve(&data, port);
        let postgres = Self { folder, port, server, databases: AtomicU32::new(0) };
        postgres.wait_until_ready().await;
        postgres
    }

    /// A new, empty database; its address.
    pub async fn create_database(&self) -> String {
        let name = format!("desk{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(self.psql().arg("-c").arg(format!("CREATE DATABASE {name}"))).await;
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Tables of the first database that hold a word, in whatever case.
    pub async fn tables_with(&self, word: &str) -> Vec<String> {
        let sql = format!(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND \
             query_to_xml(format('SELECT 1 FROM %I t WHERE CAST(t AS TEXT) ILIKE %L LIMIT 1', table_name, \
             '%{word}%'), true, true, '')::text LIKE '%<row%'"
        );
        let output =
            self.psql().args(["-d", "desk0", "-t", "-A", "-c", &sql]).output().await.expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// `kill -9` of the server; its sessions end too.
    pub async fn kill(&mut self) {
        let _ = self.server.start_kill();
        let _ = self.server.wait().await;
    }

    /// Starts it again on the same port and data; ready when this returns.
    pub async fn restart(&mut self) {
        let data = self.folder.path().join("data");
        for _ in 0..100 {
            self.server = serve(&data, self.port);
            for _ in 0..20 {
                if self.is_ready().await {
                    return;
                }
                if !matches!(self.server.try_wait(), Ok(None)) {
                    break; // sessions of the killed server still hold its memory
                }
                sleep(Duration::from_millis(50)).await;
            }
            self.kill().await;
            sleep(Duration::from_millis(100)).await;
        }
        panic!("PostgreSQL does not start again");
    }

    fn psql(&self) -> Command {
        let mut psql = Command::new(programs().join("psql"));
        psql.args(["-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-q", "-p"])
            .arg(self.port.to_string());
        psql
    }

    async fn is_ready(&self) -> bool {
        let status =
            self.psql().args(["-c", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        status.is_ok_and(|status| status.success())
    }

    async fn wait_until_ready(&self) {
        for _ in 0..300 {
            if self.is_ready().await {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("PostgreSQL does not become ready in {}", self.folder.path().display());
    }
}

/// An empty cluster to copy: `initdb` takes most of a second, and every test has a server of its own.
async fn empty_cluster() -> PathBuf {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/postgres");
    std::fs::create_dir_all(&kept).expect("a folder");
    let version =
        Command::new(programs().join("initdb")).arg("--version").output().await.expect("initdb runs");
    let version = String::from_utf8_lossy(&version.stdout).replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let cluster = kept.join(version.trim_end_matches('_'));
    let lock = File::create(kept.join("lock")).expect("a lock");
    // other tests may be making it
    let lock = spawn_blocking(move || lock.lock().map(|()| lock)).await.expect("it waits").expect("a lock");
    if !cluster.is_dir() {
        let folder = folder_of_nobody().await;
        let data = folder.path().join("data");
        let mut initdb = as_nobody("initdb");
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        run(initdb.arg("--no-locale")).await;
        let half = cluster.with_extension("half");
        let _ = std::fs::remove_dir_all(&half);
        run(Command::new("cp").arg("-a").arg(&data).arg(&half)).await;
        std::fs::rename(&half, &cluster).expect("it is whole");
    }
    drop(lock);
    cluster
}

/// A folder for whom PostgreSQL runs as.
async fn folder_of_nobody() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    if is_root() {
        let owner = format!("{NOBODY}:{NOBODY}");
        run(Command::new("chown").arg(owner).arg(folder.path())).await;
    }
    folder
}

fn serve(data: &Path, port: u16) -> Child {
    let mut server = as_nobody("postgres");
    server.arg("-D").arg(data).arg("-p").arg(port.to_string());
    for setting in
        ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=300"]
    {
        server.arg("-c").arg(setting);
    }
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    server.spawn().expect("setpriv and postgres")
}

/// A program of PostgreSQL that dies with the test and, under root, runs as nobody.
fn as_nobody(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
    }
    command.arg(programs().join(program)).current_dir("/");
    command
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}

async fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().await.expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
