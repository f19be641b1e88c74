//! An agent's answer: who may be answered (D1–D4), the send guard, and the same answer given twice written once.

use bus::Packet;
use domain::{
    AttachmentId, Author, AuthorKind, Channel, Message, MessageId, TicketId, Timestamp, event::Assignee,
    settings::Replies, ticket::may_reply,
};

use crate::{
    Actor, Desk, DeskError, availability, entropy,
    outbound::{self, Departure, NewOutbound},
    pictures, quiet,
    recipients::MailWishes,
    store::{Tx, conversation, files, messages, rows::TicketRow, ticket_write},
    tickets::change::{TicketPatch, follow_state, freed, next_state},
    undo::Touched,
};

/// Tries of an answer while other changes are in its way.
const TRIES: usize = 3;
/// Most files of an answer.
pub const MAX_FILES: usize = 10;

/// Furthest a message can be planned ahead, in milliseconds.
const LATEST: i64 = 366 * 24 * 60 * 60 * 1000;

/// An answer to write.
#[derive(Clone, Debug, Default)]
pub struct NewReply {
    /// The text; may be empty beside files.
    pub text: String,
    /// Files put up before.
    pub attachments: Vec<AttachmentId>,
    /// The ticket's version that the agent saw: if the customer or a colleague wrote since, nothing is sent.
    pub seen_version: Option<i64>,
    /// Not before then.
    pub send_at: Option<Timestamp>,
    /// In the customer's quiet hours too (D6).
    pub quiet_hours_override: bool,
    /// So many seconds it waits, so that it can be taken back; a chat is answered at once.
    pub undo_seconds: u32,
    /// What becomes of the ticket with the answer.
    pub then: Then,
    /// The version of the author's draft that this was; the draft goes with the answer.
    pub draft_version: Option<i64>,
    /// To whom a mail goes and under which subject; as "reply" does where nothing is said.
    pub mail: MailWishes,
    /// The request's `Idempotency-Key`: the message's id is made from it, so a repeat finds the first.
    pub key: Option<String>,
}

/// What becomes of a ticket with an answer, in the same transaction.
#[derive(Clone, Debug, Default)]
pub struct Then {
    /// `open`, `snoozed`, `closed`; as it was where nothing is said.
    pub status: Option<String>,
    /// With `snoozed`: when it comes back.
    pub snoozed_until: Option<Timestamp>,
}

/// Longest text, in characters. A text of 1,600 characters is what carriers take; a mail must fit an event.
fn longest(channel: Channel) -> usize {
    match channel {
        Channel::Sms => 1_600,
        Channel::Chat => 10_000,
        Channel::Email => 100_000,
    }
}

impl Desk {
    /// Answers the customer. A person who answers a ticket that is nobody's gets it.
    ///
    /// # Errors
    /// There is no such ticket; a text or file that makes no sense; `sms_no_consent`, `profile_blocked`,
    /// `chat_closed`, `unreachable`, `someone_replied`, `idempotency_key_reused`; it is quiet where the customer is.
    pub async fn reply(&self, id: TicketId, new: NewReply, actor: &Actor) -> Result<Message, DeskError> {
        for _ in 1..TRIES {
            match self.try_reply(id, new.clone(), actor).await {
                Err(DeskError::Busy(reason)) => tracing::debug!(reason, "an answer is tried again"),
                other => return other,
            }
        }
        self.try_reply(id, new, actor).await
    }

    async fn try_reply(&self, id: TicketId, new: NewReply, actor: &Actor) -> Result<Message, DeskError> {
        let mut tx = self.store.begin().await?;
        let mut ticket =
            ticket_write::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("ticket"))?;
        let message_id = match &new.key {
            Some(key) => MessageId::named(actor.id, key),
            None => MessageId::new(self.now(), &entropy()),
        };
        if let Some(earlier) = conversation::message(&self.store, &mut tx, id, message_id).await? {
            let is_same = earlier.ticket_id == id
                && self
                    .was_written_with_coupons(&mut tx, &earlier, ticket.view.profile.id, &new.text)
                    .await?;
            return if is_same { Ok(earlier) } else { Err(reused()) };
        }
        check_text(&new, ticket.view.channel)?;
        may_reply(ticket.reply_facts())?;
        check_time(&new, ticket.view.channel, self.now())?;
        guard(&mut tx, &ticket, &new, actor).await?;
        let why = why(&mut tx, &ticket, &new, actor, self.now()).await?;
        let text = self.hand_out_coupons(&mut tx, &ticket, (&new.text, message_id), actor).await?;
        let new = NewReply { text, ..new };
        check_text(&new, ticket.view.channel)?;
        let before = ticket.clone();
        let state = next_state(&ticket, &new.then.patch(), self.now())?;
        if state != ticket.state {
            ticket.set_state(state);
            follow_state(&mut tx, &ticket).await?;
        }
        if let (None, Some(user)) = (&ticket.view.assignee, actor.user) {
            ticket.view.assignee = Some(Assignee { id: user, name: actor.name.clone() });
        }
        let attachments = files::unused(&self.store, &mut tx, &new.attachments).await?;
        if ticket.view.channel == Channel::Sms {
            pictures::check(&attachments)?;
        }
        let last = match ticket.view.channel {
            Channel::Email => messages::last_mail(&mut tx, id).await?.view,
            Channel::Sms | Channel::Chat => None,
        };
        let recipients = self.chosen_recipients(&ticket.view, last.as_ref(), &new.mail)?;
        let send_at = new.send_at.or_else(|| undo_until(&new, ticket.view.channel, self.now()));
        let written = NewOutbound {
            id: message_id,
            recipients,
            author: Author { kind: AuthorKind::Agent, id: Some(actor.id), name: Some(actor.name.clone()) },
            text: new.text.clone(),
            attachments,
            departure: Departure { send_at, quiet_override: new.quiet_hours_override },
            needs_consent: true,
            why,
        };
        let (message, packets) = outbound::queue(self, &mut tx, &mut ticket, written).await?;
        self.after_reply(tx, packets, (&before, &ticket), (&message, new.draft_version), actor).await?;
        Ok(message)
    }

    /// What an answer that is written brings with it, in its transaction.
    async fn after_reply(
        &self,
        mut tx: Tx,
        mut packets: Vec<Packet>,
        (before, ticket): (&TicketRow, &TicketRow),
        (message, draft_version): (&Message, Option<i64>),
        actor: &Actor,
    ) -> Result<(), DeskError> {
        if ticket.state != before.state {
            packets.push(ticket_write::changed(&mut tx, ticket, self.now()).await?);
        }
        if message.send_at.is_some() {
            self.remember_step(&mut tx, message.id, Touched::of(before), ticket).await?;
        }
        if let Some(version) = draft_version {
            self.draft_was_sent(&mut tx, ticket.view.id, version, actor).await?;
        }
        if let Some(user) = freed(before, ticket) {
            packets.extend(availability::hand_out(self, &mut tx, user, self.now()).await?);
        }
        self.commit(tx, packets).await
    }
}

impl Then {
    fn patch(&self) -> TicketPatch {
        TicketPatch {
            status: self.status.clone(),
            snoozed_until: self.snoozed_until,
            ..TicketPatch::default()
        }
    }
}

/// Until when an answer can be taken back. What a visitor is told is there at once, or it is no chat.
fn undo_until(new: &NewReply, channel: Channel, now: Timestamp) -> Option<Timestamp> {
    let waits = new.undo_seconds > 0 && channel != Channel::Chat;
    waits.then(|| now.plus(i64::from(new.undo_seconds) * 1000))
}

fn reused() -> DeskError {
    DeskError::conflict("idempotency_key_reused", "this Idempotency-Key was used for another answer")
}

fn check_text(new: &NewReply, channel: Channel) -> Result<(), DeskError> {
    if new.text.trim().is_empty() && new.attachments.is_empty() {
        return Err(DeskError::invalid("text", "an answer needs a text or a file"));
    }
    let longest = longest(channel);
    if new.text.chars().count() > longest {
        return Err(DeskError::invalid(
            "text",
            format!("on {channel} a text may have at most {longest} characters"),
        ));
    }
    if new.undo_seconds > Replies::LONGEST_UNDO {
        let longest = Replies::LONGEST_UNDO;
        return Err(DeskError::invalid(
            "undo_seconds",
            format!("an answer may wait at most {longest} seconds"),
        ));
    }
    if new.attachments.len() > MAX_FILES {
        return Err(DeskError::invalid(
            "attachments",
            format!("an answer may have at most {MAX_FILES} files"),
        ));
    }
    Ok(())
}

fn check_time(new: &NewReply, channel: Channel, now: Timestamp) -> Result<(), DeskError> {
    let Some(send_at) = new.send_at else { return Ok(()) };
    let refuse = |reason: &str| Err(DeskError::invalid("send_at", reason));
    if channel == Channel::Chat {
        return refuse("a chat is answered at once: only texts and mails can be sent later");
    }
    if send_at <= now {
        return refuse("send_at must lie in the future");
    }
    if send_at > now.plus(LATEST) {
        return refuse("send_at may be at most a year ahead");
    }
    Ok(())
}

/// Why the answer is there, with whose decision it was if it leaves in quiet hours; without a decision it is refused.
async fn why(
    tx: &mut Tx,
    ticket: &TicketRow,
    new: &NewReply,
    actor: &Actor,
    now: Timestamp,
) -> Result<String, DeskError> {
    let why = "an agent answered this ticket";
    if ticket.view.channel != Channel::Sms {
        return Ok(why.into());
    }
    let (profile, at) = (&ticket.view.profile, new.send_at.unwrap_or(now));
    match quiet::quiet_at(tx, profile.id, &profile.address, at).await? {
        None => Ok(why.into()),
        Some(quiet) if new.quiet_hours_override => Ok(format!("{why}; {}", quiet.decided_by(actor))),
        Some(quiet) => Err(quiet.into()),
    }
}

/// The send guard: nothing goes out that was written without having seen what came meanwhile.
async fn guard(tx: &mut Tx, ticket: &TicketRow, new: &NewReply, actor: &Actor) -> Result<(), DeskError> {
    let Some(seen) = new.seen_version.filter(|seen| *seen < ticket.view.version) else { return Ok(()) };
    let Some((kind, name)) = conversation::wrote_since(tx, ticket.view.id, seen, actor.id).await? else {
        return Ok(());
    };
    let who = match (kind.as_str(), name) {
        ("customer", _) => "the customer".to_owned(),
        (_, Some(name)) => name,
        (_, None) => "a colleague".to_owned(),
    };
    Err(DeskError::conflict(
        "someone_replied",
        format!("{who} wrote since you looked: read that before you answer"),
    ))
}
