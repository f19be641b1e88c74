//! Mails that are about a mailbox and from no customer: what a provider asks before it forwards, and our own trial mail,
//! back or bounced.

use domain::{
    MessageId, MessageStatus,
    event::{ForwardingConfirmation, InboundEmail, MailKind},
};

use super::{
    batch::{Batch, Outcome},
    mail_place, trust,
};
use crate::{
    DeskError, entropy,
    ledger::LedgerState,
    mail_thread, mailboxes,
    store::{mailboxes as rows, notices},
    text,
};

/// Most mails of ours that one mail is asked about.
const MOST_NAMED: usize = 20;
/// Longest reason that is kept, in characters.
const LONGEST_REASON: usize = 300;

/// Takes in such a mail; `None` for one that is from somebody.
pub(super) async fn take_in(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
) -> Result<Option<Outcome>, DeskError> {
    if let Some(asked) = &mail.confirmation {
        return confirmation(batch, mail, asked).await.map(Some);
    }
    if is_about_account(batch, mail).await? {
        let why = "it returns or answers a mail about somebody's account, whose links are for nobody else";
        return Ok(Some(Outcome::ledger(LedgerState::Robot, why)));
    }
    let bounced = mail_place::bounced(batch.desk, mail).filter(|_| mail.kind == MailKind::Bounce);
    let Some(id) = bounced.or_else(|| mailboxes::trial_in(&mail.subject)) else { return Ok(None) };
    if rows::mailbox_of_trial(&mut batch.tx, id).await?.as_ref() != Some(&mail.mailbox) {
        return Ok(None);
    }
    if bounced.is_some() {
        return bounce(batch, mail, id).await.map(Some);
    }
    let ours = mailboxes::trial_mail_id(id, &mail.mailbox);
    let threaded = mail.message_id.as_deref() == Some(ours.as_str());
    if rows::trial_arrived(&mut batch.tx, id, threaded, batch.now).await? {
        tell(batch, mail, id, "arrived").await?;
        trust::ask(batch, mail, id)?;
    }
    Ok(Some(Outcome::ledger(LedgerState::Robot, "the trial mail of this mailbox came back")))
}

/// Whether it brings back what was written to a colleague about their account: agents are not to read that.
async fn is_about_account(batch: &mut Batch<'_>, mail: &InboundEmail) -> Result<bool, DeskError> {
    let named = mail.refers_to.iter().rev().filter_map(|id| mail_thread::message_of(id)).take(MOST_NAMED);
    let ids: Vec<_> = mail_place::bounced(batch.desk, mail).into_iter().chain(named).collect();
    Ok(!ids.is_empty() && notices::is_about_account(&batch.desk.store, &mut batch.tx, &ids).await?)
}

async fn confirmation(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    asked: &ForwardingConfirmation,
) -> Result<Outcome, DeskError> {
    let id = MessageId::new(batch.now, &entropy());
    rows::add_confirmation(&mut batch.tx, id, &mail.mailbox, asked, batch.now).await?;
    tell(batch, mail, id, "asked").await?;
    trust::ask(batch, mail, id)?;
    let why =
        "a provider asks whether it may forward to this mailbox: the settings of mailboxes show its code";
    Ok(Outcome::ledger(LedgerState::Robot, why))
}

async fn bounce(batch: &mut Batch<'_>, mail: &InboundEmail, id: MessageId) -> Result<Outcome, DeskError> {
    if !mail.undelivered.is_empty() && mail.undelivered.iter().all(|one| one.delayed) {
        let why = "the trial mail of this mailbox is late: a server on its way goes on trying";
        return Ok(Outcome::ledger(LedgerState::Robot, why));
    }
    let named = mail.undelivered.iter().find(|one| !one.delayed).map(|one| one.reason.as_str());
    let why: String = text::line(named.unwrap_or(&mail.text)).chars().take(LONGEST_REASON).collect();
    if rows::trial_moved(&mut batch.tx, id, MessageStatus::Failed, Some(&why)).await? {
        tell(batch, mail, id, "bounced").await?;
    }
    Ok(Outcome::ledger(LedgerState::Robot, "the trial mail of this mailbox bounced"))
}

async fn tell(
    batch: &mut Batch<'_>,
    mail: &InboundEmail,
    id: MessageId,
    what: &str,
) -> Result<(), DeskError> {
    let packet = mailboxes::changed(&mut batch.tx, &mail.mailbox, &format!("{id}:{what}"), batch.now).await?;
    batch.told([packet]);
    Ok(())
}
