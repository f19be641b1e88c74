//! `load chat`: what an idle widget weighs, and agents' answers on their way from the broker to visitors, beside Socket.IO
//! and ws doing the same. Generator, server and broker share this machine; the ratios are what counts.

use std::time::Duration;

use harness::nats;
use tokio::time::sleep;

use self::{
    answers::{Load, begin, push},
    crowd::{Crowd, Dialect},
};
use crate::{
    measured::{Measured, millis},
    resident_kib,
    server::Server,
};

mod acks;
mod answers;
mod crowd;

/// How many visitors.
const CROWDS: [usize; 2] = [1_000, 10_000];
/// Each measurement.
const WITHIN: Duration = Duration::from_secs(6);
/// The steady load, answers a second over all visitors.
const STEADY: u32 = 1_000;
/// The page of the site.
pub const SHOP: &str = "https://shop.example.com";

struct Row {
    kib: f64,
    full: Measured,
}

/// Everything.
pub async fn measure() {
    println!("{WITHIN:?} each; one message is one answer to one visitor");
    for visitors in CROWDS {
        println!(
            "\n{visitors} visitors\n{:12}{:>16}{:>12}{:>12}{:>12}   at {STEADY}/s: p50, p99",
            "", "KiB each, idle", "a second", "p50", "p99"
        );
        let mut rows = Vec::new();
        for (name, dialect) in
            [("frontdesk", Dialect::Frontdesk), ("Socket.IO", Dialect::SocketIo), ("ws", Dialect::Ws)]
        {
            match compare(name, dialect, visitors).await {
                Ok(row) => rows.push((name, row)),
                Err(why) => println!("{name} is skipped: {why}"),
            }
        }
        if let [(_, ours), peers @ ..] = rows.as_slice() {
            for (name, peer) in peers {
                println!(
                    "frontdesk / {name}: {:.2} of the memory, {:.2} of the rate",
                    ours.kib / peer.kib,
                    ours.full.rate / peer.full.rate
                );
            }
        }
    }
    acks::measure().await;
    println!("\ngoals: at most 12 KiB each, 3 times the rate of Socket.IO");
}

async fn compare(name: &str, dialect: Dialect, visitors: usize) -> Result<Row, String> {
    let nats = nats::Server::start();
    let server = match dialect {
        Dialect::Frontdesk => frontdesk(&nats.url()).await,
        Dialect::SocketIo => node("socketio.mjs", &nats.url()).await?,
        Dialect::Ws => node("ws.mjs", &nats.url()).await?,
    };
    // a few first, so that what a server makes once is not counted
    drop(Crowd::arrive(&server.address, dialect, 50).await);
    sleep(Duration::from_secs(2)).await;
    let before = resident_kib(server.process.pid());
    let crowd = Crowd::arrive(&server.address, dialect, visitors).await;
    sleep(Duration::from_secs(3)).await;
    let kib = resident_kib(server.process.pid()).saturating_sub(before) as f64 / visitors as f64;
    if dialect == Dialect::Frontdesk {
        begin(&nats.url(), &crowd).await;
        sleep(Duration::from_secs(3)).await;
        let kib = resident_kib(server.process.pid()).saturating_sub(before) as f64 / visitors as f64;
        println!("{name:12}{kib:>16.1} KiB each, in a conversation");
    }
    let mut next = push(&nats.url(), &crowd, Load::Full, WITHIN / 3, None).await.1;
    let full = push(&nats.url(), &crowd, Load::Full, WITHIN, Some(&mut next)).await.0;
    let steady = push(&nats.url(), &crowd, Load::PerSecond(STEADY), WITHIN, Some(&mut next)).await.0;
    println!(
        "{name:12}{kib:>16.1}{:>12.0}{:>12}{:>12}   {}, {}",
        full.rate,
        millis(full.p50),
        millis(full.p99),
        millis(steady.p50),
        millis(steady.p99)
    );
    Ok(Row { kib, full })
}

async fn frontdesk(nats: &str) -> Server {
    let channels = format!("[[chat.sites]]\nid = \"main\"\nallowed_origins = [\"{SHOP}\"]\n");
    Server::frontdesk("web-chat", nats, &channels).await
}

async fn node(file: &str, nats: &str) -> Result<Server, String> {
    Server::node("chat-node", file, nats, &[]).await
}
