//! Texts in parts, both ways: a long text that a carrier hands over part by part, and one of ours that it took in
//! parts. Neither depends on the order in which parts or receipts come, or on how often. Pure.

use std::collections::BTreeMap;

use crate::{event::InboundSms, message::MessageStatus};

/// The parts of one text that are there, by number.
pub type Parts = BTreeMap<u16, InboundSms>;

/// What a part does to those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is one more, and others are missing.
    Waits,
    /// It is the last one.
    Completes,
    /// It is there already.
    Repeats,
    /// There is another one of that number: references are used again, so it is of another text.
    Clashes,
}

/// What `part`, of `total` parts, does to those that are there; `None` when it does not say a possible place.
pub fn step(parts: &Parts, part: &InboundSms) -> Option<Step> {
    let place = part.part.as_ref()?;
    if place.total < 2 || !(1..=place.total).contains(&place.number) {
        return None;
    }
    Some(match parts.get(&place.number) {
        Some(known) if known.text == part.text && known.media == part.media => Step::Repeats,
        Some(_) => Step::Clashes,
        None if parts.len() + 1 == usize::from(place.total) => Step::Completes,
        None => Step::Waits,
    })
}

/// The text that parts make: content in the order of the parts, the time of the one that came first, the ids of the
/// one with the lowest number. `None` for no parts.
pub fn joined(parts: &Parts) -> Option<InboundSms> {
    let first = parts.values().next()?;
    Some(InboundSms {
        text: parts.values().map(|part| part.text.as_str()).collect(),
        media: parts.values().flat_map(|part| part.media.iter().cloned()).collect(),
        carrier_keyword: parts.values().find_map(|part| part.carrier_keyword),
        received_at: parts.values().map(|part| part.received_at).min()?,
        part: None,
        ..first.clone()
    })
}

/// The numbers that are missing of `total`.
pub fn missing(parts: &Parts, total: u16) -> Vec<u16> {
    (1..=total).filter(|number| !parts.contains_key(number)).collect()
}

/// What a carrier's word on one part is worth. No carrier says of a part that it was read.
#[must_use]
pub fn part_status(before: MessageStatus, word: MessageStatus) -> MessageStatus {
    let word = if word == MessageStatus::Read { MessageStatus::Delivered } else { word };
    before.advance(word)
}

/// Where a text of ours is whose parts are there: failed if any failed, delivered once all are, otherwise sent. `None`
/// for no parts.
pub fn whole_status(parts: impl IntoIterator<Item = MessageStatus>) -> Option<MessageStatus> {
    let parts: Vec<_> = parts.into_iter().collect();
    let all = |status: &MessageStatus| parts.iter().all(|part| part == status);
    match () {
        () if parts.is_empty() => None,
        () if parts.contains(&MessageStatus::Failed) => Some(MessageStatus::Failed),
        () if all(&MessageStatus::Delivered) => Some(MessageStatus::Delivered),
        () => Some(MessageStatus::Sent),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{PhoneNumber, Timestamp, event::SmsPart};

    fn part(number: u16, total: u16, text: &str, at: i64) -> InboundSms {
        InboundSms {
            provider: "vonage".into(),
            account: "key".into(),
            external_id: format!("id-{number}"),
            from: "+15550002222".into(),
            to: PhoneNumber::parse("+15550001111").unwrap(),
            text: text.into(),
            media: Vec::new(),
            carrier_keyword: None,
            part: Some(SmsPart { reference: "7".into(), number, total }),
            received_at: Timestamp::from_millis(at),
        }
    }

    /// Takes parts in as the desk does; the whole text once it is there.
    fn take_in(parts: &[InboundSms]) -> (Vec<Option<Step>>, Option<InboundSms>) {
        let (mut there, mut whole) = (Parts::new(), None);
        let mut steps = Vec::new();
        for part in parts {
            let step = step(&there, part);
            if matches!(step, Some(Step::Waits | Step::Completes)) {
                there.insert(part.part.as_ref().unwrap().number, part.clone());
            }
            if step == Some(Step::Completes) {
                assert!(whole.is_none(), "a text is complete once");
                whole = joined(&there);
            }
            steps.push(step);
        }
        (steps, whole)
    }

    #[test]
    fn a_text_is_in_the_order_of_its_parts_and_has_the_time_of_the_first_to_come() {
        let (steps, whole) = take_in(&[part(2, 2, "world", 5), part(1, 2, "hello ", 9)]);
        assert_eq!(steps, [Some(Step::Waits), Some(Step::Completes)]);
        let whole = whole.unwrap();
        assert_eq!((whole.text.as_str(), whole.external_id.as_str()), ("hello world", "id-1"));
        assert_eq!((whole.received_at.millis(), whole.part), (5, None));
    }

    #[test]
    fn a_repeat_and_another_text_under_the_same_reference_are_told_apart() {
        let there = Parts::from([(1, part(1, 3, "a", 1))]);
        assert_eq!(step(&there, &part(1, 3, "a", 2)), Some(Step::Repeats));
        assert_eq!(step(&there, &part(1, 3, "b", 2)), Some(Step::Clashes));
        assert_eq!(missing(&there, 3), [2, 3]);
        for (number, total) in [(0, 2), (3, 2), (1, 1), (1, 0)] {
            assert_eq!(step(&there, &part(number, total, "a", 1)), None, "{number} of {total}");
        }
        assert_eq!(step(&there, &InboundSms { part: None, ..part(1, 3, "a", 1) }), None);
        assert_eq!(joined(&Parts::new()), None);
    }

    fn word() -> impl Strategy<Value = MessageStatus> {
        use MessageStatus::{Delivered, Failed, Queued, Read, Sent};
        prop::sample::select(vec![Queued, Sent, Delivered, Failed, Read])
    }

    /// The message after receipts `(part, word)` in this order, as the desk moves it.
    fn after(parts: usize, receipts: &[(usize, MessageStatus)]) -> MessageStatus {
        let (mut status, mut message) = (vec![MessageStatus::Sent; parts], MessageStatus::Sent);
        for (part, word) in receipts {
            status[part % parts] = part_status(status[part % parts], *word);
            message = message.advance(whole_status(status.iter().copied()).unwrap());
        }
        message
    }

    proptest! {
        #[test]
        fn every_order_with_repeats_gives_the_same_text(
            (total, order) in (2..6_u16).prop_flat_map(|total| {
                let twice: Vec<u16> = (1..=total).chain(1..=total).collect();
                (Just(total), Just(twice).prop_shuffle())
            })
        ) {
            let text = |n: u16| format!("[{n}]");
            let parts: Vec<_> = order.iter().map(|n| part(*n, total, &text(*n), 1)).collect();
            let (steps, whole) = take_in(&parts);
            let expected: String = (1..=total).map(text).collect();
            prop_assert_eq!(whole.unwrap().text, expected);
            let repeats = steps.iter().filter(|step| **step == Some(Step::Repeats)).count();
            prop_assert_eq!(repeats, usize::from(total));
        }

        #[test]
        fn receipts_of_parts_may_come_in_any_order(
            parts in 1..4_usize,
            (receipts, turned) in prop::collection::vec((0..4_usize, word()), 0..10)
                .prop_flat_map(|receipts| (Just(receipts.clone()), Just(receipts).prop_shuffle()))
        ) {
            let twice: Vec<_> = turned.iter().chain(turned.iter()).copied().collect();
            prop_assert_eq!(after(parts, &receipts), after(parts, &twice));
        }

        #[test]
        fn delivered_means_all_and_failed_means_any(words in prop::collection::vec(word(), 1..6)) {
            let status: Vec<_> = words.iter().map(|word| part_status(MessageStatus::Sent, *word)).collect();
            let whole = whole_status(status.iter().copied()).unwrap();
            prop_assert_eq!(whole == MessageStatus::Failed, words.contains(&MessageStatus::Failed));
            let arrived = |word: &MessageStatus| matches!(word, MessageStatus::Delivered | MessageStatus::Read);
            prop_assert_eq!(whole == MessageStatus::Delivered, words.iter().all(arrived));
        }
    }
}
