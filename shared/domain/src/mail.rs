//! What a mail shows besides its words: people, kind, trust, and why it is in its ticket.

use serde::{Deserialize, Serialize};

use crate::{
    address::{EmailAddress, NamedAddress},
    calendar::Appointment,
};

macro_rules! words {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$doc])* #[serde(rename = $word)] $variant),+
        }
        impl $type {
            /// Every word there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word as it is written.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What kind of mail arrived.
    MailKind {
        /// A person wrote it.
        Human = "human",
        /// Out of office and the like.
        AutoReply = "auto_reply",
        /// A delivery failure.
        Bounce = "bounce",
        /// Somebody called a mail of ours spam (RFC 5965).
        AbuseReport = "abuse_report",
        /// A mailing list, newsletter or other bulk.
        List = "list",
        /// Some other program.
        System = "system",
        /// An invitation, its change or its answer (RFC 6047).
        Calendar = "calendar",
    }
}

words! {
    /// What put a mail into its ticket.
    Signal {
        /// The signed address of the ticket that it was sent to.
        Token = "token",
        /// The signed `Message-ID` of ours that it answers.
        MessageId = "message_id",
        /// A signed `Message-ID` of ours among the older ones it refers to.
        References = "references",
        /// The `Message-ID` of another mail of the ticket.
        StoredId = "stored_id",
        /// The number of a ticket that its writer takes part in.
        Participant = "participant",
        /// The subject of a fresh conversation with the same writer.
        Subject = "subject",
        /// Nothing: it opened the ticket.
        New = "new",
        /// An agent moved it here.
        Moved = "moved",
        /// An agent made a ticket of it.
        Split = "split",
    }
}

words! {
    /// How far the sender of a mail is believed to be who it says.
    TrustMark {
        /// The domain in `From` vouches for it.
        Good = "good",
        /// Nothing speaks for it, nothing against it.
        Neutral = "neutral",
        /// Its domain says that it is forged, or it was marked as spam.
        Doubtful = "doubtful",
        /// It could not be looked into: the DNS did not answer.
        Unknown = "unknown",
    }
}

words! {
    /// How a mail is protected.
    Security {
        /// Signed by S/MIME.
        SmimeSigned = "smime_signed",
        /// Encrypted by S/MIME: nobody here can read it.
        SmimeEncrypted = "smime_encrypted",
        /// Signed by PGP.
        PgpSigned = "pgp_signed",
        /// Encrypted by PGP: nobody here can read it.
        PgpEncrypted = "pgp_encrypted",
    }
}

/// Whether the sender is who the mail says. Only ever shown, never a reason to drop a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// All in one.
    pub mark: TrustMark,
    /// The domain that vouches for the sender, where one does: that of `From`, or one above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// SPF (RFC 7208): `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`.
    pub spf: String,
    /// DKIM (RFC 6376): `pass`, `fail`, `neutral`, `none`, `temperror`, `permerror`.
    pub dkim: String,
    /// DMARC (RFC 7489): `pass`, `fail`, `none`, `temperror`, `permerror`.
    pub dmarc: String,
    /// ARC (RFC 8617): `pass`, `fail`, `none`.
    pub arc: String,
    /// Why, one sentence each.
    pub reasons: Vec<String>,
}

/// Why a mail is in its ticket ("why here?").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyHere {
    /// What decided.
    pub signal: Signal,
    /// One sentence for people.
    pub detail: String,
}

/// A mail as agents see it, besides its text, HTML and files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    /// Its subject, decoded; may be empty.
    pub subject: String,
    /// The subject is not that of the ticket, reply marks aside.
    #[serde(default)]
    pub subject_changed: bool,
    /// Who wrote it.
    pub from: NamedAddress,
    /// `To`.
    #[serde(default)]
    pub to: Vec<NamedAddress>,
    /// `Cc`.
    #[serde(default)]
    pub cc: Vec<NamedAddress>,
    /// `Reply-To`.
    #[serde(default)]
    pub reply_to: Vec<NamedAddress>,
    /// What kind.
    pub kind: MailKind,
    /// The colleague who passed it on to us.
    #[serde(default)]
    pub forwarded_by: Option<EmailAddress>,
    /// Whether the sender is believed; not known yet, or not of a mail of ours, where `None`.
    #[serde(default)]
    pub trust: Option<Trust>,
    /// What put it into this ticket.
    pub why_here: WhyHere,
    /// How it is protected.
    #[serde(default)]
    pub security: Vec<Security>,
    /// It has HTML to show.
    #[serde(default)]
    pub has_html: bool,
    /// The mail as it came can be had.
    #[serde(default)]
    pub original: bool,
    /// Why it was read only in part.
    #[serde(default)]
    pub unreadable: Option<String>,
    /// What calendar files among its files say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appointments: Vec<Appointment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_travel_as_they_are_written() {
        for kind in MailKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(serde_json::to_string(&Signal::StoredId).unwrap(), "\"stored_id\"");
        assert_eq!(serde_json::from_str::<TrustMark>("\"doubtful\"").unwrap(), TrustMark::Doubtful);
    }
}
