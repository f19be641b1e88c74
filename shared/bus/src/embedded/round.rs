//! The jobs of one transaction and their answers.

use std::{collections::HashSet, sync::Arc};

use super::{
    log::Returned,
    writer::{Reply, Row, Settled, Taken},
};
use crate::{Published, Stream};

/// Outcomes of a consumer's events, and who waits for them to be recorded.
type Settling = (Stream, &'static str, Arc<Vec<(u64, Settled)>>, Option<Reply<()>>);

/// The jobs of one transaction.
#[derive(Default)]
pub(super) struct Round {
    pub(super) publishes: Vec<(Vec<Row>, Reply<Vec<Published>>)>,
    pub(super) settles: Vec<Settling>,
    pub(super) takes: Vec<(Stream, &'static str, usize, Reply<Taken>)>,
    pub(super) touches: Vec<Reply<()>>,
}

/// What a transaction gave.
#[derive(Default)]
pub(super) struct Gains {
    pub(super) published: Vec<Vec<Published>>,
    pub(super) taken: Vec<Taken>,
    /// Consumers to wake, by their place.
    pub(super) wake: HashSet<usize>,
}

impl Settled {
    fn letter(&self) -> Option<&Row> {
        match self {
            Self::Dead(row) => Some(row),
            _ => None,
        }
    }
}

impl Round {
    /// What is to be appended: what is published, then the dead letters.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        let letters =
            self.settles.iter().flat_map(|(_, _, settled, _)| settled.iter()).filter_map(|(_, s)| s.letter());
        self.publishes.iter().flat_map(|(rows, _)| rows).chain(letters)
    }

    /// What handlers are done with.
    pub(super) fn returned(&self, now: i64) -> Vec<Returned<'_>> {
        let mut returned = vec![];
        for (stream, consumer, settled, _) in &self.settles {
            returned.extend(settled.iter().map(|(seq, settled)| {
                let (due_at, untried) = match settled {
                    Settled::Done | Settled::Dead(_) => (None, false),
                    Settled::Again(after) => {
                        (Some(now + i64::try_from(after.as_millis()).unwrap_or(0)), false)
                    }
                    Settled::Untried => (Some(now), true),
                };
                Returned { stream: *stream, consumer, seq: *seq, due_at, untried }
            }));
        }
        returned
    }

    /// Answers everybody; what was taken for somebody who is gone is to be given back.
    pub(super) fn answer(self, gains: Gains) -> Option<Self> {
        for ((_, reply), published) in self.publishes.into_iter().zip(gains.published) {
            drop(reply.send(Ok(published)));
        }
        for reply in self.settles.into_iter().filter_map(|(.., reply)| reply).chain(self.touches) {
            drop(reply.send(Ok(())));
        }
        let mut back = Self::default();
        for ((stream, consumer, _, reply), taken) in self.takes.into_iter().zip(gains.taken) {
            if let Err(Ok(taken)) = reply.send(Ok(taken)) {
                let untried = taken.events.iter().map(|event| (event.seq, Settled::Untried)).collect();
                back.settles.push((stream, consumer, Arc::new(untried), None));
            }
        }
        (!back.settles.is_empty()).then_some(back)
    }

    pub(super) fn fail(self, error: &str) {
        self.publishes.into_iter().for_each(|(_, reply)| drop(reply.send(Err(error.into()))));
        self.takes.into_iter().for_each(|(.., reply)| drop(reply.send(Err(error.into()))));
        let rest = self.settles.into_iter().filter_map(|(.., reply)| reply).chain(self.touches);
        rest.for_each(|reply| drop(reply.send(Err(error.into()))));
    }
}
