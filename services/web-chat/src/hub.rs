//! Which sockets of this node belong to which session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    SessionId,
    event::{ChatPush, ChatStanding},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::ear::Ear;

/// Pushes a socket may be behind before it is cut off.
pub const MOST_BEHIND: usize = 64;
/// Sockets of one session: more are no tabs any more.
pub const MOST_TABS: usize = 12;
/// The desk is told at most this often that a visitor it believes gone is here.
const REMIND_EVERY: Duration = Duration::from_secs(30);

/// Something for the sockets of a session.
#[derive(Clone, Debug)]
pub enum Push {
    /// The desk told it.
    Told(Arc<ChatPush>),
    /// The desk was asked.
    Stands(Arc<ChatStanding>),
}

impl Push {
    /// The first thing to be left out.
    fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Told(told) if matches!(**told, ChatPush::Typing { .. }))
    }
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
    /// Hears what is pushed to the session. Before the first message there is nothing to hear.
    ear: Option<Ear>,
    /// A message is on its way: there will be something.
    begins: bool,
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
        if last {
            (room.ear, room.begins) = (None, false);
        }
        if last && room.announced.is_none() {
            rooms.remove(&session);
        }
        last
    }

    /// The session's ear, opened if it was not: whether it hears already. `None` when the session is not here.
    pub fn listen(
        &self,
        session: SessionId,
        begins: bool,
        ear: impl FnOnce() -> Ear,
    ) -> Option<watch::Receiver<bool>> {
        let mut rooms = self.rooms();
        let room = rooms.get_mut(&session).filter(|room| !room.places.is_empty())?;
        room.begins |= begins;
        Some(room.ear.get_or_insert_with(ear).opened())
    }

    /// The session has no ticket: an ear of it is closed, unless it will have one.
    pub fn hush(&self, session: SessionId) {
        let mut rooms = self.rooms();
        if let Some(room) = rooms.get_mut(&session).filter(|room| room.announced.is_none() && !room.begins) {
            room.ear = None;
        }
    }

    /// Whether the session is here and not listened for.
    pub fn is_deaf(&self, session: SessionId) -> bool {
        self.rooms().get(&session).is_some_and(|room| !room.places.is_empty() && room.ear.is_none())
    }

    /// The sessions that have sockets here.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.held(|room| !room.places.is_empty())
    }

    /// Those of them that have a ticket or are about to: of the others there is nothing to tell.
    pub fn talking(&self) -> Vec<SessionId> {
        self.held(|room| !room.places.is_empty() && (room.announced.is_some() || room.begins))
    }

    fn held(&self, is_meant: impl Fn(&Room) -> bool) -> Vec<SessionId> {
        self.rooms().iter().filter(|(_, room)| is_meant(room)).map(|(session, _)| *session).collect()
    }

    /// Hands a push to every socket of the session. One that is too far behind is cut off: it comes back and resumes.
    pub fn push(&self, session: SessionId, push: &Push) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&session) else { return };
        room.places.retain(|place| {
            let ephemeral = push.is_ephemeral();
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
        Push::Told(Arc::new(ChatPush::Typing { name: "Maya".into(), on: true }))
    }

    fn read() -> Push {
        Push::Told(Arc::new(ChatPush::Seen { seq: 1 }))
    }

    #[tokio::test]
    async fn a_push_reaches_every_socket_of_its_session_and_no_other() {
        let hub = Hub::default();
        let (mut one, mut two, mut other) =
            (hub.join(A).unwrap(), hub.join(A).unwrap(), hub.join(B).unwrap());
        hub.push(A, &read());
        assert!(one.inbox.try_recv().is_ok() && two.inbox.try_recv().is_ok());
        assert!(other.inbox.try_recv().is_err());
        assert!(!hub.leave(A, &one) && hub.leave(A, &two));
        assert_eq!(hub.sessions(), [B]);
    }

    #[tokio::test]
    async fn a_socket_that_does_not_read_is_cut_off_and_typing_is_left_out_first() {
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

    #[tokio::test]
    async fn the_desk_hears_once_that_a_visitor_came_and_once_that_they_left() {
        let hub = Hub::default();
        let now = Instant::now();
        let seat = hub.join(A).unwrap();
        assert!(hub.talking().is_empty());
        assert!(hub.announce(A, false, now));
        assert_eq!(hub.talking(), [A]);
        assert!(!hub.announce(A, false, now), "not at every message");
        assert!(hub.announce(A, false, now + REMIND_EVERY), "unless the desk still believes them gone later");
        assert!(hub.leave(A, &seat));
        let again = hub.join(A).unwrap();
        assert!(!hub.left(A), "a reload is no leaving");
        assert!(hub.leave(A, &again) && hub.left(A) && !hub.left(A));
        assert!(!hub.announce(A, false, now));
    }

    #[tokio::test]
    async fn a_session_has_so_many_sockets_and_no_more() {
        let hub = Hub::default();
        let seats: Vec<_> = (0..MOST_TABS).filter_map(|_| hub.join(A)).collect();
        assert_eq!(seats.len(), MOST_TABS);
        assert!(hub.join(A).is_none() && hub.join(B).is_some());
        hub.leave(A, &seats[0]);
        assert!(hub.join(A).is_some());
    }

    #[tokio::test]
    async fn a_session_is_listened_for_from_its_first_message_to_its_last_socket() {
        let hub = Hub::default();
        assert!(hub.listen(A, true, Ear::deaf).is_none() && !hub.is_deaf(A), "it is not here");
        let seat = hub.join(A).unwrap();
        assert!(hub.is_deaf(A));
        assert!(hub.listen(A, false, Ear::deaf).is_some() && !hub.is_deaf(A));
        hub.hush(A);
        assert!(hub.is_deaf(A), "it has no ticket");
        hub.listen(A, true, Ear::deaf);
        hub.hush(A);
        assert!(!hub.is_deaf(A), "it is about to have one");
        assert_eq!(hub.talking(), [A], "and is asked for, in case the first push gets lost");
        hub.announce(A, false, Instant::now());
        hub.leave(A, &seat);
        let again = hub.join(A).unwrap();
        assert!(hub.is_deaf(A), "its last socket took the ear along");
        hub.listen(A, false, Ear::deaf);
        hub.hush(A);
        assert!(!hub.is_deaf(A), "it has a ticket");
        hub.leave(A, &again);
    }

    #[tokio::test]
    async fn a_visitor_without_a_ticket_leaves_nothing_behind() {
        let hub = Hub::default();
        let seat = hub.join(A).unwrap();
        assert!(hub.leave(A, &seat) && !hub.left(A) && hub.all_left().is_empty());
    }
}
