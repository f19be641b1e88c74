//! The tasks of a process, by service. A task that fails ends the process; at the stop the services end in reverse.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a service may hold up those before it; its tasks may go on while they end.
const TURN: Duration = Duration::from_secs(5);

/// A task that ended as it must not.
#[derive(Debug)]
pub(crate) struct TaskFailure {
    pub(crate) task: &'static str,
    pub(crate) error: anyhow::Error,
}

struct Scope {
    service: &'static str,
    stopping: CancellationToken,
    tracker: TaskTracker,
}

impl Scope {
    fn new(service: &'static str) -> Self {
        Self { service, stopping: CancellationToken::new(), tracker: TaskTracker::new() }
    }
}

pub(crate) struct Tasks {
    /// The first is the process's own.
    scopes: Vec<Scope>,
    current: usize,
    report: mpsc::UnboundedSender<TaskFailure>,
    failures: mpsc::UnboundedReceiver<TaskFailure>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        let (report, failures) = mpsc::unbounded_channel();
        Self { scopes: vec![Scope::new("host")], current: 0, report, failures }
    }

    /// What is spawned from now on belongs to that service.
    pub(crate) fn enter(&mut self, service: &'static str) {
        self.scopes.push(Scope::new(service));
        self.current = self.scopes.len() - 1;
    }

    /// What is spawned from now on belongs to the process.
    pub(crate) fn leave(&mut self) {
        self.current = 0;
    }

    pub(crate) fn stopping(&self) -> CancellationToken {
        self.scopes[self.current].stopping.clone()
    }

    pub(crate) fn spawn<F>(&mut self, task: &'static str, future: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let report = self.report.clone();
        self.scopes[self.current].tracker.spawn(async move {
            let error = match AssertUnwindSafe(future).catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(panic) => anyhow::anyhow!("panicked: {}", words(panic.as_ref())),
            };
            // Nobody hears it only when the process is ending anyway.
            let _ = report.send(TaskFailure { task, error });
        });
    }

    /// The first task that fails.
    pub(crate) async fn failure(&mut self) -> TaskFailure {
        match self.failures.recv().await {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// Phase 1: every service stops taking in and finishes what it has, the last started first. Says who did not
    /// finish until `deadline`.
    pub(crate) async fn stop(&self, deadline: Instant) {
        for scope in self.scopes.iter().rev() {
            scope.stopping.cancel();
            scope.tracker.close();
            let turn = deadline.min(Instant::now() + TURN);
            if timeout_at(turn, scope.tracker.wait()).await.is_err() {
                tracing::warn!(service = scope.service, "is still busy, the others go on stopping");
            }
        }
        for scope in &self.scopes {
            if timeout_at(deadline, scope.tracker.wait()).await.is_err() {
                let tasks = scope.tracker.len();
                tracing::error!(service = scope.service, tasks, "did not finish in time and is cut off");
            }
        }
    }
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_reported_and_one_that_ends_well_is_not() {
        let mut tasks = Tasks::new();
        tasks.spawn("well", async { Ok(()) });
        tasks.spawn("panicking", async { panic!("of {} legs", 8) });
        let failure = tasks.failure().await;
        assert_eq!((failure.task, failure.error.to_string().as_str()), ("panicking", "panicked: of 8 legs"));
        tasks.spawn("failing", async { anyhow::bail!("no luck") });
        assert_eq!(tasks.failure().await.task, "failing");
    }

    #[tokio::test(start_paused = true)]
    async fn services_end_in_reverse_and_each_is_waited_for() {
        let ended = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Tasks::new();
        for service in ["first", "second", "third"] {
            tasks.enter(service);
            let (stopping, ended) = (tasks.stopping(), ended.clone());
            tasks.spawn(service, async move {
                stopping.cancelled().await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                ended.lock().unwrap().push(service);
                Ok(())
            });
        }
        tasks.stop(Instant::now() + Duration::from_secs(20)).await;
        assert_eq!(*ended.lock().unwrap(), ["third", "second", "first"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_never_ends_holds_up_nothing_beyond_the_deadline() {
        let mut tasks = Tasks::new();
        tasks.enter("good");
        let (stopping, (tell, told)) = (tasks.stopping(), tokio::sync::oneshot::channel());
        tasks.spawn("good", async move {
            stopping.cancelled().await;
            tell.send(Instant::now()).unwrap();
            Ok(())
        });
        tasks.enter("stuck");
        tasks.spawn("stuck", std::future::pending());
        let begun = Instant::now();
        tasks.stop(begun + Duration::from_secs(20)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(20));
        assert_eq!(told.await.unwrap() - begun, TURN);
    }
}
