//! The work for the notifier, written in the transaction in which a message leaves: so it says what is true then.

use bus::{Packet, topic::OUTBOUND_SMS};
use domain::{Channel, Message, PhoneNumber, Timestamp, event::OutboundSms};

use crate::{
    Desk, DeskError, mail_out, pictures,
    store::{Tx, outbox, rows::TicketRow},
};

/// A message that leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving<'a> {
    /// As it is written.
    pub message: &'a Message,
    /// Its channel.
    pub channel: Channel,
    /// Our number or mailbox.
    pub inbox: &'a str,
    /// The customer's address.
    pub recipient: &'a str,
    /// Its ticket; a text may have none.
    pub ticket: Option<&'a TicketRow>,
    /// The id of the work: a message that is put off again leaves under another one, or the bus would drop it as known.
    pub key: &'a str,
}

/// The id of the work of a message that leaves at once, or after having waited.
pub(crate) fn key(message: &Message, waited: Option<Timestamp>) -> String {
    match waited {
        None => format!("out:{}", message.id),
        Some(now) => format!("out:{}:{}", message.id, now.millis()),
    }
}

/// Writes the work; a chat's message has none, because the nodes push it.
///
/// # Errors
/// The address cannot be written to; the database refuses.
pub(crate) async fn write(
    desk: &Desk,
    tx: &mut Tx,
    leaving: Leaving<'_>,
    now: Timestamp,
) -> Result<Option<Packet>, DeskError> {
    Ok(match leaving.channel {
        Channel::Sms => Some(text(desk, tx, leaving, now).await?),
        Channel::Email => Some(mail_out::write(desk, tx, leaving, now).await?),
        Channel::Chat => None,
    })
}

async fn text(desk: &Desk, tx: &mut Tx, leaving: Leaving<'_>, now: Timestamp) -> Result<Packet, DeskError> {
    let number = |text: &str| PhoneNumber::parse(text).map_err(|error| DeskError::Refused(error.to_string()));
    let work = OutboundSms {
        message_id: leaving.message.id,
        from: number(leaving.inbox)?,
        to: number(leaving.recipient)?,
        text: leaving.message.text.clone(),
        media: pictures::for_carrier(desk, &leaving.message.attachments, now)?,
    };
    outbox::add(tx, OUTBOUND_SMS, leaving.key, now, &work).await
}
