//! The live stream tells everything once, and a console that comes back misses nothing.

use std::time::Duration;

use futures::StreamExt;
use harness::frontdesk::{API_KEY, Shape};

use crate::{in_both_shapes, world::World};

/// Events of `/api/v1/live`: id, name, data.
async fn listen(world: &World, after: Option<&str>, until: &str) -> Vec<(String, String, String)> {
    let mut request = reqwest::Client::new()
        .get(format!("{}/api/v1/live", world.product.url("inbox")))
        .bearer_auth(API_KEY);
    if let Some(id) = after {
        request = request.header("last-event-id", id);
    }
    let mut stream = request.send().await.expect("an answer").bytes_stream();
    let mut text = String::new();
    let heard = tokio::time::timeout(Duration::from_secs(20), async {
        while let Some(chunk) = stream.next().await {
            text.push_str(&String::from_utf8_lossy(&chunk.expect("bytes")));
            if text.contains(until) && text.ends_with("\n\n") {
                break;
            }
        }
    })
    .await;
    assert!(heard.is_ok(), "waited in vain for {until:?} in:\n{text}");
    text.split("\n\n").filter_map(event).collect()
}

fn event(block: &str) -> Option<(String, String, String)> {
    let field = |name: &str| {
        let found = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(|value| value.trim().to_owned())
    };
    Some((field("id")?, field("event")?, field("data").unwrap_or_default()))
}

async fn a_console_that_comes_back_misses_nothing(shape: Shape) {
    let world = World::start(shape).await;
    let mut last = None;
    let mut heard = Vec::new();
    for round in 0..4 {
        let text = format!("round {round}");
        let events = {
            let post = async {
                if round == 0 {
                    // the first time nobody knows a number yet: write once the stream is open
                    tokio::time::sleep(Duration::from_millis(700)).await;
                }
                world.text("+15557770004", &text, &format!("SM{round}")).await;
            };
            if round == 0 {
                let (events, ()) = tokio::join!(listen(&world, None, &text), post);
                events
            } else {
                post.await; // written while nobody listened
                listen(&world, last.as_deref(), &text).await
            }
        };
        last = events.iter().rev().find(|(_, name, _)| name == "message.received").map(|(id, ..)| id.clone());
        heard.extend(events.into_iter().filter(|(_, name, _)| name == "message.received"));
    }
    let texts: Vec<_> = (0..4).map(|n| format!("round {n}")).collect();
    let got: Vec<_> = heard
        .iter()
        .map(|(_, _, data)| {
            serde_json::from_str::<serde_json::Value>(data).expect("JSON")["message"]["text"].clone()
        })
        .collect();
    assert_eq!(got, texts, "every text once, in order");
    let ids: Vec<u64> = heard.iter().map(|(id, ..)| id.parse().expect("a number")).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "growing numbers: {ids:?}");
}

in_both_shapes!(a_console_that_comes_back_misses_nothing);
