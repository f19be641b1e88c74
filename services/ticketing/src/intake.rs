//! From the bus to the desk.

use std::{future::Future, pin::Pin, time::Duration};

use bus::{Delivery, Failure, Handler, topic::DEAD};
use desk::{
    Desk,
    intake::{Arrival, Landed, TakeInError},
};
use host::Metrics;
use tokio_util::sync::CancellationToken;

/// How long between two looks at a database that is away.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

type Results<'a> = Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>>;

/// Hands what came in to the desk.
pub(crate) struct Intake {
    desk: Desk,
    metrics: Metrics,
    stopping: CancellationToken,
}

impl Intake {
    pub(crate) fn new(desk: Desk, metrics: Metrics, stopping: CancellationToken) -> Self {
        Self { desk, metrics, stopping }
    }

    /// Takes in what can be read; what cannot is rejected in its place.
    async fn take_in(&self, batch: &[Delivery]) -> Vec<Result<(), Failure>> {
        let read: Vec<_> = batch.iter().map(Arrival::of).collect();
        let arrivals: Vec<Arrival> = read.iter().flatten().cloned().collect();
        let mut landed = self.patiently(arrivals).await.into_iter();
        read.into_iter()
            .map(|read| {
                let result = read.and_then(|_| landed.next().unwrap_or_else(missing));
                self.count(&result);
                result.map(drop).map_err(failure)
            })
            .collect()
    }

    /// While the database is away nothing is given back: a long absence must not use up the deliveries of everything
    /// that waits, or all of it would end among the dead letters.
    async fn patiently(&self, arrivals: Vec<Arrival>) -> Vec<Result<Landed, TakeInError>> {
        let mut results = self.desk.take_in(arrivals.clone()).await;
        while results.iter().any(is_retry) && self.desk.ready().await.is_err() {
            if !self.wait_for_desk().await {
                break;
            }
            let open: Vec<usize> = results
                .iter()
                .enumerate()
                .filter(|(_, result)| is_retry(result))
                .map(|(index, _)| index)
                .collect();
            let again = open.iter().filter_map(|index| arrivals.get(*index).cloned()).collect();
            for (index, result) in open.into_iter().zip(self.desk.take_in(again).await) {
                results[index] = result;
            }
        }
        results
    }

    /// Waits until the database answers again; `false` if the process is to stop first.
    async fn wait_for_desk(&self) -> bool {
        while let Err(reason) = self.desk.ready().await {
            tracing::warn!(reason, "waiting for the database; what came in stays on the bus");
            tokio::select! {
                () = self.stopping.cancelled() => return false,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
        true
    }

    fn count(&self, result: &Result<Landed, TakeInError>) {
        let became = match result {
            Ok(Landed { state: Some(state), .. }) => state.as_str(),
            Ok(Landed { state: None, .. }) => "done",
            Err(TakeInError::Retry(_)) => "retry",
            Err(TakeInError::Reject(_)) => "rejected",
        };
        self.metrics.counter("frontdesk_taken_in_total", &[("became", became)]).increment();
    }
}

fn missing() -> Result<Landed, TakeInError> {
    Err(TakeInError::Retry("the desk gave no result".into()))
}

fn is_retry(result: &Result<Landed, TakeInError>) -> bool {
    matches!(result, Err(TakeInError::Retry(_)))
}

fn failure(error: TakeInError) -> Failure {
    match error {
        TakeInError::Retry(reason) => Failure::retry(reason),
        TakeInError::Reject(reason) => Failure::reject(reason),
    }
}

impl Handler for Intake {
    fn handle<'a>(&'a self, batch: &'a [Delivery]) -> Results<'a> {
        Box::pin(self.take_in(batch))
    }
}

/// Writes dead letters into the ledger, where people see them and send them through again.
pub(crate) struct Burial {
    desk: Desk,
}

impl Burial {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk }
    }

    async fn bury(&self, delivery: &Delivery) -> Result<(), Failure> {
        let letter = delivery.read(DEAD)?;
        tracing::error!(
            consumer = letter.consumer,
            subject = letter.subject,
            reason = letter.reason,
            "a dead letter"
        );
        self.desk.bury(&letter).await.map_err(Failure::retry)
    }
}

impl Handler for Burial {
    fn handle<'a>(&'a self, batch: &'a [Delivery]) -> Results<'a> {
        Box::pin(async move {
            let mut results = Vec::with_capacity(batch.len());
            for delivery in batch {
                results.push(self.bury(delivery).await);
            }
            results
        })
    }
}
