//! The programs that are compared, each in a folder of its own: one role of the product, and its peers in Node.

use std::{path::Path, process::Command as Blocking};

use harness::{
    frontdesk::PUBLIC_URL,
    process::{Process, executable, mortal},
};
use tempfile::TempDir;

/// A running program. It dies with this.
pub struct Server {
    /// Where it listens.
    pub address: String,
    /// What is measured.
    pub process: Process,
    _folder: TempDir,
}

impl Server {
    /// One role of the product alone, as in a cluster, with these channels.
    ///
    /// # Panics
    /// It does not start.
    pub async fn frontdesk(role: &str, nats: &str, channels: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "public_url = \"{PUBLIC_URL}\"\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
             [nats]\nurl = \"{nats}\"\n[blobs]\nurl = \"file://{}/blobs\"\n{channels}",
            folder.path().display()
        );
        let file = folder.path().join("frontdesk.toml");
        std::fs::write(&file, config).expect("a configuration");
        let mut command = mortal(&executable());
        command.arg(role).arg("--config").arg(&file);
        command.env("FRONTDESK_DATA_DIR", folder.path().join("data"));
        let process = Process::start(role, command, &folder.path().join("log"), "frontdesk is ready").await;
        let told = std::fs::read(folder.path().join("data/listening.json")).expect("its addresses");
        let told: serde_json::Value = serde_json::from_slice(&told).expect("its addresses");
        let address = told["listen"].as_str().expect("an address").to_owned();
        Self { address, process, _folder: folder }
    }

    /// A program of `peers/`, which writes its port to a file.
    ///
    /// # Errors
    /// What it needs cannot be installed.
    ///
    /// # Panics
    /// It does not start.
    pub async fn node(peer: &str, file: &str, nats: &str, env: &[(&str, &str)]) -> Result<Self, String> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(peer);
        if !program.join("node_modules").is_dir() {
            let installed =
                Blocking::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&program).output();
            if !installed.is_ok_and(|output| output.status.success()) {
                return Err(format!("npm ci does not work in {}", program.display()));
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let port = folder.path().join("port");
        let mut command = mortal(Path::new("node"));
        command.arg(program.join(file)).env("NODE_ENV", "production");
        command.env("NATS_URL", nats).env("PORT_FILE", &port).envs(env.iter().copied());
        let process = Process::start("node", command, &folder.path().join("log"), "ready").await;
        let port = std::fs::read_to_string(&port).map_err(|error| error.to_string())?;
        Ok(Self { address: format!("127.0.0.1:{}", port.trim()), process, _folder: folder })
    }
}
