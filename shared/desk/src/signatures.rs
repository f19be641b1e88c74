//! What stands under the mails that people write: their own words, else those of the mailbox, else those of all mailboxes.

use domain::{EmailAddress, Settings, settings::Writer};
use uuid::Uuid;

use crate::{
    DeskError,
    store::{Connection, preferences},
};

/// What stands under a mail of a mailbox, written by that person, or by a program.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn under(
    connection: &mut Connection,
    settings: &Settings,
    mailbox: &EmailAddress,
    person: Option<(Uuid, &str)>,
) -> Result<Option<String>, DeskError> {
    let Some((id, name)) = person else { return Ok(settings.signature(mailbox, None)) };
    let own = preferences::of(connection, id).await?.signature;
    Ok(settings.signature(mailbox, Some(Writer { name, own: own.as_deref() })))
}
