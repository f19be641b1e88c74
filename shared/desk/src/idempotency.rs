//! Answers to requests with an `Idempotency-Key`: the first one is kept for two days and given again to a repeat.
//!
//! A key is taken before the work begins, so that of two requests at the same moment one works and the other is told
//! to wait. A taker that died holds its key for a minute. What must not happen twice even then is made sure by the
//! use case itself, as [`crate::reply`] does with a message id made from the key.

use uuid::Uuid;

use crate::{
    Desk, DeskError, settings,
    store::{answers as rows, audit, identities, split_texts},
};

/// How long a key is held by a request that never ended, in milliseconds.
const HELD: i64 = 60_000;
/// How long answers are kept, in milliseconds.
const KEPT: i64 = 48 * 60 * 60 * 1000;

/// An answer given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// What a request with a key meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is the first: it works, then calls [`Desk::keep_answer`] or [`Desk::drop_answer`].
    Fresh,
    /// It was answered before.
    Kept(KeptAnswer),
    /// It is being answered right now.
    InProgress,
}

impl Desk {
    /// Takes a key for a request. `request_hash` tells requests apart: the same key with another one is refused.
    ///
    /// # Errors
    /// `idempotency_key_reused`; the database is not available.
    pub async fn begin_answer(&self, actor: Uuid, key: &str, request_hash: &str) -> Result<Begun, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        if rows::take(&mut tx, actor, key, request_hash, now, now.plus(-HELD)).await? {
            tx.commit().await?;
            return Ok(Begun::Fresh);
        }
        let Some((hash, answer)) = rows::answer(&mut tx, actor, key).await? else {
            return Ok(Begun::InProgress);
        };
        if hash != request_hash {
            let reason = "this Idempotency-Key was used for another request";
            return Err(DeskError::conflict("idempotency_key_reused", reason));
        }
        Ok(answer.map_or(Begun::InProgress, Begun::Kept))
    }

    /// Keeps the answer to a key that was taken.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn keep_answer(
        &self,
        actor: Uuid,
        key: &str,
        status: u16,
        body: &str,
    ) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        rows::keep(&mut tx, actor, key, status, body).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives a taken key back: the request failed in a way that is worth trying again.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn drop_answer(&self, actor: Uuid, key: &str) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        rows::drop(&mut tx, actor, key).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets what has had its time: kept answers, sessions, links, texts that came in parts, old lines of the audit
    /// log, what webhooks were told.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn forget_expired(&self) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        rows::forget(&mut tx, now, now.plus(-KEPT)).await?;
        identities::forget(&mut tx, now).await?;
        split_texts::forget(&mut tx, now.plus(-KEPT)).await?;
        let privacy = settings::current(&mut *tx).await?.privacy;
        audit::forget_before(&mut tx, privacy.audit_from(now)).await?;
        tx.commit().await?;
        self.forget_webhook_deliveries().await
    }
}
