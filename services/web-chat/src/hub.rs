//! Which sockets of this node belong to which session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    SessionId,
    event::{MessageAdded, MessageMoved, TicketChanged, Typing},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Pushes a socket may be behind before it is cut off.
pub const MOST_BEHIND: usize = 64;
/// Sockets of one session: more are no tabs any more.
pub const MOST_TABS: usize = 12;
/// The desk is told at most this often that a visitor it believes gone is here.
const REMIND_EVERY: Duration = Duration::from_secs(30);

/// Something for the sockets of a session.
#[derive(Clone, Debug)]
pub enum Push {
    /// A message.
    Added(Arc<MessageAdded>),
    /// The ticket changed.
    Changed(Arc<TicketChanged>),
    /// A message was seen.
    Moved(Arc<MessageMoved>),
    /// Somebody types; the first thing to be left out.
    Typing(Arc<Typing>),
}

/// A socket's place in its session.
pub struct Seat {
    id: u64,
    /// What is pushed to it.
    pub inbox: mpsc::Receiver<Push>,
    /// It is too far behind: close it.
    pub too_slow: CancellationToken,
}

struct Place {
    id: u64,
    outbox: mpsc::Sender<Push>,
    too_slow: CancellationToken,
}

#[derive(Default)]
struct Room {
    places: Vec<Place>,
    /// The desk was told that the visitor is here, then.
    announced: Option<Instant>,
}

/// All open sockets of this node.
#[derive(Default)]
pub struct Hub {
    rooms: Mutex<HashMap<SessionId, Room>>,
    next: std::sync::atomic::AtomicU64,
}

impl Hub {
    /// Takes a place; pushes from now on are kept for it. `None` when the session has [`MOST_TABS`].
    pub fn join(&self, session: SessionId) -> Option<Seat> {
        let id = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (outbox, inbox) = mpsc::channel(MOST_BEHIND);
        let too_slow = CancellationToken::new();
        let place = Place { id, outbox, too_slow: too_slow.clone() };
        let mut rooms = self.rooms();
        let room = rooms.entry(session).or_default();
        if room.places.len() >= MOST_TABS {
            return None;
        }
        room.places.push(place);
        Some(Seat { id, inbox, too_slow })
    }

    /// Gives the place back; `true` when it was the last of its session.
    pub fn leave(&self, session: SessionId, seat: &Seat) -> bool {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&session) else { return false };
        room.places.retain(|place| place.id != seat.id);
        let last = room.places.is_empty();
        if last && room.announced.is_none() {
            rooms.remove(&session);
        }
        last
    }

    /// Whether this node has sockets of the session.
    pub fn has(&self, session: SessionId) -> bool {
        self.rooms().get(&session).is_some_and(|room| !room.places.is_empty())
    }

    /// Hands a push to every socket of the session. One that is too far behind is cut off: it comes back and resumes.
    pub fn push(&self, session: SessionId, push: &Push) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&session) else { return };
        room.places.retain(|place| {
            let ephemeral = matches!(push, Push::Typing(_));
            if ephemeral && place.outbox.capacity() < MOST_BEHIND / 2 {
                return true;
            }
            let kept = place.outbox.try_send(push.clone()).is_ok() || ephemeral;
            if !kept {
                place.too_slow.cancel();
            }
            kept
        });
    }

    /// The visitor is here and has a ticket: `true` when the desk must be told. `known` says that the desk believes
    /// so already.
    pub fn announce(&self, session: SessionId, known: bool, clock: Instant) -> bool {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&session).filter(|room| !room.places.is_empty()) else { return false };
        let tell = match room.announced {
            None => !known,
            Some(at) => !known && clock.duration_since(at) >= REMIND_EVERY,
        };
        if tell || room.announced.is_none() {
            room.announced = Some(clock);
        }
        tell
    }

    /// Some time after the last socket left: `true` when none came back and the desk must be told.
    pub fn left(&self, session: SessionId) -> bool {
        let mut rooms = self.rooms();
        let gone = rooms.get(&session).is_some_and(|room| room.places.is_empty());
        gone && rooms.remove(&session).is_some_and(|room| room.announced.is_some())
    }

    /// At the end of this node: the sessions whose visitors the desk believes to be here.
    pub fn all_left(&self) -> Vec<SessionId> {
        self.rooms()
            .drain()
            .filter(|(_, room)| room.announced.is_some())
            .map(|(session, _)| session)
            .collect()
    }

    /// Open sockets.
    pub fn sockets(&self) -> usize {
        self.rooms().values().map(|room| room.places.len()).sum()
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<SessionId, Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const A: SessionId = SessionId(Uuid::from_u128(1));
    const B: SessionId = SessionId(Uuid::from_u128(2));

    fn typing() -> Push {
        Push::Typing(Arc::new(Typing {
            ticket_id: None,
            session: Some(A),
            name: "Maya".into(),
            by_visitor: false,
            on: true,
        }))
    }

    fn read() -> Push {
        Push::Moved(Arc::new(MessageMoved {
            ticket_id: domain::TicketId(Uuid::nil()),
            message_id: domain::MessageId(Uuid::nil()),
            seq: 1,
            status: domain::MessageStatus::Read,
            error: None,
            session: Some(A),
        }))
    }

    #[test]
    fn a_push_reaches_every_socket_of_its_session_and_no_other() {
        let hub = Hub::default();
        let (mut one, mut two, mut other) =
            (hub.join(A).unwrap(), hub.join(A).unwrap(), hub.join(B).unwrap());
        hub.push(A, &read());
        assert!(one.inbox.try_recv().is_ok() && two.inbox.try_recv().is_ok());
        assert!(other.inbox.try_recv().is_err());
        assert!(!hub.leave(A, &one) && hub.leave(A, &two) && !hub.has(A) && hub.has(B));
    }

    #[test]
    fn a_socket_that_does_not_read_is_cut_off_and_typing_is_left_out_first() {
        let hub = Hub::default();
        let (seat, mut good) = (hub.join(A).unwrap(), hub.join(A).unwrap());
        for _ in 0..200 {
            hub.push(A, &typing());
            while good.inbox.try_recv().is_ok() {}
        }
        assert!(!seat.too_slow.is_cancelled(), "typing alone cuts nobody off");
        for _ in 0..MOST_BEHIND {
            hub.push(A, &read());
            assert!(good.inbox.try_recv().is_ok());
        }
        assert!(seat.too_slow.is_cancelled() && !good.too_slow.is_cancelled());
        assert_eq!(hub.sockets(), 1);
    }

    #[test]
    fn the_desk_hears_once_that_a_visitor_came_and_once_that_they_left() {
        let hub = Hub::default();
        let now = Instant::now();
        let seat = hub.join(A).unwrap();
        assert!(hub.announce(A, false, now));
        assert!(!hub.announce(A, false, now), "not at every message");
        assert!(hub.announce(A, false, now + REMIND_EVERY), "unless the desk still believes them gone later");
        assert!(hub.leave(A, &seat));
        let again = hub.join(A).unwrap();
        assert!(!hub.left(A), "a reload is no leaving");
        assert!(hub.leave(A, &again) && hub.left(A) && !hub.left(A));
        assert!(!hub.announce(A, false, now));
    }

    #[test]
    fn a_session_has_so_many_sockets_and_no_more() {
        let hub = Hub::default();
        let seats: Vec<_> = (0..MOST_TABS).filter_map(|_| hub.join(A)).collect();
        assert_eq!(seats.len(), MOST_TABS);
        assert!(hub.join(A).is_none() && hub.join(B).is_some());
        hub.leave(A, &seats[0]);
        assert!(hub.join(A).is_some());
    }

    #[test]
    fn a_visitor_without_a_ticket_leaves_nothing_behind() {
        let hub = Hub::default();
        let seat = hub.join(A).unwrap();
        assert!(hub.leave(A, &seat) && !hub.left(A) && hub.all_left().is_empty());
    }
}
