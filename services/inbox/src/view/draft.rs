//! What was written and not sent.

use desk::drafts::{DraftMark as Mark, SavedDraft as Saved, ShownDraft, StoredDraft};
use domain::draft;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, message::Attachment};

/// What you wrote in a ticket and did not send.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Draft {
    /// The ticket.
    pub ticket_id: Uuid,
    /// The answer.
    pub text: String,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// To whom a mail goes, where that was changed.
    #[schema(required = true)]
    pub mail: Option<DraftMail>,
    /// A note to colleagues.
    pub note: String,
    /// Grows with every change; 0 where there is nothing.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Time,
}

/// To whom a mail goes.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DraftMail {
    /// `To`.
    pub to: Vec<DraftAddress>,
    /// `Cc`.
    pub cc: Vec<DraftAddress>,
    /// Get it without standing in it.
    pub bcc: Vec<DraftAddress>,
    /// Its subject.
    pub subject: String,
    /// No signature is to stand under it.
    pub without_signature: bool,
}

/// An address as it was typed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DraftAddress {
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

/// A draft among all of yours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftMark {
    /// The ticket.
    pub ticket_id: Uuid,
    /// Its version.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: Time,
}

/// What became of a change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SavedDraft {
    /// The draft as it is now.
    pub draft: Draft,
    /// What it took the place of, where you had not seen that: written on another device.
    #[schema(required = true)]
    pub replaced: Option<Draft>,
}

impl From<ShownDraft> for Draft {
    fn from(ShownDraft { stored, files }: ShownDraft) -> Self {
        let StoredDraft { ticket, draft, version, updated_at } = stored;
        Self {
            ticket_id: ticket.0,
            text: draft.text,
            attachments: files.into_iter().map(Into::into).collect(),
            mail: draft.mail.map(Into::into),
            note: draft.note,
            version,
            updated_at: Time(updated_at),
        }
    }
}

impl From<Mark> for DraftMark {
    fn from(mark: Mark) -> Self {
        Self { ticket_id: mark.ticket.0, version: mark.version, updated_at: Time(mark.updated_at) }
    }
}

impl From<Saved> for SavedDraft {
    fn from(saved: Saved) -> Self {
        Self { draft: saved.now.into(), replaced: saved.replaced.map(Into::into) }
    }
}

impl From<draft::DraftMail> for DraftMail {
    fn from(mail: draft::DraftMail) -> Self {
        let list = |list: Vec<draft::DraftAddress>| list.into_iter().map(Into::into).collect();
        let (to, cc, bcc) = (list(mail.to), list(mail.cc), list(mail.bcc));
        Self { to, cc, bcc, subject: mail.subject, without_signature: mail.without_signature }
    }
}

impl From<DraftMail> for draft::DraftMail {
    fn from(mail: DraftMail) -> Self {
        let list = |list: Vec<DraftAddress>| list.into_iter().map(Into::into).collect();
        let (to, cc, bcc) = (list(mail.to), list(mail.cc), list(mail.bcc));
        Self { to, cc, bcc, subject: mail.subject, without_signature: mail.without_signature }
    }
}

impl From<draft::DraftAddress> for DraftAddress {
    fn from(draft::DraftAddress { name, address }: draft::DraftAddress) -> Self {
        Self { name, address }
    }
}

impl From<DraftAddress> for draft::DraftAddress {
    fn from(DraftAddress { name, address }: DraftAddress) -> Self {
        Self { name, address }
    }
}
