//! Whether an arrival whose key is known is handled. Pure.

use crate::ledger::LedgerState;

/// What is to be done with an arrival that has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Never seen, or held back and now sent through again: handle it.
    Handle,
    /// The same delivery again, after a lost acknowledgement: nothing to do, nothing to write.
    Redelivered,
    /// The sender sent it again: a line in the ledger says so.
    Duplicate,
    /// It was erased, and was sent again.
    Erased,
}

/// The verdict on an arrival with number `seq`, when `before` is what its key stands for already.
pub(super) fn verdict(before: Option<(LedgerState, i64)>, seq: i64, is_replay: bool) -> Verdict {
    match before {
        None => Verdict::Handle,
        Some((_, known)) if known == seq => Verdict::Redelivered,
        Some((LedgerState::Blocked | LedgerState::Dead, _)) if is_replay => Verdict::Handle,
        Some(_) => Verdict::Duplicate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_or_was_held_back_is_handled() {
        use LedgerState::{Blocked, Ticket};
        for (before, seq, is_replay, said) in [
            (None, 7, false, Verdict::Handle),
            (Some((Ticket, 7)), 7, false, Verdict::Redelivered),
            (Some((Ticket, 7)), 8, false, Verdict::Duplicate),
            (Some((Ticket, 7)), 8, true, Verdict::Duplicate),
            (Some((Blocked, 7)), 8, true, Verdict::Handle),
            (Some((Blocked, 7)), 8, false, Verdict::Duplicate),
            (Some((Blocked, 8)), 8, true, Verdict::Redelivered),
        ] {
            assert_eq!(verdict(before, seq, is_replay), said, "{before:?} {seq} {is_replay}");
        }
    }
}
