//! One WebSocket: frames in and out, with every limit a stranger must not exceed.

use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    close::Close,
    frames::{ClientFrame, ServerFrame},
};

/// A browser that takes longer to take a frame is gone.
const TAKES_AT_MOST: Duration = Duration::from_secs(10);
/// Wait for the other side's half of the closing handshake.
const CLOSES_WITHIN: Duration = Duration::from_secs(1);
/// Frames of any kind within [`FLOOD_WINDOW`].
const FLOOD: u32 = 120;
/// See [`FLOOD`].
const FLOOD_WINDOW: Duration = Duration::from_secs(10);
/// Frames that are none, in the life of a socket.
const MOST_ODD: u32 = 5;

/// Why a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The browser is gone.
    Gone,
    /// We close.
    Close(Close),
}

/// What was heard.
#[derive(Debug)]
pub enum Heard {
    /// A frame of the protocol.
    Frame(ClientFrame),
    /// Something else; the browser has been told.
    Odd,
    /// A sign of life.
    Alive,
}

/// One WebSocket.
pub struct Line {
    socket: WebSocket,
    too_slow: CancellationToken,
    heard: Instant,
    window: Instant,
    frames: u32,
    odd: u32,
}

impl Line {
    /// Over an accepted socket.
    pub fn new(socket: WebSocket) -> Self {
        let now = Instant::now();
        Self { socket, too_slow: CancellationToken::new(), heard: now, window: now, frames: 0, odd: 0 }
    }

    /// Gives up sending once that says so.
    pub fn give_up_when(&mut self, too_slow: CancellationToken) {
        self.too_slow = too_slow;
    }

    /// When something was heard last.
    pub fn heard(&self) -> Instant {
        self.heard
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// The browser is gone, or does not read.
    pub async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(|error| {
            tracing::error!(%error, "a frame cannot be written");
            End::Gone
        })?;
        tokio::select! {
            biased;
            sent = self.socket.send(Message::text(text)) => sent.map_err(|_| End::Gone),
            () = self.too_slow.cancelled() => Err(End::Close(Close::TooSlow)),
            () = tokio::time::sleep(TAKES_AT_MOST) => Err(End::Close(Close::TooSlow)),
        }
    }

    /// Sends frames in a row.
    ///
    /// # Errors
    /// As [`Line::send`].
    pub async fn send_all(&mut self, frames: &[ServerFrame]) -> Result<(), End> {
        for frame in frames {
            self.send(frame).await?;
        }
        Ok(())
    }

    /// Waits for what comes next. May be dropped while waiting.
    ///
    /// # Errors
    /// The browser is gone, or exceeded a limit.
    pub async fn next(&mut self) -> Result<Message, End> {
        match self.socket.recv().await {
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) if error.to_string().contains("too long") => Err(End::Close(Close::TooBig)),
            Some(Err(_)) => Err(End::Gone),
        }
    }

    /// Understands what came.
    ///
    /// # Errors
    /// The browser is gone, or exceeded a limit.
    pub async fn understand(&mut self, message: &Message) -> Result<Heard, End> {
        self.heard = Instant::now();
        self.count()?;
        let read = match message {
            Message::Text(text) => serde_json::from_str(text.as_str()).ok(),
            Message::Ping(_) | Message::Pong(_) => return Ok(Heard::Alive),
            Message::Binary(_) | Message::Close(_) => None,
        };
        if let Some(frame) = read {
            return Ok(Heard::Frame(frame));
        }
        self.odd += 1;
        if self.odd > MOST_ODD {
            return Err(End::Close(Close::BadFrames));
        }
        self.send(&ServerFrame::error("bad_frame", "this is not a frame of the protocol")).await?;
        Ok(Heard::Odd)
    }

    fn count(&mut self) -> Result<(), End> {
        if self.heard.duration_since(self.window) > FLOOD_WINDOW {
            (self.window, self.frames) = (self.heard, 0);
        }
        self.frames += 1;
        if self.frames > FLOOD { Err(End::Close(Close::TooMany)) } else { Ok(()) }
    }

    /// Before a planned stop: tells when to come back, every widget at its own moment.
    pub async fn farewell(&mut self) -> End {
        let retry_after_ms = 500 + u64::try_from(Uuid::new_v4().as_u128() % 4_500).unwrap_or(0);
        let bye = ServerFrame::Bye { code: Close::GoingAway.code(), retry_after_ms };
        self.send(&bye).await.err().unwrap_or(End::Close(Close::GoingAway))
    }

    /// Says why, and waits a moment for the other side to have heard it.
    pub async fn close(mut self, why: Close) {
        let frame = CloseFrame { code: why.code(), reason: why.reason().into() };
        let closing = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        let _ = tokio::time::timeout(CLOSES_WITHIN, closing).await;
    }
}
