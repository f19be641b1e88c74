//! `load sms`: signed webhooks to a durable 2xx, beside bare publishing and beside a receiver in Node. Generator, receiver
//! and broker share this machine, so a machine with nothing else on it gives more; the ratios are what counts.

use std::time::Duration;

use harness::{frontdesk::PUBLIC_URL, nats};

use self::fire::{Pace, fire};
use crate::{
    measured::{Measured, millis},
    server::Server,
};

mod bare;
mod fire;
mod requests;

/// Connections of the carrier, and events on their way at once in bare publishing.
const CONNECTIONS: usize = 512;
/// Each measurement.
const WITHIN: Duration = Duration::from_secs(8);
/// More webhooks than fit into a measurement.
const MOST: usize = 400_000;
/// The steady load.
const STEADY: u32 = 5_000;
/// Bytes of such an event as it travels.
const EVENT: usize = 560;

/// Everything, with both ways a broker may sync.
pub async fn measure() {
    println!("{CONNECTIONS} connections, {} cores for all, {WITHIN:?} each", super::cores());
    for sync_always in [false, true] {
        let sync =
            if sync_always { "every write (sync_interval: always)" } else { "every 2 minutes (its default)" };
        println!(
            "\nNATS syncs {sync}\n{:24}{:>10}{:>12}{:>12}   at {STEADY}/s: p50, p99",
            "", "a second", "p50", "p99"
        );
        let broker = || nats::Server::start_with(nats::Options { sync_always, ..nats::Options::default() });
        let bare = {
            let nats = broker();
            bare::publish(&nats.url(), EVENT, CONNECTIONS, WITHIN).await
        };
        println!("{:24}{}", "bare publishing", row(&bare));
        let nats = broker();
        let ours = compare("frontdesk", &frontdesk(&nats.url()).await).await;
        drop(nats);
        let nats = broker();
        let node = match node(&nats.url()).await {
            Ok(node) => Some(compare("Node (Express, nats.js)", &node).await),
            Err(why) => {
                println!("Node is skipped: {why}");
                None
            }
        };
        println!("frontdesk / bare publishing: {:.2}", ours.rate / bare.rate);
        if let Some(node) = node {
            println!("frontdesk / Node:            {:.1}", ours.rate / node.rate);
        }
    }
    println!("\ngoals: 20,000 a second, 0.8 of bare publishing");
}

async fn compare(name: &str, receiver: &Server) -> Measured {
    let warm = requests::signed("w", 2_000);
    fire(&receiver.address, warm, CONNECTIONS, Pace::FullSpeed, WITHIN).await;
    let before = cpu_time(receiver.process.pid());
    let full =
        fire(&receiver.address, requests::signed("f", MOST), CONNECTIONS, Pace::FullSpeed, WITHIN).await;
    let spent = cpu_time(receiver.process.pid()) - before;
    let many = STEADY as usize * WITHIN.as_secs() as usize;
    let pace = Pace::PerSecond(STEADY);
    let steady = fire(&receiver.address, requests::signed("s", many), CONNECTIONS, pace, WITHIN * 2).await;
    println!("{name:24}{}   {}, {}", row(&full), millis(steady.p50), millis(steady.p99));
    println!("{:24}{:>10.0} µs of a core each", "", spent.as_secs_f64() * 1e6 / full.count as f64);
    full
}

/// Time on a core that a process has had (fields 14 and 15 of proc(5)'s stat, in hundredths of a second). Unlike the rate
/// it hardly depends on what else the machine does.
fn cpu_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

fn row(measured: &Measured) -> String {
    format!("{:>10.0}{:>12}{:>12}", measured.rate, millis(measured.p50), millis(measured.p99))
}

/// The product's.
async fn frontdesk(nats: &str) -> Server {
    let channels = format!(
        "[[sms.numbers]]\nnumber = \"{}\"\nprovider = \"twilio\"\n\
         [sms.numbers.credentials]\naccount_sid = \"{}\"\nauth_token = \"{}\"\n",
        requests::NUMBER,
        requests::ACCOUNT,
        requests::TOKEN
    );
    Server::frontdesk("sms-ingest", nats, &channels).await
}

/// The same written with Express and nats.js.
async fn node(nats: &str) -> Result<Server, String> {
    let env = [
        ("PUBLIC_URL", PUBLIC_URL),
        ("TWILIO_ACCOUNT_SID", requests::ACCOUNT),
        ("TWILIO_AUTH_TOKEN", requests::TOKEN),
    ];
    Server::node("sms-node", "server.mjs", nats, &env).await
}
