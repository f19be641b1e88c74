//! Which text a campaign or flow message is credited with: the first one (I2) within the window (I1), and of several
//! messages before it the last one (I3).
//!
//! A text is anything a customer sends (A3): a bare keyword too, so a JOIN that answers a campaign is its first text.

use std::collections::BTreeMap;

use crate::{id::MessageId, time::Timestamp};

/// Milliseconds of an hour; the setting counts in hours.
const HOUR: i64 = 60 * 60 * 1000;

/// A message, as far as attribution must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When it was sent (campaign, flow) or received (text).
    pub at: Timestamp,
    /// Which; between two of the same moment the higher id is the later one.
    pub id: MessageId,
}

/// The window of a setting in hours, in milliseconds.
pub fn window(hours: u32) -> i64 {
    i64::from(hours) * HOUR
}

/// The campaign or flow message that each text is attributed to, for those that are: text → message. All of them are
/// of one customer; in which order they are given, and so in which order they became known, does not matter. A text of
/// the very moment of a message is not after it. The end of the window belongs to it.
pub fn attribute(messages: &[Moment], texts: &[Moment], window: i64) -> BTreeMap<MessageId, MessageId> {
    let (mut messages, mut texts) = (messages.to_vec(), texts.to_vec());
    messages.sort_unstable();
    texts.sort_unstable();
    let mut attributed = BTreeMap::new();
    let mut answered: Option<Moment> = None;
    for text in texts {
        let before = messages.iter().take_while(|message| message.at < text.at).last().copied();
        let Some(last) = before.filter(|last| answered != Some(*last)) else { continue };
        answered = Some(last);
        if text.at <= last.at.plus(window) {
            attributed.insert(text.id, last.id);
        }
    }
    attributed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// Minutes after nine: `09:30` is 30.
    fn clock(time: &str) -> Timestamp {
        let (hour, minute) = time.split_once(':').unwrap();
        let (hour, minute): (i64, i64) = (hour.parse().unwrap(), minute.parse().unwrap());
        Timestamp::from_millis((hour * 60 + minute) * 60_000)
    }

    fn id(name: &str) -> MessageId {
        MessageId::named(Uuid::nil(), name)
    }

    /// A day as a support manager would tell it: who wrote when. A name in capitals is a campaign, a number a text.
    fn day(story: &str) -> Vec<(String, String)> {
        let (mut messages, mut texts, mut names) = (Vec::new(), Vec::new(), BTreeMap::new());
        for part in story.split(", ") {
            let (time, name) = part.split_once(' ').unwrap();
            let moment = Moment { at: clock(time), id: id(name) };
            names.insert(moment.id, name.to_owned());
            if name.starts_with(char::is_uppercase) { messages.push(moment) } else { texts.push(moment) }
        }
        let found = attribute(&messages, &texts, window(24));
        let mut found: Vec<_> = found
            .into_iter()
            .map(|(text, message)| (names[&text].clone(), names[&message].clone()))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn i_days_at_the_desk() {
        for (story, attributed) in [
            ("09:00 SPRING, 09:30 one", vec![("one", "SPRING")]),
            ("09:30 one", vec![]),
            // I1: a text before the campaign is no answer to it, nor is one of the same moment
            ("09:00 one, 09:30 SPRING", vec![]),
            ("09:00 SPRING, 09:00 one, 09:01 two", vec![("two", "SPRING")]),
            // I1: 24 hours, to the minute
            ("09:00 SPRING, 33:00 one", vec![("one", "SPRING")]),
            ("09:00 SPRING, 33:01 one", vec![]),
            // I2: only the first; nor the second when the first came too late
            ("09:00 SPRING, 09:30 one, 09:31 two", vec![("one", "SPRING")]),
            ("09:00 SPRING, 33:01 one, 33:02 two", vec![]),
            // I3: the last before it wins, and the one before that gets nothing any more
            ("09:00 SPRING, 10:00 FLOW, 10:30 one", vec![("one", "FLOW")]),
            ("09:00 SPRING, 10:00 FLOW, 10:30 one, 10:31 two", vec![("one", "FLOW")]),
            // each message has its own first text
            ("09:00 SPRING, 09:30 one, 10:00 FLOW, 10:30 two", vec![("one", "SPRING"), ("two", "FLOW")]),
            // I3 before I1: the last message counts, and it was too long ago only if it was
            ("09:00 SPRING, 32:00 FLOW, 33:30 one", vec![("one", "FLOW")]),
        ] {
            let told: Vec<_> = attributed.iter().map(|(t, m)| ((*t).to_owned(), (*m).to_owned())).collect();
            assert_eq!(day(story), told, "{story}");
        }
    }

    fn moments(name: &'static str) -> impl Strategy<Value = Vec<Moment>> {
        prop::collection::vec(0..40_i64, 0..7).prop_map(move |times| {
            let made = |(n, at)| Moment { at: Timestamp::from_millis(at), id: id(&format!("{name}{n}")) };
            times.into_iter().enumerate().map(made).collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_in_which_messages_become_known_does_not_matter(
            (messages, turned) in moments("m").prop_flat_map(|m| (Just(m.clone()), Just(m).prop_shuffle())),
            (texts, shuffled) in moments("t").prop_flat_map(|t| (Just(t.clone()), Just(t).prop_shuffle())),
            window in 0..30_i64,
        ) {
            prop_assert_eq!(attribute(&messages, &texts, window), attribute(&turned, &shuffled, window));
        }

        #[test]
        fn what_is_attributed_keeps_the_three_rules(messages in moments("m"), texts in moments("t"), window in 0..30_i64) {
            let at = |all: &[Moment], id| all.iter().find(|moment| moment.id == id).copied().unwrap();
            let found = attribute(&messages, &texts, window);
            for (text, message) in &found {
                let (text, message) = (at(&texts, *text), at(&messages, *message));
                prop_assert!(message.at < text.at && text.at <= message.at.plus(window), "I1");
                prop_assert!(!texts.iter().any(|t| *t < text && t.at > message.at), "I2");
                prop_assert!(!messages.iter().any(|m| *m > message && m.at < text.at), "I3");
            }
            // and nothing that they ask for is missing
            for text in &texts {
                let last = messages.iter().filter(|m| m.at < text.at).max();
                let is_first = last.is_some_and(|l| !texts.iter().any(|t| t < text && t.at > l.at));
                let within = last.is_some_and(|l| text.at <= l.at.plus(window));
                prop_assert_eq!(found.contains_key(&text.id), is_first && within);
            }
        }

        /// What the desk relies on: a message that becomes known changes nothing but its own credit and that of the
        /// one before it.
        #[test]
        fn only_neighbours_depend_on_a_message(messages in moments("m"), texts in moments("t"), at in 0..40_i64) {
            let (window, new) = (12, Moment { at: Timestamp::from_millis(at), id: id("new") });
            let credited = |found: BTreeMap<MessageId, MessageId>, to: MessageId| {
                found.into_iter().find(|(_, message)| *message == to).map(|(text, _)| text)
            };
            let before = attribute(&messages, &texts, window);
            let after = attribute(&[messages.clone(), vec![new]].concat(), &texts, window);
            let last = messages.iter().filter(|m| m.at < new.at).max();
            for far in messages.iter().filter(|m| Some(*m) != last && m.at != new.at) {
                prop_assert_eq!(credited(before.clone(), far.id), credited(after.clone(), far.id));
            }
        }

        /// And of the texts between two messages only the first matters.
        #[test]
        fn only_the_first_text_after_a_message_matters(messages in moments("m"), texts in moments("t"), window in 0..30_i64) {
            let last = |text: &Moment| messages.iter().filter(|m| m.at < text.at).max();
            let is_first = |text: &&Moment| !texts.iter().any(|t| t < *text && last(t) == last(text));
            let firsts: Vec<_> = texts.iter().filter(is_first).copied().collect();
            prop_assert_eq!(attribute(&messages, &firsts, window), attribute(&messages, &texts, window));
        }
    }
}
