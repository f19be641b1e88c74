//! What a mail shows besides its words.

use domain::mail::{MailKind, MailView, Security, Signal, Trust as Trusted, TrustMark};
use serde::Serialize;
use utoipa::ToSchema;

use super::{appointment::Appointment, word};

/// A mail, besides its text and files.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mail {
    /// Its subject; may be empty.
    pub subject: String,
    /// The subject is not that of the ticket, reply marks aside.
    pub subject_changed: bool,
    /// Who wrote it.
    pub from: Person,
    /// `To`.
    pub to: Vec<Person>,
    /// `Cc`.
    pub cc: Vec<Person>,
    /// `Reply-To`.
    pub reply_to: Vec<Person>,
    /// What kind.
    #[schema(value_type = word::MailKind)]
    pub kind: MailKind,
    /// The colleague who passed it on.
    #[schema(required = true)]
    pub forwarded_by: Option<String>,
    /// Whether the sender is believed; `null` while that is not known, and of our own mails.
    #[schema(required = true)]
    pub trust: Option<Trust>,
    /// What put it into this ticket.
    pub why_here: WhyHere,
    /// How it is protected.
    #[schema(value_type = Vec<word::MailSecurity>)]
    pub security: Vec<Security>,
    /// It has HTML to show.
    pub has_html: bool,
    /// `/messages/{id}/original` has the mail as it came.
    pub original: bool,
    /// Why it was read only in part.
    #[schema(required = true)]
    pub unreadable: Option<String>,
    /// What calendar files among its files say.
    pub appointments: Vec<Appointment>,
}

/// Somebody in a mail's head.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// The address.
    pub address: String,
    /// The display name.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// Whether the sender is who the mail says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Trust {
    /// All in one.
    #[schema(value_type = word::TrustMark)]
    pub mark: TrustMark,
    /// The domain that vouches for the sender, where one does.
    #[schema(required = true)]
    pub domain: Option<String>,
    /// SPF: `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`.
    pub spf: String,
    /// DKIM: `pass`, `fail`, `neutral`, `none`, `temperror`, `permerror`.
    pub dkim: String,
    /// DMARC: `pass`, `fail`, `none`, `temperror`, `permerror`.
    pub dmarc: String,
    /// ARC: `pass`, `fail`, `none`.
    pub arc: String,
    /// Why, one sentence each.
    pub reasons: Vec<String>,
}

/// Why a mail is in its ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WhyHere {
    /// What decided.
    #[schema(value_type = word::MailSignal)]
    pub signal: Signal,
    /// One sentence for people.
    pub detail: String,
}

impl From<domain::NamedAddress> for Person {
    fn from(one: domain::NamedAddress) -> Self {
        Self { address: one.address.to_string(), name: one.name }
    }
}

impl From<Trusted> for Trust {
    fn from(trust: Trusted) -> Self {
        let Trusted { mark, domain, spf, dkim, dmarc, arc, reasons } = trust;
        Self { mark, domain, spf, dkim, dmarc, arc, reasons }
    }
}

impl From<MailView> for Mail {
    fn from(mail: MailView) -> Self {
        let people = |all: Vec<domain::NamedAddress>| all.into_iter().map(Into::into).collect();
        Self {
            subject: mail.subject,
            subject_changed: mail.subject_changed,
            from: mail.from.into(),
            to: people(mail.to),
            cc: people(mail.cc),
            reply_to: people(mail.reply_to),
            kind: mail.kind,
            forwarded_by: mail.forwarded_by.map(|by| by.to_string()),
            trust: mail.trust.map(Into::into),
            why_here: WhyHere { signal: mail.why_here.signal, detail: mail.why_here.detail },
            security: mail.security,
            has_html: mail.has_html,
            original: mail.original,
            unreadable: mail.unreadable,
            appointments: mail.appointments.into_iter().map(Into::into).collect(),
        }
    }
}
