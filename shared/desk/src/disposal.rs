//! Files that nobody needs: given up in a transaction, their bytes deleted afterwards by whoever holds the blobs. A crash in
//! between is the next round's work; nothing that a message names is ever deleted.

use bus::Stream;
use domain::Timestamp;

use crate::{Desk, DeskError, store::uploads};

/// How long a file waits for its message, in milliseconds: a day, and an hour for messages on their way.
const WAITS: i64 = 25 * 60 * 60 * 1000;
/// Most files of one round.
const ROUND: i64 = 200;

impl Desk {
    /// Gives up the files that waited a day for their message; returns how many.
    ///
    /// # Errors
    /// The database or the bus is away.
    pub async fn give_up_files(&self) -> Result<usize, DeskError> {
        let before = self.now().plus(-WAITS);
        let named = self.named_no_more().await?;
        let mut tx = self.store.begin().await?;
        let mut blobs = uploads::give_up_agents(&mut tx, before, ROUND).await?;
        if let Some(named) = named {
            blobs.extend(uploads::give_up_visitors(&mut tx, named, ROUND).await?);
        }
        uploads::doom(&mut tx, &blobs, self.now()).await?;
        tx.commit().await?;
        Ok(blobs.len())
    }

    /// No message on the bus names a file from before this moment. One that was taken at the door in time may wait for days
    /// while the database is away, and a dead letter is told of later than it was taken.
    async fn named_no_more(&self) -> Result<Option<Timestamp>, DeskError> {
        let Some(bus) = &self.bus else { return Ok(None) };
        let away = |error: anyhow::Error| DeskError::Unavailable(format!("{error:#}"));
        if bus.backlog(Stream::Dead).await.map_err(away)? > 0 {
            return Ok(None);
        }
        let waiting = bus.oldest(Stream::Inbound).await.map_err(away)?;
        let now = self.now();
        Ok(Some(waiting.map_or(now, |waiting| waiting.min(now)).plus(-WAITS)))
    }

    /// Keys of blobs to delete. Then say [`Desk::blobs_are_gone`].
    ///
    /// # Errors
    /// The database is away.
    pub async fn doomed_blobs(&self) -> Result<Vec<String>, DeskError> {
        let (mut doomed, mut spared) = (Vec::new(), Vec::new());
        for blob in uploads::doomed(&self.store, self.now(), ROUND).await? {
            match uploads::is_named(&self.store, &blob).await? {
                true => spared.push(blob),
                false => doomed.push(blob),
            }
        }
        uploads::settled(&self.store, &spared).await?;
        Ok(doomed)
    }

    /// These blobs were deleted.
    ///
    /// # Errors
    /// The database is away: they are deleted once more, which does nothing.
    pub async fn blobs_are_gone(&self, blobs: &[String]) -> Result<(), DeskError> {
        uploads::settled(&self.store, blobs).await
    }
}
