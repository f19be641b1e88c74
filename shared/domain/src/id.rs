//! Identifiers. Each is a UUIDv7 made from a time and 80 random bits given in, so that ids sort by age and this
//! crate needs no dice.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// Ten random bytes for a new id.
pub type Entropy = [u8; 10];

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered by `now`.
            pub fn new(now: Timestamp, entropy: &Entropy) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, entropy).into_uuid())
            }

            /// The same name always gives the same id (UUIDv5): for ids that must survive a repeat of the request.
            pub fn named(space: Uuid, name: &str) -> Self {
                Self(Uuid::new_v5(&space, name.as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// One conversation between the organisation and one customer on one channel (A2).
    TicketId
);
id!(
    /// One inbound or outbound text.
    MessageId
);
id!(
    /// An invitation to work here.
    InvitationId
);
id!(
    /// One line of the audit log.
    AuditId
);
id!(
    /// The customer.
    ProfileId
);
id!(
    /// Somebody who works here, or an API key acting for the organisation.
    UserId
);
id!(
    /// What somebody signs in with instead of a password.
    PasskeyId
);
id!(
    /// A visitor's chat session.
    SessionId
);
id!(
    /// A saved view of a list.
    ViewId
);
id!(
    /// People who share tickets.
    TeamId
);
id!(
    /// A word that tickets are sorted by.
    TagId
);
id!(
    /// Two profiles that became one.
    MergeId
);
id!(
    /// A person who is erased.
    ErasureId
);
id!(
    /// A program elsewhere that is told what happens.
    WebhookId
);
id!(
    /// One event for one webhook.
    DeliveryId
);
id!(
    /// A rule that says what becomes of what comes in.
    RuleId
);
id!(
    /// A change of many tickets.
    BulkId
);
id!(
    /// An answer at hand (H5).
    QuickResponseId
);
id!(
    /// A code that customers get something for.
    CouponId
);
id!(
    /// What agents tell each other about a ticket.
    NoteId
);
id!(
    /// A file that came or goes with a message.
    AttachmentId
);
