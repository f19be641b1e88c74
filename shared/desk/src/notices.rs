//! Colleagues are told of new messages by mail (H4): one mail for a burst, each sent once.

use bus::{Packet, topic::OUTBOUND_EMAIL};
use domain::{
    Channel, EmailAddress, MessageId, MessageStatus, Settings, Timestamp,
    account_mail::Letter,
    event::{ClaimSend, OutboundEmail, ReleaseSend, SendDecision},
    notice::{self, News},
};

use crate::{
    Desk, DeskError, entropy, follow_up,
    mail_tag::MailTag,
    mail_thread, settings,
    store::{
        Tx, notices as rows, outbox,
        timers::{self, DueTimer, Timer},
    },
    text,
};

/// The kind and the key of the one timer there is.
pub(crate) const NOTICE: &str = "notice";
/// Mails are remembered for 30 days, in milliseconds: for a report that comes late.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1000;

/// Whether anybody wants to be told of messages on this channel.
pub(crate) fn wanted(settings: &Settings, channel: Channel) -> bool {
    let notifications = &settings.notifications;
    !notifications.recipients.is_empty() && notifications.channels.contains(&channel)
}

/// Colleagues are to be told of a message of this ticket.
pub(crate) async fn queue(
    desk: &Desk,
    tx: &mut Tx,
    message: &domain::Message,
    now: Timestamp,
) -> Result<(), DeskError> {
    rows::queue(tx, message.id, message.ticket_id, now).await?;
    let timer = Timer { key: NOTICE, kind: NOTICE, subject: NOTICE, due: now, number: None };
    timers::set_if_none(tx, timer).await?;
    desk.bell.set(now);
    Ok(())
}

/// Tells somebody who works here, or is to, about their account; `None` when there is no address to write from.
pub(crate) async fn about_account(
    desk: &Desk,
    tx: &mut Tx,
    to: &EmailAddress,
    letter: impl FnOnce(&str) -> Letter,
    now: Timestamp,
) -> Result<Option<Packet>, DeskError> {
    let settings = desk.complete(settings::current(&mut **tx).await?);
    // What stands in it is for nobody but its reader, and every agent reads the mailboxes.
    let is_ours = desk.outside.as_ref().is_some_and(|outside| outside.takes_in(to));
    let Some(from) = follow_up::sender(desk, &settings).filter(|_| !is_ours) else { return Ok(None) };
    let id = MessageId::new(now, &entropy());
    rows::insert(tx, id, rows::Kind::Account, to, now).await?;
    let Letter { subject, text } = letter(&text::line(&settings.organization.name));
    let mut mail = mail(id, &from, to, &settings, (&subject, &text));
    mail.bounces_to =
        desk.outside.as_ref().and_then(|outside| outside.bounce_address(&from, MailTag::Bounce(id)));
    outbox::add(tx, OUTBOUND_EMAIL, &format!("out:{id}"), now, &mail).await.map(Some)
}

impl Desk {
    /// Writes the mails about everything that waits, unless the last ones are too fresh.
    ///
    /// # Errors
    /// The database refuses; the timer stays.
    pub(crate) async fn run_notices(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        if timers::take_due(&mut tx, &timer.key, now).await?.is_none() {
            return Ok(());
        }
        let due = notice::next_after(rows::last(&mut tx).await?, now);
        if due > now {
            timers::set(&mut tx, Timer { key: NOTICE, kind: NOTICE, subject: NOTICE, due, number: None })
                .await?;
            self.bell.set(due);
            return self.commit(tx, Vec::new()).await;
        }
        let settings = self.complete(settings::current(&mut *tx).await?);
        let (untold, total) = rows::take(&mut tx, i64::try_from(notice::SHOWN).unwrap_or(i64::MAX)).await?;
        let inbox = self.outside.as_ref().map(|outside| outside.below("")).unwrap_or_default();
        let news: Vec<News> = untold.iter().map(|one| told(one, &inbox)).collect();
        let (Some((subject, words)), Some(from)) =
            (notice::letter(&news, total, &inbox), follow_up::sender(self, &settings))
        else {
            return self.commit(tx, Vec::new()).await;
        };
        rows::forget_before(&mut tx, now.plus(-KEPT)).await?;
        let mut packets = Vec::new();
        for to in &settings.notifications.recipients {
            let id = MessageId::new(now, &entropy());
            rows::insert(&mut tx, id, rows::Kind::News, to, now).await?;
            let mail = mail(id, &from, to, &settings, (&subject, &words));
            packets.push(outbox::add(&mut tx, OUTBOUND_EMAIL, &format!("out:{id}"), now, &mail).await?);
        }
        self.commit(tx, packets).await
    }

    /// As [`Desk::claim_send`], for a mail to a colleague; `None` if there is no such mail.
    pub(crate) async fn claim_notice(
        &self,
        mut tx: Tx,
        claim: &ClaimSend,
    ) -> Result<Option<SendDecision>, DeskError> {
        let id = claim.message_id;
        let Some(notice) = rows::lock(&self.store, &mut tx, id).await? else { return Ok(None) };
        let (status, held, decision) = match notice.status {
            MessageStatus::Queued => (MessageStatus::Sending, Some(claim.claim), SendDecision::Send),
            MessageStatus::Sending if notice.claim == Some(claim.claim) => {
                return Ok(Some(SendDecision::Send));
            }
            MessageStatus::Sending => (MessageStatus::Uncertain, None, SendDecision::Uncertain),
            MessageStatus::Uncertain => return Ok(Some(SendDecision::Uncertain)),
            other => return Ok(Some(SendDecision::Drop { reason: format!("it is {other} already") })),
        };
        rows::set(&mut tx, id, status, held).await?;
        tx.commit().await?;
        Ok(Some(decision))
    }

    /// As [`Desk::release_send`], for a mail to a colleague.
    pub(crate) async fn release_notice(&self, mut tx: Tx, release: &ReleaseSend) -> Result<(), DeskError> {
        let id = release.message_id;
        let held = rows::lock(&self.store, &mut tx, id).await?.is_some_and(|notice| {
            notice.status == MessageStatus::Sending && notice.claim == Some(release.claim)
        });
        if held {
            rows::set(&mut tx, id, MessageStatus::Queued, None).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn told(one: &rows::Untold, inbox: &str) -> News {
    News {
        number: one.number,
        link: format!("{inbox}#/tickets/{}", one.ticket),
        channel: one.channel,
        who: text::line(&one.who),
        words: text::preview(&one.text, 1),
    }
}

fn mail(
    id: MessageId,
    from: &EmailAddress,
    to: &EmailAddress,
    settings: &Settings,
    (subject, words): (&str, &str),
) -> OutboundEmail {
    OutboundEmail {
        message_id: id,
        from: from.clone(),
        from_name: Some(settings.organization.name.clone()),
        to: to.clone(),
        to_name: None,
        more_to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        bounces_to: None,
        signature: None,
        quote: None,
        subject: subject.to_owned(),
        text: words.to_owned(),
        mail_id: mail_thread::mail_id(id, from.domain()),
        in_reply_to: None,
        references: Vec::new(),
        automatic: true,
        attachments: Vec::new(),
        html: None,
        unsubscribe: None,
    }
}
