//! The executable from outside: exit codes, what is said, and the signals.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The executable in a folder of its own, with nothing of the environment of these tests.
fn frontdesk(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.current_dir(folder).env_clear();
    command.env("FRONTDESK_LISTEN", "127.0.0.1:0").env("FRONTDESK_ADMIN_LISTEN", "127.0.0.1:0");
    command.env("FRONTDESK_SMTP__LISTEN", "127.0.0.1:0").env("FRONTDESK_DATA_DIR", folder.join("data"));
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(folder: &Path, args: &[&str]) -> Output {
    frontdesk(folder).args(args).output().unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, said: &str) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(said), "{said}\n{stderr}");
}

#[test]
fn help_and_version_are_everywhere_and_wrong_usage_is_2() {
    let folder = folder();
    for args in [
        &["--help"][..],
        &["up", "--help"],
        &["user", "add", "--help"],
        &["key", "add", "--help"],
        &["--version"],
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?} {}", text(&output.stderr));
        assert!(!output.stdout.is_empty());
    }
    assert_eq!(
        text(&run(folder.path(), &["--version"]).stdout),
        format!("frontdesk {}\n", env!("CARGO_PKG_VERSION"))
    );
    for args in [
        &[][..],
        &["dance"],
        &["user", "add", "a@example.com", "--role", "king"],
        &["up", "--log-format", "xml"],
    ] {
        assert_eq!(run(folder.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_broken_configuration_is_2_and_names_the_key() {
    let folder = folder();
    let file = folder.path().join("desk.toml");
    let args = ["up", "--config", file.to_str().unwrap()];
    assert_refused(&run(folder.path(), &args), "cannot read");
    for (written, said) in [
        (
            "[[sms.numbers]]\nnumber = \"ACME\"\nprovider = \"sandbox\"",
            "frontdesk: configuration: sms.numbers[0].number: \"ACME\" is an alphanumeric sender id",
        ),
        (
            "[[sms.numbers]]\nnumber = \"12345\"\nprovder = \"sandbox\"",
            "sms.numbers[0].provder: unknown key, did you mean \"provider\"?",
        ),
        (
            "[owner]\npassword_file = \"/nowhere/at/all\"",
            "owner.password_file: cannot read \"/nowhere/at/all\"",
        ),
    ] {
        std::fs::write(&file, written).unwrap();
        assert_refused(&run(folder.path(), &args), said);
    }
    std::fs::write(folder.path().join("frontdesk.toml"), "listne = \"x\"").unwrap();
    assert_refused(
        &run(folder.path(), &["migrate"]),
        "listne: unknown key, did you mean \"listen\"? (frontdesk.toml)",
    );
    std::fs::remove_file(folder.path().join("frontdesk.toml")).unwrap();
    let output = frontdesk(folder.path()).arg("up").env("FRONTDESK_NAST__URL", "x").output().unwrap();
    assert_refused(&output, "FRONTDESK_NAST__URL: unknown variable, did you mean FRONTDESK_NATS__URL?");
    let output = frontdesk(folder.path()).arg("up").env("FRONTDESK_LOG", "a=b=c").output().unwrap();
    assert_refused(&output, "FRONTDESK_LOG");
}

#[test]
fn services_alone_need_a_broker_and_two_of_them_postgresql() {
    let folder = folder();
    for role in ["sms-ingest", "email-ingest", "web-chat", "auto-responder", "notifier"] {
        assert_refused(&run(folder.path(), &[role]), "nats.url");
    }
    for role in ["ticketing", "inbox"] {
        let output =
            frontdesk(folder.path()).arg(role).env("FRONTDESK_NATS__URL", "nats://127.0.0.1:1").output();
        assert_refused(&output.unwrap(), "PostgreSQL");
    }
}

#[test]
fn the_effective_configuration_is_printed_without_secrets() {
    let folder = folder();
    let output = frontdesk(folder.path())
        .arg("config")
        .env("FRONTDESK_DATABASE__URL", "postgres://desk:hunter2@db/desk")
        .env("FRONTDESK_OWNER__API_KEY", "hunter2")
        .output()
        .unwrap();
    let shown = text(&output.stdout);
    assert!(output.status.success() && shown.contains("postgres://desk:***@db/desk"), "{shown}");
    assert!(!shown.contains("hunter2") && shown.contains("max_size = 26214400"), "{shown}");
}

#[test]
fn doctor_names_what_is_wrong_and_the_mend() {
    let folder = folder();
    let well = run(folder.path(), &["doctor"]);
    assert_eq!(well.status.code(), Some(0), "{}", text(&well.stdout));
    assert!(text(&well.stdout).lines().all(|line| line.starts_with("ok   ")), "{}", text(&well.stdout));
    let ill = frontdesk(folder.path())
        .arg("doctor")
        .env("FRONTDESK_NATS__URL", "nats://u:hunter2@127.0.0.1:1")
        .env("FRONTDESK_DATABASE__URL", "postgres://u:hunter2@127.0.0.1:1/desk")
        .env("FRONTDESK_RELAY__URL", "smtp://u:hunter2@127.0.0.1:1")
        .output()
        .unwrap();
    let said = text(&ill.stdout);
    assert_eq!(ill.status.code(), Some(1), "{said}");
    for (part, mend) in [("broker", "nats.url"), ("database", "database.url"), ("mail relay", "relay.url")] {
        let line = said.lines().find(|line| line.starts_with(&format!("FAIL {part}: "))).unwrap();
        assert!(line.split_once(" → ").unwrap().1.contains(mend), "{line}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    let broken = frontdesk(folder.path()).arg("doctor").env("FRONTDESK_LISTEN", "8080").output().unwrap();
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stdout).starts_with("FAIL configuration: listen: "), "{}", text(&broken.stdout));
}

#[test]
fn accounts_and_keys_are_made_from_the_shell() {
    let folder = folder();
    for _ in 0..2 {
        let output = run(folder.path(), &["migrate"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let link = run(folder.path(), &["user", "add", "anna@example.com", "--role", "support"]);
    assert!(
        text(&link.stdout).starts_with("http://localhost:8080/#/welcome?token="),
        "{}",
        text(&link.stderr)
    );
    let again = run(folder.path(), &["user", "add", "anna@example.com", "--role", "support"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("anna@example.com"), "{}", text(&again.stderr));
    let mut adding = frontdesk(folder.path())
        .args(["user", "add", "bert@example.com", "--role", "admin", "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    adding.stdin.take().unwrap().write_all(b"correct horse battery\n").unwrap();
    let added = adding.wait_with_output().unwrap();
    assert_eq!(text(&added.stdout), "added bert@example.com as admin\n");
    let key = run(folder.path(), &["key", "add", "shop", "--role", "manager"]);
    let key = text(&key.stdout);
    assert!(key.lines().count() == 1 && key.trim().len() > 20, "{key}");
}

/// `up`, once it has said that it is ready; ended with the test.
struct Up {
    process: Child,
    stdout: BufReader<ChildStdout>,
    greeting: String,
}

impl Up {
    fn begin(mut command: Command) -> Self {
        let mut process = command.arg("up").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.ends_with("frontdesk is ready\n") {
            let read = stdout.read_line(&mut greeting).unwrap();
            assert!(read > 0, "it ended before it was ready:\n{greeting}");
        }
        Self { process, stdout, greeting }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code, within 30 seconds.
    fn ended(&mut self) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.process.try_wait().unwrap() {
                let mut rest = String::new();
                self.stdout.read_to_string(&mut rest).unwrap();
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not end within 30 seconds")
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listening(folder: &Path, name: &str) -> String {
    let text = std::fs::read(folder.join("data/listening.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()[name].as_str().unwrap().to_owned()
}

fn fetch(address: &str, path: &str, headers: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn up_is_ready_tells_how_to_sign_in_and_stops_cleanly_on_either_signal() {
    let folder = folder();
    let mut first = Up::begin(frontdesk(folder.path()));
    assert!(first.greeting.contains("http://localhost:8080/#/welcome?token="), "{}", first.greeting);
    assert!(!first.greeting.contains("/sandbox"), "nothing is seeded: {}", first.greeting);
    let admin = listening(folder.path(), "admin_listen");
    assert!(fetch(&admin, "/readyz", "").starts_with("HTTP/1.1 200"), "{}", fetch(&admin, "/readyz", ""));
    assert!(fetch(&listening(folder.path(), "listen"), "/no/such/thing.js", "").starts_with("HTTP/1.1 404"));
    let beside = run(folder.path(), &["key", "add", "beside", "--role", "support"]);
    assert!(beside.status.success(), "a command works beside it: {}", text(&beside.stderr));
    first.signal("TERM");
    assert_eq!(first.ended(), Some(0));
    let mut command = frontdesk(folder.path());
    command
        .env("FRONTDESK_OWNER__EMAIL", "late@example.com")
        .env("FRONTDESK_OWNER__PASSWORD", "correct horse battery");
    let mut second = Up::begin(command);
    assert!(
        second.greeting.contains("sign in  with your account"),
        "the owner is there: {}",
        second.greeting
    );
    second.signal("INT");
    assert_eq!(second.ended(), Some(0));
}

const EVERY_CHANNEL: &str = r#"
owner = { email = "owner@example.com", password = "correct horse battery", api_key = "key-of-the-owner" }
[[sms.numbers]]
number = "+15550001111"
provider = "sandbox"
[[email.mailboxes]]
address = "support@example.com"
inbound = "support@in.example.net"
[[chat.sites]]
id = "main"
allowed_origins = ["http://localhost:8080"]
"#;

#[test]
fn up_serves_every_address_of_the_contract() {
    let folder = folder();
    std::fs::write(folder.path().join("frontdesk.toml"), EVERY_CHANNEL).unwrap();
    let mut up = Up::begin(frontdesk(folder.path()));
    for said in ["http://localhost:8080/sandbox", "sign in  as owner@example.com with your password"] {
        assert!(up.greeting.contains(said), "{}", up.greeting);
    }
    let public = listening(folder.path(), "listen");
    let key = "authorization: Bearer key-of-the-owner\r\n";
    for (path, status) in [
        ("/sandbox", 200),
        ("/chat/widget.js", 200),
        ("/api/openapi.json", 200),
        ("/api/v1/tickets", 200),
        ("/api/v1/nothing", 404),
        ("/webhooks/sms/sandbox", 403),
        ("/webhooks/email", 405),
        ("/chat/ws?site=main", 403),
        ("/l/nothing", 404),
    ] {
        let answer = fetch(&public, path, key);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}\n{answer}");
    }
    assert!(TcpStream::connect(listening(folder.path(), "smtp")).is_ok());
    up.signal("TERM");
    assert_eq!(up.ended(), Some(0));
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = folder();
    let mut up = Up::begin(frontdesk(folder.path()));
    let mut in_flight = TcpStream::connect(listening(folder.path(), "listen")).unwrap();
    let head = "POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    in_flight.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    up.signal("TERM");
    std::thread::sleep(Duration::from_millis(500));
    assert!(up.process.try_wait().unwrap().is_none(), "it waits for the request");
    let begun = Instant::now();
    up.signal("TERM");
    assert_eq!(up.ended(), Some(1));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn two_processes_cannot_share_a_folder() {
    let folder = folder();
    let _first = Up::begin(frontdesk(folder.path()));
    let second = run(folder.path(), &["up"]);
    assert_eq!(second.status.code(), Some(1), "{}", text(&second.stderr));
}

#[test]
fn a_broker_that_is_away_at_the_start_is_1_with_the_reason() {
    let folder = folder();
    let output = frontdesk(folder.path())
        .arg("notifier")
        .env("FRONTDESK_NATS__URL", "nats://u:hunter2@127.0.0.1:1")
        .output();
    let output = output.unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nats.url") && said.contains("127.0.0.1:1") && !said.contains("hunter2"), "{said}");
}

/// A receiver of OTLP over HTTP that keeps the first export of traces.
fn receiver() -> (String, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let kept = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let (mut all, mut buffer) = (Vec::new(), [0; 65536]);
        while let Ok(read) = connection.read(&mut buffer) {
            all.extend_from_slice(&buffer[..read]);
            if read == 0 {
                break;
            }
        }
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        all
    });
    (address, kept)
}

#[test]
fn traces_are_exported_when_the_standard_variable_says_so_and_continue_the_callers() {
    let folder = folder();
    let (address, kept) = receiver();
    let mut command = frontdesk(folder.path());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &address).env("OTEL_BSP_SCHEDULE_DELAY", "60000");
    let mut up = Up::begin(command);
    let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    fetch(&listening(folder.path(), "listen"), "/no/such/thing.js", parent);
    up.signal("TERM");
    assert_eq!(up.ended(), Some(0));
    let export = kept.join().unwrap();
    assert!(export.starts_with(b"POST /v1/traces HTTP/1.1"), "{}", text(&export[..export.len().min(200)]));
    let holds = |wanted: &[u8]| export.windows(wanted.len()).any(|window| window == wanted);
    assert!(holds(b"frontdesk-up"), "the service is named");
    assert!(
        holds(&0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes()),
        "the caller's trace goes on"
    );
}
