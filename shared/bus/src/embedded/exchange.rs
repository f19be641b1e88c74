//! Questions inside one process.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::FutureExt;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{ANSWER_WITHIN, AnswerFn, AskError};

#[derive(Default)]
pub(super) struct Exchange {
    answering: Mutex<HashMap<&'static str, Vec<Answering>>>,
    turn: AtomicUsize,
}

#[derive(Clone)]
struct Answering {
    id: usize,
    answer: AnswerFn,
    running: TaskTracker,
}

impl Exchange {
    pub(super) async fn ask(&self, subject: &'static str, payload: Vec<u8>) -> Result<Vec<u8>, AskError> {
        let answering = self.next(subject).ok_or(AskError::NoAnswer(subject))?;
        let answer = answering.answer.clone();
        let call = AssertUnwindSafe(async move { answer(payload).await }).catch_unwind().in_current_span();
        // As a task: the answer is finished even if the asking side goes away.
        match timeout(ANSWER_WITHIN, answering.running.spawn(call)).await {
            Ok(Ok(Ok(answer))) => answer.map_err(|error| AskError::Failed(subject, error)),
            Ok(_) => Err(AskError::Failed(subject, "the answering side panicked".into())),
            Err(_) => Err(AskError::NoAnswer(subject)),
        }
    }

    pub(super) async fn answer(&self, subject: &'static str, answer: AnswerFn, stop: CancellationToken) {
        let id = self.turn.fetch_add(1, Ordering::Relaxed);
        let running = TaskTracker::new();
        let entry = Entry { exchange: self, subject, id };
        held(&self.answering).entry(subject).or_default().push(Answering {
            id,
            answer,
            running: running.clone(),
        });
        stop.cancelled().await;
        drop(entry);
        running.close();
        running.wait().await;
    }

    fn next(&self, subject: &'static str) -> Option<Answering> {
        let answering = held(&self.answering);
        let choice = answering.get(subject).filter(|all| !all.is_empty())?;
        Some(choice[self.turn.fetch_add(1, Ordering::Relaxed) % choice.len()].clone())
    }
}

/// An answering side's place; leaves when dropped.
struct Entry<'a> {
    exchange: &'a Exchange,
    subject: &'static str,
    id: usize,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(all) = held(&self.exchange.answering).get_mut(self.subject) {
            all.retain(|one| one.id != self.id);
        }
    }
}

/// Nothing here panics while it holds a lock, so a poisoned one is sound.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
