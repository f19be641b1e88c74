//! Frames in and out of one wire, with every limit a stranger must not exceed.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    close::Close,
    frames::{ClientFrame, ServerFrame},
    wire::{Came, Lost, Wire},
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

impl From<Lost> for End {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone => Self::Gone,
            Lost::TooBig => Self::Close(Close::TooBig),
        }
    }
}

/// One wire.
pub struct Line {
    wire: Wire,
    too_slow: CancellationToken,
    heard: Instant,
    pinged: bool,
    window: Instant,
    frames: u32,
    odd: u32,
}

impl Line {
    /// Over an open wire.
    pub fn new(wire: Wire) -> Self {
        let now = Instant::now();
        let too_slow = CancellationToken::new();
        Self { wire, too_slow, heard: now, pinged: false, window: now, frames: 0, odd: 0 }
    }

    /// Gives up sending once that says so.
    pub fn give_up_when(&mut self, too_slow: CancellationToken) {
        self.too_slow = too_slow;
    }

    /// When something was heard last, and whether a sign of life has been asked for since.
    pub fn heard(&self) -> (Instant, bool) {
        (self.heard, self.pinged)
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn ping(&mut self) -> Result<(), End> {
        self.pinged = true;
        tokio::time::timeout(TAKES_AT_MOST, self.wire.ping()).await.map_err(|_| End::Gone)?.map_err(End::from)
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
            sent = self.wire.send(text) => sent.map_err(End::from),
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
    pub async fn next(&mut self) -> Result<Came, End> {
        Ok(self.wire.next().await?)
    }

    /// Understands what came.
    ///
    /// # Errors
    /// The browser is gone, or exceeded a limit.
    pub async fn understand(&mut self, came: Came) -> Result<Heard, End> {
        (self.heard, self.pinged) = (Instant::now(), false);
        self.count()?;
        let read = match came {
            Came::Text(text) => serde_json::from_str(&text).ok(),
            Came::Alive => return Ok(Heard::Alive),
            Came::Odd => None,
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
    pub async fn close(self, why: Close) {
        let _ = tokio::time::timeout(CLOSES_WITHIN, self.wire.close(why)).await;
    }
}
