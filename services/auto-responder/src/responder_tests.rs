//! With a real bus and somebody who answers for the settings.

use std::{path::Path, time::Duration};

use bus::{Stream, embedded};
use domain::{MessageId, Timestamp, event::ReplyProposed};
use futures::StreamExt;
use host::{Metrics, SystemClock};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{MESSAGES, rules::tests::event};

/// The proposals on the bus, once there are that many; then whatever comes within a moment more.
async fn proposals(bus: &Bus, count: usize) -> Vec<ReplyProposed> {
    let mut stream = bus.follow(Stream::Inbound, 0).await.unwrap();
    let mut found = Vec::new();
    loop {
        let patience = Duration::from_millis(if found.len() < count { 10_000 } else { 300 });
        match tokio::time::timeout(patience, stream.next()).await {
            Ok(Some(stored)) => found.push(stored.envelope.read(REPLY_PROPOSED).unwrap()),
            _ => return found,
        }
    }
}

#[tokio::test]
async fn h1_each_text_is_answered_once_until_it_looks_like_a_loop() {
    let clock = Arc::new(SystemClock);
    let bus = embedded::open(None::<&Path>, clock.clone()).await.unwrap();
    let stopping = CancellationToken::new();
    let (answering, until) = (bus.clone(), stopping.clone());
    tokio::spawn(async move { answering.answer(SETTINGS, until, async |()| Ok(Settings::default())).await });
    let counter = Metrics::default().counter("frontdesk_auto_answers_total", &[]);
    let responder = Arc::new(Responder::new(bus.clone(), clock.clone(), counter));
    let (consuming, until) = (bus.clone(), stopping.clone());
    tokio::spawn(async move { consuming.consume(MESSAGES, responder, until).await });

    let mut event = event();
    event.message.sent_at = clock.now();
    for n in 0..8_u8 {
        event.message.id = MessageId::new(Timestamp::from_millis(1), &[n; 10]);
        bus.publish(MESSAGE_RECEIVED, &format!("msg:{}", event.message.id), &event).await.unwrap();
    }
    let proposed = proposals(&bus, 5).await;
    assert_eq!(proposed.len(), 5);
    let mut keys: Vec<_> = proposed.iter().map(|p| p.key.as_str()).collect();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    assert!(proposed.iter().all(|p| p.ticket_id == event.ticket.id && p.without_consent));
    stopping.cancel();
}
