//! Mailboxes: what is asked of them, and that something of them changed.

use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;

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
