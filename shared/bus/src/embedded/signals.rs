//! Signals inside one process.

use std::{
    borrow::Cow,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::Stream;
use tokio::sync::mpsc;

use super::exchange::held;

/// Signals a slow listener may lag behind; it loses the newest beyond that.
const SIGNALS: usize = 1024;

type Listeners = HashMap<Cow<'static, str>, Vec<(usize, mpsc::Sender<Vec<u8>>)>>;

/// Who listens to what.
#[derive(Clone, Default)]
pub(super) struct Signals(Arc<Mutex<Board>>);

#[derive(Default)]
struct Board {
    listeners: Listeners,
    next: usize,
}

impl Signals {
    pub(super) fn tell(&self, subject: &str, payload: &[u8]) {
        let board = held(&self.0);
        for (_, listener) in board.listeners.get(subject).into_iter().flatten() {
            // The error says that it lags behind.
            let _ = listener.try_send(payload.to_vec());
        }
    }

    pub(super) fn hear(&self, subject: Cow<'static, str>) -> Ear {
        let (listener, heard) = mpsc::channel(SIGNALS);
        let mut board = held(&self.0);
        let id = board.next;
        board.next += 1;
        board.listeners.entry(subject.clone()).or_default().push((id, listener));
        Ear { signals: self.clone(), subject, id, heard }
    }
}

/// A listener's place; leaves when dropped.
pub(super) struct Ear {
    signals: Signals,
    subject: Cow<'static, str>,
    id: usize,
    heard: mpsc::Receiver<Vec<u8>>,
}

impl Stream for Ear {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.heard.poll_recv(context)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut board = held(&self.signals.0);
        if let Some(listeners) = board.listeners.get_mut(&self.subject) {
            listeners.retain(|(id, _)| *id != self.id);
            if listeners.is_empty() {
                board.listeners.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::*;

    #[test]
    fn a_subject_nobody_listens_to_any_more_is_forgotten() {
        let signals = Signals::default();
        let (mut one, mut two) = (signals.hear("a".into()), signals.hear("a".into()));
        signals.tell("a", b"1");
        signals.tell("b", b"2");
        for ear in [&mut one, &mut two] {
            assert_eq!(ear.next().now_or_never(), Some(Some(b"1".to_vec())));
            assert_eq!(ear.next().now_or_never(), None);
        }
        drop(one);
        assert_eq!(held(&signals.0).listeners["a"].len(), 1);
        drop(two);
        assert!(held(&signals.0).listeners.is_empty());
    }
}
