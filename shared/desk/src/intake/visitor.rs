//! What a visitor does besides writing: comes, goes, sees, says who they are, ends the chat.

use bus::topic::{MESSAGE_MOVED, TICKET_CHANGED};
use domain::{
    Address, MessageStatus, TicketId,
    event::{MessageMoved, TicketChanged, Visitor, VisitorSignal, VisitorSignalKind},
    ticket::State,
};

use super::{
    batch::{Batch, Outcome},
    keys::chat_thread,
};
use crate::{
    DeskError,
    store::{addresses, messages, presence, rows::TicketRow, threads, ticket_write},
    text, timers,
};

/// Takes in a signal. Before the first message there is no ticket, and nothing to do.
pub(super) async fn take_in(batch: &mut Batch<'_>, signal: &VisitorSignal) -> Result<Outcome, DeskError> {
    let none = || Outcome::done("the session has no ticket", None);
    let Some(ticket) = threads::find(&mut batch.tx, &chat_thread(&signal.session.to_string())).await? else {
        return Ok(none());
    };
    let row = batch.ticket(ticket).await?;
    let Some(row) = row else { return Ok(none()) };
    match &signal.kind {
        VisitorSignalKind::CameOnline => online(batch, row, true, signal).await?,
        VisitorSignalKind::Left => online(batch, row, false, signal).await?,
        VisitorSignalKind::Saw { seq } => saw(batch, &row, *seq).await?,
        VisitorSignalKind::Identified { visitor } => identified(batch, row, visitor).await?,
        VisitorSignalKind::Ended => ended(batch, row, signal).await?,
    }
    Ok(Outcome::done("a visitor's signal", Some(ticket)))
}

/// Presence counts no version: the send guard must not trip over a visitor who blinks.
async fn online(
    batch: &mut Batch<'_>,
    mut row: TicketRow,
    online: bool,
    signal: &VisitorSignal,
) -> Result<(), DeskError> {
    let news = presence::set(&mut batch.tx, row.view.id, online, signal.at).await?;
    if !news || row.view.visitor_online == online {
        return Ok(());
    }
    row.view.visitor_online = online;
    let id = format!("presence:{}:{}:{online}", row.view.id, signal.at.millis());
    batch.tell(TICKET_CHANGED, &id, &TicketChanged { ticket: row.view, session: row.session })
}

async fn saw(batch: &mut Batch<'_>, row: &TicketRow, seq: i64) -> Result<(), DeskError> {
    let tickets: Vec<TicketId> = match row.session {
        Some(session) => presence::tickets_of(&mut batch.tx, session).await?,
        None => vec![row.view.id],
    };
    for ticket_id in tickets {
        for (message_id, seq) in messages::mark_read(&mut batch.tx, ticket_id, seq, batch.now).await? {
            let status = MessageStatus::Read;
            let event =
                MessageMoved { ticket_id, message_id, seq, status, error: None, session: row.session };
            batch.tell(MESSAGE_MOVED, &format!("moved:{message_id}:{status}"), &event)?;
        }
    }
    Ok(())
}

async fn identified(batch: &mut Batch<'_>, mut row: TicketRow, visitor: &Visitor) -> Result<(), DeskError> {
    let profile = row.view.profile.id;
    if let (Some(email), true) = (&visitor.email, visitor.verified) {
        addresses::attach(&mut batch.tx, profile, &Address::Email(email.clone()), batch.now).await?;
    } else if let Some(email) = &visitor.email {
        addresses::claim_email(&mut batch.tx, profile, email, batch.now).await?;
    }
    let name = text::name(visitor.name.as_deref());
    if let (None, Some(name)) = (&row.view.profile.name, name) {
        addresses::name(&mut batch.tx, profile, &name, batch.now).await?;
        row.view.profile.name = Some(name);
        ticket_write::save(&mut batch.tx, &mut row, batch.now).await?;
        let packet = ticket_write::changed(&mut batch.tx, &row, batch.now).await?;
        batch.told([packet]);
    }
    Ok(())
}

/// Closes the ticket, unless it was opened after the visitor ended the chat: a late repeat must not end the next one.
async fn ended(batch: &mut Batch<'_>, mut row: TicketRow, signal: &VisitorSignal) -> Result<(), DeskError> {
    if matches!(row.state, State::Closed { .. }) || row.view.created_at > signal.at {
        return Ok(());
    }
    row.set_state(row.state.close(batch.now));
    timers::clear_wake(&mut batch.tx, row.view.id).await?;
    ticket_write::save(&mut batch.tx, &mut row, batch.now).await?;
    let packet = ticket_write::changed(&mut batch.tx, &row, batch.now).await?;
    batch.told([packet]);
    Ok(())
}
