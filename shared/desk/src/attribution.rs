//! Which text a campaign or flow message is credited with (I1–I3), settled in the transaction that makes either known:
//! the result is the same whichever became known first. The rule is `domain::attribution`; only the neighbours of what
//! is new can change, so only they are looked at.

use std::collections::BTreeMap;

use bus::{Packet, topic::MESSAGE_CHANGED};
use domain::{
    MessageId, ProfileId, TicketId, Timestamp, attribution::attribute, event::MessageChanged,
    message::Attribution,
};

use crate::{
    Desk, DeskError,
    store::{Store, Tx, campaigns, conversation, outbox, ticket_write},
    text,
};

/// A text whose attribution changed.
#[derive(Clone, Debug)]
pub(crate) struct Credit {
    /// The text.
    pub text: MessageId,
    /// Its ticket, where it has one.
    pub ticket: Option<TicketId>,
    /// What it is attributed to now.
    pub campaign: Option<Attribution>,
}

/// Settles what a text or campaign message of that moment changes for its customer; it is written already, and the
/// ticket it is in is locked.
///
/// # Errors
/// The database refuses.
pub(crate) async fn settle(
    store: &Store,
    tx: &mut Tx,
    profile: ProfileId,
    at: Timestamp,
    window: i64,
) -> Result<Vec<Credit>, DeskError> {
    campaigns::hold(store, tx, profile).await?;
    let messages = campaigns::around(tx, profile, at).await?;
    let mut texts = Vec::new();
    for (message, next) in messages.iter().zip(messages.iter().skip(1).map(Some).chain([None])) {
        let end = message.at.plus(window);
        let up_to = next.map_or(end, |next| next.at.min(end));
        texts.extend(campaigns::first_text(tx, profile, message.at, up_to).await?);
    }
    let wanted = attribute(&messages, &texts, window);
    let mut changed: BTreeMap<MessageId, Option<MessageId>> = BTreeMap::new();
    for message in &messages {
        let text = wanted.iter().find(|(_, credited)| **credited == message.id).map(|(text, _)| *text);
        let before = campaigns::credited(tx, message.id).await?;
        if before != text {
            changed.extend(before.map(|text| (text, wanted.get(&text).copied())));
            changed.extend(text.map(|text| (text, Some(message.id))));
        }
    }
    write(tx, changed).await
}

/// All are taken back before any is given: a campaign message is credited with one text at most.
async fn write(
    tx: &mut Tx,
    changed: BTreeMap<MessageId, Option<MessageId>>,
) -> Result<Vec<Credit>, DeskError> {
    let mut credits = Vec::new();
    for text in changed.keys() {
        campaigns::credit(tx, *text, None).await?;
    }
    for (text, campaign) in changed {
        let ticket = campaigns::credit(tx, text, campaign).await?;
        if let Some(ticket) = ticket {
            campaigns::settle_ticket(tx, ticket).await?;
        }
        let campaign = match campaign {
            Some(id) => campaigns::campaign(tx, id).await?,
            None => None,
        };
        credits.push(Credit { text, ticket, campaign });
    }
    Ok(credits)
}

/// Tells everybody of texts whose attribution changed after they were told of.
///
/// # Errors
/// The database refuses.
pub(crate) async fn tell(desk: &Desk, tx: &mut Tx, credits: &[Credit]) -> Result<Vec<Packet>, DeskError> {
    let mut packets = Vec::new();
    for credit in credits {
        if let Some(ticket) = credit.ticket {
            packets.extend(message_changed(desk, tx, ticket, credit.text).await?);
        }
    }
    Ok(packets)
}

/// Counts a change of the ticket and tells that one of its messages got something more.
///
/// # Errors
/// The database refuses.
pub(crate) async fn message_changed(
    desk: &Desk,
    tx: &mut Tx,
    ticket: TicketId,
    message: MessageId,
) -> Result<Option<Packet>, DeskError> {
    let now = desk.now();
    let Some(mut row) = ticket_write::lock(&desk.store, tx, ticket).await? else { return Ok(None) };
    ticket_write::save(tx, &mut row, now).await?;
    let Some(message) = conversation::message(&desk.store, tx, ticket, message).await? else {
        return Ok(None);
    };
    let id = format!("edited:{}:{}", message.id, row.view.version);
    let event = MessageChanged { ticket: row.view, message: text::for_event(&message) };
    Ok(Some(outbox::add(tx, MESSAGE_CHANGED, &id, now, &event).await?))
}
