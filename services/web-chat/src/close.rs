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
    /// Every reason.
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::GoingAway,
        Self::TooSlow,
        Self::Silent,
        Self::TooMany,
        Self::BadFrames,
        Self::BadResume,
        Self::TooManyTabs,
        Self::TooBig,
    ];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_code_is_documented_and_no_other() {
        let readme = include_str!("../protocol/README.md");
        let (_, codes) = readme.split_once("## Close codes").unwrap();
        let rows =
            codes.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()?.parse::<u16>().ok());
        let (mut documented, mut ours) = (rows.collect::<Vec<_>>(), Close::ALL.map(Close::code));
        documented.sort_unstable();
        ours.sort_unstable();
        assert_eq!(documented, ours);
        for why in Close::ALL {
            assert!(!why.reason().is_empty() && why.reason().len() <= 123, "RFC 6455 §5.5: a short reason");
        }
    }
}
