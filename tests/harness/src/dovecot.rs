//! A real Dovecot with one mailbox, as a provider has it that cannot forward: own port, own configuration, unpacked and not
//! installed, without a right of its own. It dies with the test.
//!
//! It finds its parts at fixed places only: a file system of its own shows them there, to it alone.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::{
    oauth::Provider,
    ports,
    postfix::{UNTIL_THE_TEST_ENDS, tools},
};

/// Who signs in.
pub const USER: &str = "help";
/// With what.
pub const PASSWORD: &str = "a password nobody prints";

/// Whom every Debian has; it owns nothing else of the tests.
const OWNER: &str = "games";
const STARTS_WITHIN: Duration = Duration::from_secs(20);
const SEEN_THERE: &str = r#"
tools=$1
shift
mount -t overlay overlay -o "lowerdir=$tools/usr/lib:/usr/lib" /usr/lib &&
mount -t overlay overlay -o "lowerdir=$tools/usr/bin:/usr/bin" /usr/bin &&
exec setpriv --reuid games --regid games --clear-groups -- "$tools/usr/sbin/dovecot" -F -c "$1"
"#;

/// A Dovecot.
pub struct Dovecot {
    folder: TempDir,
    tools: PathBuf,
    port: u16,
    tls: bool,
    delivered: u32,
    guard: Option<Child>,
}

impl Dovecot {
    /// Starts one. With `tls`, a certificate and its key (PEM files), it speaks nothing else. `None`, and says so, where there
    /// is none, or this user may not give it a file system of its own.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(tls: Option<(&Path, &Path)>) -> Option<Self> {
        let tools = tools()?;
        if !tools.join("usr/lib/dovecot/imap").exists() {
            eprintln!("skipped: there is no Dovecot here: run `make tools`");
            return None;
        }
        let may = Command::new("unshare").args(["--mount", "true"]).output();
        if !may.is_ok_and(|done| done.status.success()) {
            eprintln!("skipped: Dovecot needs a file system of its own, which this user may not make");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let port = ports::free();
        for part in ["Mail/new", "Mail/cur", "Mail/tmp"] {
            fs::create_dir_all(folder.path().join(part)).expect("a folder");
        }
        let mut dovecot = Self { folder, tools, port, tls: tls.is_some(), delivered: 0, guard: None };
        dovecot.set_up(tls);
        dovecot.begin().await;
        Some(dovecot)
    }

    fn set_up(&self, tls: Option<(&Path, &Path)>) {
        let (at, port) = (self.folder.path().display(), self.port);
        let (plain, encrypted) = if self.tls { (0, port) } else { (port, 0) };
        let ssl = match tls {
            Some((certificate, key)) => format!(
                "ssl = required\nssl_cert = <{}\nssl_key = <{}\n",
                self.copied(certificate).display(),
                self.copied(key).display()
            ),
            None => "ssl = no\ndisable_plaintext_auth = no\n".to_owned(),
        };
        let config = format!(
            "base_dir = {at}/run\nstate_dir = {at}/run\nlog_path = {at}/log\nprotocols = imap\nlisten = 127.0.0.1\n{ssl}\
             default_internal_user = {OWNER}\ndefault_internal_group = {OWNER}\ndefault_login_user = {OWNER}\n\
             first_valid_uid = 1\nfirst_valid_gid = 1\nmail_location = maildir:{at}/Mail\n\
             auth_failure_delay = 0\n\
             passdb {{\n  driver = passwd-file\n  args = {at}/users\n}}\n\
             userdb {{\n  driver = static\n  args = uid={OWNER} gid={OWNER} home={at}\n}}\n\
             service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {plain}\n  }}\n  \
             inet_listener imaps {{\n    port = {encrypted}\n  }}\n}}\n\
             service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n\
             service auth {{\n  user = {OWNER}\n}}\nservice auth-worker {{\n  user = {OWNER}\n}}\n",
        );
        fs::write(self.folder.path().join("dovecot.conf"), config).expect("a configuration");
        let users = format!("{USER}:{{PLAIN}}{PASSWORD}\n");
        fs::write(self.folder.path().join("users"), users).expect("a list of users");
    }

    /// A copy that its user may read.
    fn copied(&self, file: &Path) -> PathBuf {
        let copy = self.folder.path().join(file.file_name().expect("a file"));
        fs::copy(file, &copy).expect("a copy");
        copy
    }

    async fn begin(&mut self) {
        let run = self.folder.path().join("run");
        fs::create_dir_all(&run).expect("a folder");
        self.owned(self.folder.path());
        let out = fs::File::create(self.folder.path().join("out")).expect("a log file");
        let mut guard = Command::new("setsid");
        guard.args(["sh", "-c", UNTIL_THE_TEST_ENDS, "dovecot"]).arg(&run);
        guard.args(["unshare", "--mount", "sh", "-c", SEEN_THERE, "dovecot"]).arg(&self.tools);
        guard.arg(self.folder.path().join("dovecot.conf")).stdin(Stdio::piped());
        guard.stdout(out.try_clone().expect("a log file")).stderr(out);
        self.guard = Some(guard.spawn().expect("Dovecot can be started"));
        let begun = Instant::now();
        while !self.greets().await {
            assert!(begun.elapsed() < STARTS_WITHIN, "Dovecot does not start: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn greets(&self) -> bool {
        let Ok(mut connection) = TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
        self.tls || connection.read_u8().await.is_ok_and(|first| first == b'*')
    }

    /// From now on it takes tokens of that provider, and no passwords.
    ///
    /// # Panics
    /// It does not start again.
    pub async fn take_tokens(&mut self, provider: &Provider) {
        self.stop();
        let at = self.folder.path();
        let asks = format!(
            "introspection_mode = post\nintrospection_url = {}\nusername_attribute = username\n\
             active_attribute = active\nactive_value = true\nforce_introspection = yes\n",
            provider.introspection_url()
        );
        fs::write(at.join("oauth2"), asks).expect("a configuration");
        let config = fs::read_to_string(at.join("dovecot.conf")).expect("its configuration");
        let passwords = format!("passdb {{\n  driver = passwd-file\n  args = {}/users\n}}\n", at.display());
        assert!(config.contains(&passwords), "it takes passwords");
        let tokens = format!(
            "auth_mechanisms = xoauth2\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {}\n}}\n",
            at.join("oauth2").display()
        );
        fs::write(at.join("dovecot.conf"), config.replace(&passwords, &tokens)).expect("a configuration");
        self.begin().await;
    }

    /// From now on its user may read mails and mark none, as somebody may in a mailbox that others share with them.
    ///
    /// # Panics
    /// It does not start again.
    pub async fn forbid_marks(&mut self) {
        self.stop();
        let at = self.folder.path();
        let rights = at.join("rights");
        let more = format!("mail_plugins = acl\nplugin {{\n  acl = vfile:{}\n}}\n", rights.display());
        fs::write(&rights, "* owner lr\n").expect("a list of rights");
        let config = fs::read_to_string(at.join("dovecot.conf")).expect("its configuration");
        fs::write(at.join("dovecot.conf"), config + &more).expect("a configuration");
        self.begin().await;
    }

    /// Ends it, with all its connections.
    pub fn stop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }

    /// Starts it again, over the same mails.
    pub async fn start_again(&mut self) {
        self.stop();
        self.begin().await;
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("{}://localhost:{}", if self.tls { "imaps" } else { "imap" }, self.port)
    }

    /// A mail comes; with `seen`, somebody has opened it already.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn deliver(&mut self, raw: &[u8], seen: bool) {
        self.deliver_at(raw, seen, None);
    }

    /// A mail came at the beginning of 2025, and somebody read it then.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn delivered_long_ago(&mut self, raw: &[u8]) {
        self.deliver_at(raw, true, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_700_000)));
    }

    fn deliver_at(&mut self, raw: &[u8], seen: bool, came: Option<SystemTime>) {
        self.delivered += 1;
        let name = format!("{:010}.M{}P1.test", 1_700_000_000 + self.delivered, self.delivered);
        let folder = self.folder.path().join("Mail");
        let draft = folder.join("tmp").join(&name);
        let mut file = fs::File::create(&draft).expect("a mail");
        file.write_all(raw).expect("a mail");
        if let Some(came) = came {
            file.set_modified(came).expect("a time");
        }
        self.owned(&draft);
        let place =
            if seen { folder.join(format!("cur/{name}:2,S")) } else { folder.join("new").join(&name) };
        fs::rename(draft, place).expect("a mail");
    }

    /// How many mails of a folder (empty: the inbox) are marked as seen, and how many are not.
    pub fn seen(&self, folder: &str) -> (usize, usize) {
        let at = self.folder.path().join("Mail").join(if folder.is_empty() {
            String::new()
        } else {
            format!(".{folder}")
        });
        let names = ["cur", "new"]
            .into_iter()
            .flat_map(|part| fs::read_dir(at.join(part)).into_iter().flatten().flatten());
        let (seen, unseen): (Vec<_>, Vec<_>) = names.partition(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.split_once(":2,").is_some_and(|(_, flags)| flags.contains('S'))
        });
        (seen.len(), unseen.len())
    }

    /// Forgets all numbers of mails: the folder has another UIDVALIDITY afterwards. Stopped while this is done.
    pub async fn renumber(&mut self) {
        self.stop();
        for entry in fs::read_dir(self.folder.path().join("Mail")).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                let _ = fs::remove_file(entry.path());
            }
        }
        self.begin().await;
    }

    /// How often somebody signed in.
    pub fn sign_ins(&self) -> usize {
        self.log().matches("Login: user=").count()
    }

    /// What it says.
    pub fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("out") + &read("log")
    }

    fn owned(&self, path: &Path) {
        let given = Command::new("chown").args(["-R", &format!("{OWNER}:{OWNER}")]).arg(path).status();
        assert!(given.is_ok_and(|status| status.success()), "chown of {}", path.display());
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}
