//! What carries frames: a WebSocket, or, where those are blocked, a response that goes on and requests beside it.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::{close::Close, frames::ServerFrame};

/// What came in.
#[derive(Debug)]
pub enum Came {
    /// A text.
    Text(String),
    /// Something that is no text.
    Odd,
    /// A sign of life.
    Alive,
}

/// Why nothing comes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The other side is gone.
    Gone,
    /// It sent more than a frame may hold.
    TooBig,
}

/// The two ends of a stream over HTTP.
pub struct Stream {
    /// Lines to the browser.
    pub out: mpsc::Sender<Bytes>,
    /// Frames it posted.
    pub posted: mpsc::Receiver<String>,
}

/// What carries frames.
pub enum Wire {
    /// A WebSocket.
    Socket(Box<WebSocket>),
    /// A stream over HTTP.
    Stream(Stream),
}

impl Wire {
    /// Sends a text.
    ///
    /// # Errors
    /// The other side is gone.
    pub async fn send(&mut self, text: String) -> Result<(), Lost> {
        match self {
            Self::Socket(socket) => socket.send(Message::text(text)).await.map_err(|_| Lost::Gone),
            Self::Stream(stream) => {
                let line = Bytes::from(text + "\n");
                stream.out.send(line).await.map_err(|_| Lost::Gone)
            }
        }
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// The other side is gone.
    pub async fn ping(&mut self) -> Result<(), Lost> {
        match self {
            Self::Socket(socket) => socket.send(Message::Ping(Bytes::new())).await.map_err(|_| Lost::Gone),
            Self::Stream(stream) => stream.out.send(Bytes::from_static(b"\n")).await.map_err(|_| Lost::Gone),
        }
    }

    /// Waits for what comes next. May be dropped while waiting.
    ///
    /// # Errors
    /// Nothing comes any more.
    pub async fn next(&mut self) -> Result<Came, Lost> {
        match self {
            Self::Socket(socket) => match socket.recv().await {
                Some(Ok(Message::Text(text))) => Ok(Came::Text(text.as_str().to_owned())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Came::Alive),
                Some(Ok(Message::Binary(_))) => Ok(Came::Odd),
                Some(Ok(Message::Close(_))) | None => Err(Lost::Gone),
                Some(Err(error)) if error.to_string().contains("too long") => Err(Lost::TooBig),
                Some(Err(_)) => Err(Lost::Gone),
            },
            // the response's end is dropped when its browser goes
            Self::Stream(stream) => tokio::select! {
                posted = stream.posted.recv() => posted.map(Came::Text).ok_or(Lost::Gone),
                () = stream.out.closed() => Err(Lost::Gone),
            },
        }
    }

    /// Says why it ends, and, on a socket, waits until the other side has heard it.
    pub async fn close(mut self, why: Close) {
        match &mut self {
            Self::Socket(socket) => {
                let frame = CloseFrame { code: why.code(), reason: why.reason().into() };
                if socket.send(Message::Close(Some(frame))).await.is_ok() {
                    while let Some(Ok(_)) = socket.recv().await {}
                }
            }
            Self::Stream(stream) => {
                let closed = ServerFrame::Closed { code: why.code(), reason: why.reason().to_owned() };
                let line = serde_json::to_string(&closed).unwrap_or_default() + "\n";
                let _ = stream.out.send(line.into()).await;
            }
        }
    }
}
