//! The mail after a left chat (H8, H9): worked out anew by [`domain::follow_up`] in every transaction that changes what it
//! follows from, kept with the ticket, and sent by a timer. The transaction that takes the timer writes the mail for the
//! notifier, so a crash loses nothing and sends once.

use bus::{Packet, topic::OUTBOUND_EMAIL};
use domain::{
    Author, AuthorKind, Channel, Direction, EmailAddress, Message, MessageId, MessageStatus, Settings,
    TicketId, Timestamp,
    event::{FollowUpView, OutboundEmail, TicketView},
    follow_up::{Done, Facts, Plan, Reach, plan},
    message::Carried,
};

use crate::{
    Actor, Desk, DeskError, entropy, mail_thread, outbound, settings,
    store::{
        Tx, chats,
        chats::Unseen,
        conversation, departures, mail_ids, messages,
        messages::NewMessage,
        outbox,
        rows::{TicketRow, word},
        ticket_write,
        timers::{self, DueTimer, Timer},
    },
};

mod page;
pub(crate) mod transcript;

/// The kind of the timer.
pub(crate) const FOLLOW_UP: &str = "follow_up";
/// Messages of the summary.
const SUMMARY: usize = 12;
/// Messages of a transcript.
const TRANSCRIPT: usize = 500;

fn key(ticket: TicketId) -> String {
    format!("{FOLLOW_UP}:{ticket}")
}

/// What a mail follows from.
struct Case {
    settings: Settings,
    facts: Facts,
    unseen: Unseen,
    to: Option<EmailAddress>,
}

async fn case(desk: &Desk, tx: &mut Tx, ticket: &TicketRow) -> Result<Case, DeskError> {
    let settings = desk.complete(settings::current(&mut **tx).await?);
    let to = chats::address(tx, ticket.view.profile.id).await?;
    let reach = match &to {
        None => Reach::Missing,
        Some(address) if chats::opted_out(tx, address, &desk.keyed_mail(address.as_str())).await? => {
            Reach::Unsubscribed
        }
        Some(_) => Reach::Known,
    };
    let unseen = chats::unseen(tx, ticket.view.id).await?;
    let chat = ticket.view.chat.as_deref();
    let facts = Facts {
        enabled: settings.chat.follow_up.enabled && sender(desk, &settings).is_some(),
        delay: i64::from(settings.chat.follow_up.delay_seconds) * 1000,
        online: ticket.view.visitor_online,
        left_at: chat.and_then(|chat| chat.left_at),
        unseen_at: unseen.newest_at,
        reach,
        done: unseen.done,
    };
    Ok(Case { settings, facts, unseen, to })
}

/// Whom the mail is from: as the settings say, else the support address (H8).
pub(crate) fn sender(desk: &Desk, settings: &Settings) -> Option<EmailAddress> {
    let named = [
        &settings.chat.follow_up.from,
        &settings.organization.support_email,
        &settings.organization.sender_email,
    ];
    let parsed = named.into_iter().find_map(|text| EmailAddress::parse(text).ok());
    parsed.or_else(|| desk.channels().mailboxes.first().cloned())
}

/// Where answers go: as the settings say, else to a mailbox of ours, so that they land in the ticket.
fn reply_to(desk: &Desk, settings: &Settings, from: &EmailAddress) -> Option<EmailAddress> {
    if let Ok(named) = EmailAddress::parse(&settings.chat.follow_up.reply_to) {
        return Some(named);
    }
    let mailboxes = &desk.channels().mailboxes;
    if mailboxes.contains(from) { None } else { mailboxes.first().cloned() }
}

/// Works out anew what becomes of the mail of a locked chat, after something it follows from changed. `true` when the
/// ticket shows something else than before.
///
/// # Errors
/// The database refuses.
pub(crate) async fn refresh(desk: &Desk, tx: &mut Tx, ticket: &mut TicketRow) -> Result<bool, DeskError> {
    if ticket.view.channel != Channel::Chat {
        return Ok(false);
    }
    let Case { facts, .. } = case(desk, tx, ticket).await?;
    show(desk, tx, ticket, plan(facts)).await
}

async fn show(desk: &Desk, tx: &mut Tx, ticket: &mut TicketRow, plan: Plan) -> Result<bool, DeskError> {
    let shown = FollowUpView { status: plan.as_str().to_owned(), due_at: plan.due_at() };
    let id = ticket.view.id;
    let Some(chat) = ticket.view.chat.as_deref_mut() else { return Ok(false) };
    if chat.follow_up == shown {
        return Ok(false);
    }
    chats::set_plan(tx, id, &shown).await?;
    match shown.due_at {
        Some(due) => {
            let (key, subject) = (key(id), id.to_string());
            timers::set(tx, Timer { key: &key, kind: FOLLOW_UP, subject: &subject, due, number: None })
                .await?;
            desk.bell.set(due);
        }
        None => timers::clear(tx, &key(id)).await?,
    }
    chat.follow_up = shown;
    Ok(true)
}

impl Desk {
    /// Does what a timer of a left chat asks for: everything is looked at again, whatever the timer thought.
    ///
    /// # Errors
    /// The database refuses; the timer stays.
    pub(crate) async fn run_follow_up(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let ticket = ticket_write::lock(&self.store, &mut tx, word(&timer.subject_id)?).await?;
        let now = self.now();
        if timers::take_due(&mut tx, &timer.key, now).await?.is_none() {
            return Ok(());
        }
        let Some(mut ticket) = ticket else { return self.commit(tx, Vec::new()).await };
        let case = case(self, &mut tx, &ticket).await?;
        let mut packets = match plan(case.facts) {
            Plan::Pending(due) if due <= now => self.mail(&mut tx, &mut ticket, &case, now).await?,
            _ => Vec::new(),
        };
        // the timer is gone: whatever is pending sets it again
        if let Some(chat) = ticket.view.chat.as_deref_mut() {
            chat.follow_up.due_at = None;
        }
        refresh(self, &mut tx, &mut ticket).await?;
        ticket_write::save(&mut tx, &mut ticket, now).await?;
        packets.push(ticket_write::changed(&mut tx, &ticket, now).await?);
        self.commit(tx, packets).await
    }

    /// Takes back the mail that is pending.
    ///
    /// # Errors
    /// There is no such ticket; `no_follow_up`: nothing is pending.
    pub async fn cancel_follow_up(&self, id: TicketId, actor: &Actor) -> Result<TicketView, DeskError> {
        let (mut tx, mut ticket, case) = self.pending(id).await?;
        chats::set_done(&mut tx, id, Done::Cancelled, case.unseen.newest_seq).await?;
        tracing::info!(ticket = %id, by = %actor.id, "a mail after a chat was cancelled");
        self.settle_follow_up(tx, &mut ticket, Vec::new()).await
    }

    /// Sends the mail that is pending now.
    ///
    /// # Errors
    /// There is no such ticket; `no_follow_up`: nothing is pending.
    pub async fn send_follow_up_now(&self, id: TicketId, actor: &Actor) -> Result<TicketView, DeskError> {
        let (mut tx, mut ticket, case) = self.pending(id).await?;
        let packets = self.mail(&mut tx, &mut ticket, &case, self.now()).await?;
        tracing::info!(ticket = %id, by = %actor.id, "a mail after a chat was sent sooner than planned");
        self.settle_follow_up(tx, &mut ticket, packets).await
    }

    async fn pending(&self, id: TicketId) -> Result<(Tx, TicketRow, Case), DeskError> {
        let mut tx = self.store.begin().await?;
        let ticket = ticket_write::lock(&self.store, &mut tx, id).await?;
        let ticket = ticket.ok_or(DeskError::NotFound("ticket"))?;
        let nothing = || DeskError::conflict("no_follow_up", "no mail about this chat is pending");
        if ticket.view.channel != Channel::Chat {
            return Err(nothing());
        }
        let case = case(self, &mut tx, &ticket).await?;
        match plan(case.facts) {
            Plan::Pending(_) => Ok((tx, ticket, case)),
            _ => Err(nothing()),
        }
    }

    async fn settle_follow_up(
        &self,
        mut tx: Tx,
        ticket: &mut TicketRow,
        mut packets: Vec<Packet>,
    ) -> Result<TicketView, DeskError> {
        let now = self.now();
        refresh(self, &mut tx, ticket).await?;
        ticket_write::save(&mut tx, ticket, now).await?;
        packets.push(ticket_write::changed(&mut tx, ticket, now).await?);
        let view = ticket.view.clone();
        self.commit(tx, packets).await?;
        Ok(view)
    }

    /// Writes the mail of a locked ticket for the notifier, and its message beside the others.
    async fn mail(
        &self,
        tx: &mut Tx,
        ticket: &mut TicketRow,
        case: &Case,
        now: Timestamp,
    ) -> Result<Vec<Packet>, DeskError> {
        let Case { settings, unseen, to, .. } = case;
        let (Some(to), Some(from)) = (to, sender(self, settings)) else { return Ok(Vec::new()) };
        chats::set_done(tx, ticket.view.id, Done::Sent, unseen.newest_seq).await?;
        let recent = recent(self, tx, ticket, SUMMARY).await?;
        let outside = self.outside.as_ref();
        let link = outside.map(|outside| outside.chat_link(ticket, now)).unwrap_or_default();
        let unsubscribe = outside.map(|outside| outside.unsubscribe_link(to));
        let page = page::Page {
            settings,
            link: &link,
            unsubscribe: unsubscribe.as_deref(),
            recent: &recent,
            about: page::About::Answers(unseen.count),
        };
        let answers =
            if unseen.count == 1 { "an answer".into() } else { format!("{} answers", unseen.count) };
        let letter = Letter {
            from: from.clone(),
            reply_to: reply_to(self, settings, &from),
            to: to.clone(),
            subject: page.subject(),
            text: page.text(),
            html: page.html(),
            unsubscribe,
            author: AuthorKind::FollowUp,
            shown: format!("A mail with {answers} went to {to}."),
            why: "the visitor left before they saw it",
        };
        self.post(tx, ticket, letter, settings, now).await
    }

    /// Writes a letter of a locked chat for the notifier, and its message beside the others.
    async fn post(
        &self,
        tx: &mut Tx,
        ticket: &mut TicketRow,
        letter: Letter,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Vec<Packet>, DeskError> {
        let message = shown(ticket, &letter, now);
        ticket.last_seq = message.seq;
        let row = NewMessage {
            message: &message,
            ticket: Some(ticket.view.id),
            profile: ticket.view.profile.id,
            channel: Channel::Chat,
            inbox: &ticket.view.inbox,
            external: None,
            mail: None,
            recipient: Some(letter.to.as_str()),
            quiet_override: false,
            needs_consent: false,
            version: ticket.view.version,
            now,
        };
        messages::insert(tx, row).await?;
        let last = messages::last_mail(tx, ticket.view.id).await?;
        let references = mail_thread::references(&last.references, last.mail_id.as_deref());
        let mail_id = mail_thread::mail_id(message.id, letter.from.domain());
        departures::set_mail(tx, message.id, &letter.subject, &mail_id, &references.join(" ")).await?;
        for mailbox in &self.channels().mailboxes {
            mail_ids::add(tx, mailbox.as_str(), &mail_id, ticket.view.id, message.id, true).await?;
        }
        let bounces_to = self.chat_bounces(&letter.from, message.id);
        let work = OutboundEmail {
            message_id: message.id,
            from: letter.from,
            from_name: Some(settings.organization.name.clone()),
            to: letter.to,
            to_name: ticket.view.profile.name.clone(),
            subject: letter.subject,
            text: letter.text,
            mail_id,
            in_reply_to: last.mail_id,
            references,
            automatic: true,
            attachments: Vec::new(),
            html: Some(letter.html),
            unsubscribe: letter.unsubscribe,
            reply_to: letter.reply_to,
            more_to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            bounces_to,
            signature: None,
            quote: None,
        };
        let added = outbound::added(tx, ticket, &message, now).await?;
        let sent = outbox::add(tx, OUTBOUND_EMAIL, &format!("out:{}", message.id), now, &work).await?;
        Ok(vec![added, sent])
    }

    /// An address asks for no more mails about chats: what is pending for it is not sent.
    ///
    /// # Errors
    /// The link is not ours; the database refuses.
    pub async fn unsubscribe(&self, token: &str) -> Result<EmailAddress, DeskError> {
        let address = self.unsubscribing(token)?;
        let mut tx = self.store.begin().await?;
        let now = self.now();
        chats::opt_out(&mut tx, &address, now).await?;
        let mut packets = Vec::new();
        for id in chats::pending_for(&mut tx, &address).await? {
            let Some(mut ticket) = ticket_write::lock(&self.store, &mut tx, id).await? else { continue };
            if refresh(self, &mut tx, &mut ticket).await? {
                ticket_write::save(&mut tx, &mut ticket, now).await?;
                packets.push(ticket_write::changed(&mut tx, &ticket, now).await?);
            }
        }
        self.commit(tx, packets).await?;
        Ok(address)
    }

    /// Whose link it is.
    ///
    /// # Errors
    /// It is not ours.
    pub fn unsubscribing(&self, token: &str) -> Result<EmailAddress, DeskError> {
        let found = self.outside.as_ref().and_then(|outside| outside.open_unsubscribe_link(token));
        found.ok_or(DeskError::NotFound("link"))
    }
}

/// A mail about a chat.
struct Letter {
    from: EmailAddress,
    reply_to: Option<EmailAddress>,
    to: EmailAddress,
    subject: String,
    text: String,
    html: String,
    unsubscribe: Option<String>,
    author: AuthorKind,
    shown: String,
    why: &'static str,
}

/// What agents see of a letter in the conversation. The visitor's widget does not show it.
fn shown(ticket: &TicketRow, letter: &Letter, now: Timestamp) -> Message {
    Message {
        id: MessageId::new(now, &entropy()),
        ticket_id: ticket.view.id,
        seq: ticket.last_seq + 1,
        direction: Direction::Out,
        author: Author { kind: letter.author, id: None, name: None },
        text: letter.shown.clone(),
        html: None,
        attachments: Vec::new(),
        status: MessageStatus::Queued,
        error: None,
        segments: None,
        sent_at: now,
        why: letter.why.to_owned(),
        client_id: None,
        send_at: None,
        reply_text: None,
        mail: None,
        carried: Carried::default(),
    }
}

/// The newest messages of a chat, oldest first, without mails about it.
async fn recent(
    desk: &Desk,
    tx: &mut Tx,
    ticket: &TicketRow,
    most: usize,
) -> Result<Vec<Message>, DeskError> {
    let looked_at = i64::try_from(most).unwrap_or(i64::MAX).saturating_mul(2);
    let mut recent = conversation::newest(&desk.store, tx, &ticket.view, None, looked_at).await?;
    recent.retain(|message| {
        let kind = message.author.kind;
        message.ticket_id == ticket.view.id && !matches!(kind, AuthorKind::FollowUp | AuthorKind::System)
    });
    recent.truncate(most);
    recent.reverse();
    Ok(recent)
}
