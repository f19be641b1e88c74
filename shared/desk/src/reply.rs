//! An agent's answer: who may be answered (D1–D4), the send guard, and the same answer given twice written once.

use domain::{
    AttachmentId, Author, AuthorKind, Channel, Message, MessageId, TicketId, event::Assignee,
    ticket::may_reply,
};

use crate::{
    Actor, Desk, DeskError, entropy,
    outbound::{self, NewOutbound},
    store::{Tx, conversation, files, rows::TicketRow, ticket_write},
};

/// Most files of an answer.
pub const MAX_FILES: usize = 10;

/// An answer to write.
#[derive(Clone, Debug, Default)]
pub struct NewReply {
    /// The text; may be empty beside files.
    pub text: String,
    /// Files put up before.
    pub attachments: Vec<AttachmentId>,
    /// The ticket's version that the agent saw: if the customer or a colleague wrote since, nothing is sent.
    pub seen_version: Option<i64>,
    /// The request's `Idempotency-Key`: the message's id is made from it, so a repeat finds the first.
    pub key: Option<String>,
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
    /// `chat_closed`, `unreachable`, `someone_replied`, `idempotency_key_reused`.
    pub async fn reply(&self, id: TicketId, new: NewReply, actor: &Actor) -> Result<Message, DeskError> {
        let mut tx = self.store.begin().await?;
        let mut ticket =
            ticket_write::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("ticket"))?;
        let message_id = match &new.key {
            Some(key) => MessageId::named(actor.id, key),
            None => MessageId::new(self.now(), &entropy()),
        };
        if let Some(earlier) = conversation::message(&self.store, &mut tx, id, message_id).await? {
            return same(earlier, id, &new);
        }
        check_text(&new, ticket.view.channel)?;
        may_reply(ticket.reply_facts())?;
        guard(&mut tx, &ticket, &new, actor).await?;
        if let (None, Some(user)) = (&ticket.view.assignee, actor.user) {
            ticket.view.assignee = Some(Assignee { id: user, name: actor.name.clone() });
        }
        let attachments = files::unused(&self.store, &mut tx, &new.attachments).await?;
        let new = NewOutbound {
            id: message_id,
            author: Author { kind: AuthorKind::Agent, id: Some(actor.id), name: Some(actor.name.clone()) },
            text: new.text,
            attachments,
            needs_consent: true,
            why: "an agent answered this ticket".into(),
        };
        let (message, packets) = outbound::queue(self, &mut tx, &mut ticket, new).await?;
        self.commit(tx, packets).await?;
        Ok(message)
    }
}

/// The answer written before under the same key, if it is the same answer.
fn same(earlier: Message, ticket: TicketId, new: &NewReply) -> Result<Message, DeskError> {
    if earlier.ticket_id == ticket && earlier.text.trim() == crate::text::clean(&new.text).trim() {
        return Ok(earlier);
    }
    Err(DeskError::conflict("idempotency_key_reused", "this Idempotency-Key was used for another answer"))
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
    if new.attachments.len() > MAX_FILES {
        return Err(DeskError::invalid(
            "attachments",
            format!("an answer may have at most {MAX_FILES} files"),
        ));
    }
    if channel == Channel::Sms && !new.attachments.is_empty() {
        return Err(DeskError::invalid("attachments", "files cannot be sent by text"));
    }
    Ok(())
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
