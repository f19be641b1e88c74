//! Benchmarks, printed and never asserted.
//!
//! * `load idle`: what the product weighs when nothing happens.
//! * `load sms`: webhooks a second.
//! * `load chat`: idle widgets, and answers a second.
//! * `load smtp`: mails a second.
//! * `load inbox`: how long agents wait with a million tickets.

use std::{path::Path, process::ExitCode, time::Duration};

use harness::process::{Process, executable, mortal};
use tokio::time::{Instant, sleep};

mod chat;
mod inbox;
mod measured;
mod server;
mod sms;
mod smtp;

const RUNS: usize = 5;

fn main() -> ExitCode {
    // with the file limit raised, for ten thousand sockets
    host::main(|| tokio::runtime::Runtime::new().expect("a runtime").block_on(run()))
}

async fn run() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("idle") => {
            idle().await;
            ExitCode::SUCCESS
        }
        Some("sms") => {
            sms::measure().await;
            ExitCode::SUCCESS
        }
        Some("chat") => {
            chat::measure().await;
            ExitCode::SUCCESS
        }
        Some("smtp") => {
            smtp::measure().await;
            ExitCode::SUCCESS
        }
        Some("inbox") => {
            inbox::measure().await;
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: load idle|sms|chat|smtp|inbox");
            ExitCode::from(2)
        }
    }
}

/// Time from start to "ready" and resident memory three seconds later, of `frontdesk up` with the sandbox's channels;
/// the first run makes the database, later ones find it.
async fn idle() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sandbox.toml");
    println!("frontdesk up, idle ({})", executable().display());
    println!("{:>10} {:>12} {:>14}", "run", "ready in", "resident");
    for run in 1..=RUNS {
        let mut command = mortal(&executable());
        command.arg("up").arg("--config").arg(&sample);
        command
            .env("FRONTDESK_DATA_DIR", folder.path().join("data"))
            .env("FRONTDESK_OWNER__PASSWORD", "correct horse");
        for name in ["FRONTDESK_LISTEN", "FRONTDESK_ADMIN_LISTEN", "FRONTDESK_SMTP__LISTEN"] {
            command.env(name, "127.0.0.1:0");
        }
        let from = Instant::now();
        let mut process =
            Process::start("up", command, &folder.path().join("log"), "frontdesk is ready").await;
        let ready = from.elapsed();
        sleep(Duration::from_secs(3)).await;
        let resident = resident_kib(process.pid());
        println!("{run:>10} {:>9} ms {:>10.1} MB", ready.as_millis(), resident as f64 / 1024.0);
        process.terminate().await;
    }
    let size = std::fs::metadata(executable()).map_or(0, |file| file.len());
    println!("goals: < 1000 ms, < 100 MB; the executable has {:.1} MB (goal < 60)", size as f64 / 1e6);
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
