//! Who of a team gets the next ticket: whoever is there and has least to do; among those with the same load, whoever
//! has waited longest for a ticket. Pure.

use crate::{Timestamp, id::UserId};

/// Who was not seen for so long is not there, in milliseconds.
pub const ABSENT_AFTER: i64 = 5 * 60 * 1000;

/// What is known of somebody who might be given tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// They said that they take no tickets for now.
    pub away: bool,
    /// When their console was last seen open.
    pub seen_at: Timestamp,
}

/// Whether somebody can be given tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Here, and takes tickets.
    Available,
    /// Takes none for now; that lasts until they say otherwise.
    Away,
    /// Not here.
    Offline,
}

impl State {
    /// `available`, `away`, `offline`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }
}

impl Attendance {
    /// Whether they can be given tickets now.
    pub fn state(self, now: Timestamp) -> State {
        match self.away {
            true => State::Away,
            false if self.seen_at.plus(ABSENT_AFTER) >= now => State::Available,
            false => State::Offline,
        }
    }
}

/// Somebody who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub id: UserId,
    /// Open tickets of theirs.
    pub open: i64,
    /// Open tickets at most; `None` for as many as come.
    pub capacity: Option<i64>,
    /// When they were last given one.
    pub given_at: Timestamp,
}

impl Candidate {
    /// Whether one more ticket is not too many.
    pub fn has_room(&self) -> bool {
        self.capacity.is_none_or(|most| self.open < most)
    }
}

/// Who is next; `None` when everybody has enough to do.
pub fn next(candidates: &[Candidate]) -> Option<UserId> {
    let free = candidates.iter().filter(|one| one.has_room());
    free.min_by_key(|one| (one.open, one.given_at, one.id)).map(|one| one.id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn one(id: u128, open: i64, capacity: Option<i64>, given_at: i64) -> Candidate {
        let (id, given_at) = (UserId(Uuid::from_u128(id)), Timestamp::from_millis(given_at));
        Candidate { id, open, capacity, given_at }
    }

    #[test]
    fn j2_whoever_has_least_to_do_is_next() {
        let (anna, bert, carl) = (1, 2, 3);
        for (name, team, chosen) in [
            ("nobody is there", vec![], None),
            ("the least load", vec![one(anna, 3, None, 0), one(bert, 1, None, 9)], Some(bert)),
            (
                "the same load: longest without one",
                vec![one(anna, 1, None, 9), one(bert, 1, None, 5)],
                Some(bert),
            ),
            (
                "one who is full is passed over",
                vec![one(anna, 2, Some(2), 0), one(bert, 7, None, 0)],
                Some(bert),
            ),
            ("everybody is full", vec![one(anna, 2, Some(2), 0), one(bert, 1, Some(1), 0)], None),
            ("a capacity of none takes nothing", vec![one(carl, 0, Some(0), 0)], None),
            (
                "all the same: always the same one",
                vec![one(carl, 0, None, 0), one(anna, 0, None, 0)],
                Some(anna),
            ),
        ] {
            assert_eq!(next(&team), chosen.map(|id| UserId(Uuid::from_u128(id))), "{name}");
        }
    }

    #[test]
    fn away_lasts_and_who_is_not_seen_is_not_there() {
        let at = Timestamp::from_millis;
        let seen = |away| Attendance { away, seen_at: at(1_000) };
        assert_eq!(seen(false).state(at(1_000 + ABSENT_AFTER)), State::Available);
        assert_eq!(seen(false).state(at(1_001 + ABSENT_AFTER)), State::Offline);
        assert_eq!(seen(true).state(at(1_000)), State::Away);
        assert_eq!(seen(true).state(at(1_001 + ABSENT_AFTER)), State::Away);
    }

    proptest! {
        #[test]
        fn tickets_are_shared_evenly_and_nobody_gets_more_than_they_take(
            capacities in prop::collection::vec(prop::option::of(0..6_i64), 1..6),
            tickets in 0..40_i64,
        ) {
            let mut team: Vec<_> =
                capacities.iter().enumerate().map(|(n, most)| one(n as u128, 0, *most, 0)).collect();
            for ticket in 1..=tickets {
                let Some(id) = next(&team) else { break };
                let given = team.iter_mut().find(|one| one.id == id).unwrap();
                (given.open, given.given_at) = (given.open + 1, Timestamp::from_millis(ticket));
            }
            let given: i64 = team.iter().map(|one| one.open).sum();
            let room: Option<i64> = capacities.iter().copied().sum();
            prop_assert_eq!(given, room.map_or(tickets, |room| room.min(tickets)));
            let most = team.iter().map(|one| one.open).max().unwrap_or(0);
            for one in &team {
                prop_assert!(one.capacity.is_none_or(|limit| one.open <= limit));
                prop_assert!(!one.has_room() || one.open + 1 >= most, "somebody with room has fewer");
            }
        }
    }
}
