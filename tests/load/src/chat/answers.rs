//! Agents' answers, published as the desk does, to one visitor after the other.

use std::time::{Duration, Instant};

use async_nats::{HeaderMap, jetstream};
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
    let context = jetstream::new(async_nats::connect(nats).await.expect("a connection"));
    // Node's servers make no stream, and without one nothing is acknowledged
    let stream = jetstream::stream::Config {
        name: "EVENTS".into(),
        subjects: vec!["desk.>".into()],
        ..jetstream::stream::Config::default()
    };
    context.get_or_create_stream(stream).await.expect("a stream");
    let mut own = vec![1; crowd.sessions.len()];
    let numbers = numbers.unwrap_or(&mut own);
    let clockwork = &crowd.clockwork;
    clockwork.take();
    let (begun, before, mut sent) = (Instant::now(), clockwork.arrived(), 0_usize);
    let mut event = event();
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
        let payload = answer(&mut event, &crowd.sessions[nth], numbers[nth], number);
        numbers[nth] += 1;
        sent += 1;
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", format!("bench:{}", Uuid::new_v4()).as_str());
        // in order on one connection; its acknowledgements are not waited for
        let published = context.publish_with_headers("desk.message.queued", headers, payload.into()).await;
        drop(published.expect("published"));
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

/// The event of an answer, as the desk writes it.
fn event() -> Value {
    let (ticket, at) = (Uuid::from_u128(1), "2026-11-25T09:00:00.000Z");
    json!({
        "id": "bench", "at": at, "schema": 1,
        "event": {
            "ticket": {
                "id": ticket, "number": 1, "channel": "chat", "inbox": "main", "status": "open",
                "snoozed_until": null, "subject": null, "preview": "Yes, three left.",
                "profile": {"id": Uuid::from_u128(2), "name": "Anna", "address": "main:b", "blocked": false},
                "assignee": null, "team": null, "tags": [], "unread": false, "created_at": at, "updated_at": at,
                "last_message_at": at, "first_response_at": null, "closed_at": null, "attribution": null,
                "can_reply": {"allowed": true, "code": null, "reason": null}, "visitor_online": true, "version": 3
            },
            "message": {
                "id": Uuid::from_u128(3), "ticket_id": ticket, "seq": 1, "direction": "out",
                "author": {"kind": "agent", "id": null, "name": "Maya"}, "text": "", "html": null,
                "attachments": [], "status": "sent", "error": null, "segments": null, "sent_at": at,
                "why": "an agent answered this ticket"
            },
            "session": null, "opened": false, "sms_consent": false
        }
    })
}

fn answer(event: &mut Value, session: &str, seq: i64, number: usize) -> Vec<u8> {
    let inner = &mut event["event"];
    inner["session"] = json!(session);
    inner["message"]["seq"] = json!(seq);
    inner["message"]["id"] = json!(Uuid::new_v4());
    let words = "Yes, three of the red ones are left in your size; shall I put one aside for you?";
    inner["message"]["text"] = json!(format!("{MARK}{number}: {words}"));
    serde_json::to_vec(event).expect("JSON")
}
