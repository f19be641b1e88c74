//! A robot of ours wants to write: the desk decides whether it may, whatever the robot thought.

use domain::{
    Author, AuthorKind, Channel, MessageId,
    event::ReplyProposed,
    ticket::{ReplyFacts, may_reply},
};

use super::{
    batch::{Batch, Outcome},
    mail_loops,
};
use crate::{
    DeskError,
    outbound::{self, Departure, NewOutbound},
    store::{messages, rows::TicketRow},
};

const HOUR: i64 = 60 * 60 * 1000;
/// Messages of one robot that a profile gets in an hour at most: two robots must not entertain each other.
const PER_HOUR: i64 = 5;

/// Takes in a proposal. Its key names the message, so a repeat finds it written.
pub(super) async fn take_in(batch: &mut Batch<'_>, proposed: &ReplyProposed) -> Result<Outcome, DeskError> {
    let ticket = proposed.ticket_id;
    let row = batch.ticket(ticket).await?;
    let Some(mut row) = row else { return Ok(Outcome::done("there is no such ticket", None)) };
    let id = MessageId::named(ticket.0, &format!("proposed:{}", proposed.key));
    if messages::exists(&mut batch.tx, id).await? {
        return Ok(Outcome::done("written before", Some(ticket)));
    }
    if let Some(refusal) = refusal(batch, &row, proposed).await? {
        tracing::info!(key = proposed.key, refusal, "a proposed message is not sent");
        return Ok(Outcome::done(refusal, Some(ticket)));
    }
    let new = NewOutbound {
        id,
        author: Author { kind: proposed.author, id: None, name: None },
        text: proposed.text.clone(),
        attachments: Vec::new(),
        recipients: None,
        departure: Departure::default(),
        needs_consent: !proposed.without_consent,
        why: format!("written by {} for this ticket", proposed.author),
    };
    let (_, packets) = outbound::queue(batch.desk, &mut batch.tx, &mut row, new).await?;
    batch.told(packets);
    Ok(Outcome::done("queued", Some(ticket)))
}

/// Why it may not be written.
async fn refusal(
    batch: &mut Batch<'_>,
    row: &TicketRow,
    proposed: &ReplyProposed,
) -> Result<Option<String>, DeskError> {
    if !is_robot(proposed.author) {
        return Ok(Some(format!("{} does not write by itself", proposed.author)));
    }
    if proposed.text.trim().is_empty() {
        return Ok(Some("it has no text".into()));
    }
    if batch.desk.channels().numbers.iter().any(|ours| ours.as_str() == row.view.profile.address) {
        return Ok(Some("the customer is a number of ours: it would talk with itself".into()));
    }
    if row.view.channel == Channel::Email
        && let Some(refusal) = mail_loops::refusal(batch, row).await?
    {
        return Ok(Some(refusal));
    }
    let facts = row.reply_facts();
    let without = proposed.without_consent && facts.channel == Channel::Sms;
    if let Err(refusal) = may_reply(ReplyFacts { sms_consent: facts.sms_consent || without, ..facts }) {
        return Ok(Some(refusal.to_string()));
    }
    let (profile, author) = (row.view.profile.id, proposed.author);
    if let Some(span) = proposed.at_most_once_per
        && messages::written_since(&mut batch.tx, profile, author, batch.now.plus(-span)).await? > 0
    {
        return Ok(Some("the customer had one lately".into()));
    }
    if messages::written_since(&mut batch.tx, profile, author, batch.now.plus(-HOUR)).await? >= PER_HOUR {
        return Ok(Some(format!(
            "the customer had {PER_HOUR} within an hour: it looks like two robots talking"
        )));
    }
    Ok(None)
}

fn is_robot(author: AuthorKind) -> bool {
    matches!(author, AuthorKind::AutoResponder | AuthorKind::FollowUp | AuthorKind::System)
}
