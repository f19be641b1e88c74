//! One running executable: started, killed, stopped, and gone when the test is.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A process that dies with the test (`setpriv --pdeathsig`), its stderr kept in a file.
pub struct Process {
    child: Child,
    pid: u32,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts `program` and waits until it prints `ready` on a line of its own on stdout.
    ///
    /// # Panics
    /// It ends or stays silent for 60 seconds; the log is shown.
    pub async fn start(name: &str, mut command: Command, log: &Path, ready: &str) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log file");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let stdout = child.stdout.take().expect("stdout");
        let pid = child.id().expect("a process id");
        let mut process = Self { child, pid, name: name.to_owned(), log: log.to_owned() };
        let mut lines = BufReader::new(stdout).lines();
        let waited = timeout(Duration::from_secs(60), async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.trim() == ready {
                    return true;
                }
            }
            false
        })
        .await;
        if waited != Ok(true) {
            let status = process.child.try_wait();
            panic!("{name} did not become ready ({status:?}):\n{}", process.log_tail());
        }
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        process
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        let _ = self.child.start_kill();
        let _ = self.child.wait().await;
    }

    /// SIGTERM, and the exit status within 30 seconds (contract §2).
    ///
    /// # Panics
    /// It does not end in time.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        match timeout(Duration::from_secs(30), self.child.wait()).await {
            Ok(status) => status.expect("an exit status"),
            Err(_) => panic!("{} does not stop within 30 s:\n{}", self.name, self.log_tail()),
        }
    }

    /// Sends a signal.
    pub async fn signal(&self, name: &str) {
        let _ = Command::new("kill").arg(format!("-{name}")).arg(self.pid.to_string()).status().await;
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The last 60 lines of its log.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

/// A command that is killed when the thread that spawned it ends.
pub fn mortal(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig").arg("KILL").arg(program);
    command
}

/// The executable under test: `$TEST_EXECUTABLE`, else the one cargo built beside this test.
///
/// # Panics
/// There is none.
pub fn executable() -> PathBuf {
    if let Some(given) = std::env::var_os("TEST_EXECUTABLE") {
        return given.into();
    }
    let test = std::env::current_exe().expect("this test's path");
    let found = test.ancestors().map(|folder| folder.join("frontdesk")).find(|path| path.is_file());
    found.expect("build the executable first: cargo build -p frontdesk (or set TEST_EXECUTABLE)")
}
