//! How mailboxes are: when mail last came and went, what a provider asks before it forwards, and a trial mail that goes to the
//! public address and should come back through the forward.

use bus::{
    Packet,
    topic::{MAILBOX_CHANGED, OUTBOUND_EMAIL},
};
use domain::{
    EmailAddress, MessageId, MessageStatus, TicketId, Timestamp,
    audit::AuditAction,
    event::{MailboxChanged, OutboundEmail},
    mail::{Trust, TrustMark},
};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed, Mailbox},
    entropy,
    mail_tag::MailTag,
    mail_thread,
    polls::Poll,
    store::{Tx, mailbox_polls, mailboxes as rows, notices, outbox},
};

/// Stands before the id of a trial mail in its subject.
const MARK: &str = "[frontdesk-trial ";
/// Between two trial mails of a mailbox, in milliseconds.
const PAUSE: i64 = 10_000;

/// How a mailbox is.
#[derive(Clone, Debug)]
pub struct MailboxHealth {
    /// What customers write to.
    pub address: EmailAddress,
    /// When the last mail came in.
    pub last_in: Option<Timestamp>,
    /// When the last answer was written.
    pub last_out: Option<Timestamp>,
    /// Mails that the relay has not taken yet.
    pub waiting: Option<Waiting>,
    /// The last mail of ours that did not arrive.
    pub last_failure: Option<Failure>,
    /// What providers asked lately, newest first.
    pub confirmations: Vec<Confirmation>,
    /// The last trial mail.
    pub trial: Option<Trial>,
    /// How it stands with reading it, where it cannot forward.
    pub poll: Option<Poll>,
}

impl MailboxHealth {
    /// Of a mailbox that nothing is known of yet.
    pub fn unknown(address: EmailAddress) -> Self {
        Self {
            address,
            last_in: None,
            last_out: None,
            waiting: None,
            last_failure: None,
            confirmations: Vec::new(),
            trial: None,
            poll: None,
        }
    }
}

/// Mails that wait for the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub mails: i64,
    /// When the first of them was written.
    pub since: Timestamp,
}

/// A mail that came to a door and was held back.
#[derive(Clone, Debug)]
pub struct HeldMail {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A mail that did not arrive.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its ticket.
    pub ticket_id: Option<TicketId>,
    /// Why.
    pub reason: String,
    /// When that was known.
    pub at: Timestamp,
}

/// A provider asks whether mail may be forwarded to us.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Its id.
    pub id: MessageId,
    /// What is typed in there.
    pub code: Option<String>,
    /// Or what is followed.
    pub link: Option<String>,
    /// Whose mail is to be forwarded.
    pub requested_by: Option<EmailAddress>,
    /// Whether it is from who it says, once that is judged.
    pub trust: Option<Trust>,
    /// When.
    pub received_at: Timestamp,
}

/// A trial mail.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its id.
    pub id: MessageId,
    /// What the relay said.
    pub status: MessageStatus,
    /// Why it will not come back.
    pub error: Option<String>,
    /// When it came back.
    pub arrived_at: Option<Timestamp>,
    /// It still had our `Message-ID`: answers find their ticket.
    pub threaded: bool,
    /// What others will think of our answers' sender, once that is judged.
    pub trust: Option<Trust>,
    /// When it was written.
    pub sent_at: Timestamp,
}

impl Desk {
    /// How every mailbox is, as they are configured.
    ///
    /// # Errors
    /// The database is away.
    pub async fn mailboxes(&self) -> Result<Vec<MailboxHealth>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        let mut all = Vec::new();
        for address in &self.channels().mailboxes {
            let mut confirmations = rows::confirmations(&mut connection, address).await?;
            confirmations.iter_mut().for_each(Confirmation::hide_if_forged);
            all.push(MailboxHealth {
                address: address.clone(),
                last_in: rows::last(&mut connection, address, "in").await?,
                last_out: rows::last(&mut connection, address, "out").await?,
                waiting: rows::waiting(&mut connection, address).await?,
                last_failure: rows::last_failure(&mut connection, address).await?,
                confirmations,
                trial: rows::last_trial(&mut connection, address).await?,
                poll: mailbox_polls::poll(&mut connection, address).await?,
            });
        }
        Ok(all)
    }

    /// The last mail that came to a door and was held back, or could not be handled: whichever mailbox it was for.
    ///
    /// # Errors
    /// The database is away.
    pub async fn last_held_mail(&self) -> Result<Option<HeldMail>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        rows::last_held(&mut connection).await
    }

    /// Sends a mail to the public address of a mailbox, through the relay like any answer.
    ///
    /// # Errors
    /// There is no such mailbox; `trial_running` when the last one is fresh; the database is away.
    pub async fn try_mailbox(&self, mailbox: &EmailAddress, actor: &Actor) -> Result<Trial, DeskError> {
        if !self.channels().mailboxes.contains(mailbox) {
            return Err(DeskError::NotFound("mailbox"));
        }
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let last = rows::last_trial(&mut tx, mailbox).await?;
        if last.is_some_and(|last| now < last.sent_at.plus(PAUSE)) {
            return Err(DeskError::conflict("trial_running", "a trial mail was sent a moment ago"));
        }
        let id = MessageId::new(now, &entropy());
        rows::add_trial(&mut tx, id, mailbox, now).await?;
        notices::insert(&mut tx, id, notices::Kind::Trial, mailbox, now).await?;
        let mail = self.trial_mail(id, mailbox);
        let sent = outbox::add(&mut tx, OUTBOUND_EMAIL, &format!("out:{id}"), now, &mail).await?;
        let told = changed(&mut tx, mailbox, &format!("{id}:sent"), now).await?;
        audit::record(&mut tx, actor, Deed::of(AuditAction::Tried, &Mailbox(mailbox)), now).await?;
        self.commit(tx, vec![sent, told]).await?;
        let status = MessageStatus::Queued;
        Ok(Trial { id, status, error: None, arrived_at: None, threaded: false, trust: None, sent_at: now })
    }

    fn trial_mail(&self, id: MessageId, mailbox: &EmailAddress) -> OutboundEmail {
        let bounces_to =
            self.outside.as_ref().and_then(|outside| outside.bounce_address(mailbox, MailTag::Bounce(id)));
        OutboundEmail {
            message_id: id,
            from: mailbox.clone(),
            from_name: Some("Frontdesk".into()),
            to: mailbox.clone(),
            to_name: None,
            more_to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: None,
            bounces_to,
            signature: None,
            quote: None,
            subject: format!("Trial mail {MARK}{id}]"),
            text:
                "This mail finds out whether mail to this address is forwarded to Frontdesk. Nobody needs to \
                   answer it, and it may be deleted."
                    .into(),
            mail_id: trial_mail_id(id, mailbox),
            in_reply_to: None,
            references: Vec::new(),
            automatic: true,
            attachments: Vec::new(),
            html: None,
            unsubscribe: None,
        }
    }
}

impl Confirmation {
    /// Nobody shall follow the link of a stranger.
    fn hide_if_forged(&mut self) {
        if self.trust.as_ref().is_some_and(|trust| trust.mark == TrustMark::Doubtful) {
            self.code = None;
            self.link = None;
        }
    }
}

/// The trial mail that a subject names.
pub(crate) fn trial_in(subject: &str) -> Option<MessageId> {
    subject.split_once(MARK)?.1.split_once(']')?.0.trim().parse().ok()
}

/// The `Message-ID` a trial mail goes out with.
pub(crate) fn trial_mail_id(id: MessageId, mailbox: &EmailAddress) -> String {
    mail_thread::mail_id(id, mailbox.domain())
}

/// Tells that something of a mailbox is new.
pub(crate) async fn changed(
    tx: &mut Tx,
    mailbox: &EmailAddress,
    what: &str,
    now: Timestamp,
) -> Result<Packet, DeskError> {
    let event = MailboxChanged { address: mailbox.clone() };
    let id = format!("mailbox:{what}:{}", Uuid::new_v4());
    outbox::add(tx, MAILBOX_CHANGED, &id, now, &event).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_known_by_its_subject_whatever_stands_around_it() {
        let id: MessageId = "0199f0c2-0000-7000-8000-000000000001".parse().unwrap();
        for subject in [
            format!("Trial mail {MARK}{id}]"),
            format!("[EXTERNAL] Trial mail {MARK}{id}] "),
            format!("Fwd: {MARK} {id} ]"),
        ] {
            assert_eq!(trial_in(&subject), Some(id), "{subject}");
        }
        for subject in ["Trial mail", "[frontdesk-trial x]", "[frontdesk-trial 0199f0c2", ""] {
            assert_eq!(trial_in(subject), None, "{subject}");
        }
    }
}
