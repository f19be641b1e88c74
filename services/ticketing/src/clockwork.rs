//! What happens by itself: timers, and the sweep of the outbox.

use std::{sync::Arc, time::Duration};

use desk::Desk;
use domain::{Clock, Timestamp};
use tokio_util::sync::CancellationToken;

/// Between two sweeps, and the longest sleep before a timer: another replica may have set an earlier one.
const TICK: Duration = Duration::from_secs(1);
/// The shortest sleep: what is due and cannot be done must not keep the database busy.
const SHORTEST: Duration = Duration::from_millis(100);

/// Does what is due until the stop.
pub(crate) async fn timers(
    desk: Desk,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        let pause = match due(&desk).await {
            Ok(next) => until(next, clock.now()),
            Err(error) => {
                tracing::warn!(%error, "timers have to wait");
                TICK
            }
        };
        if sleep(pause, &stopping).await {
            return Ok(());
        }
    }
}

async fn due(desk: &Desk) -> Result<Option<Timestamp>, desk::DeskError> {
    desk.run_due_timers().await?;
    desk.next_timer().await
}

/// How long to sleep before the next timer.
fn until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let Some(next) = next else { return TICK };
    let left = u64::try_from(next.millis() - now.millis()).unwrap_or(0);
    Duration::from_millis(left).clamp(SHORTEST, TICK)
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
        assert_eq!(until(Some(at(0)), at(90_000)), SHORTEST);
    }
}
