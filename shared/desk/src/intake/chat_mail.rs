//! An answer to a mail about a chat (H9): it lands in the chat, as long as that is open. Only whoever got the mail can answer
//! it, and only for the chat it was about.

use std::collections::HashMap;

use domain::{
    AuthorKind, Channel, MessageId,
    event::{InboundEmail, MailKind},
    mail::{MailView, Signal, WhyHere},
    ticket::State,
};

use super::{
    batch::{Batch, Outcome},
    landing::{self, Effect, Incoming},
    mail_view, trust, visitor,
};
use crate::{
    DeskError, entropy, follow_up,
    store::{
        addresses::KnownProfile,
        mail_ids::{self, KnownMail},
        messages::{self, MailFacts},
        rows::TicketRow,
    },
    text,
};

const WHY: &str = "an answer to our mail about this chat (In-Reply-To or References)";

/// The open chat that a mail answers, locked: it refers to a mail of ours about it that went to its sender.
pub(super) async fn answered(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    known: &HashMap<String, KnownMail>,
) -> Result<Option<TicketRow>, DeskError> {
    for hit in mail.refers_to.iter().filter_map(|id| known.get(id)).filter(|hit| hit.outbound) {
        if !messages::went_to(&mut batch.tx, hit.message, mail.from.as_str()).await? {
            continue;
        }
        let row = batch.ticket(hit.ticket).await?;
        let chat =
            |row: &TicketRow| row.view.channel == Channel::Chat && !matches!(row.state, State::Closed { .. });
        if let Some(row) = row.filter(chat) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Takes it in. Whoever answers has read what was answered.
pub(super) async fn take_in(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    mut ticket: TicketRow,
) -> Result<Outcome, DeskError> {
    let customer = &ticket.view.profile;
    let profile = KnownProfile { id: customer.id, name: customer.name.clone(), blocked: customer.blocked };
    if profile.blocked {
        return Ok(Outcome::blocked(profile.id));
    }
    let by_person = mail.kind != MailKind::AutoReply;
    if by_person {
        let seen = ticket.last_seq;
        visitor::read(batch, ticket.view.id, ticket.session, seen).await?;
        follow_up::refresh(batch.desk, &mut batch.tx, &mut ticket).await?;
    }
    let references = text::line(&mail.references.join(" "));
    let words = mail.reply_text.as_deref().unwrap_or(&mail.text);
    let incoming = Incoming {
        id: MessageId::new(batch.now, &entropy()),
        author: AuthorKind::Customer,
        text: text::clean(words),
        html: None,
        attachments: mail.attachments.clone(),
        sent_at: mail.received_at,
        why: WHY.to_owned(),
        client_id: None,
        segments: None,
        external: None,
        media: &[],
        mail: Some(MailFacts {
            subject: &mail.subject,
            mail_id: mail.message_id.as_deref(),
            references: &references,
            raw: Some(&mail.raw),
            base_subject: "",
        }),
        shown: Some((shown(mail), None)),
        effect: if by_person { Effect::Opens } else { Effect::Quiet },
        answered: false,
    };
    let message = incoming.id;
    landing::add(batch, &mut ticket, &profile, incoming).await?;
    if let Some(id) = &mail.message_id {
        mail_ids::add(&mut batch.tx, mail.mailbox.as_str(), id, ticket.view.id, message, false).await?;
    }
    trust::ask(batch, mail, message)?;
    Ok(Outcome::ticket(WHY, ticket.view.id, message, profile.id))
}

/// Its head, as of any mail. A chat has no subject that could be another, and shows words alone.
fn shown(mail: &InboundEmail) -> Box<MailView> {
    let why_here = WhyHere { signal: Signal::MessageId, detail: WHY.to_owned() };
    let (view, _) = mail_view::shown(mail, None, why_here, None);
    Box::new(MailView { has_html: false, ..*view })
}
