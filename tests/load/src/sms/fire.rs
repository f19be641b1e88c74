//! A small HTTP client that costs little: one task per connection, requests ready to be written, answers read no further
//! than needed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::measured::Measured;

/// When requests leave.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Each connection as soon as it has its answer.
    FullSpeed,
    /// So many a second over all connections. An answer's time counts from when its request was due.
    PerSecond(u32),
}

/// Posts all requests, or as many as go out in `within`, over that many connections.
///
/// # Panics
/// A connection breaks, or an answer is no 2xx.
pub async fn fire(
    address: &str,
    requests: Vec<Vec<u8>>,
    connections: usize,
    pace: Pace,
    within: Duration,
) -> Measured {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut open = JoinSet::new();
    let begun = Instant::now() + Duration::from_millis(100);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        open.spawn(converse(stream, requests.clone(), next.clone(), pace, begun, within));
    }
    let took = open.join_all().await.concat();
    Measured::of(took, begun.elapsed().min(within))
}

async fn converse(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    pace: Pace,
    begun: Instant,
    within: Duration,
) -> Vec<Duration> {
    let (mut took, mut answer) = (Vec::new(), Vec::with_capacity(1024));
    tokio::time::sleep_until(begun.into()).await;
    loop {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        let due = match pace {
            Pace::FullSpeed => Instant::now(),
            Pace::PerSecond(rate) => begun + Duration::from_secs(1) * u32::try_from(nth).expect("few") / rate,
        };
        let Some(request) = requests.get(nth).filter(|_| due < begun + within) else { return took };
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        stream.write_all(request).await.expect("written");
        read_answer(&mut stream, &mut answer).await;
        took.push(due.elapsed());
    }
}

/// Head and body, whose length must be told.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    loop {
        assert!(stream.read_buf(answer).await.expect("an answer") > 0, "the connection was closed");
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end]).expect("a head");
        assert!(head.starts_with("HTTP/1.1 2"), "{}", String::from_utf8_lossy(answer));
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = length.map_or(0, |(_, value)| value.trim().parse().expect("a length"));
        if answer.len() >= end + 4 + length {
            return;
        }
    }
}
