//! `load inbox`: how long agents wait, with ten thousand, a hundred thousand and a million tickets of ten messages each, on
//! SQLite and on PostgreSQL. `LOAD_TICKETS` names other numbers, `LOAD_DATABASE` only one of the two.

use std::{path::Path, time::Duration};

use harness::{
    agent::Agent,
    frontdesk::PUBLIC_URL,
    postgres::Postgres,
    process::{Process, executable, mortal},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use self::generate::{colleague, fill, rare};
use crate::measured::{Measured, millis};

mod generate;
mod words;

const KEY: &str = "fd_load_key_of_the_owner_0123456789abcdef";
/// Calls of each kind.
const CALLS: usize = 200;
/// Tickets of one change of many.
const MANY: usize = 1_000;

/// Everything.
pub async fn measure() {
    let named = std::env::var("LOAD_TICKETS").unwrap_or_else(|_| "10000,100000,1000000".into());
    let sizes: Vec<u64> = named.split(',').map(|size| size.trim().parse().expect("a number")).collect();
    let only = std::env::var("LOAD_DATABASE").ok();
    for database in ["SQLite", "PostgreSQL"] {
        if only.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(database)) {
            compare(database, &sizes).await;
        }
    }
    println!("\ngoals: p99 under 20 ms, search under 100 ms, and no growth with the number of tickets");
}

async fn compare(database: &str, sizes: &[u64]) {
    let folder = tempfile::tempdir().expect("a folder");
    let postgres = if database == "PostgreSQL" { Some(Postgres::start().await) } else { None };
    let url = match &postgres {
        Some(postgres) => postgres.create_database().await,
        None => format!("sqlite://{}/desk.db", folder.path().display()),
    };
    // makes the tables
    up(&folder, &url).await.1.terminate().await;
    let mut from = 0;
    for &size in sizes {
        let begun = Instant::now();
        fill(&url, from, size).await;
        println!(
            "\n{database}, {size} tickets, {} messages (made in {:?})",
            size * generate::MESSAGES,
            begun.elapsed()
        );
        println!("{:44}{:>12}{:>12}", "", "p50", "p99");
        let (agent, mut process) = up(&folder, &url).await;
        calls(&agent, size).await;
        bulk(&agent).await;
        process.terminate().await;
        from = size;
    }
}

async fn up(folder: &TempDir, url: &str) -> (Agent, Process) {
    let file = folder.path().join("frontdesk.toml");
    let config = format!(
        "public_url = \"{PUBLIC_URL}\"\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
         [smtp]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"{url}\"\n\
         [owner]\nemail = \"owner@acme.example\"\npassword = \"correct horse battery\"\napi_key = \"{KEY}\"\n"
    );
    std::fs::write(&file, config).expect("a configuration");
    let mut command = mortal(&executable());
    command.arg("up").arg("--config").arg(&file).env("FRONTDESK_DATA_DIR", folder.path().join("data"));
    let process = Process::start("up", command, &folder.path().join("log"), "frontdesk is ready").await;
    (Agent::with_key(&format!("http://{}", listening(folder.path())), KEY), process)
}

fn listening(folder: &Path) -> String {
    let told = std::fs::read(folder.join("data/listening.json")).expect("its addresses");
    let told: serde_json::Value = serde_json::from_slice(&told).expect("its addresses");
    told["listen"].as_str().expect("an address").to_owned()
}

/// What agents ask for all day.
async fn calls(agent: &Agent, size: u64) {
    let me = colleague(7);
    let any = agent.get("/tickets?limit=1&status=closed").await.expect(200)["data"][0].clone();
    let (ticket, profile) =
        (any["id"].as_str().expect("an id"), any["profile"]["id"].as_str().expect("an id"));
    let (frequent, middle) = (words::word(0), words::word(400));
    for (what, path) in [
        ("all tickets", "/tickets?limit=50".to_owned()),
        ("unassigned", "/tickets?limit=50&status=open&assignee=none".into()),
        ("a colleague's inbox", format!("/tickets?limit=50&status=open&assignee={me}")),
        ("unread", "/tickets?limit=50&unread=true".into()),
        ("longest waiting", "/tickets?limit=50&status=open&sort=waiting".into()),
        ("by tag", format!("/tickets?limit=50&tag={}", words::word(510))),
        (
            "open, by mail, by tag",
            format!("/tickets?limit=50&status=open&channel=email&tag={}", words::word(510)),
        ),
        ("how many match", "/tickets/count?status=closed&channel=sms".into()),
        ("badge", "/badge".into()),
        ("a ticket", format!("/tickets/{ticket}")),
        ("its messages", format!("/tickets/{ticket}/messages?limit=50")),
        ("a customer", format!("/profiles/{profile}")),
        ("search: a rare word", format!("/tickets?limit=50&q={}", rare(size))),
        ("search: a word in one of 100 messages", format!("/tickets?limit=50&q={middle}")),
        ("search: the most frequent word", format!("/tickets?limit=50&q={frequent}")),
        ("search: two words", format!("/tickets?limit=50&q={middle}%20{}", words::word(300))),
        ("search: a number's end", format!("/tickets?limit=50&q={}", 2_000_000_000 + size / 4)),
        ("search: from a customer", format!("/tickets?limit=50&q=from:customer{}", size / 4)),
    ] {
        print(what, &timed(agent, &path).await);
    }
    print("all tickets, page by page", &pages(agent).await);
}

fn print(what: &str, measured: &Measured) {
    println!("{what:44}{:>12}{:>12}", millis(measured.p50), millis(measured.p99));
}

async fn timed(agent: &Agent, path: &str) -> Measured {
    let (mut took, begun) = (Vec::with_capacity(CALLS), Instant::now());
    agent.get(path).await.expect(200);
    while took.len() < CALLS && begun.elapsed() < Duration::from_secs(20) {
        let asked = Instant::now();
        agent.get(path).await.expect(200);
        took.push(asked.elapsed());
    }
    Measured::of(took, begun.elapsed())
}

async fn pages(agent: &Agent) -> Measured {
    let (mut took, begun, mut cursor) = (Vec::new(), Instant::now(), String::new());
    for _ in 0..CALLS {
        let asked = Instant::now();
        let page = agent.get(&format!("/tickets?limit=50{cursor}")).await.expect(200);
        took.push(asked.elapsed());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    Measured::of(took, begun.elapsed())
}

/// A change of a thousand tickets, until it is done.
async fn bulk(agent: &Agent) {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    while ids.len() < MANY {
        let page = agent.get(&format!("/tickets?limit=200&status=closed{cursor}")).await.expect(200);
        ids.extend(page["data"].as_array().expect("tickets").iter().map(|ticket| ticket["id"].clone()));
        cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("more"));
    }
    for unread in ["unread", "read"] {
        let begun = Instant::now();
        let job = agent.post("/tickets/bulk", json!({"ids": ids, "action": unread})).await.expect(202);
        let address = format!("/bulk/{}", job["id"].as_str().expect("an id"));
        while agent.get(&address).await.expect(200)["state"] != "done" {
            sleep(Duration::from_millis(10)).await;
        }
        println!("{:44}{:>12}", format!("{MANY} tickets marked {unread}"), millis(begun.elapsed()));
    }
}
