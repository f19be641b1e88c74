//! The close codes of the widget's socket; `protocol/README.md` tells widgets of them.

/// Why a socket is closed. 4000 to 4499: come back; 4500 and up: not like this again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Planned stop.
    GoingAway,
    /// Does not read fast enough; what it missed comes with the next `hello`.
    TooSlow,
    /// Nothing heard for too long.
    Silent,
    /// Too many frames.
    TooMany,
    /// Not the protocol.
    BadFrames,
    /// The resume token is not ours.
    BadResume,
    /// Too many sockets of one session.
    TooManyTabs,
    /// A frame over the limit (RFC 6455 §7.4.1).
    TooBig,
}

impl Close {
    /// The WebSocket close code.
    pub fn code(self) -> u16 {
        match self {
            Self::GoingAway => 4001,
            Self::TooSlow => 4008,
            Self::Silent => 4010,
            Self::TooMany => 4013,
            Self::BadFrames => 4500,
            Self::BadResume => 4501,
            Self::TooManyTabs => 4504,
            Self::TooBig => 1009,
        }
    }

    /// The reason given with it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "restarting",
            Self::TooSlow => "too slow",
            Self::Silent => "nothing heard",
            Self::TooMany => "too many frames",
            Self::BadFrames => "not the protocol",
            Self::BadResume => "unknown resume token",
            Self::TooManyTabs => "too many sockets of this chat",
            Self::TooBig => "frame too large",
        }
    }
}
