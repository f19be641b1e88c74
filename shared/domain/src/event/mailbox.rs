//! Mailboxes: what is asked of them, and that something of them changed.

use serde::{Deserialize, Serialize};

use crate::{address::EmailAddress, time::Timestamp};

/// A provider asks whether mail may be forwarded to us. Never answered by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardingConfirmation {
    /// What is typed in there.
    pub code: Option<String>,
    /// Or what is followed: at `mail-settings.google.com` or `mail.google.com`.
    pub link: Option<String>,
    /// Whose mail is to be forwarded, where it says so.
    pub requested_by: Option<EmailAddress>,
}

/// Something about a mailbox is new: a confirmation, or how its trial mail gets on. On `desk.mailbox.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxChanged {
    /// Its public address.
    pub address: EmailAddress,
}

/// How far a folder has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollMark {
    /// UIDVALIDITY: with another one, the numbers mean other mails.
    pub uid_validity: u32,
    /// Mails with a lower number need no second look, whether somebody has opened them or not.
    pub uid_next: u32,
    /// When that was so.
    pub at: Timestamp,
    /// Nothing can be marked as seen there: what is new is known by its number alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_number: bool,
}

/// email-ingest looked into the mailbox of a provider, or could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxPolled {
    /// Its public address.
    pub address: EmailAddress,
    /// Why that did not work, for people.
    pub error: Option<String>,
    /// How far it was read, where it was.
    pub mark: Option<PollMark>,
}

/// How far was a mailbox read?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollMarkQuery {
    /// Its public address.
    pub address: EmailAddress,
}
