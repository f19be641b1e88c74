//! The servers that are compared.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command as Blocking, Stdio},
    time::Duration,
};

use harness::{
    nats, ports,
    postfix::{Postfix, tool},
    process::{Process, executable, mortal},
};
use tempfile::TempDir;
use tokio::{net::TcpStream, process::Child, process::Command, time::sleep};

/// To whom all mails go.
pub const RECIPIENT: &str = "support@in.acme.example";

/// A running server.
pub struct Server {
    /// What it is, and what its 250 means.
    pub name: &'static str,
    /// Where it takes mail in.
    pub address: SocketAddr,
    /// Its first process.
    pub pid: u32,
    _runs: Running,
}

/// Kept, so that it runs.
#[expect(dead_code, reason = "held for their end")]
enum Running {
    Frontdesk(Process, nats::Server, TempDir),
    Child(Child, TempDir),
    Postfix(Postfix),
}

/// Ours first; those that cannot run here are left out, and said.
pub async fn all() -> Vec<Server> {
    let mut servers = vec![frontdesk().await];
    match haraka().await {
        Ok(haraka) => servers.push(haraka),
        Err(why) => println!("Haraka is skipped: {why}"),
    }
    servers.extend(sink().await);
    servers.extend(postfix().await);
    servers
}

/// The role alone, as in a cluster.
async fn frontdesk() -> Server {
    let (folder, nats) = (tempfile::tempdir().expect("a folder"), nats::Server::start());
    let config = format!(
        "public_url = \"https://desk.example.test\"\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
         nats.url = \"{}\"\nblobs.url = \"file://{}/blobs\"\n\
         [smtp]\nlisten = \"127.0.0.1:0\"\ntrusted_peers = [\"127.0.0.1\"]\n\
         [[email.mailboxes]]\naddress = \"support@acme.example\"\ninbound = \"{RECIPIENT}\"\n",
        nats.url(),
        folder.path().display()
    );
    let file = folder.path().join("frontdesk.toml");
    fs::write(&file, config).expect("a configuration");
    let mut command = mortal(&executable());
    command.arg("email-ingest").arg("--config").arg(&file);
    command.env("FRONTDESK_DATA_DIR", folder.path().join("data"));
    let log = folder.path().join("log");
    let process = Process::start("email-ingest", command, &log, "frontdesk is ready").await;
    let told = fs::read(folder.path().join("data/listening.json")).expect("its addresses");
    let told: serde_json::Value = serde_json::from_slice(&told).expect("its addresses");
    let address = told["smtp"].as_str().and_then(|address| address.parse().ok()).expect("an address");
    let name = "frontdesk (on the disk, parsed, published)";
    Server { name, address, pid: process.pid(), _runs: Running::Frontdesk(process, nats, folder) }
}

/// As it comes, with a process per core.
async fn haraka() -> Result<Server, String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/smtp-haraka");
    let haraka = program.join("node_modules/Haraka");
    if !haraka.is_dir() {
        let npm = ["ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"];
        let installed = Blocking::new("npm").args(npm).current_dir(&program).output();
        if !installed.is_ok_and(|output| output.status.success()) {
            return Err(format!("npm ci does not work in {}", program.display()));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let copied = Blocking::new("cp").arg("-r").arg(haraka.join("config")).arg(folder.path()).status();
    if !copied.is_ok_and(|status| status.success()) {
        return Err("its configuration cannot be copied".into());
    }
    let address = free_address();
    for (name, text) in [
        ("smtp.ini", format!("listen={address}\nnodes={}\n", crate::cores())),
        ("plugins", "rcpt_to.in_host_list\nqueue/discard\n".into()),
        ("host_list", "in.acme.example\n".into()),
        ("log.ini", "[main]\nlevel=warn\n".into()),
    ] {
        fs::write(folder.path().join("config").join(name), text).map_err(|error| error.to_string())?;
    }
    let mut command = mortal(Path::new("node"));
    command.arg(haraka.join("bin/haraka")).arg("-c").arg(folder.path()).env("YES_REALLY_DO_DISCARD", "1");
    started("Haraka, a process per core (dropped)", command, address, folder).await
}

/// Postfix's test server.
async fn sink() -> Option<Server> {
    let address = free_address();
    let mut sink = tool("usr/sbin/smtp-sink")?;
    sink.args(["-u", "nobody", &format!("inet:{address}"), "256"]);
    let folder = tempfile::tempdir().expect("a folder");
    started("smtp-sink (dropped)", sink.into(), address, folder).await.ok()
}

async fn started(
    name: &'static str,
    mut command: Command,
    address: SocketAddr,
    folder: TempDir,
) -> Result<Server, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().map_err(|error| error.to_string())?;
    for _ in 0..200 {
        if TcpStream::connect(address).await.is_ok() {
            let pid = child.id().ok_or("it has ended")?;
            return Ok(Server { name, address, pid, _runs: Running::Child(child, folder) });
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err("it does not start".into())
}

/// Postfix with its queue; what leaves the queue is dropped.
async fn postfix() -> Option<Server> {
    let drop = [("default_transport", "discard:"), ("relayhost", ""), ("sender_canonical_maps", "")];
    let postfix = Postfix::start(([127, 0, 0, 1], 9).into(), RECIPIENT, &drop).await?;
    let (address, pid) = (postfix.address(), postfix.pid());
    Some(Server { name: "Postfix (on the disk)", address, pid, _runs: Running::Postfix(postfix) })
}

fn free_address() -> SocketAddr {
    ([127, 0, 0, 1], ports::free()).into()
}
