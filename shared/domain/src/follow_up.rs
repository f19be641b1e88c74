//! The mail after a left chat (H8): whether one is due, and when. Pure: what happened is an argument, in whatever order it
//! happened.

use crate::Timestamp;

/// Whether the visitor can be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// There is an address.
    Known,
    /// They never gave one.
    Missing,
    /// They asked for no more such mails.
    Unsubscribed,
}

/// What was done about the answers the visitor has not seen, last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A mail told of them.
    Sent,
    /// An agent cancelled the mail.
    Cancelled,
}

/// A chat, as far as the mail is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Such mails are on (H8).
    pub enabled: bool,
    /// How long after, in milliseconds.
    pub delay: i64,
    /// The visitor has the widget open.
    pub online: bool,
    /// When they left, if they did.
    pub left_at: Option<Timestamp>,
    /// The newest answer of an agent that they have not seen and that nothing was done about.
    pub unseen_at: Option<Timestamp>,
    /// They can be mailed.
    pub reach: Reach,
    /// What was done about older answers, as long as those are not seen.
    pub done: Option<Done>,
}

/// What the ticket shows, and what is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Such mails are off.
    Off,
    /// The visitor is here: nothing to do.
    Here,
    /// The visitor left and has seen everything: an answer would be mailed.
    Waiting,
    /// A mail leaves then.
    Pending(Timestamp),
    /// A mail told of everything they have not seen.
    Sent,
    /// An agent cancelled the mail.
    Cancelled,
    /// No mail can be sent: there is no address.
    NoAddress,
    /// No mail is sent: they asked for none.
    Unsubscribed,
}

impl Plan {
    /// Every word there is for a plan.
    pub const WORDS: [&str; 8] =
        ["off", "here", "waiting", "pending", "sent", "cancelled", "no_address", "unsubscribed"];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Here => "here",
            Self::Waiting => "waiting",
            Self::Pending(_) => "pending",
            Self::Sent => "sent",
            Self::Cancelled => "cancelled",
            Self::NoAddress => "no_address",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// When the mail leaves, if one does.
    pub fn due_at(self) -> Option<Timestamp> {
        if let Self::Pending(at) = self { Some(at) } else { None }
    }
}

/// What follows from the facts: one mail, [`Facts::delay`] after the later of the visitor's leaving and the newest answer
/// they have not seen.
pub fn plan(facts: Facts) -> Plan {
    let Facts { enabled, online, .. } = facts;
    if !enabled {
        return Plan::Off;
    }
    if online {
        return Plan::Here;
    }
    match (facts.reach, facts.unseen_at, facts.done) {
        (Reach::Known, Some(unseen), _) => {
            let later = facts.left_at.map_or(unseen, |left| left.max(unseen));
            Plan::Pending(later.plus(facts.delay))
        }
        (_, None, Some(Done::Sent)) => Plan::Sent,
        (_, None, Some(Done::Cancelled)) => Plan::Cancelled,
        (Reach::Known, None, None) => Plan::Waiting,
        (Reach::Missing, ..) => Plan::NoAddress,
        (Reach::Unsubscribed, ..) => Plan::Unsubscribed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    /// A chat to play with; time is in minutes.
    #[derive(Clone, Debug)]
    struct Chat {
        facts: Facts,
        now: i64,
        mails: Vec<i64>,
        answers: i64,
        told: i64,
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Leaves,
        Returns,
        Sees,
        Answer,
        Cancel,
        Minutes(i64),
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * MINUTE)
    }

    impl Chat {
        fn new() -> Self {
            let facts = Facts {
                enabled: true,
                delay: 3 * MINUTE,
                online: true,
                left_at: None,
                unseen_at: None,
                reach: Reach::Known,
                done: None,
            };
            Self { facts, now: 100, mails: Vec::new(), answers: 0, told: 0 }
        }

        fn does(&mut self, step: Step) {
            match step {
                Step::Leaves if self.facts.online => {
                    self.facts.online = false;
                    self.facts.left_at = Some(at(self.now));
                }
                Step::Returns => self.facts.online = true,
                // only who is here sees
                Step::Sees if self.facts.online => (self.facts.unseen_at, self.facts.done) = (None, None),
                Step::Answer => {
                    self.facts.unseen_at = Some(at(self.now));
                    self.answers += 1;
                }
                Step::Cancel if plan(self.facts).due_at().is_some() => {
                    (self.facts.unseen_at, self.facts.done) = (None, Some(Done::Cancelled));
                }
                Step::Minutes(minutes) => (0..minutes).for_each(|_| self.minute()),
                Step::Leaves | Step::Sees | Step::Cancel => {}
            }
        }

        fn minute(&mut self) {
            self.now += 1;
            if plan(self.facts).due_at().is_some_and(|due| due <= at(self.now)) {
                self.mails.push(self.now - 100);
                (self.facts.unseen_at, self.facts.done) = (None, Some(Done::Sent));
                self.told = self.answers;
            }
        }

        fn after(steps: &[Step]) -> Self {
            let mut chat = Self::new();
            steps.iter().for_each(|step| chat.does(*step));
            chat
        }
    }

    #[test]
    fn h8_leaving_returning_seeing_and_answering_in_every_order() {
        use Step::{Answer, Cancel, Leaves, Minutes, Returns, Sees};
        for (steps, mails, shown) in [
            // the visitor is here
            (&[Answer, Minutes(9)][..], &[][..], "here"),
            (&[Answer, Sees, Leaves, Minutes(9)], &[], "waiting"),
            (&[Leaves, Minutes(9)], &[], "waiting"),
            // answered, then gone without having seen it: from the leaving on
            (&[Answer, Minutes(2), Leaves, Minutes(2)], &[], "pending"),
            (&[Answer, Minutes(2), Leaves, Minutes(9)], &[5], "sent"),
            // gone, then answered: from the answer on
            (&[Leaves, Minutes(4), Answer, Minutes(9)], &[7], "sent"),
            // several answers, one mail, after the last of them
            (&[Leaves, Answer, Minutes(2), Answer, Minutes(2), Answer, Minutes(9)], &[7], "sent"),
            // back in time, and seen
            (&[Leaves, Answer, Minutes(2), Returns, Sees, Minutes(9)], &[], "here"),
            (&[Leaves, Answer, Minutes(2), Returns, Sees, Leaves, Minutes(9)], &[], "waiting"),
            // back in time, not seen, gone again: from the last leaving on
            (&[Leaves, Answer, Minutes(2), Returns, Minutes(5), Leaves, Minutes(2)], &[], "pending"),
            (&[Leaves, Answer, Minutes(2), Returns, Minutes(5), Leaves, Minutes(9)], &[10], "sent"),
            // mailed once; nothing more until there is something new
            (&[Leaves, Answer, Minutes(30)], &[3], "sent"),
            (&[Leaves, Answer, Minutes(30), Returns, Leaves, Minutes(30)], &[3], "sent"),
            (&[Leaves, Answer, Minutes(30), Answer, Minutes(30)], &[3, 33], "sent"),
            (&[Leaves, Answer, Minutes(30), Returns, Sees, Leaves, Minutes(30)], &[3], "waiting"),
            // cancelled; an answer after that is another matter
            (&[Leaves, Answer, Minutes(1), Cancel, Minutes(30)], &[], "cancelled"),
            (&[Leaves, Answer, Minutes(1), Cancel, Minutes(30), Answer, Minutes(9)], &[34], "sent"),
            (&[Leaves, Cancel, Answer, Minutes(9)], &[3], "sent"),
        ] {
            let chat = Chat::after(steps);
            assert_eq!((&chat.mails[..], plan(chat.facts).as_str()), (mails, shown), "{steps:?}");
        }
    }

    #[test]
    fn h8_without_an_address_or_wish_there_is_no_mail_and_the_banner_says_so() {
        for (reach, shown) in [(Reach::Missing, Plan::NoAddress), (Reach::Unsubscribed, Plan::Unsubscribed)] {
            let gone = Facts { online: false, left_at: Some(at(1)), reach, ..Chat::new().facts };
            assert_eq!(plan(gone), shown, "also before there is anything to tell");
            assert_eq!(plan(Facts { unseen_at: Some(at(2)), ..gone }), shown);
            // an address that is given late is in time: the mail is due at once
            let late = Facts { unseen_at: Some(at(2)), reach: Reach::Known, ..gone };
            assert_eq!(plan(late), Plan::Pending(at(5)));
        }
        let off = Facts { enabled: false, online: false, unseen_at: Some(at(2)), ..Chat::new().facts };
        assert_eq!(plan(off), Plan::Off);
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Leaves),
            Just(Step::Returns),
            Just(Step::Sees),
            Just(Step::Answer),
            Just(Step::Cancel),
            (1_i64..6).prop_map(Step::Minutes),
        ]
    }

    proptest! {
        #[test]
        fn h8_never_a_mail_to_who_is_here_and_never_two_about_the_same(steps in prop::collection::vec(step(), 0..40)) {
            let mut chat = Chat::new();
            for step in steps {
                let (online, mails, told) = (chat.facts.online, chat.mails.len(), chat.told);
                chat.does(step);
                if chat.mails.len() > mails {
                    prop_assert!(!online, "{step:?}");
                    prop_assert_eq!(chat.mails.len(), mails + 1);
                    prop_assert!(chat.told > told, "a mail without anything new");
                }
            }
            // whoever stays away is told within the delay of everything that was not cancelled
            let waits = !chat.facts.online && chat.facts.unseen_at.is_some();
            let mails = chat.mails.len();
            chat.does(Step::Minutes(4));
            prop_assert_eq!(chat.mails.len() - mails, usize::from(waits));
        }
    }
}
