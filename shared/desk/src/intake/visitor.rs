//! What a visitor does besides writing: comes, goes, sees, says who they are, ends the chat and says how it was.

use bus::topic::{MESSAGE_MOVED, TICKET_CHANGED};
use domain::{
    Address, AuthorKind, EmailAddress, MessageStatus, SessionId, TicketId,
    event::{MessageMoved, Rating, TicketChanged, Visitor, VisitorSignal, VisitorSignalKind},
    ticket::State,
};
use uuid::Uuid;

use super::{
    batch::{Batch, Outcome},
    chat::address_of,
    keys::chat_thread,
};
use crate::{
    DeskError, follow_up,
    store::{addresses, chats, messages, presence, rows::TicketRow, threads, ticket_write, uploads},
    text, timers,
};

/// Takes in a signal. Before the first message there is no ticket, and nothing to do.
pub(super) async fn take_in(batch: &mut Batch<'_>, signal: &VisitorSignal) -> Result<Outcome, DeskError> {
    if let VisitorSignalKind::PutUp { blob } = &signal.kind {
        uploads::put_up(&mut batch.tx, blob, signal.at).await?;
        return Ok(Outcome::done("a file waits for its message", None));
    }
    let none = || Outcome::done("the session has no ticket", None);
    let Some(ticket) = threads::find(&mut batch.tx, &chat_thread(&signal.session.to_string())).await? else {
        return Ok(none());
    };
    let row = batch.ticket(ticket).await?;
    let Some(row) = row else { return Ok(none()) };
    match &signal.kind {
        VisitorSignalKind::CameOnline => online(batch, row, true, signal).await?,
        VisitorSignalKind::Left => online(batch, row, false, signal).await?,
        VisitorSignalKind::Saw { seq } => saw(batch, row, *seq).await?,
        VisitorSignalKind::Identified { visitor } => identified(batch, row, visitor).await?,
        VisitorSignalKind::Ended => ended(batch, row, signal).await?,
        VisitorSignalKind::Rated { score, comment } => {
            let comment = comment.as_deref().map(text::clean);
            rated(batch, row, Rating { score: (*score).clamp(1, 5), comment }).await?;
        }
        VisitorSignalKind::Transcript { email } => transcript(batch, row, email).await?,
        VisitorSignalKind::PutUp { .. } => {}
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
    if let Some(chat) = row.view.chat.as_deref_mut() {
        (chat.online, chat.left_at) = (online, (!online).then_some(signal.at));
    }
    follow_up::refresh(batch.desk, &mut batch.tx, &mut row).await?;
    let id = format!("presence:{}:{}:{online}", row.view.id, signal.at.millis());
    batch.tell(TICKET_CHANGED, &id, &TicketChanged { ticket: row.view, session: row.session })
}

async fn saw(batch: &mut Batch<'_>, mut row: TicketRow, seq: i64) -> Result<(), DeskError> {
    let tickets: Vec<TicketId> = match row.session {
        Some(session) => presence::tickets_of(&mut batch.tx, session).await?,
        None => vec![row.view.id],
    };
    let mut news = false;
    for ticket in tickets {
        let moved = read(batch, ticket, row.session, seq).await?;
        news |= moved && ticket == row.view.id;
        if moved
            && ticket != row.view.id
            && let Some(earlier) = batch.ticket(ticket).await?
        {
            show_follow_up(batch, earlier).await?;
        }
    }
    if news {
        row = batch.ticket(row.view.id).await?.unwrap_or(row);
        show_follow_up(batch, row).await?;
    }
    Ok(())
}

/// Works out anew what becomes of the mail of a chat, and tells if that is news.
async fn show_follow_up(batch: &mut Batch<'_>, mut row: TicketRow) -> Result<(), DeskError> {
    if follow_up::refresh(batch.desk, &mut batch.tx, &mut row).await? {
        let id = format!("follow_up:{}:{}", row.view.id, Uuid::new_v4());
        batch.tell(TICKET_CHANGED, &id, &TicketChanged { ticket: row.view, session: row.session })?;
    }
    Ok(())
}

/// Everything of ours up to this place was read; `true` when that is news.
pub(super) async fn read(
    batch: &mut Batch<'_>,
    ticket_id: TicketId,
    session: Option<SessionId>,
    up_to: i64,
) -> Result<bool, DeskError> {
    let moved = messages::mark_read(&mut batch.tx, ticket_id, up_to, batch.now).await?;
    let status = MessageStatus::Read;
    for (message_id, seq) in &moved {
        let (message_id, seq) = (*message_id, *seq);
        let event = MessageMoved { ticket_id, message_id, seq, status, error: None, session };
        batch.tell(MESSAGE_MOVED, &format!("moved:{message_id}:{status}"), &event)?;
    }
    Ok(!moved.is_empty())
}

async fn identified(batch: &mut Batch<'_>, row: TicketRow, visitor: &Visitor) -> Result<(), DeskError> {
    let before = row.view.profile.id;
    let mut row = if visitor.verified { joined(batch, row, visitor).await? } else { row };
    let profile = row.view.profile.id;
    if let Some(email) = &visitor.email {
        if visitor.verified && visitor.email_verified {
            addresses::attach(&mut batch.tx, profile, &Address::Email(email.clone()), batch.now).await?;
        } else {
            addresses::claim_email(&mut batch.tx, profile, email, batch.now).await?;
        }
    }
    let mailed = follow_up::refresh(batch.desk, &mut batch.tx, &mut row).await?;
    let name = text::name(visitor.name.as_deref());
    let named = row.view.profile.name.is_none() && name.is_some();
    if let (true, Some(name)) = (named, name) {
        addresses::name(&mut batch.tx, profile, &name, batch.now).await?;
        row.view.profile.name = Some(name);
    }
    if named || mailed || profile != before {
        ticket_write::save(&mut batch.tx, &mut row, batch.now).await?;
        let packet = ticket_write::changed(&mut batch.tx, &row, batch.now).await?;
        batch.told([packet]);
    }
    Ok(())
}

/// The site vouches for somebody in the middle of a chat: the chat goes to the profile it knows, if all we knew was a
/// browser. One that is somebody already stays theirs.
async fn joined(batch: &mut Batch<'_>, row: TicketRow, visitor: &Visitor) -> Result<TicketRow, DeskError> {
    let (site, own) = (row.view.inbox.clone(), row.view.profile.id);
    let external = address_of(&site, visitor);
    let mut known = addresses::find(&mut batch.tx, &external).await?;
    if known.is_none()
        && let (true, Some(email)) = (visitor.email_verified, &visitor.email)
    {
        known = addresses::find(&mut batch.tx, &Address::Email(email.clone())).await?;
    }
    let Some(session) = row.session.filter(|_| known.as_ref().is_some_and(|known| known.id != own)) else {
        addresses::attach(&mut batch.tx, own, &external, batch.now).await?;
        return Ok(row);
    };
    let Some(known) = known.filter(|known| !known.blocked) else { return Ok(row) };
    if !chats::is_anonymous(&mut batch.tx, own).await? {
        return Ok(row);
    }
    addresses::attach(&mut batch.tx, known.id, &external, batch.now).await?;
    chats::move_session(&mut batch.tx, session, known.id, &external).await?;
    let moved = batch.ticket(row.view.id).await?;
    moved.ok_or(DeskError::NotFound("ticket"))
}

async fn rated(batch: &mut Batch<'_>, mut row: TicketRow, rating: Rating) -> Result<(), DeskError> {
    chats::rate(&mut batch.tx, row.view.id, &rating).await?;
    if let Some(chat) = row.view.chat.as_deref_mut() {
        chat.rating = Some(rating);
    }
    ticket_write::save(&mut batch.tx, &mut row, batch.now).await?;
    let packet = ticket_write::changed(&mut batch.tx, &row, batch.now).await?;
    batch.told([packet]);
    Ok(())
}

/// At most one mail a minute: the signal may come twice.
async fn transcript(
    batch: &mut Batch<'_>,
    mut row: TicketRow,
    email: &EmailAddress,
) -> Result<(), DeskError> {
    let (profile, since) = (row.view.profile.id, batch.now.plus(-60_000));
    if messages::written_since(&mut batch.tx, profile, AuthorKind::System, since).await? > 0 {
        return Ok(());
    }
    let packets = follow_up::transcript::mail(batch.desk, &mut batch.tx, &mut row, email, batch.now).await?;
    ticket_write::save(&mut batch.tx, &mut row, batch.now).await?;
    batch.told(packets);
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
