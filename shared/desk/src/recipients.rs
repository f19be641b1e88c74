//! To whom an answer by mail goes: what the agent is offered, and what they may choose.

use std::collections::{HashMap, HashSet};

use domain::{
    Channel, EmailAddress, NamedAddress, TicketId,
    event::TicketView,
    mail::{MailKind, MailView},
    mail_answer::{Answered, Ours, Recipients, reply_all},
};

use crate::{
    Actor, Desk, DeskError, mail_out, settings, signatures,
    store::{messages, rows as tickets},
    text,
};

/// Most addresses of one mail.
const MOST: usize = 50;
/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 250;

/// What an agent wants of a mail; nothing at all is "reply".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailWishes {
    /// `To`; the ticket's customer where there is none.
    pub to: Vec<EmailAddress>,
    /// `Cc`.
    pub cc: Vec<EmailAddress>,
    /// Get it without standing in it.
    pub bcc: Vec<EmailAddress>,
    /// Another subject than that of the mail that is answered.
    pub subject: Option<String>,
    /// No signature is to stand under it.
    pub without_signature: bool,
}

/// What an agent is offered for an answer by mail.
#[derive(Clone, Debug)]
pub struct Offered {
    /// "Reply all", and the subject.
    pub recipients: Recipients,
    /// What will stand under it, filled in.
    pub signature: Option<String>,
}

impl Desk {
    /// To whom "reply all" goes, under which subject, and what stands under it.
    ///
    /// # Errors
    /// There is no such ticket, or it is not one of mail.
    pub async fn reply_recipients(&self, id: TicketId, actor: &Actor) -> Result<Offered, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        let row = tickets::ticket_by_id(&self.store, &mut *connection, id).await?;
        let view = row.ok_or(DeskError::NotFound("ticket"))?.view;
        if view.channel != Channel::Email {
            return Err(DeskError::NotFound("mail in this ticket"));
        }
        let last = messages::last_mail(&mut connection, id).await?;
        let mut all = reply_all(&answered(&view, last.view.as_ref()), &self.ours());
        all.subject = Some(mail_out::subject_of_answer(&last, &view));
        let settings = settings::current(&mut *connection).await?;
        let mailbox = EmailAddress::parse(&view.inbox).map_err(|e| DeskError::Refused(e.to_string()))?;
        let person = actor.user.map(|id| (id.0, actor.name.as_str()));
        let signature = signatures::under(&mut connection, &settings, &mailbox, person).await?;
        Ok(Offered { recipients: all, signature })
    }

    /// The addresses of every mailbox.
    pub(crate) fn ours(&self) -> Ours {
        let inbound = self.outside.iter().flat_map(|outside| outside.inbounds());
        Ours::new(self.channels.mailboxes.iter().chain(inbound).cloned())
    }

    /// What is written down of an agent's wishes; `None` where they have none.
    ///
    /// # Errors
    /// The ticket is not one of mail, too many addresses, one of ourselves.
    pub(crate) fn chosen_recipients(
        &self,
        view: &TicketView,
        last: Option<&MailView>,
        wishes: &MailWishes,
    ) -> Result<Option<Recipients>, DeskError> {
        if *wishes == MailWishes::default() {
            return Ok(None);
        }
        if view.channel != Channel::Email {
            return Err(DeskError::invalid(
                "to",
                "to, cc, bcc, subject and without_signature are for tickets of mail",
            ));
        }
        let count = wishes.to.len() + wishes.cc.len() + wishes.bcc.len();
        if count > MOST {
            return Err(DeskError::invalid("to", format!("a mail may go to at most {MOST} addresses")));
        }
        let customer = EmailAddress::parse(&view.profile.address).ok();
        let to = if wishes.to.is_empty() { customer.into_iter().collect() } else { wishes.to.clone() };
        let ours = self.ours();
        for (field, list) in [("to", &to), ("cc", &wishes.cc), ("bcc", &wishes.bcc)] {
            if let Some(own) = list.iter().find(|address| ours.is_mailbox(address)) {
                let reason = format!("{field}: {own} is a mailbox of ours: the mail would come back to us");
                return Err(DeskError::invalid(field, reason));
            }
        }
        let names = names(view, last);
        let mut seen = HashSet::new();
        let mut once = |list: Vec<EmailAddress>| -> Vec<EmailAddress> {
            list.into_iter().filter(|address| seen.insert(address.clone())).collect()
        };
        let named = |list: Vec<EmailAddress>| -> Vec<NamedAddress> {
            let one = |address: EmailAddress| NamedAddress { name: names.get(&address).cloned(), address };
            list.into_iter().map(one).collect()
        };
        let (to, cc, bcc) = (once(to), once(wishes.cc.clone()), once(wishes.bcc.clone()));
        let (to, cc, subject) = (named(to), named(cc), subject(wishes)?);
        Ok(Some(Recipients { to, cc, bcc, subject, without_signature: wishes.without_signature }))
    }
}

fn subject(wishes: &MailWishes) -> Result<Option<String>, DeskError> {
    let Some(subject) = text::name(wishes.subject.as_deref()) else { return Ok(None) };
    if subject.chars().count() > LONGEST_SUBJECT {
        let reason = format!("subject: at most {LONGEST_SUBJECT} characters");
        return Err(DeskError::invalid("subject", reason));
    }
    Ok(Some(subject))
}

fn answered(view: &TicketView, last: Option<&MailView>) -> Answered {
    let customer = customer(view);
    let Some(mail) = last.cloned() else { return Answered { customer, ..Answered::default() } };
    Answered {
        customer: Some(mail.from.clone()).or(customer),
        from: Some(mail.from),
        reply_to: mail.reply_to,
        to: mail.to,
        cc: mail.cc,
        forwarded_by: mail.forwarded_by,
        is_list: mail.kind == MailKind::List,
    }
}

fn customer(view: &TicketView) -> Option<NamedAddress> {
    let address = EmailAddress::parse(&view.profile.address).ok()?;
    Some(NamedAddress { address, name: view.profile.name.clone() })
}

/// The names of those we know from the ticket.
fn names(view: &TicketView, last: Option<&MailView>) -> HashMap<EmailAddress, String> {
    let known = answered(view, last);
    let all = [known.to, known.cc, known.reply_to].into_iter().flatten();
    let all = all.chain(known.from).chain(customer(view));
    all.filter_map(|one| Some((one.address, one.name?))).collect()
}
