//! The way where WebSockets are blocked: `GET /chat/{site}/stream` goes on and on, `POST /chat/{site}/frames` says what the
//! browser says. Behind it is the same session code as behind a socket.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::topic::CHAT_FRAMES;
use bytes::Bytes;
use domain::event::ChatFrames;
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;
use uuid::Uuid;
use web::{ClientIp, Problem, Query};

use crate::{
    door::admitted,
    frames::{MAX_FRAME, ServerFrame},
    node::Node,
    socket,
    wire::{Stream, Wire},
};

/// Lines on their way to a browser.
const LINES: usize = 32;
/// Frames of a browser that wait.
const POSTED: usize = 64;

/// The streams of this node.
#[derive(Default)]
pub struct Streams(Mutex<HashMap<Uuid, mpsc::Sender<String>>>);

/// A stream's place, as long as its response goes on.
struct Held {
    node: Arc<Node>,
    id: Uuid,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.node.streams.all().remove(&self.id);
    }
}

impl Streams {
    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, mpsc::Sender<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands frames to a stream; `None` if it is not here, `false` if too much waits.
    fn hand(&self, said: &ChatFrames) -> Option<bool> {
        let posted = self.all().get(&said.stream)?.clone();
        Some(said.frames.iter().all(|frame| posted.try_send(frame.clone()).is_ok()))
    }
}

/// Opens a stream.
pub(crate) async fn open(
    State(node): State<Arc<Node>>,
    Path(site): Path<String>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // a page that asks its own origin sends none with a GET
    let own = headers.get("sec-fetch-site").is_some_and(|said| said == "same-origin");
    let site = admitted(&node, &site, &headers, ip, own && !headers.contains_key(header::ORIGIN))?;
    let (out, lines) = mpsc::channel::<Bytes>(LINES);
    let (posting, posted) = mpsc::channel(POSTED);
    let held = Held { node: node.clone(), id: Uuid::new_v4() };
    let first = serde_json::to_string(&ServerFrame::Stream { stream: held.id }).unwrap_or_default() + "\n";
    let _ = out.try_send(first.into());
    node.streams.all().insert(held.id, posting);
    tokio::spawn(async move {
        socket::serve(node, site, Wire::Stream(Stream { out, posted })).await;
        drop(held);
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let lines = tokio_stream::wrappers::ReceiverStream::new(lines).map(Ok::<_, Infallible>);
    Ok((headers, [("x-accel-buffering", "no")], Body::from_stream(lines)).into_response())
}

/// Which stream.
#[derive(Deserialize)]
pub(crate) struct Which {
    stream: Uuid,
}

/// Takes frames, one a line, and hands them to their stream, wherever it is.
pub(crate) async fn post(
    State(node): State<Arc<Node>>,
    Path(site): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let site = node.sites.get(&site).ok_or_else(|| Problem::not_found("there is no such chat site"))?;
    node.sites.check(site, &headers)?;
    if body.len() > MAX_FRAME {
        return Err(Problem::too_large("a request may hold at most 64 KiB of frames"));
    }
    let text = std::str::from_utf8(&body).map_err(|_| Problem::bad_request("bad_frame", "not UTF-8"))?;
    let frames = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let said = ChatFrames { stream: which.stream, frames };
    match node.streams.hand(&said) {
        Some(true) => Ok(StatusCode::ACCEPTED),
        Some(false) => Err(Problem::too_many(Duration::from_secs(1))),
        None => {
            // what gets lost on this way has no ack, and is sent again
            node.bus.signal(CHAT_FRAMES, &said).await;
            Ok(StatusCode::ACCEPTED)
        }
    }
}

/// Hears frames that other nodes took for streams of this one, until the stop.
///
/// # Errors
/// None; the shape is that of a task of the host.
pub async fn hear(node: Arc<Node>) -> anyhow::Result<()> {
    let hand = |said| {
        node.streams.hand(&said);
    };
    node.hear(CHAT_FRAMES, hand).await;
    Ok(())
}
