//! Publishing and nothing else: what the broker itself gives on this machine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_nats::{
    HeaderMap,
    jetstream::{
        self,
        stream::{Config, DiscardPolicy, RetentionPolicy},
    },
};
use bytes::Bytes;
use tokio::task::JoinSet;

use crate::measured::Measured;

/// Publishes events of `size` bytes with dedup ids for as long as that, `in_flight` at a time, into a stream like that
/// of the product.
///
/// # Panics
/// The broker refuses.
pub async fn publish(url: &str, size: usize, in_flight: usize, within: Duration) -> Measured {
    let client = async_nats::connect(url).await.expect("a connection");
    let context = jetstream::new(client);
    let stream = Config {
        name: "BARE".into(),
        subjects: vec!["bare.>".into()],
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        duplicate_window: Duration::from_secs(600),
        ..Config::default()
    };
    context.create_stream(stream).await.expect("a stream");
    let (payload, next, begun) =
        (Bytes::from(vec![b'x'; size]), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut publishers = JoinSet::new();
    for _ in 0..in_flight {
        let (context, payload, next) = (context.clone(), payload.clone(), next.clone());
        publishers.spawn(async move {
            let mut took = Vec::new();
            while begun.elapsed() < within {
                let (from, nth) = (Instant::now(), next.fetch_add(1, Ordering::Relaxed));
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Msg-Id", format!("sms:twilio:bare:{nth}").as_str());
                let sent = context.publish_with_headers("bare.sms", headers, payload.clone()).await;
                sent.expect("sent").await.expect("acknowledged");
                took.push(from.elapsed());
            }
            took
        });
    }
    let took = publishers.join_all().await.concat();
    Measured::of(took, begun.elapsed())
}
