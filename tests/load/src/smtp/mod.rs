//! `load smtp`: mails a second to the final 250, beside Haraka and two servers of Postfix's. Client and server share
//! this machine, so a machine with nothing else on it gives more; the ratios are what counts.
//!
//! Ours and Postfix say 250 when the mail is on the disk; Haraka and smtp-sink drop it.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use harness::postfix::tool;
use tokio::process::Command;

use self::servers::Server;

mod cpu;
mod servers;

/// Connections of the client.
const SESSIONS: usize = 64;
/// Bytes of a mail.
const SIZE: usize = 5_000;
/// About how long one measurement takes.
const WITHIN: Duration = Duration::from_secs(4);
/// Measurements of each kind, all servers in turn; the median counts.
const ROUNDS: usize = 3;
/// Mails before the first measurement.
const WARM: usize = 3_000;

/// How the client connects.
#[derive(Clone, Copy)]
enum Connections {
    Kept,
    New,
}

/// What was measured.
#[derive(Clone, Copy)]
struct Measured {
    /// Mails a second.
    rate: f64,
    /// What the server and its helpers used for one.
    cpu: Duration,
}

/// Everything.
pub async fn measure() {
    if tool("usr/sbin/smtp-source").is_none() {
        return;
    }
    let servers = servers::all().await;
    println!(
        "mails of {SIZE} bytes, {SESSIONS} connections, {} cores for all, median of {ROUNDS}",
        super::cores()
    );
    for connections in [Connections::Kept, Connections::New] {
        let what = match connections {
            Connections::Kept => "connections that are kept",
            Connections::New => "a new connection for each mail",
        };
        println!("\n{what}\n{:44}{:>10}{:>14}{:>12}", "", "a second", "CPU a mail", "resident");
        let medians = rounds(&servers, connections).await;
        for (server, measured) in servers.iter().zip(&medians) {
            println!(
                "{:44}{:>10.0}{:>11} µs{:>9} MB",
                server.name,
                measured.rate,
                measured.cpu.as_micros(),
                cpu::resident_kib(server.pid) / 1024
            );
        }
        let ours = medians[0];
        for (server, other) in servers.iter().zip(&medians).skip(1) {
            let (rate, cpu) = (ours.rate / other.rate, other.cpu.as_secs_f64() / ours.cpu.as_secs_f64());
            println!("frontdesk / {}: {rate:.1} in mails, {cpu:.1} in mails a CPU second", server.name);
        }
    }
    println!("\ngoals: 5,000 a second, 3 times Haraka");
}

/// The median of each server.
async fn rounds(servers: &[Server], connections: Connections) -> Vec<Measured> {
    let mut counts = Vec::new();
    for server in servers {
        let warm = run(server, connections, WARM).await;
        counts.push((warm.rate * WITHIN.as_secs_f64()) as usize);
    }
    let mut all = vec![Vec::new(); servers.len()];
    for _ in 0..ROUNDS {
        for ((server, count), measured) in servers.iter().zip(&counts).zip(&mut all) {
            cpu::settle().await;
            measured.push(run(server, connections, *count).await);
        }
    }
    let median = |mut measured: Vec<Measured>| {
        measured.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        measured[measured.len() / 2]
    };
    all.into_iter().map(median).collect()
}

/// Sends so many mails; each has an id of its own.
async fn run(server: &Server, connections: Connections, mails: usize) -> Measured {
    let mut client = tool("usr/sbin/smtp-source").expect("it was there");
    client.args(["-s", &SESSIONS.to_string(), "-l", &SIZE.to_string(), "-m", &mails.to_string()]);
    client.args(["-f", "anna@customer.example", "-t", servers::RECIPIENT]);
    if matches!(connections, Connections::Kept) {
        client.arg("-d");
    }
    client.arg(format!("inet:{}", server.address)).stdin(Stdio::null());
    let (used, begun) = (cpu::used(server.pid), Instant::now());
    let output = Command::from(client).output().await.expect("smtp-source");
    let (took, used) = (begun.elapsed(), cpu::used(server.pid) - used);
    assert!(output.status.success(), "{}: {}", server.name, String::from_utf8_lossy(&output.stderr));
    let mails = u32::try_from(mails).expect("not that many");
    Measured { rate: f64::from(mails) / took.as_secs_f64(), cpu: used / mails }
}
