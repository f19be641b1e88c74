//! The last refresh token of each grant by which mail servers are signed in to: sealed by who uses it, for others of its kind.

use domain::event::{RefreshTokenGiven, RefreshTokenQuery};

use crate::{Desk, DeskError, store::refresh_tokens as rows};

/// No provider takes a token that was not used for that long, in milliseconds.
const FORGOTTEN_AFTER: i64 = 400 * 24 * 60 * 60 * 1000;
/// Longest sealed token that is kept, in bytes.
const LONGEST: usize = 32 * 1024;

impl Desk {
    /// The last one a provider gave, if it gave one.
    ///
    /// # Errors
    /// The database is away.
    pub async fn refresh_token(&self, asked: &RefreshTokenQuery) -> Result<Option<String>, DeskError> {
        rows::last(&mut *self.store.reader().acquire().await?, &asked.grant).await
    }

    /// Keeps another one, durably.
    ///
    /// # Errors
    /// The database is away, or it is too long.
    pub async fn refresh_token_given(&self, given: &RefreshTokenGiven) -> Result<(), DeskError> {
        if given.sealed.len() > LONGEST || given.grant.len() != 64 {
            return Err(DeskError::Refused("that is no refresh token".into()));
        }
        let now = self.now();
        let mut tx = self.store.begin().await?;
        rows::forget(&mut tx, now.plus(-FORGOTTEN_AFTER)).await?;
        rows::keep(&mut tx, given, now).await?;
        self.commit(tx, Vec::new()).await
    }
}
