//! What an arrival is known by: its once-only key, what it must not be mixed up with, and its line in the ledger. Pure.

use domain::{Channel, event::InboundSms};

use super::{Arrival, ArrivalKind};
use crate::text;

impl Arrival {
    /// The once-only key, from the content and not from the envelope: so that something sent through again is still
    /// the same thing. `None` for what is harmless to repeat by nature.
    pub(super) fn dedup_key(&self) -> Option<String> {
        match &self.kind {
            ArrivalKind::Sms(sms) => Some(of_sms(sms)),
            ArrivalKind::Email(mail) => Some(format!("mail:{}:{}", mail.mailbox, mail.digest)),
            ArrivalKind::Chat(chat) => Some(format!("chat:{}:{}", chat.session, chat.client_id)),
            ArrivalKind::SmsReceipt(receipt) => Some(format!(
                "rcpt:{}:{}:{}:{}",
                receipt.provider, receipt.account, receipt.external_id, receipt.raw_status
            )),
            ArrivalKind::Held(_) => Some(self.key.clone()),
            ArrivalKind::Visitor(_)
            | ArrivalKind::Proposed(_)
            | ArrivalKind::Reported(_)
            | ArrivalKind::Media(_)
            | ArrivalKind::Judged(_) => None,
        }
        .map(|key| key.replace('\0', ""))
    }

    /// Arrivals with the same key touch the same rows first: a batch is taken in sorted by it, so that two batches
    /// side by side wait for each other in one direction only.
    pub(super) fn lock_key(&self) -> String {
        match &self.kind {
            ArrivalKind::Sms(sms) => sms_thread(sms.to.as_str(), &sms.from),
            ArrivalKind::Email(mail) => format!("mail:{}:{}", mail.mailbox, mail.from),
            ArrivalKind::Chat(chat) => chat_thread(&chat.session.to_string()),
            ArrivalKind::Visitor(signal) => chat_thread(&signal.session.to_string()),
            ArrivalKind::Held(_) => String::new(),
            ArrivalKind::Proposed(proposed) => format!("ticket:{}", proposed.ticket_id),
            ArrivalKind::Reported(reported) => format!("message:{}", reported.message_id),
            ArrivalKind::Media(fetched) => format!("message:{}", fetched.message_id),
            ArrivalKind::Judged(judged) => format!("message:{}", judged.message_id),
            ArrivalKind::SmsReceipt(receipt) => receipt
                .message_id
                .map_or_else(|| format!("message:{}", receipt.external_id), |id| format!("message:{id}")),
        }
    }

    /// The ledger's channel.
    pub(super) fn channel(&self) -> Channel {
        match &self.kind {
            ArrivalKind::Email(_) | ArrivalKind::Judged(_) => Channel::Email,
            ArrivalKind::Chat(_) | ArrivalKind::Visitor(_) => Channel::Chat,
            ArrivalKind::Held(held) => held.channel,
            ArrivalKind::Sms(_) | ArrivalKind::SmsReceipt(_) => Channel::Sms,
            ArrivalKind::Proposed(_) | ArrivalKind::Reported(_) | ArrivalKind::Media(_) => Channel::Sms,
        }
    }

    /// The sender's id of it.
    pub(super) fn external_id(&self) -> String {
        text::line(&match &self.kind {
            ArrivalKind::Sms(sms) => sms.external_id.clone(),
            ArrivalKind::Email(mail) => mail.message_id.clone().unwrap_or_else(|| mail.digest.clone()),
            ArrivalKind::Chat(chat) => chat.client_id.to_string(),
            ArrivalKind::SmsReceipt(receipt) => receipt.external_id.clone(),
            ArrivalKind::Held(held) => held.external_id.clone(),
            ArrivalKind::Visitor(_)
            | ArrivalKind::Proposed(_)
            | ArrivalKind::Reported(_)
            | ArrivalKind::Media(_)
            | ArrivalKind::Judged(_) => self.key.clone(),
        })
    }

    /// Sent through again from the ledger.
    pub(super) fn is_replay(&self) -> bool {
        self.key.starts_with("replay:")
    }
}

/// A text, or one part of it: carriers may give all parts of a text one id.
pub(super) fn of_sms(sms: &InboundSms) -> String {
    let key = format!("sms:{}:{}:{}", sms.provider, sms.account, sms.external_id);
    let part = sms.part.as_ref().map_or_else(String::new, |part| format!(":{}/{}", part.number, part.total));
    (key + &part).replace('\0', "")
}

/// One thread per sender and number of ours, for ever (C-S).
pub(crate) fn sms_thread(ours: &str, sender: &str) -> String {
    format!("sms:{ours}:{}", domain::Address::of_sms_sender(sender).value())
}

/// One thread per session (C-W).
pub(super) fn chat_thread(session: &str) -> String {
    format!("chat:{session}")
}
