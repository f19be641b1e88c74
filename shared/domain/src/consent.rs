//! SMS consent as a record (D2, D3): two kinds, each with its history; the newest word on a kind counts.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What the customer agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKind {
    /// Offers and news.
    Marketing,
    /// Answers and order news.
    Transactional,
}

impl ConsentKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Marketing, Self::Transactional];

    /// `marketing`, `transactional`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Transactional => "transactional",
        }
    }
}

/// The customer's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Yes.
    Subscribed,
    /// No.
    Unsubscribed,
}

impl ConsentState {
    /// `subscribed`, `unsubscribed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// One line of the history. Lines are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// Which kind.
    pub kind: ConsentKind,
    /// Yes or no.
    pub state: ConsentState,
    /// Where it came from: `keyword:JOIN`, `inferred:stop texting me`, `api`, `console`, `import`, `carrier`.
    pub source: String,
    /// The evidence: the text the customer sent or agreed to.
    pub text: String,
    /// The organisation's number it concerns, where there is one.
    pub number: Option<String>,
    /// When the customer said so (received time).
    pub at: Timestamp,
}

/// Whether the records allow texting: some kind's newest record says yes. Between two records of the same moment
/// "no" wins, so that the order in which records arrive does not matter.
pub fn may_text(records: &[ConsentRecord]) -> bool {
    ConsentKind::ALL.into_iter().any(|kind| {
        records
            .iter()
            .filter(|record| record.kind == kind)
            .max_by_key(|record| (record.at, record.state == ConsentState::Unsubscribed))
            .is_some_and(|record| record.state == ConsentState::Subscribed)
    })
}

/// Whether the customer said no, and has not said yes to either kind since. Somebody who never said anything has not
/// opted out.
pub fn has_opted_out(records: &[ConsentRecord]) -> bool {
    !may_text(records) && records.iter().any(|record| record.state == ConsentState::Unsubscribed)
}

/// Whether the customer has opted out, and last said so after that moment.
pub fn opted_out_since(records: &[ConsentRecord], then: Timestamp) -> bool {
    let said_no = |record: &ConsentRecord| record.state == ConsentState::Unsubscribed && record.at > then;
    has_opted_out(records) && records.iter().any(said_no)
}
/// The kinds that one of two people agreed to and the other refused: should they be one person, the stricter word wins.
pub fn refused_by_one(one: &[ConsentRecord], other: &[ConsentRecord]) -> Vec<ConsentKind> {
    let last = |records: &[ConsentRecord], kind| {
        let of_kind = records.iter().filter(|record| record.kind == kind);
        let newest = of_kind.max_by_key(|record| (record.at, record.state == ConsentState::Unsubscribed));
        newest.map(|record| record.state)
    };
    let differ = |kind: &ConsentKind| match (last(one, *kind), last(other, *kind)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    ConsentKind::ALL.into_iter().filter(differ).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: ConsentKind, state: ConsentState, at: i64) -> ConsentRecord {
        ConsentRecord {
            kind,
            state,
            source: "test".into(),
            text: String::new(),
            number: None,
            at: Timestamp::from_millis(at),
        }
    }

    #[test]
    fn d2_either_kind_is_enough_and_the_newest_word_counts() {
        use ConsentKind::{Marketing, Transactional};
        use ConsentState::{Subscribed, Unsubscribed};
        assert!(!may_text(&[]));
        assert!(may_text(&[record(Transactional, Subscribed, 1)]));
        assert!(may_text(&[record(Marketing, Unsubscribed, 2), record(Transactional, Subscribed, 1)]));
        assert!(!may_text(&[record(Marketing, Subscribed, 1), record(Marketing, Unsubscribed, 2)]));
        assert!(may_text(&[record(Marketing, Unsubscribed, 1), record(Marketing, Subscribed, 2)]));
    }

    #[test]
    fn whoever_never_said_anything_has_not_opted_out() {
        use ConsentKind::{Marketing, Transactional};
        use ConsentState::{Subscribed, Unsubscribed};
        assert!(!has_opted_out(&[]));
        assert!(!has_opted_out(&[record(Marketing, Subscribed, 1)]));
        assert!(has_opted_out(&[record(Marketing, Unsubscribed, 1)]));
        assert!(!has_opted_out(&[record(Marketing, Unsubscribed, 1), record(Transactional, Subscribed, 2)]));
        let no = [record(Marketing, Unsubscribed, 2), record(Marketing, Subscribed, 1)];
        assert!(has_opted_out(&no));
        let at = Timestamp::from_millis;
        assert!(opted_out_since(&no, at(1)) && !opted_out_since(&no, at(2)));
        assert!(!opted_out_since(
            &[record(Marketing, Unsubscribed, 1), record(Marketing, Subscribed, 2)],
            at(0)
        ));
    }

    #[test]
    fn of_two_people_who_are_one_the_stricter_word_wins() {
        use ConsentKind::{Marketing, Transactional};
        use ConsentState::{Subscribed, Unsubscribed};
        let yes = [record(Marketing, Subscribed, 5), record(Transactional, Subscribed, 1)];
        assert_eq!(refused_by_one(&yes, &[record(Marketing, Unsubscribed, 2)]), [Marketing]);
        assert_eq!(refused_by_one(&[record(Marketing, Unsubscribed, 9)], &yes), [Marketing]);
        assert_eq!(refused_by_one(&yes, &yes), []);
        assert_eq!(refused_by_one(&yes, &[]), [], "who was never asked has refused nothing");
        let back = [record(Marketing, Unsubscribed, 1), record(Marketing, Subscribed, 2)];
        assert_eq!(refused_by_one(&yes, &back), [], "who agreed again has not refused");
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0..5_i64), 0..8)) {
            let records: Vec<_> = steps.iter().map(|(kind, yes, at)| record(
                if *kind { ConsentKind::Marketing } else { ConsentKind::Transactional },
                if *yes { ConsentState::Subscribed } else { ConsentState::Unsubscribed },
                *at,
            )).collect();
            let mut turned = records.clone();
            turned.reverse();
            prop_assert_eq!(may_text(&records), may_text(&turned));
        }
    }
}
