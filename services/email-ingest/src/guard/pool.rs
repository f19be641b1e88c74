//! A few threads for work that may hang. One that does is given up and replaced; work that waits is taken up by the next
//! thread that is free, without a pause between.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

/// A thread without work ends after this time.
const IDLE: Duration = Duration::from_secs(10);

/// The threads. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

/// Why there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The work panicked.
    Panicked,
    /// It was not done in time.
    TooLate,
}

struct Shared {
    /// Threads at most, those that were given up not counted.
    most: usize,
    queue: Mutex<Queue>,
    work: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

struct Job {
    state: Arc<State>,
    /// Does it; whether it was not given up meanwhile.
    run: Box<dyn FnOnce(&State) -> bool + Send>,
}

/// Whoever waits for a job, until the outcome is there or nobody waits any more.
struct Waiter<'a> {
    pool: &'a Arc<Shared>,
    state: Arc<State>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if self.state.give_up() {
            self.pool.replace_one();
        }
    }
}

/// Where a job is: it waits, it runs on a thread, it is done, or nobody waits for it any more.
#[derive(Default)]
struct State(AtomicU8);

const WAITS: u8 = 0;
const RUNS: u8 = 1;
const DONE: u8 = 2;
const GIVEN_UP: u8 = 3;

impl State {
    /// Whether somebody still waits for it.
    fn begin(&self) -> bool {
        self.0.compare_exchange(WAITS, RUNS, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether it was not given up meanwhile.
    fn end(&self) -> bool {
        self.0.compare_exchange(RUNS, DONE, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether it was running.
    fn give_up(&self) -> bool {
        self.0.swap(GIVEN_UP, Ordering::AcqRel) == RUNS
    }
}

impl Pool {
    /// With at most so many threads at work.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, queue: Mutex::default(), work: Condvar::new() }))
    }

    /// Does some work on one of the threads.
    ///
    /// # Errors
    /// [`Failed`]; the limit counts the time until it begins, too.
    pub async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failed> {
        let (tell, told) = oneshot::channel();
        let state = Arc::new(State::default());
        let run = Box::new(move |state: &State| {
            let outcome = catch_unwind(AssertUnwindSafe(work));
            let is_ours = state.end();
            if let Ok(outcome) = outcome {
                let _ = tell.send(outcome);
            }
            is_ours
        });
        self.0.submit(Job { state: state.clone(), run });
        let _waiter = Waiter { pool: &self.0, state };
        match timeout(limit, told).await {
            Ok(outcome) => outcome.map_err(|_| Failed::Panicked),
            Err(_) => Err(Failed::TooLate),
        }
    }
}

impl Shared {
    fn submit(self: &Arc<Self>, job: Job) {
        let mut queue = self.queue();
        queue.jobs.push_back(job);
        if queue.idle > 0 {
            drop(queue);
            self.work.notify_one();
        } else if queue.threads < self.most {
            self.add_thread(&mut queue);
        }
    }

    /// A thread hangs: another one takes its place.
    fn replace_one(self: &Arc<Self>) {
        let mut queue = self.queue();
        queue.threads = queue.threads.saturating_sub(1);
        if !queue.jobs.is_empty() {
            self.add_thread(&mut queue);
        }
    }

    fn add_thread(self: &Arc<Self>, queue: &mut Queue) {
        let shared = self.clone();
        match thread::Builder::new().name("mails".into()).spawn(move || shared.work()) {
            Ok(_) => queue.threads += 1,
            // Those that are there do it later, or whoever waits gives up.
            Err(error) => tracing::error!(%error, "a thread for mails cannot be started"),
        }
    }

    fn work(self: Arc<Self>) {
        while let Some(job) = self.next() {
            // One that was given up while it ran has lost its place to another thread.
            if job.state.begin() && !(job.run)(&job.state) {
                return;
            }
        }
    }

    /// The next job; `None` when there was none for a while.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue.idle += 1;
            let (again, waited) = self.work.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = again;
            queue.idle -= 1;
            if waited.timed_out() && queue.jobs.is_empty() {
                queue.threads -= 1;
                return None;
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn work_is_done_by_no_more_threads_than_allowed_and_a_panic_harms_nobody() {
        let pool = Pool::new(2);
        let outcomes = (0..50).map(|number| {
            pool.run(LONG, move || {
                assert_ne!(number, 7, "a bug");
                number
            })
        });
        let outcomes = futures::future::join_all(outcomes).await;
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let expected = if number == 7 { Err(Failed::Panicked) } else { Ok(number) };
            assert_eq!(outcome, expected);
        }
        assert!(pool.0.queue().threads <= 2);
    }

    #[tokio::test]
    async fn a_thread_that_hangs_is_replaced_and_ends_when_it_comes_back() {
        let pool = Pool::new(1);
        let (release, held) = mpsc::channel::<()>();
        let back = Arc::new(Barrier::new(2));
        let (at_the_end, hung) = (back.clone(), pool.clone());
        let hangs = hung.run(SOON, move || {
            let _ = held.recv();
            at_the_end.wait();
        });
        assert_eq!(hangs.await, Err(Failed::TooLate));
        assert_eq!(pool.run(LONG, || 1).await, Ok(1), "another thread does it");
        drop(release);
        back.wait();
        assert_eq!(pool.run(LONG, || 2).await, Ok(2));
        assert_eq!(pool.0.queue().threads, 1);
    }

    #[tokio::test]
    async fn a_thread_that_hangs_is_replaced_when_nobody_waits_any_more() {
        let pool = Pool::new(1);
        let (release, held) = mpsc::channel::<()>();
        let (began, begun) = oneshot::channel();
        let hangs = pool.run(LONG, move || {
            let _ = began.send(());
            held.recv().is_err()
        });
        tokio::select! {
            _ = hangs => panic!("it hangs"),
            begun = begun => begun.unwrap(),
        }
        assert_eq!(pool.run(LONG, || 1).await, Ok(1));
        drop(release);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_begun() {
        let pool = Pool::new(1);
        let (release, held) = mpsc::channel::<()>();
        let busy = pool.run(LONG, move || held.recv().is_err());
        let waits = pool.run(SOON, || panic!("it must not begin"));
        let (waited, first) = tokio::join!(
            async {
                let waited = waits.await;
                drop(release);
                waited
            },
            busy
        );
        assert_eq!((waited, first), (Err(Failed::TooLate), Ok(true)));
        assert_eq!(pool.run(LONG, || 3).await, Ok(3));
    }
}
