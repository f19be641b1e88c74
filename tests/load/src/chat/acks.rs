//! How long visitors wait for the ack of what they write, which says that the desk has it, through the whole product. No
//! peer stores anything, so there is none beside it.

use std::time::Duration;

use harness::{
    nats,
    visitor::{Page, Visitor},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    measured::{Measured, millis},
    server::Server,
};

/// Visitors who write.
const VISITORS: u32 = 200;
/// Messages of each, at the steady pace and then one after the other; more would be refused.
const WRITES: u32 = 8;
/// Between two messages of one visitor at the steady pace.
const EVERY: Duration = Duration::from_secs(1);

/// Both shapes of the bus, with SQLite.
pub async fn measure() {
    println!("\n{VISITORS} visitors who write\n{:12}{:>12}{:>12}{:>12}", "ack", "a second", "p50", "p99");
    of("embedded", "").await;
    let nats = nats::Server::start();
    of("NATS", &nats.url()).await;
}

async fn of(name: &str, nats: &str) {
    let channels = format!(
        "[smtp]\nlisten = \"127.0.0.1:0\"\n[[chat.sites]]\nid = \"main\"\nallowed_origins = [\"{}\"]\n",
        super::SHOP
    );
    let server = Server::frontdesk("up", nats, &channels).await;
    let base = format!("http://{}", server.address);
    let page = Page { base, site: "main".into(), origin: super::SHOP.into() };
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        let mut visitor = Visitor::arrive(&page).await.expect("a socket");
        visitor.say("hello").await.expect("an ack"); // opens the ticket
        visitors.push(visitor);
    }
    for pace in [Some(EVERY), None] {
        let (begun, mut writing) = (Instant::now(), JoinSet::new());
        for (nth, visitor) in (0..VISITORS).zip(visitors) {
            writing.spawn(write(visitor, pace, begun + EVERY * nth / VISITORS));
        }
        let (mut took, mut back) = (Vec::new(), Vec::new());
        while let Some(written) = writing.join_next().await {
            let (visitor, times) = written.expect("a visitor");
            back.push(visitor);
            took.extend(times);
        }
        visitors = back;
        let measured = Measured::of(took, begun.elapsed());
        println!("{name:12}{:>12.0}{:>12}{:>12}", measured.rate, millis(measured.p50), millis(measured.p99));
    }
}

async fn write(mut visitor: Visitor, pace: Option<Duration>, first: Instant) -> (Visitor, Vec<Duration>) {
    let mut took = Vec::new();
    for nth in 0..WRITES {
        if let Some(pace) = pace {
            sleep_until(first + pace * nth).await;
        }
        let begun = Instant::now();
        visitor.say("Is the red one in stock, in large?").await.expect("an ack");
        took.push(begun.elapsed());
    }
    (visitor, took)
}
