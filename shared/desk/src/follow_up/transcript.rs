//! A chat as a mail, for a visitor who asks for it.

use bus::Packet;
use domain::{AuthorKind, EmailAddress, Timestamp};

use super::{
    Letter, TRANSCRIPT,
    page::{About, Page},
    recent, reply_to, sender,
};
use crate::{
    Desk, DeskError, settings,
    store::{Tx, rows::TicketRow},
};

/// Writes the mail for the notifier, and its message beside the others. Without anybody to send it from there is none.
///
/// # Errors
/// The database refuses.
pub(crate) async fn mail(
    desk: &Desk,
    tx: &mut Tx,
    ticket: &mut TicketRow,
    to: &EmailAddress,
    now: Timestamp,
) -> Result<Vec<Packet>, DeskError> {
    let settings = desk.complete(settings::current(&mut **tx).await?);
    let Some(from) = sender(desk, &settings) else { return Ok(Vec::new()) };
    let recent = recent(desk, tx, ticket, TRANSCRIPT).await?;
    let page = Page {
        settings: &settings,
        link: "",
        unsubscribe: None,
        recent: &recent,
        about: About::Conversation,
    };
    let letter = Letter {
        reply_to: reply_to(desk, &settings, &from),
        from,
        to: to.clone(),
        subject: page.subject(),
        text: page.text(),
        html: page.html(),
        unsubscribe: None,
        author: AuthorKind::System,
        shown: format!("This conversation was mailed to {to}."),
        why: "the visitor asked for it",
    };
    desk.post(tx, ticket, letter, &settings, now).await
}
