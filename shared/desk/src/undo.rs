//! Taking an answer back while it waits: it goes nowhere, its words and files are its author's draft again, and its ticket
//! is as it was, as far as nobody changed it since.

use domain::{
    AttachmentId, Message, MessageId, TicketId, Timestamp,
    draft::{DraftAddress, DraftMail},
    event::Assignee,
    mail_answer::Recipients,
    message::DeliveryError,
    routing::Placed,
    ticket::State,
};
use serde::{Deserialize, Serialize};

use crate::{
    Actor, Desk, DeskError,
    departure::timer_key,
    drafts::ShownDraft,
    store::{Tx, drafts, links, mail_answers, rows::TicketRow, search_index, ticket_write, timers},
    tickets::change::follow_state,
};

/// The error code of a message that was taken back by its author before it left. Consoles do not show it.
pub(crate) const UNDONE: &str = "undone";

/// What an answer changes about its ticket, besides being in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Touched {
    state: State,
    assignee: Option<Assignee>,
    placed: Placed,
    preview: String,
    last_message_at: Timestamp,
}

/// A ticket before and after an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    before: Touched,
    after: Touched,
}

impl Touched {
    /// Of a ticket as it is.
    pub(crate) fn of(ticket: &TicketRow) -> Self {
        Self {
            state: ticket.state,
            assignee: ticket.view.assignee.clone(),
            placed: ticket.placed,
            preview: ticket.view.preview.clone(),
            last_message_at: ticket.view.last_message_at,
        }
    }
}

impl Step {
    /// Puts back what is still as the answer left it.
    fn undo(self, ticket: &mut TicketRow) {
        let Self { before, after } = self;
        if ticket.state == after.state && before.state != after.state {
            ticket.set_state(after.state.undone(before.state));
        }
        if (&ticket.view.assignee, ticket.placed) == (&after.assignee, after.placed) {
            ticket.view.assignee = before.assignee;
            ticket.placed = before.placed;
        }
        if (&ticket.view.preview, ticket.view.last_message_at) == (&after.preview, after.last_message_at) {
            ticket.view.preview = before.preview;
            ticket.view.last_message_at = before.last_message_at;
        }
    }
}

impl Desk {
    /// Keeps what a message that waits did to its ticket, with its timer: it is gone when the message leaves.
    pub(crate) async fn remember_step(
        &self,
        tx: &mut Tx,
        id: MessageId,
        before: Touched,
        ticket: &TicketRow,
    ) -> Result<(), DeskError> {
        let step = Step { before, after: Touched::of(ticket) };
        let document = serde_json::to_string(&step).map_err(|e| DeskError::Refused(e.to_string()))?;
        timers::set_undo(tx, &timer_key(id), &document).await
    }

    /// Takes an answer back that has not left yet; its words, files and recipients stand in its author's draft then.
    /// Doing so again changes nothing.
    ///
    /// # Errors
    /// There is no such message of ours in the ticket; somebody else wrote it; `already_sent`.
    pub async fn undo_message(
        &self,
        ticket: TicketId,
        id: MessageId,
        actor: &Actor,
    ) -> Result<ShownDraft, DeskError> {
        let mut tx = self.store.begin().await?;
        let (mut row, message) = self.our_message(&mut tx, ticket, id).await?;
        if message.author.id != Some(actor.id) {
            return Err(DeskError::Forbidden("only who wrote it takes it back: cancel it instead".into()));
        }
        if message.error.as_ref().is_some_and(|error| error.code == UNDONE) {
            drop(tx);
            return self.draft(ticket, actor).await;
        }
        let now = self.now();
        let outgoing = self.not_sent(&mut tx, &message).await?;
        let step = timers::undo(&mut tx, &timer_key(id)).await?;
        let mut packets = Vec::new();
        if let Some(step) = step.as_deref() {
            let step: Step = serde_json::from_str(step).map_err(|e| DeskError::Refused(e.to_string()))?;
            step.undo(&mut row);
            follow_state(&mut tx, &row).await?;
            ticket_write::save(&mut tx, &mut row, now).await?;
            packets.push(ticket_write::changed(&mut tx, &row, now).await?);
        }
        search_index::gone(&mut tx, id).await?;
        let draft = self.back_into_draft(&mut tx, &message, actor, now).await?;
        let error = DeliveryError { code: UNDONE.into(), reason: format!("{} took it back", actor.name) };
        packets.extend(self.withdraw(&mut tx, row.view, &outgoing, error).await?);
        self.commit(tx, packets).await?;
        tracing::info!(message = %id, by = %actor.id, "a message was taken back");
        Ok(draft)
    }

    async fn back_into_draft(
        &self,
        tx: &mut Tx,
        message: &Message,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ShownDraft, DeskError> {
        drafts::free_files(tx, message.id).await?;
        let files: Vec<AttachmentId> = message.attachments.iter().map(|file| file.id).collect();
        let text = links::original(tx, message.id).await?.unwrap_or_else(|| message.text.clone());
        let mail = mail_answers::recipients(tx, message.id).await?.map(draft_mail);
        let before = drafts::lock(&self.store, tx, actor.id, message.ticket_id).await?;
        let draft = before.draft.clone().with_answer(&text, files, mail);
        let stored = before.changed(draft, now);
        drafts::save(tx, actor.id, &stored).await?;
        self.shown(tx, stored).await
    }
}

fn draft_mail(recipients: Recipients) -> DraftMail {
    let named = |list: Vec<domain::NamedAddress>| {
        list.into_iter()
            .map(|one| DraftAddress { name: one.name, address: one.address.to_string() })
            .collect()
    };
    let bcc = recipients.bcc.into_iter().map(|one| DraftAddress { name: None, address: one.to_string() });
    DraftMail {
        to: named(recipients.to),
        cc: named(recipients.cc),
        bcc: bcc.collect(),
        subject: recipients.subject.unwrap_or_default(),
        without_signature: recipients.without_signature,
    }
}
