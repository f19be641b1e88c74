//! A real Postfix that forwards to the product, as a company's mail server does: own ports, own queue, own
//! configuration, unpacked and not installed. It dies with the test.
//!
//! It forwards in the three usual ways: `.forward` of a person, an alias, and with the envelope sender rewritten (SRS)
//! in both, so that the customer's address is in the headers alone.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::ports;

/// A mailbox with a `.forward`: somebody whom every Debian has.
pub const PERSON: &str = "games@forwarder.example.net";
/// A mailbox that is an alias.
pub const ALIAS: &str = "support@forwarder.example.net";
/// The domain it rewrites envelope senders to.
pub const DOMAIN: &str = "forwarder.example.net";

const STARTS_WITHIN: Duration = Duration::from_secs(20);
/// It wants a user and a group of its own; these own nothing else of the tests.
const OWNER: &str = "mail";
const GROUP: &str = "staff";

/// Where the mail servers and clients lie: `$MAIL_TOOLS`, else what `make tools` unpacked. `None`, and says so, where they
/// are not there.
pub(crate) fn tools() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/mail");
    let found = std::env::var_os("MAIL_TOOLS").map_or(own, PathBuf::from).canonicalize();
    found
        .map_err(|_| eprintln!("skipped: there are no mail tools here: run `make tools`, or set MAIL_TOOLS"))
        .ok()
}

/// A program of theirs, such as `usr/sbin/smtp-source`, that finds its libraries and modules, and dies with the test.
/// `None`, and says so, where it is not there.
pub fn tool(path: &str) -> Option<Command> {
    let tools = tools()?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(tools.join(path));
    command.env("LD_LIBRARY_PATH", libraries(&tools)).env("PERL5LIB", modules(&tools));
    Some(command)
}

fn libraries(tools: &Path) -> String {
    let (at, arch) = (tools.display(), std::env::consts::ARCH);
    format!("{at}/usr/lib/postfix:{at}/usr/lib/{arch}-linux-gnu:{at}/lib/{arch}-linux-gnu")
}

fn modules(tools: &Path) -> String {
    let of_arch = tools.join(format!("usr/lib/{}-linux-gnu/perl5", std::env::consts::ARCH));
    let versions = fs::read_dir(of_arch).into_iter().flatten().flatten();
    let mut paths: Vec<_> = versions.map(|version| version.path().display().to_string()).collect();
    paths.push(tools.join("usr/share/perl5").display().to_string());
    paths.join(":")
}

/// Runs what follows the folder in a session of its own until this program's input ends, which it does however the test
/// ends; then ends all of that session, and takes the folder away. (`--pdeathsig` would not do: a process that changes its
/// user, as Postfix's master does, loses it.)
pub(crate) const UNTIL_THE_TEST_ENDS: &str = r#"
trap '' HUP INT TERM
folder=$1
shift
setsid "$@" </dev/null &
master=$!
read -r _
kill -s KILL -- "-$master" || kill -s KILL "$master"
wait
rm -rf "$folder"
"#;

/// A running Postfix.
pub struct Postfix {
    folder: TempDir,
    port: u16,
    guard: Child,
}

impl Postfix {
    /// Starts one that forwards its mailboxes to `inbound` by the server `next_hop`; `more` is for its `main.cf`. `None`,
    /// and says so, where this is not root (Postfix starts for nobody else) or there is no Postfix.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(next_hop: SocketAddr, inbound: &str, more: &[(&str, &str)]) -> Option<Self> {
        let id = Command::new("id").arg("-u").output().expect("id");
        if id.stdout.trim_ascii() != b"0" {
            eprintln!("skipped: Postfix only starts as root");
            return None;
        }
        let tools = tools()?;
        let folder = tempfile::tempdir().expect("a folder");
        let port = ports::free();
        set_up(&tools, folder.path(), port, next_hop, inbound, more);
        let log = fs::File::create(folder.path().join("master.log")).expect("a log file");
        let mut guard = Command::new("setsid");
        guard.args(["sh", "-c", UNTIL_THE_TEST_ENDS, "postfix"]).arg(folder.path());
        guard
            .arg(tools.join("usr/lib/postfix/sbin/master"))
            .arg("-c")
            .arg(folder.path().join("conf"))
            .arg("-s");
        guard.env("LD_LIBRARY_PATH", libraries(&tools)).stdin(Stdio::piped());
        guard.stdout(log.try_clone().expect("a log file")).stderr(log);
        let guard = guard.spawn().expect("Postfix can be started");
        let postfix = Self { folder, port, guard };
        let begun = Instant::now();
        while TcpStream::connect(postfix.address()).await.is_err() {
            assert!(begun.elapsed() < STARTS_WITHIN, "Postfix does not start: {}", postfix.log());
            sleep(Duration::from_millis(20)).await;
        }
        Some(postfix)
    }

    /// Where it takes mail in.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Its first process.
    ///
    /// # Panics
    /// It does not say.
    pub fn pid(&self) -> u32 {
        let file = fs::read_to_string(self.folder.path().join("queue/pid/master.pid"));
        file.ok().and_then(|pid| pid.trim().parse().ok()).expect("a process id")
    }

    /// How many mails it still has to deliver.
    pub fn waiting(&self) -> usize {
        ["maildrop", "incoming", "active", "deferred"]
            .iter()
            .map(|queue| files(&self.folder.path().join("queue").join(queue)))
            .sum()
    }

    /// Waits until it has delivered everything.
    ///
    /// # Panics
    /// It has not after two minutes.
    pub async fn drained(&self) {
        let begun = Instant::now();
        // Twice in a row: a mail on its way from one queue to another can be missed in both.
        let mut empty = 0;
        while empty < 2 {
            empty = if self.waiting() == 0 { empty + 1 } else { 0 };
            assert!(begun.elapsed() < Duration::from_secs(120), "{} wait: {}", self.waiting(), self.log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until its log says this: another of its processes writes that, a little later.
    ///
    /// # Panics
    /// It does not say it for 20 seconds.
    pub async fn said(&self, text: &str) {
        let begun = Instant::now();
        while !self.whole_log().contains(text) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it did not say {text:?}: {}", self.log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn whole_log(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("master.log") + &read("mail.log")
    }

    /// The end of its log.
    pub fn log(&self) -> String {
        let all = self.whole_log();
        let lines: Vec<_> = all.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

fn set_up(
    tools: &Path,
    folder: &Path,
    port: u16,
    next_hop: SocketAddr,
    inbound: &str,
    more: &[(&str, &str)],
) {
    let at = folder.display();
    install(&["-m", "755"], &[folder.to_owned()]);
    let private: Vec<_> = QUEUES.iter().map(|queue| folder.join("queue").join(queue)).collect();
    install(&["-m", "755"], &[folder.join("queue"), folder.join("queue/pid"), folder.join("forward")]);
    install(&["-m", "700", "-o", OWNER], &private);
    install(&["-m", "755", "-o", OWNER], &[folder.join("data"), folder.join("queue/public")]);
    install(&["-m", "730", "-o", OWNER, "-g", GROUP], &[folder.join("queue/maildrop")]);
    install(&["-m", "755"], &[folder.join("conf")]);
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    let mut main = format!(
        "compatibility_level = 3.6\ncommand_directory = {t}/usr/sbin\ndaemon_directory = {t}/usr/lib/postfix/sbin\n\
         shlib_directory = {t}/usr/lib/postfix\nmeta_directory = {t}/etc/postfix\nqueue_directory = {at}/queue\n\
         data_directory = {at}/data\nmail_owner = {OWNER}\nsetgid_group = {GROUP}\ndefault_privs = nobody\n\
         import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH={libraries}\n\
         maillog_file = {at}/mail.log\nmaillog_file_prefixes = {at}\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = {DOMAIN}\nmydestination = {DOMAIN}\n\
         mynetworks = 127.0.0.0/8\nalias_maps = texthash:{at}/aliases\nalias_database =\nbiff = no\n\
         forward_path = {at}/forward/$user\nrelayhost = [{host}]:{hop}\nsmtp_dns_support_level = disabled\n\
         sender_canonical_maps = regexp:{at}/srs\nsender_canonical_classes = envelope_sender\n\
         minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\ntransport_retry_time = 1s\n\
         smtpd_client_connection_count_limit = 0\nin_flow_delay = 0\n",
        t = tools.display(),
        libraries = libraries(tools),
        host = next_hop.ip(),
        hop = next_hop.port(),
    );
    for (name, value) in more {
        main.push_str(&format!("{name} = {value}\n"));
    }
    write("conf/main.cf", main);
    write("conf/master.cf", format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}"));
    write("forward/games", format!("{inbound}\n"));
    write("aliases", format!("support {inbound}\n"));
    // A sender that is rewritten already stays as it is; so does the empty one.
    write("srs", format!("/^(SRS0=.*)$/ $1\n/^([^@]+)@(.+)$/ SRS0=46Xk=7D=$2=$1@{DOMAIN}\n"));
}

const QUEUES: &[&str] = &[
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
    "trace",
];

const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000 1 tlsmgr
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
discard unix - - n - - discard
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

fn install(how: &[&str], folders: &[PathBuf]) {
    let status = Command::new("install").arg("-d").args(how).args(folders).status();
    assert!(status.is_ok_and(|status| status.success()), "install -d {how:?} {folders:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `kill -9` of a test does: its end of the pipe is closed, and nothing else.
    #[tokio::test]
    async fn nothing_of_it_outlives_a_test_that_is_killed() {
        let nowhere = ([127, 0, 0, 1], 9).into();
        let Some(mut postfix) = Postfix::start(nowhere, "support@in.example.net", &[]).await else { return };
        let master = PathBuf::from(format!("/proc/{}", postfix.pid()));
        assert!(master.exists());
        drop(postfix.guard.stdin.take());
        let begun = Instant::now();
        while master.exists() || postfix.folder.path().exists() {
            assert!(begun.elapsed() < Duration::from_secs(5), "it is still there: {}", postfix.log());
            sleep(Duration::from_millis(10)).await;
        }
    }
}
