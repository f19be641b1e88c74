//! Whether the sender of a mail is who it says: asked by the desk, judged where mail comes in, shown by the desk.

use serde::{Deserialize, Serialize};

use crate::{address::EmailAddress, event::MailClient, id::MessageId, mail::Trust, time::Timestamp};

/// A mail to judge. It is in its ticket already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeMail {
    /// Which message.
    pub message_id: MessageId,
    /// The mailbox it came for.
    pub mailbox: EmailAddress,
    /// The envelope sender; empty for `<>`.
    pub envelope_from: String,
    /// Who handed the mail to us, where the door knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<MailClient>,
    /// Blob key of the raw mail.
    pub raw: String,
}

/// What is to be thought of a mail's sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailJudged {
    /// Which message.
    pub message_id: MessageId,
    /// The judgement.
    pub trust: Trust,
    /// When.
    pub at: Timestamp,
}
