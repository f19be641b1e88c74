//! One reader of the stream per process, fanned out to everybody who listens, with the newest events at hand for those
//! who come back after a blink.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bus::{
    Bus, Span, Stream,
    topic::{ACCESS_CHANGED, AGENT_PRESENCE, AGENTS_ONLINE, TYPING},
};
use domain::{UserId, agents, event::AgentsOnline};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::news::News;
use crate::view::event::{AgentPresence, Typing};

/// Events kept at hand.
const AT_HAND: usize = 4096;
/// Events a reader may lag behind before it has to come back.
const LAG: usize = 1024;
/// Live streams of one process.
const SEATS: usize = 10_000;

/// The newest events and everybody who waits for the next.
pub struct Live {
    ring: Mutex<Ring>,
    news: broadcast::Sender<Arc<News>>,
    passing: broadcast::Sender<Passing>,
    access: broadcast::Sender<UserId>,
    seats: Arc<Semaphore>,
}

/// Every event after `from` up to `last`.
struct Ring {
    events: VecDeque<Arc<News>>,
    from: u64,
    last: u64,
}

/// Where a reader begins.
pub(super) struct Start {
    /// `ready` or `reload`.
    pub name: &'static str,
    /// What it has seen.
    pub after: u64,
    /// The newest event there is.
    pub newest: u64,
}

/// What a reader missed.
pub(super) enum Missed {
    /// These.
    Kept(Vec<Arc<News>>),
    /// So much that it reads the stream itself.
    Long,
}

/// A reader's place.
pub(super) struct Joined {
    pub from: Start,
    pub missed: Missed,
    pub news: broadcast::Receiver<Arc<News>>,
    pub passing: broadcast::Receiver<Passing>,
    pub access: broadcast::Receiver<UserId>,
}

/// What is told once and never again: its name, and its data as JSON.
#[derive(Clone)]
pub(super) struct Passing {
    pub name: &'static str,
    pub data: Arc<str>,
}

impl Live {
    /// Begins with the newest event of the stream.
    ///
    /// # Errors
    /// The bus cannot be read.
    pub async fn open(bus: &Bus) -> anyhow::Result<Arc<Self>> {
        let Span { last, .. } = bus.span(Stream::Events).await?;
        Ok(Arc::new(Self {
            ring: Mutex::new(Ring { events: VecDeque::new(), from: last, last }),
            news: broadcast::channel(LAG).0,
            passing: broadcast::channel(LAG).0,
            access: broadcast::channel(LAG).0,
            seats: Arc::new(Semaphore::new(SEATS)),
        }))
    }

    /// Reads the stream until the process stops.
    ///
    /// # Errors
    /// None at present; a broken connection is waited for.
    pub async fn run(self: Arc<Self>, bus: Bus, stopping: CancellationToken) -> anyhow::Result<()> {
        let reading = async {
            loop {
                let last = self.ring().last;
                match bus.follow(Stream::Events, last).await {
                    Ok(mut stored) => {
                        while let Some(stored) = stored.next().await {
                            self.push(Arc::new(News::of(&stored)));
                        }
                    }
                    Err(error) => tracing::warn!(error = format!("{error:#}"), "live events cannot be read"),
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = reading => {}
        }
        Ok(())
    }

    /// Passes on who is typing, who is at which ticket and who may not be let in as before, until the process stops.
    ///
    /// # Errors
    /// The bus cannot be listened to.
    pub async fn hear_signals(self: Arc<Self>, bus: Bus, stopping: CancellationToken) -> anyhow::Result<()> {
        let (mut typing, mut presence) = (bus.listen(TYPING).await?, bus.listen(AGENT_PRESENCE).await?);
        let mut access = bus.listen(ACCESS_CHANGED).await?;
        loop {
            let (name, json) = tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Some(heard) = typing.next() => ("typing", serde_json::to_string(&Typing::from(heard))?),
                Some(heard) = presence.next() => ("presence", serde_json::to_string(&AgentPresence::from(heard))?),
                Some(heard) = access.next() => {
                    let _ = self.access.send(heard);
                    continue;
                }
                else => return Ok(()),
            };
            // Nobody listening is no error.
            let _ = self.passing.send(Passing { name, data: json.into() });
        }
    }

    /// Tells visitors' nodes every few seconds how many agents are here, until the process stops.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn tell_agents(self: Arc<Self>, bus: Bus, stopping: CancellationToken) -> anyhow::Result<()> {
        let node = Uuid::new_v4();
        let every = Duration::from_millis(u64::try_from(agents::SAID_EVERY).unwrap_or(5_000));
        let mut said: Option<(usize, tokio::time::Instant)> = None;
        loop {
            let count = SEATS - self.seats.available_permits();
            // somebody who comes or goes is told of at once
            if said.is_none_or(|(known, at)| known != count || at.elapsed() >= every) {
                bus.signal(AGENTS_ONLINE, &AgentsOnline { node, count }).await;
                said = Some((count, tokio::time::Instant::now()));
            }
            tokio::select! {
                () = stopping.cancelled() => break,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
        bus.signal(AGENTS_ONLINE, &AgentsOnline { node, count: 0 }).await;
        Ok(())
    }

    /// A place for one more stream, while there are some.
    pub(super) fn take_seat(&self) -> Option<OwnedSemaphorePermit> {
        self.seats.clone().try_acquire_owned().ok()
    }

    /// Joins after the number last seen, or now.
    pub(super) async fn join(&self, bus: &Bus, after: Option<u64>) -> anyhow::Result<Joined> {
        let Some(after) = after else { return Ok(self.now("ready")) };
        if let Some(joined) = self.at_hand(after) {
            return Ok(joined);
        }
        let Span { first, last } = bus.span(Stream::Events).await?;
        // Older than what is kept, or from another life of the bus.
        if after + 1 < first || after > last {
            return Ok(self.now("reload"));
        }
        let mut joined = self.now("ready");
        joined.from.after = after;
        joined.missed = Missed::Long;
        Ok(joined)
    }

    fn now(&self, name: &'static str) -> Joined {
        let ring = self.ring();
        let from = Start { name, after: ring.last, newest: ring.last };
        self.joined(from, Vec::new())
    }

    /// The place after a number that is within what is at hand.
    fn at_hand(&self, after: u64) -> Option<Joined> {
        let ring = self.ring();
        if !(ring.from..=ring.last).contains(&after) {
            return None;
        }
        let missed = ring.events.iter().filter(|news| news.seq > after).cloned().collect();
        Some(self.joined(Start { name: "ready", after, newest: ring.last }, missed))
    }

    /// To be called under the ring's lock, so that no event falls between what was missed and what comes.
    fn joined(&self, from: Start, missed: Vec<Arc<News>>) -> Joined {
        let (news, passing, access) =
            (self.news.subscribe(), self.passing.subscribe(), self.access.subscribe());
        Joined { from, missed: Missed::Kept(missed), news, passing, access }
    }

    fn push(&self, news: Arc<News>) {
        let mut ring = self.ring();
        if news.seq <= ring.last {
            return;
        }
        ring.last = news.seq;
        ring.events.push_back(news.clone());
        if ring.events.len() > AT_HAND
            && let Some(oldest) = ring.events.pop_front()
        {
            ring.from = oldest.seq;
        }
        // Nobody listening is no error.
        let _ = self.news.send(news);
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(last: u64) -> Live {
        Live {
            ring: Mutex::new(Ring { events: VecDeque::new(), from: last, last }),
            news: broadcast::channel(LAG).0,
            passing: broadcast::channel(LAG).0,
            access: broadcast::channel(LAG).0,
            seats: Arc::new(Semaphore::new(1)),
        }
    }

    fn push(live: &Live, seqs: impl IntoIterator<Item = u64>) {
        seqs.into_iter().for_each(|seq| live.push(Arc::new(News { seq, shown: None })));
    }

    fn missed(joined: Joined) -> Vec<u64> {
        match joined.missed {
            Missed::Kept(kept) => kept.iter().map(|news| news.seq).collect(),
            Missed::Long => panic!("all of it is at hand"),
        }
    }

    #[test]
    fn who_comes_back_after_a_blink_gets_what_was_missed_and_then_what_comes() {
        let live = live(10);
        push(&live, [11, 13, 14]);
        let mut joined = live.at_hand(11).unwrap();
        push(&live, [15, 15]);
        assert_eq!(joined.news.try_recv().unwrap().seq, 15);
        assert!(joined.news.try_recv().is_err(), "nothing comes twice");
        assert_eq!((joined.from.after, joined.from.newest), (11, 14));
        assert_eq!(missed(joined), [13, 14]);
        assert_eq!(missed(live.at_hand(10).unwrap()), [11, 13, 14, 15]);
    }

    #[test]
    fn what_is_not_at_hand_is_looked_for_elsewhere() {
        let live = live(10);
        push(&live, 11..=11 + AT_HAND as u64);
        assert!(live.at_hand(10).is_none(), "older than the ring");
        assert_eq!(missed(live.at_hand(11).unwrap()).len(), AT_HAND);
        assert!(live.at_hand(999_999).is_none(), "newer than what this process has seen");
    }

    #[test]
    fn seats_are_counted() {
        let live = live(0);
        let seat = live.take_seat();
        assert!(seat.is_some() && live.take_seat().is_none());
        drop(seat);
        assert!(live.take_seat().is_some());
    }
}
