//! Automatic answers to mails end, whoever is on the other side (RFC 3834): only a person's mail gets one, and one sender
//! gets one of a mailbox in a day, whatever ticket it is in. Counted in the database, so that all replicas count alike.

use domain::mail::MailKind;

use super::batch::Batch;
use crate::{
    DeskError,
    store::{mail_tickets, rows::TicketRow},
};

/// One automatic answer to a sender within this time, in milliseconds.
const ONCE_PER: i64 = 24 * 60 * 60 * 1000;
/// A sender whose mails come faster than this many in [`BURST`] is no person.
const MOST_IN_BURST: i64 = 10;
/// In milliseconds.
const BURST: i64 = 10 * 60 * 1000;

/// Why this ticket's newest mail gets no automatic answer, if it gets none.
pub(super) async fn refusal(batch: &mut Batch<'_>, row: &TicketRow) -> Result<Option<String>, DeskError> {
    let view = &row.view;
    let (mailbox, sender) = (view.inbox.as_str(), view.profile.address.as_str());
    if batch.desk.channels().mailboxes.iter().any(|ours| ours.as_str() == sender) {
        return Ok(Some("the sender is a mailbox of ours: it would talk with itself".into()));
    }
    match mail_tickets::newest_kind(&mut batch.tx, view.id).await? {
        Some(MailKind::Human | MailKind::Calendar) | None => {}
        Some(kind) => {
            return Ok(Some(format!("the mail is no person's but {kind}: it is not answered by itself")));
        }
    }
    let since = batch.now.plus(-ONCE_PER);
    if mail_tickets::automatic_since(&mut batch.tx, mailbox, sender, since).await? > 0 {
        return Ok(Some("the sender had an automatic answer of this mailbox within a day".into()));
    }
    let since = batch.now.plus(-BURST);
    let came = mail_tickets::came_since(&mut batch.tx, view.profile.id, mailbox, since).await?;
    Ok((came > MOST_IN_BURST)
        .then(|| format!("{came} mails within ten minutes: it looks like two robots talking")))
}
