//! Follows a stream of the log: pages of what is there, then waits for the writer.

use std::{collections::VecDeque, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use sqlx::SqlitePool;

use super::{log, reading, writer::Progress};
use crate::{Stored, Stream};

/// Events read at once.
const PAGE: i64 = 256;

/// The wait after a page that could not be read.
const PAUSE: Duration = Duration::from_secs(1);

struct Follower {
    readers: SqlitePool,
    progress: Progress,
    stream: Stream,
    after: u64,
    page: VecDeque<Stored>,
}

pub(super) fn follow(
    readers: SqlitePool,
    progress: Progress,
    stream: Stream,
    after: u64,
) -> BoxStream<'static, Stored> {
    // A number from the future is of a log that was lost: what is new now is still followed.
    let after = after.min(progress.borrow()[log::number(stream)]);
    let follower = Follower { readers, progress, stream, after, page: VecDeque::new() };
    futures::stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((event, follower))
    })
    .boxed()
}

impl Follower {
    /// The next event; `None` when the bus is closed.
    async fn next(&mut self) -> Option<Stored> {
        loop {
            if let Some(event) = self.page.pop_front() {
                return Some(event);
            }
            let stream = log::number(self.stream);
            let last = self.progress.wait_for(|last| last[stream] > self.after).await.ok()?[stream];
            match reading::page(&self.readers, self.stream, self.after, PAGE).await {
                Ok((events, seen)) => {
                    // An empty page: what was there up to `last` has been pruned.
                    self.after = seen.unwrap_or(last);
                    self.page = events.into();
                }
                Err(sqlx::Error::PoolClosed) => return None,
                Err(error) => {
                    tracing::error!(%error, "the event log cannot be read");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}
