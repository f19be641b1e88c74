//! The organisation's settings: one document.

use bus::topic::SETTINGS_CHANGED;
use domain::Settings;
use serde_json::Value;
use sqlx::{Any, Executor};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    store::{outbox, settings as rows},
};

/// The settings as a transaction or connection sees them.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn current<E>(executor: &mut E) -> Result<Settings, DeskError>
where
    for<'c> &'c mut E: Executor<'c, Database = Any>,
{
    rows::read(executor, "").await
}

impl Desk {
    /// The settings.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn settings(&self) -> Result<Settings, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        Ok(self.complete(current(&mut *connection).await?))
    }

    /// Settings with what follows from the channels.
    pub(crate) fn complete(&self, settings: Settings) -> Settings {
        settings.with_support_email(self.channels.mailboxes.first())
    }

    /// Merges a patch in (RFC 7396) and tells everybody, unless it changes nothing.
    ///
    /// # Errors
    /// A key that does not exist, or a value that makes no sense.
    pub async fn patch_settings(&self, patch: &Value, actor: &Actor) -> Result<Settings, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        rows::ensure(&mut tx, now).await?;
        let before = rows::read(&mut *tx, self.store.dialect.for_update).await?;
        let after =
            before.patched(patch).map_err(|error| DeskError::invalid("settings", error.to_string()))?;
        if after == before {
            return Ok(self.complete(before));
        }
        rows::write(&mut tx, &after, now).await?;
        audit::record(&mut tx, actor, Deed::saved(Some(&before), &after), now).await?;
        let after = self.complete(after);
        let id = format!("settings:{}", Uuid::new_v4());
        let packet = outbox::add(&mut tx, SETTINGS_CHANGED, &id, now, &after).await?;
        self.commit(tx, vec![packet]).await?;
        tracing::info!(by = %actor.id, name = actor.name, "the settings were changed");
        Ok(after)
    }
}
