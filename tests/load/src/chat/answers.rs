//! Agents' answers, pushed as the desk does, to one visitor after the other.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::crowd::{Crowd, MARK};
use crate::measured::Measured;

/// Answers on their way at full speed: not so many that a visitor counts as too slow.
const ON_THEIR_WAY: usize = 1_000;

/// When answers leave.
#[derive(Clone, Copy)]
pub enum Load {
    /// As soon as others have arrived.
    Full,
    /// So many a second.
    PerSecond(u32),
}

/// The number of the next answer of every visitor.
pub type Numbers = Vec<i64>;

/// Every visitor's chat has begun, as the desk says it after their first message: from now on their node listens.
///
/// # Panics
/// The broker refuses.
pub async fn begin(nats: &str, crowd: &Crowd) {
    let client = async_nats::connect(nats).await.expect("a connection");
    for session in &crowd.sessions {
        let said = serde_json::to_vec(session).expect("JSON");
        client.publish("signal.chat_began", said.into()).await.expect("published");
    }
    client.flush().await.expect("flushed");
}

/// Answers visitors in turn for as long as that, and waits for what is on its way.
///
/// # Panics
/// The broker refuses.
pub async fn push(
    nats: &str,
    crowd: &Crowd,
    load: Load,
    within: Duration,
    numbers: Option<&mut Numbers>,
) -> (Measured, Numbers) {
    let client = async_nats::connect(nats).await.expect("a connection");
    let mut own = vec![1; crowd.sessions.len()];
    let numbers = numbers.unwrap_or(&mut own);
    let clockwork = &crowd.clockwork;
    clockwork.take();
    let (begun, before, mut sent) = (Instant::now(), clockwork.arrived(), 0_usize);
    let mut push = answer();
    while begun.elapsed() < within {
        let due = match load {
            Load::Full => sent.saturating_sub(clockwork.arrived() - before) < ON_THEIR_WAY,
            Load::PerSecond(rate) => begun.elapsed().as_secs_f64() * f64::from(rate) > sent as f64,
        };
        if !due {
            sleep(Duration::from_micros(200)).await;
            continue;
        }
        let nth = sent % crowd.sessions.len();
        let number = clockwork.leaves();
        let payload = number_of(&mut push, numbers[nth], number);
        numbers[nth] += 1;
        sent += 1;
        let subject = format!("live.chat.{}", crowd.sessions[nth]);
        client.publish(subject, payload.into()).await.expect("published");
        if sent % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let over = begun.elapsed();
    let arrived_in_time = clockwork.arrived() - before;
    for _ in 0..200 {
        if clockwork.arrived() - before >= sent {
            break;
        }
        sleep(Duration::from_millis(25)).await;
    }
    let arrived = clockwork.arrived() - before;
    assert!(arrived == sent, "{arrived} of {sent} answers arrived");
    let measured = Measured::of(clockwork.take(), over);
    let rate = arrived_in_time as f64 / over.as_secs_f64();
    (Measured { rate, ..measured }, numbers.clone())
}

/// The push of an answer, as the desk writes it.
fn answer() -> Value {
    let (ticket, at) = (Uuid::from_u128(1), "2026-11-25T09:00:00.000Z");
    json!({
        "added": {
            "ticket": {
                "id": ticket, "number": 1, "version": 3, "status": "open", "unread": false, "visitor_online": true
            },
            "message": {
                "id": Uuid::from_u128(3), "ticket_id": ticket, "seq": 1, "direction": "out",
                "author": {"kind": "agent", "id": null, "name": "Maya"}, "text": "", "html": null,
                "attachments": [], "status": "sent", "error": null, "segments": null, "sent_at": at,
                "why": "an agent answered this ticket"
            }
        }
    })
}

fn number_of(push: &mut Value, seq: i64, number: usize) -> Vec<u8> {
    let message = &mut push["added"]["message"];
    message["seq"] = json!(seq);
    message["id"] = json!(Uuid::new_v4());
    let words = "Yes, three of the red ones are left in your size; shall I put one aside for you?";
    message["text"] = json!(format!("{MARK}{number}: {words}"));
    serde_json::to_vec(push).expect("JSON")
}
