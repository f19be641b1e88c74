//! A visitor's message (B3, C-W).

use domain::{
    Address, AuthorKind, Channel, MessageId, TicketId,
    event::{InboundChat, Visitor},
    ticket::Landing,
};

use super::{
    batch::{Batch, Outcome},
    keys::chat_thread,
    landing::{self, Effect, Incoming, NewTicket},
    profile::whose,
};
use crate::{
    DeskError, entropy,
    store::{addresses, addresses::KnownProfile, rows::TicketRow, threads, uploads},
    text, timers,
};

/// Takes in a visitor's message.
pub(super) async fn take_in(batch: &mut Batch<'_>, chat: &InboundChat) -> Result<Outcome, DeskError> {
    // whatever becomes of the message: it may be sent through again later
    uploads::take(&mut batch.tx, chat.blobs(), chat.received_at).await?;
    let key = chat_thread(&chat.session.to_string());
    let candidate = TicketId::new(batch.now, &entropy());
    if let Some(found) = threads::find(&mut batch.tx, &key).await? {
        let row = batch.ticket(found).await?;
        return go_on(batch, chat, &key, found, row).await;
    }
    let profile = visitor(batch, &chat.site, &chat.visitor).await?;
    if profile.blocked {
        return Ok(Outcome::blocked(profile.id));
    }
    let ticket = threads::claim(&mut batch.tx, &key, candidate, batch.now).await?;
    if ticket != candidate {
        let row = batch.ticket(ticket).await?;
        return go_on(batch, chat, &key, ticket, row).await;
    }
    open(batch, chat, &profile, candidate, 0, "the first message of this chat").await
}

/// The session has a ticket: it goes on there, or in a new one if that is closed.
async fn go_on(
    batch: &mut Batch<'_>,
    chat: &InboundChat,
    key: &str,
    ticket: TicketId,
    row: Option<TicketRow>,
) -> Result<Outcome, DeskError> {
    let mut row =
        row.ok_or_else(|| DeskError::Busy(format!("the ticket of the thread {key} is being erased")))?;
    let customer = &row.view.profile;
    let profile = KnownProfile { id: customer.id, name: customer.name.clone(), blocked: customer.blocked };
    if profile.blocked {
        return Ok(Outcome::blocked(profile.id));
    }
    if row.state.customer_wrote(Channel::Chat) != Landing::OpensNew {
        let why = "the same chat session as this ticket";
        let incoming = incoming(chat, why);
        let message = incoming.id;
        landing::add(batch, &mut row, &profile, incoming).await?;
        return Ok(Outcome::ticket(why, ticket, message, profile.id));
    }
    // whoever comes later has waited for the closed ticket's lock: look again where the session goes on
    let now_in = threads::find(&mut batch.tx, key).await?;
    if let Some(newer) = now_in.filter(|newer| *newer != ticket) {
        let row = batch.ticket(newer).await?;
        return Box::pin(go_on(batch, chat, key, newer, row)).await;
    }
    let candidate = TicketId::new(batch.now, &entropy());
    threads::point(&mut batch.tx, key, candidate).await?;
    let why = "the chat had ended: the next message opens a new ticket";
    open(batch, chat, &profile, candidate, row.last_seq, why).await
}

async fn open(
    batch: &mut Batch<'_>,
    chat: &InboundChat,
    profile: &KnownProfile,
    id: TicketId,
    last_seq: i64,
    why: &str,
) -> Result<Outcome, DeskError> {
    let incoming = incoming(chat, why);
    let message = incoming.id;
    let address = address_of(&chat.site, &chat.visitor);
    let new = NewTicket {
        id,
        channel: Channel::Chat,
        inbox: &chat.site,
        address: address.value(),
        reachable: true,
        session: Some(chat.session),
        chat: Some((chat.page.as_deref(), &chat.form)),
        subject: None,
        last_seq,
    };
    landing::open(batch, profile, new, incoming).await?;
    let hours = batch.settings().await?.chat.close_after_hours;
    if hours > 0 {
        timers::watch_idle(&mut batch.tx, id, hours, batch.now).await?;
    }
    Ok(Outcome::ticket(why, id, message, profile.id))
}

fn incoming(chat: &InboundChat, why: &str) -> Incoming<'static> {
    Incoming {
        id: MessageId::named(chat.session.0, &chat.client_id.to_string()),
        author: AuthorKind::Customer,
        text: text::clean(&chat.text),
        html: None,
        attachments: chat.attachments.clone(),
        sent_at: chat.received_at,
        why: why.to_owned(),
        client_id: Some(chat.client_id),
        segments: None,
        external: None,
        media: &[],
        mail: None,
        shown: None,
        effect: Effect::Opens,
        answered: false,
    }
}

/// A visitor the site vouches for is known by the site's id; anybody else only by what their browser keeps. The two
/// never meet: otherwise a made-up id would be somebody.
pub(super) fn address_of(site: &str, visitor: &Visitor) -> Address {
    let value = text::line(&format!("{site}:{}", visitor.id));
    if visitor.verified { Address::External(value) } else { Address::Visitor(value) }
}

/// The visitor's profile. A mail address that the site signed joins the profile that has it; a claimed one is only
/// shown.
pub(super) async fn visitor(
    batch: &mut Batch<'_>,
    site: &str,
    visitor: &Visitor,
) -> Result<KnownProfile, DeskError> {
    let address = address_of(site, visitor);
    let name = text::name(visitor.name.as_deref());
    let email = visitor.email.clone().map(Address::Email);
    let signed = visitor.verified && visitor.email_verified;
    if let (true, Some(email)) = (signed, &email)
        && addresses::find(&mut batch.tx, &address).await?.is_none()
        && let Some(known) = addresses::find(&mut batch.tx, email).await?
    {
        addresses::attach(&mut batch.tx, known.id, &address, batch.now).await?;
    }
    let known = whose(batch, &address, name).await?;
    match (&visitor.email, email) {
        (Some(_), Some(email)) if signed => {
            addresses::attach(&mut batch.tx, known.id, &email, batch.now).await?;
        }
        (Some(claimed), _) => addresses::claim_email(&mut batch.tx, known.id, claimed, batch.now).await?,
        (None, _) => {}
    }
    Ok(known)
}
