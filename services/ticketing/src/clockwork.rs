//! What happens by itself: timers, the sweep of the outbox, and the end of what is kept only for so long.

use std::{sync::Arc, time::Duration};

use bus::{Bus, topic::TIMER_SET};
use desk::Desk;
use domain::{Clock, Timestamp};
use futures::{StreamExt, stream::BoxStream};
use host::Metrics;
use tokio_util::sync::CancellationToken;

/// Between two sweeps, and the longest sleep before a timer: word of an earlier one may be lost.
const TICK: Duration = Duration::from_secs(1);
/// How often waiting texts are counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// How often is looked for what was kept long enough.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The shortest sleep: what is due and cannot be done must not keep the database busy.
const SHORTEST: Duration = Duration::from_millis(100);

/// Does what is due until the stop. Whoever sets a timer says so, in this process or another.
pub(crate) async fn timers(
    desk: Desk,
    bus: Bus,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut set = bus.listen(TIMER_SET).await?;
    loop {
        let pause = match due(&desk).await {
            Ok(next) => until(next, clock.now()),
            Err(error) => {
                tracing::warn!(%error, "timers have to wait");
                TICK
            }
        };
        let wake = clock.now().plus(i64::try_from(pause.as_millis()).unwrap_or(0));
        tokio::select! {
            stop = sleep(pause, &stopping) => {
                if stop {
                    return Ok(());
                }
            }
            () = earlier(&mut set, wake) => {}
        }
    }
}

/// Waits for word of a timer that is due before `wake`.
async fn earlier(set: &mut BoxStream<'static, Timestamp>, wake: Timestamp) {
    while let Some(due) = set.next().await {
        if due < wake {
            return;
        }
    }
    std::future::pending().await
}

async fn due(desk: &Desk) -> Result<Option<Timestamp>, desk::DeskError> {
    desk.run_due_timers().await?;
    desk.next_timer().await
}

/// How long to sleep before the next timer.
fn until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let Some(next) = next else { return TICK };
    match u64::try_from(next.millis() - now.millis()) {
        Ok(left) if left > 0 => Duration::from_millis(left).min(TICK),
        _ => SHORTEST,
    }
}

/// Goes through what was there before search was, until all of it is found or until the stop.
pub(crate) async fn index(desk: Desk, stopping: CancellationToken) -> anyhow::Result<()> {
    loop {
        let pause = match desk.index_backlog().await {
            Ok(true) => SHORTEST,
            Ok(false) => {
                stopping.cancelled().await;
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(%error, "what was there before search was has to wait");
                TICK
            }
        };
        if sleep(pause, &stopping).await {
            return Ok(());
        }
    }
}

/// Takes what was kept long enough, at once after the start and until the stop.
pub(crate) async fn retain(desk: Desk, stopping: CancellationToken) -> anyhow::Result<()> {
    loop {
        let pause = match desk.take_what_is_over().await {
            Ok(true) => SHORTEST,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "what was kept long enough has to wait");
                LOOK_EVERY
            }
        };
        if sleep(pause, &stopping).await {
            return Ok(());
        }
    }
}

/// Publishes what a crash left in the outbox, at once after the start and until the stop.
pub(crate) async fn sweep(desk: Desk, stopping: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = desk.publish_left_over().await {
            tracing::warn!(%error, "the outbox has to wait");
        }
        if sleep(TICK, &stopping).await {
            return Ok(());
        }
    }
}

/// Shows how many texts wait for each number, until the stop.
pub(crate) async fn count_waiting(
    desk: Desk,
    metrics: Metrics,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    metrics.describe("frontdesk_texts_waiting", "Texts that wait to be handed to their carrier, by number.");
    let mut shown: Vec<String> = Vec::new();
    loop {
        match desk.waiting_by_number().await {
            Ok(waiting) => {
                for number in &shown {
                    metrics.gauge("frontdesk_texts_waiting", &[("number", number)]).set(0);
                }
                for (number, count) in &waiting {
                    metrics.gauge("frontdesk_texts_waiting", &[("number", number)]).set(*count);
                }
                shown = waiting.into_iter().map(|(number, _)| number).collect();
            }
            Err(error) => tracing::warn!(%error, "waiting texts could not be counted"),
        }
        if sleep(COUNT_EVERY, &stopping).await {
            return Ok(());
        }
    }
}

/// Sleeps; `true` if the process is to stop.
async fn sleep(pause: Duration, stopping: &CancellationToken) -> bool {
    tokio::select! {
        () = stopping.cancelled() => true,
        () = tokio::time::sleep(pause) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_until_the_next_timer_but_neither_long_nor_not_at_all() {
        let at = Timestamp::from_millis;
        assert_eq!(until(None, at(0)), TICK);
        assert_eq!(until(Some(at(90_000)), at(0)), TICK);
        assert_eq!(until(Some(at(400)), at(0)), Duration::from_millis(400));
        assert_eq!(until(Some(at(5)), at(0)), Duration::from_millis(5), "a place in a queue is met exactly");
        assert_eq!(until(Some(at(0)), at(90_000)), SHORTEST);
    }
}
