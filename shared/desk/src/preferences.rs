//! How everybody wants their console, on every device.

use domain::preferences::{Preferences, PreferencesPatch};

use crate::{Actor, Desk, DeskError, store::preferences as rows};

impl Desk {
    /// Somebody's preferences.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn preferences(&self, actor: &Actor) -> Result<Preferences, DeskError> {
        rows::of(&mut *self.store.reader().acquire().await?, actor.id).await
    }

    /// Changes one's own.
    ///
    /// # Errors
    /// Keys or a signature that make no sense; the database refuses.
    pub async fn change_preferences(
        &self,
        patch: PreferencesPatch,
        actor: &Actor,
    ) -> Result<Preferences, DeskError> {
        let mut tx = self.store.begin().await?;
        let before = rows::of(&mut tx, actor.id).await?;
        let after = before.patched(patch).map_err(|reason| {
            let field = if reason.starts_with("signature") { "signature" } else { "keys" };
            DeskError::invalid(field, reason)
        })?;
        rows::save(&mut tx, actor.id, &after, self.now()).await?;
        tx.commit().await?;
        Ok(after)
    }
}
